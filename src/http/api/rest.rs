//! The rest: what the map asks, parcels and applications, pictures, and how the server is.

use serde_json::{Value, json};

use super::components::{bounds, place, words};
use super::operation::{
    HTML, JSON, Operation, Paths, TEXT, formats, list, nullable, object, parameter, part, query,
    schema, text, wanted, whole,
};
use crate::application::Office;
use crate::config::limit;
use crate::question::Kind;

/// A text of which two characters are left when the spaces around it are not counted.
const SEARCH: &str =
    r"^[^\u0000\uFFFD]*[^\s\u0000\uFFFD][^\u0000\uFFFD]*[^\s\u0000\uFFFD][^\u0000\uFFFD]*$";

/// Pages about the API itself.
pub fn about(paths: &mut Paths) {
    let new = |id: &str, summary: &str| Operation::new("Server", id, summary);
    let json = || parameter("f");
    let content = [(JSON, schema("LandingPage")), (HTML, json!({ "type": "string" }))];
    let landing = new("landing", "landing page").takes([formats(&["json", "html"])]);
    paths.get("/", landing.answers(200, "as asked", &content, &[]));
    let conformance = new("conformance", "conformance classes").takes([json()]);
    paths.get("/conformance", conformance.both(schema("Conformance")));
    let media = super::MEDIA;
    let document = new("api", "this document").takes([json()]);
    let people = || (HTML, json!({ "type": "string" }));
    let content = [(media, json!({ "type": "object" })), people()];
    paths.get("/api", document.answers(200, "as asked", &content, &[]));
    let page = new("api.page", "this document as a page");
    paths.get("/api.html", page.answers(200, "as asked", &[people()], &[]));
    let functions = new("functions", "what a filter may call").takes([formats(&["json"])]);
    let list_of = json!({ "type": "object", "required": ["functions"] });
    paths.get("/functions", functions.json(list_of));
    let body = json!({ "type": "object", "required": ["collection"], "properties": {
        "collection": { "type": "string" }, "filter": {}, "limit": whole(1),
    } });
    let page = json!({ "type": "object", "required": ["type", "features", "links"] });
    let search =
        new("search", "a question that does not fit an address, such as one with a polygon")
            .body(&[JSON], &body)
            .answers(200, "a page", &[(super::operation::GEOJSON, page)], &["Content-Crs"])
            .refuses(&[404, 413, 415, 422]);
    paths.add("post", "/search", search);
    let collections = new("collections", "the layers").takes([json()]);
    paths.get("/collections", collections.both(schema("Collections")));
}

/// Questions on the land, and those that are kept.
pub fn questions(paths: &mut Paths) {
    let new = |id: &str, summary: &str| Operation::new("Questions", id, summary);
    let any = || json!({ "type": "object" });
    let formats = || formats(&["json", "html", "csv", "xlsx", "gpkg", "geojson", "geojsonseq"]);
    for kind in Kind::ALL {
        let name = kind.name();
        let one = new(&format!("question.{name}"), "a question on the land")
            .takes([formats()])
            .body(&[JSON], &any())
            .answers(200, "the answer", &[(JSON, any()), (HTML, json!({ "type": "string" }))], &[])
            .refuses(&[404, 413, 415, 422]);
        paths.add("post", &format!("/questions/{name}"), one);
    }
    let keep = new("question.keep", "keep a question under a link")
        .body(&[JSON], &any())
        .answers(201, "where it is kept", &[(JSON, any())], &["Location"])
        .refuses(&[403, 404, 413, 415, 422]);
    paths.add("post", "/questions", keep);
}

/// What the map asks beside tiles.
pub fn map(paths: &mut Paths, ids: &[&str], crs: &str) {
    let new = |id: &str, summary: &str| Operation::new("Map", id, summary);
    let string = || json!({ "type": "string" });
    let number = |low: f64, high: f64| json!({ "type": "number", "minimum": low, "maximum": high });
    let any = || json!({ "type": "object" });
    let layers = object(json!({
        "city": any(), "caller": any(), "groups": list(any()),
        "layers": list(json!({ "type": "object", "required": ["id", "title", "geometry", "properties"] })),
    }));
    paths.get("/layers", new("layers", "the catalogue for the map").json(layers));
    let group = object(json!({
        "layer": string(), "count": whole(0),
        "features": list(object(json!({
            "id": whole(i64::MIN), "title": string(), "properties": any(), "geometry": nullable(any()),
            "bbox": nullable(bounds()), "center": nullable(place()),
        }))),
    }));
    let here = object(json!({
        "at": place(), "city_coordinates": nullable(place()), "inside": { "type": "boolean" },
        "groups": list(group),
    }));
    let asked = json!({
        "type": "array", "uniqueItems": true, "items": { "type": "string", "enum": ids },
    });
    let identify = new("identify", "what is at a place").takes([
        wanted("lng", "longitude", number(-180.0, 180.0)),
        wanted("lat", "latitude", number(-85.0, 85.0)),
        query("zoom", "zoom of the map that was clicked; 16 without it", number(0.0, 24.0)),
        query("layers", "layers to look in; every one without it", asked),
    ]);
    paths.get("/identify", identify.json(here).refuses(&[404]));
    let hit = object(json!({
        "kind": string(), "layer": nullable(string()), "id": nullable(whole(i64::MIN)),
        "title": string(), "subtitle": nullable(string()), "center": nullable(place()),
        "bbox": nullable(bounds()),
    }));
    let most = limit::FIND_HITS_MAX;
    let find = new("find", "search: cadastral number, address, coordinates, application number")
        .takes([
            wanted(
                "q",
                "what to look for; spaces around it are left aside",
                json!({
                    "type": "string", "minLength": 2, "maxLength": limit::FIND_CHARS_MAX,
                    "pattern": SEARCH,
                }),
            ),
            query(
                "limit",
                &format!("hits at most; more than {most} are served as {most}"),
                whole(1),
            ),
        ]);
    paths.get("/find", find.json(object(json!({ "hits": list(hit) }))));
    let (wkt, projjson) = ((TEXT, string()), ("application/projjson", any()));
    let system =
        new("crs", "the city's own coordinate system").takes([formats(&["wkt", "projjson"])]);
    let system = system.answers(200, "WKT 2 or PROJJSON", &[wkt, projjson], &[]).refuses(&[404]);
    paths.get(&format!("/crs/{crs}"), system);
    let changes = new("changes", "server-sent events of what changed, without end");
    paths.get("/changes", changes.answers(200, "events", &[("text/event-stream", string())], &[]));
}

/// Styles, legends, and what they are drawn with.
pub fn look(paths: &mut Paths, ids: &[&str]) {
    let new = |id: &str, summary: &str| Operation::new("Map", id, summary);
    let string = || json!({ "type": "string" });
    let choice = |names: &[&str]| json!({ "type": "string", "enum": names });
    let themes = ["light", "dark", "print"];
    let style = object(json!({ "id": string(), "title": string(), "links": list(schema("Link")) }));
    let styles = object(json!({ "styles": list(style) }));
    paths.get("/styles", new("styles", "the styles").takes([parameter("f")]).both(styles));
    let style = json!({ "type": "object", "required": ["version", "sources", "layers"] });
    let text_of = query("text", "how the client draws text", choice(&["faces", "glyphs"]));
    let one = new("style", "a MapLibre style").takes([part("theme", choice(&themes)), text_of]);
    paths.get("/styles/{theme}", one.json(style).refuses(&[404]));
    let entry = object(json!({
        "codes": list(string()), "label": nullable(words()), "swatch": { "type": "object" },
    }));
    let legend = object(json!({ "layer": string(), "title": words(), "entries": list(entry) }));
    let theme = || query("theme", "theme of the map", choice(&themes));
    let layer = || part("layer", choice(ids));
    let one = new("legend", "the legend of a layer").takes([layer(), theme()]);
    paths.get("/legend/{layer}", one.json(legend).refuses(&[404]));
    let lang = query("lang", "language of the labels", choice(&["ru", "en"]));
    let picture = new("legend.svg", "the legend as a picture").takes([layer(), theme(), lang]);
    let picture =
        picture.answers(200, "a picture", &[("image/svg+xml", string())], &[]).refuses(&[404]);
    paths.get("/legend/{layer}.svg", picture);
    let binary = || json!({ "type": "string", "format": "binary" });
    let range =
        part("range", json!({ "type": "string", "pattern": "^[0-9]{1,5}-[0-9]{1,5}\\.pbf$" }));
    let glyphs = new("glyphs", "glyphs of a font").takes([part("fonts", text()), range]);
    let glyphs = glyphs.answers(200, "glyphs", &[("application/x-protobuf", binary())], &[]);
    paths.get("/glyphs/{fonts}/{range}", glyphs.refuses(&[404]));
    let sprite = new("sprite", "a file of the sprite sheet").takes([part("name", text())]);
    let content = [(JSON, json!({ "type": "object" })), ("image/png", binary())];
    paths.get("/sprites/{name}", sprite.answers(200, "a file", &content, &[]).refuses(&[404]));
}

/// Parcels and applications.
pub fn cases(paths: &mut Paths, office: &Office) {
    let new = |id: &str, summary: &str| Operation::new("Applications", id, summary);
    let string = || json!({ "type": "string" });
    let any = || json!({ "type": "object" });
    let date = || json!({ "type": "string", "format": "date" });
    let parcel = object(json!({
        "cadastral_number": string(), "id": whole(i64::MIN), "center": nullable(place()),
        "bbox": nullable(bounds()), "properties": any(), "geometry": nullable(any()),
        "overlaps": list(any()), "applications": nullable(list(any())),
    }));
    let number = json!({ "type": "string", "format": "cadastral-number" });
    let page = || (HTML, string());
    let both = || formats(&["json", "html"]);
    let dossier =
        new("parcel", "the dossier of a parcel").takes([part("cadastral_number", number), both()]);
    let dossier = dossier.answers(200, "as asked", &[(JSON, parcel), page()], &[]).refuses(&[404]);
    paths.get("/parcels/{cadastral_number}", dossier);
    let service = object(json!({
        "id": string(), "title": words(), "division": string(), "term": nullable(any()),
        "documents": list(any()),
    }));
    paths.get("/services", new("services", "the services of the municipality").json(list(service)));
    let row = object(json!({
        "number": string(), "service": string(), "status": string(), "received_on": date(),
        "due_on": nullable(date()), "center": place(),
    }));
    let most = limit::APPLICATIONS_MAX;
    let newest = new("applications", "the newest applications, for staff").takes([query(
        "limit",
        &format!("applications at most; more than {most} are served as {most}"),
        whole(1),
    )]);
    let newest = newest.json(object(json!({ "applications": list(row) }))).refuses(&[403]);
    paths.get("/applications", newest);
    let one = json!({
        "type": "object", "required": ["number", "service", "status", "site", "links", "events"],
    });
    let application = new("application", "one application, for staff");
    let application = application.takes([part("number", text()), both()]);
    let application = application.answers(200, "as asked", &[(JSON, one), page()], &[]);
    paths.get("/applications/{number}", application.refuses(&[403, 404]));
    let receipt = json!({
        "type": "object",
        "required": ["number", "service", "status", "received_on", "due_on", "deadline", "site", "links"],
    });
    let mut key = query(
        "Idempotency-Key",
        "the same key and body: the same receipt",
        json!({
            "type": "string", "minLength": 1, "maxLength": 200,
        }),
    );
    key["in"] = "header".into();
    key["style"] = "simple".into();
    let submit = new("submit", "register an application; its receipt")
        .takes([key])
        .body(&[JSON], &submission(office))
        .answers(201, "the receipt", &[(JSON, receipt)], &["Location"])
        .refuses(&[403, 409, 413, 415, 422]);
    paths.add("post", "/applications", submit);
}

fn submission(office: &Office) -> Value {
    let services: Vec<&str> =
        office.services.all().iter().map(|service| service.id.as_str()).collect();
    let named = json!({ "type": "object", "required": ["cadastral_numbers"], "properties": {
        "cadastral_numbers": {
            "type": "array", "minItems": 1, "maxItems": limit::SITE_PARCELS_MAX,
            "items": { "type": "string", "format": "cadastral-number" },
        },
    } });
    let drawn = object(json!({
        "type": { "type": "string", "enum": ["Polygon", "MultiPolygon"] }, "coordinates": list(json!({})),
    }));
    json!({
        "type": "object", "required": ["service", "applicant", "site"], "additionalProperties": false,
        "properties": {
            "service": { "type": "string", "enum": services },
            "applicant": object(json!({
                "kind": { "type": "string", "enum": ["person", "organisation"] },
                "name": { "type": "string", "minLength": 1, "maxLength": 500 },
            })),
            "subject": { "type": "string", "nullable": true, "maxLength": 2000 },
            "site": { "oneOf": [named, drawn] },
        },
    })
}

/// How the server is.
pub fn health(paths: &mut Paths) {
    let new = |id: &str, summary: &str| Operation::new("Server", id, summary);
    let text = || [(TEXT, json!({ "type": "string" }))];
    paths.get("/healthz", new("health", "the process lives").answers(200, "ok", &text(), &[]));
    let ready = new("ready", "the city is in memory and the database is followed");
    let ready = ready.answers(200, "ready", &text(), &[]).answers(503, "not yet", &text(), &[]);
    paths.get("/readyz", ready);
    let metrics = new("metrics", "what the server counts, for staff");
    paths.get("/metrics", metrics.answers(200, "counters", &text(), &[]).refuses(&[403]));
}

//! Part 1, Core: landing page, API definition, conformance, collections.

use std::collections::BTreeSet;

use reqwest::Version;
use serde_json::Value;

use super::{
    CRS84, GEOJSON, JSON, Suite, checks, extent, href, id, link, links, links_are_typed, positions,
};

const OPENAPI: &str = "application/vnd.oai.openapi+json;version=3.0";
const CORE: &str = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core";
checks!(landing_page_api_definition_and_conformance:
    http,
    landing_page_retrieval,
    landing_page_validation,
    openapi_document_retrieval,
    api_definition_validation,
    validate_conformance_operation_and_response,
);

async fn http(suite: &Suite) {
    assert_eq!(suite.office.get("/").await.version(), Version::HTTP_11);
}

async fn landing_page_retrieval(suite: &Suite) {
    let answer = suite.office.get_with("/", "accept", JSON).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], JSON);
}

async fn landing_page_validation(suite: &Suite) {
    let landing = suite.office.json("/?f=json").await;
    for rel in ["self", "service-desc", "conformance", "data"] {
        assert_eq!(suite.status(href(link(&landing, rel))).await, 200, "{rel}");
    }
    assert_eq!(link(&landing, "alternate")["type"], "text/html");
    links_are_typed(&landing);
}

async fn openapi_document_retrieval(suite: &Suite) {
    let landing = suite.office.json("/?f=json").await;
    let described = link(&landing, "service-desc");
    assert_eq!(described["type"], OPENAPI);
    let path = href(described).strip_prefix(&suite.office.base).expect("this server");
    let answer = suite.office.get_with(path, "accept", OPENAPI).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], OPENAPI);
}

/// The schema of OpenAPI is looked at by `clients::the_api_document_is_valid`; here what it leaves out.
async fn api_definition_validation(suite: &Suite) {
    let api = &suite.api;
    assert!(api["openapi"].as_str().is_some_and(|version| version.starts_with("3.0.")));
    assert_eq!(api["servers"][0]["url"], suite.office.base.as_str());
    let mut ids = BTreeSet::new();
    for (path, item) in api["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let name = operation["operationId"].as_str().expect("a name");
            assert!(ids.insert(name.to_string()), "{name} stands twice");
            let answers = operation["responses"].as_object().expect("answers");
            assert!(answers.keys().any(|status| status.starts_with('2')), "{method} {path}");
            for answer in answers.values() {
                suite.resolved(answer);
            }
            for parameter in operation["parameters"].as_array().expect("parameters") {
                let parameter = suite.resolved(parameter);
                let inside =
                    path.contains(&format!("{{{}}}", parameter["name"].as_str().unwrap_or("?")));
                assert_eq!(inside, parameter["in"] == "path", "{method} {path}: {parameter}");
            }
        }
    }
    for collection in &suite.collections {
        for tail in ["", "/items", "/items/{fid}"] {
            let path = format!("/collections/{}{tail}", id(collection));
            assert!(api["paths"][&path]["get"].is_object(), "{path}");
        }
    }
}

async fn validate_conformance_operation_and_response(suite: &Suite) {
    let landing = suite.office.json("/?f=json").await;
    let linked = suite.office.json(href(link(&landing, "conformance"))).await;
    assert_eq!(linked, suite.office.json("/conformance").await);
    let classes = linked["conformsTo"].as_array().expect("conformsTo");
    assert!(classes.iter().all(Value::is_string));
    assert!(classes.iter().any(|class| class == CORE));
    let once: BTreeSet<&str> = classes.iter().filter_map(Value::as_str).collect();
    assert_eq!(once.len(), classes.len());
}

checks!(collections_and_collection:
    validate_feature_collections_metadata_operation,
    validate_feature_collections_metadata_operation_response_links,
    validate_feature_collections_metadata_operation_response_items,
    validate_feature_collections_metadata_operation_response_items_links,
    validate_feature_collections_metadata_operation_response_crs_property,
    validate_feature_collections_metadata_operation_response_content,
    validate_feature_collections_metadata_operation_response_extent,
    validate_feature_collection_metadata_operation,
    validate_feature_collection_metadata_response,
);

async fn validate_feature_collections_metadata_operation(suite: &Suite) {
    assert!(suite.api["paths"]["/collections"]["get"].is_object());
    let answer = suite.office.get_with("/collections", "accept", JSON).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], JSON);
}

async fn validate_feature_collections_metadata_operation_response_links(suite: &Suite) {
    let list = suite.office.json("/collections").await;
    assert_eq!(link(&list, "self")["type"], JSON);
    links_are_typed(&list);
}

async fn validate_feature_collections_metadata_operation_response_items(suite: &Suite) {
    let known: BTreeSet<&str> =
        suite.office.imgis.catalogue.layers().iter().map(|layer| layer.id.as_str()).collect();
    let told: BTreeSet<&str> = suite.collections.iter().map(id).collect();
    assert_eq!(told, known);
    assert_eq!(told.len(), suite.collections.len());
    for collection in &suite.collections {
        assert_eq!(collection["itemType"], "feature");
        assert_eq!(suite.page(collection, "").await.body["type"], "FeatureCollection");
    }
}

async fn validate_feature_collections_metadata_operation_response_items_links(suite: &Suite) {
    for collection in &suite.collections {
        assert_eq!(link(collection, "items")["type"], GEOJSON);
        links_are_typed(collection);
    }
}

async fn validate_feature_collections_metadata_operation_response_crs_property(suite: &Suite) {
    for collection in &suite.collections {
        assert_eq!(collection["crs"][0], CRS84);
    }
}

async fn validate_feature_collections_metadata_operation_response_content(suite: &Suite) {
    assert!(!suite.collections.is_empty());
    for collection in &suite.collections {
        assert!(collection["title"].as_str().is_some_and(|title| !title.is_empty()));
        assert!(links(collection).iter().any(|link| link["rel"] == "self"));
    }
}

async fn validate_feature_collections_metadata_operation_response_extent(suite: &Suite) {
    for collection in &suite.collections {
        let spatial = &collection["extent"]["spatial"];
        assert_eq!(spatial["crs"], CRS84);
        let [west, south, east, north] = extent(collection);
        assert!(west <= east && south <= north, "{spatial}");
        for feature in suite.page(collection, "").await.features() {
            for [x, y] in positions(&feature["geometry"]) {
                let inside = (west..=east).contains(&x) && (south..=north).contains(&y);
                assert!(inside, "{x} {y} is outside {spatial} of {}", id(collection));
            }
        }
        let intervals = collection["extent"]["temporal"]["interval"].as_array().expect("intervals");
        for interval in intervals {
            let ends = interval.as_array().expect("two ends");
            assert_eq!(ends.len(), 2);
            for end in ends.iter().filter(|end| !end.is_null()) {
                end.as_str().expect("text").parse::<jiff::Timestamp>().expect("RFC 3339");
            }
        }
    }
}

async fn validate_feature_collection_metadata_operation(suite: &Suite) {
    for collection in &suite.collections {
        assert_eq!(suite.status(href(link(collection, "self"))).await, 200);
        assert_eq!(suite.status(&format!("/collections/{}", id(collection))).await, 200);
    }
    assert_eq!(suite.status("/collections/dUmmYColLection").await, 404);
}

async fn validate_feature_collection_metadata_response(suite: &Suite) {
    for collection in &suite.collections {
        assert_eq!(suite.office.json(href(link(collection, "self"))).await, *collection);
    }
}

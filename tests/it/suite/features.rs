//! Part 1, Core: features and one feature, and what GeoJSON asks of them.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    CRS84, GEOJSON, Page, Suite, checks, extent, href, id, link, links, links_are_typed, positions,
};
use crate::office::PAGE_MAX;

/// Boxes of the suite: Greenwich, the equator, the antimeridian, the poles.
const BOXES: [[f64; 4]; 5] = [
    [-1.5, 50.0, 1.5, 53.0],
    [-80.0, -5.0, -70.0, 5.0],
    [177.0, 65.0, -177.0, 70.0],
    [-180.0, 85.0, 180.0, 90.0],
    [-180.0, -90.0, 180.0, -85.0],
];

/// What every answer with features has to be, whatever was asked.
mod response {
    use super::*;

    pub fn type_property(page: &Page) {
        assert_eq!(page.body["type"], "FeatureCollection", "{}", page.asked);
    }

    pub fn features_property(page: &Page) {
        for feature in page.features() {
            assert_eq!(feature["type"], "Feature", "{}", page.asked);
            assert!(feature["id"].is_i64() && feature["properties"].is_object(), "{feature}");
            assert!(feature.get("geometry").is_some(), "{feature}");
        }
    }

    pub fn links(page: &Page) {
        assert_eq!(link(&page.body, "self")["type"], GEOJSON, "{}", page.asked);
        assert_eq!(href(link(&page.body, "self")), page.asked);
        links_are_typed(&page.body);
    }

    pub fn time_stamp(page: &Page) {
        let told = page.body["timeStamp"].as_str().expect("timeStamp");
        let told: jiff::Timestamp = told.parse().expect("RFC 3339");
        let second = jiff::SignedDuration::from_secs(1);
        assert!(page.began - second <= told && told <= page.ended + second, "{told}");
    }

    pub fn number_returned(page: &Page) {
        assert_eq!(page.body["numberReturned"], page.features().len(), "{}", page.asked);
        // A long page is sent as it comes: its count stands at its end only.
        if let Some(header) = page.headers.get("ogc-numberreturned") {
            assert_eq!(header, page.features().len().to_string().as_str());
        } else {
            assert!(page.asked.contains("limit="), "{}", page.asked);
        }
    }

    /// Walks the pages; each feature comes once.
    pub async fn number_matched(suite: &Suite, first: &Page) {
        let mut ids = first.ids();
        let mut next = next_of(&first.body);
        while let Some(url) = next {
            let page = suite.answer(&url).await;
            assert_eq!(page.body["numberMatched"], first.body["numberMatched"], "{url}");
            ids.extend(page.ids());
            next = next_of(&page.body);
        }
        assert_eq!(first.body["numberMatched"], ids.len(), "{}", first.asked);
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{}", first.asked);
    }

    fn next_of(body: &Value) -> Option<String> {
        let next = super::links(body).iter().find(|link| link["rel"] == "next")?;
        Some(href(next).to_string())
    }

    pub fn geometry_in_crs84(page: &Page) {
        assert_eq!(page.content_crs(), CRS84);
        for feature in page.features() {
            for [x, y] in positions(&feature["geometry"]) {
                let inside = (-180.0..=180.0).contains(&x) && (-90.0..=90.0).contains(&y);
                assert!(inside, "{feature}");
            }
        }
    }

    pub async fn all(suite: &Suite, page: &Page) {
        type_property(page);
        features_property(page);
        links(page);
        time_stamp(page);
        number_returned(page);
        number_matched(suite, page).await;
        geometry_in_crs84(page);
    }
}

checks!(features:
    validate_features_operation,
    validate_features_operation_query_param_invalid,
    validate_features_operation_query_param_unknown,
);

async fn validate_features_operation(suite: &Suite) {
    for collection in &suite.collections {
        response::all(suite, &suite.page(collection, "").await).await;
    }
    let parcels =
        suite.page(suite.filled().find(|one| id(one) == "parcel").expect("parcels"), "").await;
    assert_eq!(parcels.body["numberMatched"], 6);
}

async fn validate_features_operation_query_param_invalid(suite: &Suite) {
    for collection in &suite.collections {
        let items = href(link(collection, "items"));
        for query in ["limit=unlimited", "limit=0", "bbox=1,2,3", "bbox=a,b,c,d", "datetime=today"]
        {
            assert_eq!(suite.status(&format!("{items}?{query}")).await, 400, "{query}");
        }
    }
}

async fn validate_features_operation_query_param_unknown(suite: &Suite) {
    for collection in &suite.collections {
        let items = href(link(collection, "items"));
        assert_eq!(suite.status(&format!("{items}?unknownQueryParameter12345=1")).await, 400);
    }
}

checks!(features_with_limit:
    limit_parameter_definition,
    validate_features_with_limit_operation,
    validate_features_with_limit_response,
);

/// What the standard says of each parameter of the query.
fn form(parameter: &Value) {
    assert_eq!(parameter["in"], "query");
    assert_ne!(parameter["required"], true);
    assert_eq!((&parameter["style"], &parameter["explode"]), (&"form".into(), &false.into()));
}

async fn limit_parameter_definition(suite: &Suite) {
    for collection in &suite.collections {
        let limit = suite.parameter(id(collection), "limit");
        form(limit);
        let schema = &limit["schema"];
        assert_eq!(schema["type"], "integer");
        let number = |name: &str| schema[name].as_i64().expect("a number");
        assert_eq!(number("minimum"), 1);
        assert_eq!(number("maximum"), PAGE_MAX);
        assert!((1..=PAGE_MAX).contains(&number("default")));
    }
    assert_eq!(suite.api["components"]["parameters"]["limit"]["name"], "limit");
}

async fn validate_features_with_limit_operation(suite: &Suite) {
    for collection in suite.filled() {
        for limit in [1, 2, 100, PAGE_MAX] {
            response::all(suite, &suite.page(collection, &format!("limit={limit}")).await).await;
        }
    }
}

async fn validate_features_with_limit_response(suite: &Suite) {
    for collection in suite.filled() {
        let all = suite.page(collection, "").await.features().len();
        for limit in [1, 2, 100, PAGE_MAX + 1] {
            let page = suite.page(collection, &format!("limit={limit}")).await;
            assert_eq!(page.features().len(), all.min(limit as usize), "{}", page.asked);
            let next = links(&page.body).iter().any(|link| link["rel"] == "next");
            assert_eq!(next, all > limit as usize, "{}", page.asked);
        }
    }
}

checks!(features_with_bounding_box:
    bounding_box_parameter_definition,
    validate_features_with_bounding_box_operation,
    validate_features_with_bounding_box_response,
);

async fn bounding_box_parameter_definition(suite: &Suite) {
    for collection in &suite.collections {
        let bbox = suite.parameter(id(collection), "bbox");
        form(bbox);
        let schema = &bbox["schema"];
        assert_eq!(
            (&schema["type"], &schema["items"]["type"]),
            (&"array".into(), &"number".into())
        );
        assert_eq!((&schema["minItems"], &schema["maxItems"]), (&4.into(), &6.into()));
        for one in schema["oneOf"].as_array().expect("either") {
            assert_eq!(one["minItems"], one["maxItems"]);
        }
    }
}

/// The boxes of a collection: its extent, and those of the suite.
fn boxes(collection: &Value) -> impl Iterator<Item = [f64; 4]> {
    std::iter::once(extent(collection)).chain(BOXES)
}

fn asked([west, south, east, north]: [f64; 4]) -> String {
    format!("limit=100&bbox={west},{south},{east},{north}")
}

async fn validate_features_with_bounding_box_operation(suite: &Suite) {
    for collection in suite.filled() {
        for bbox in boxes(collection) {
            response::all(suite, &suite.page(collection, &asked(bbox)).await).await;
        }
    }
}

/// Nothing outside; all that is inside, and all that has no geometry.
async fn validate_features_with_bounding_box_response(suite: &Suite) {
    for collection in suite.filled() {
        let all = suite.page(collection, "limit=100").await;
        let near = [49.106, 55.799, 49.108, 55.8];
        let around = boxes(collection).chain([near, [-180.0, -90.0, 180.0, 90.0]]);
        for bbox in around {
            let wanted: Vec<i64> = all
                .features()
                .iter()
                .filter(|feature| feature["geometry"].is_null() || touches(feature, bbox))
                .filter_map(|feature| feature["id"].as_i64())
                .collect();
            let page = suite.page(collection, &asked(bbox)).await;
            assert_eq!(page.ids(), wanted, "{}", page.asked);
            let [west, south, east, north] = bbox;
            let heights = suite
                .page(collection, &format!("limit=100&bbox={west},{south},0,{east},{north},9"))
                .await;
            assert_eq!(heights.ids(), wanted, "{}", heights.asked);
        }
    }
}

/// By the boxes of the features, which here are nearly the features.
fn touches(feature: &Value, [west, south, east, north]: [f64; 4]) -> bool {
    let positions = positions(&feature["geometry"]);
    let span = |at: usize| {
        let numbers = positions.iter().map(|position| position[at]);
        (numbers.clone().fold(f64::MAX, f64::min) - 1e-7, numbers.fold(f64::MIN, f64::max) + 1e-7)
    };
    let ((x0, x1), (y0, y1)) = (span(0), span(1));
    let across = west > east;
    let beside = if across { x1 >= west || x0 <= east } else { x1 >= west && x0 <= east };
    beside && y1 >= south && y0 <= north
}

checks!(features_with_date_time:
    time_parameter_definition,
    validate_features_with_date_time_operation,
);

async fn time_parameter_definition(suite: &Suite) {
    for collection in &suite.collections {
        let datetime = suite.parameter(id(collection), "datetime");
        form(datetime);
        assert_eq!(datetime["schema"]["type"], "string");
    }
}

async fn validate_features_with_date_time_operation(suite: &Suite) {
    for collection in suite.filled() {
        for when in [
            "2026-01-31T12:00:00Z",
            "2026-01-31T12:00:00%2B03:00",
            "2026-01-31",
            "2020-01-01T00:00:00Z/2030-01-01T00:00:00Z",
            "2020-01-01T00:00:00Z/..",
            "../2030-01-01T00:00:00Z",
            "2020-01-01T00:00:00Z/",
        ] {
            let page = suite.page(collection, &format!("datetime={when}")).await;
            response::type_property(&page);
            response::features_property(&page);
            response::time_stamp(&page);
            response::number_returned(&page);
            response::number_matched(suite, &page).await;
            response::geometry_in_crs84(&page);
        }
    }
}

checks!(feature: feature_operation, validate_feature_response);

async fn feature_operation(suite: &Suite) {
    for (collection, url) in suite.first_features().await {
        suite.answer(&url).await;
        let items = href(link(collection, "items"));
        for absent in ["987654321", "dUmmYFeature"] {
            assert_eq!(suite.status(&format!("{items}/{absent}")).await, 404);
        }
    }
}

async fn validate_feature_response(suite: &Suite) {
    for (collection, url) in suite.first_features().await {
        let feature = suite.answer(&url).await;
        assert_eq!(feature.body["type"], "Feature");
        assert_eq!(href(link(&feature.body, "self")), url);
        assert_eq!(link(&feature.body, "self")["type"], GEOJSON);
        assert_eq!(href(link(&feature.body, "collection")), href(link(collection, "self")));
        links_are_typed(&feature.body);
        let page = suite.page(collection, "limit=1").await;
        for name in ["id", "geometry", "properties"] {
            assert_eq!(feature.body[name], page.features()[0][name], "{url}: {name}");
        }
    }
}

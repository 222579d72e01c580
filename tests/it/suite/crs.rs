//! Part 2: coordinate reference systems by reference.

use imgis::geometry::Projector;
use serde_json::Value;

use super::{CRS84, FILLED, Page, Suite, checks, href, id, link, positions};
use crate::office::kazan;

const CLASS: &str = "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs";
const OGC: &str = "http://www.opengis.net/def/crs/";
const LAT_LNG: &str = "http://www.opengis.net/def/crs/EPSG/0/4326";
const MERCATOR: &str = "http://www.opengis.net/def/crs/EPSG/0/3857";
const UNSUPPORTED: &str = "http://www.opengis.net/def/crs/0/unsupported";
/// Around the parcels A and B and their address, in CRS84; C and D are a kilometre away.
const NEAR: [f64; 4] = [49.105, 55.798, 49.109, 55.801];
const RADIUS: f64 = 6_378_137.0;

fn systems(collection: &Value) -> Vec<&str> {
    let list = collection["crs"].as_array().expect("crs");
    list.iter().map(|crs| crs.as_str().expect("a URI")).collect()
}

/// An http(s) URI; one of OGC's register is `…/def/crs/{authority}/{version}/{code}`.
fn valid(uri: &str) {
    let url = reqwest::Url::parse(uri).unwrap_or_else(|error| panic!("{uri}: {error}"));
    assert!(["http", "https"].contains(&url.scheme()) && url.has_host(), "{uri}");
    if let Some(name) = uri.strip_prefix(OGC) {
        let parts: Vec<&str> = name.split('/').collect();
        assert!(parts.len() == 3 && parts.iter().all(|part| !part.is_empty()), "{uri}");
    }
}

checks!(discovery:
    crs_requirement_class,
    verify_collections_crs_identifier_of_crs_property,
    verify_collections_collection_crs_identifier_of_crs_property,
    verify_collections_collection_crs_identifier_of_storage_crs,
    verify_collections_path_collection_crs_property_contains_default_crs,
    verify_collections_path_collection_crs_property_contains_storage_crs,
    verify_collection_crs_identifier_of_crs_property,
    verify_collection_crs_identifier_of_storage_crs_property,
    verify_collection_crs_property_contains_default_crs,
    verify_collection_crs_property_contains_storage_crs,
    every_system_of_this_server_is_described,
);

async fn crs_requirement_class(suite: &Suite) {
    let conformance = suite.office.json("/conformance").await;
    assert!(conformance["conformsTo"].as_array().expect("classes").iter().any(|one| one == CLASS));
}

async fn verify_collections_crs_identifier_of_crs_property(suite: &Suite) {
    let list = suite.office.json("/collections").await;
    for crs in list["crs"].as_array().into_iter().flatten() {
        valid(crs.as_str().expect("a URI"));
    }
    assert!(list.get("storageCrs").is_none());
}

async fn verify_collections_collection_crs_identifier_of_crs_property(suite: &Suite) {
    for collection in &suite.collections {
        assert!(systems(collection).len() > 1);
        systems(collection).into_iter().for_each(valid);
    }
}

async fn verify_collections_collection_crs_identifier_of_storage_crs(suite: &Suite) {
    for collection in &suite.collections {
        valid(collection["storageCrs"].as_str().expect("a URI"));
    }
}

async fn verify_collections_path_collection_crs_property_contains_default_crs(suite: &Suite) {
    for collection in &suite.collections {
        assert!(systems(collection).contains(&CRS84), "{collection}");
    }
}

async fn verify_collections_path_collection_crs_property_contains_storage_crs(suite: &Suite) {
    for collection in &suite.collections {
        assert!(systems(collection).contains(&collection["storageCrs"].as_str().expect("a URI")));
    }
}

/// The collections as they are alone.
async fn alone(suite: &Suite) -> Vec<Value> {
    let mut collections = Vec::new();
    for collection in &suite.collections {
        collections.push(suite.office.json(href(link(collection, "self"))).await);
    }
    collections
}

async fn verify_collection_crs_identifier_of_crs_property(suite: &Suite) {
    for collection in alone(suite).await {
        systems(&collection).into_iter().for_each(valid);
    }
}

async fn verify_collection_crs_identifier_of_storage_crs_property(suite: &Suite) {
    for collection in alone(suite).await {
        valid(collection["storageCrs"].as_str().expect("a URI"));
    }
}

async fn verify_collection_crs_property_contains_default_crs(suite: &Suite) {
    for collection in alone(suite).await {
        assert!(systems(&collection).contains(&CRS84), "{collection}");
    }
}

async fn verify_collection_crs_property_contains_storage_crs(suite: &Suite) {
    for collection in alone(suite).await {
        assert!(systems(&collection).contains(&collection["storageCrs"].as_str().expect("a URI")));
    }
}

async fn every_system_of_this_server_is_described(suite: &Suite) {
    let own = systems(&suite.collections[0]).into_iter().filter(|uri| !uri.starts_with(OGC));
    let own: Vec<&str> = own.collect();
    assert_eq!(own.len(), 1);
    let wkt = suite.office.get(own[0]).await.text().await.expect("WKT");
    assert!(wkt.contains("PROJCRS["), "{wkt}");
}

checks!(the_parameter_crs:
    verify_features_crs_parameter,
    verify_feature_crs_parameter,
    verify_features_crs_parameter_invalid,
    verify_feature_crs_parameter_invalid,
    verify_features_crs_parameter_default,
    verify_feature_crs_parameter_default,
);

async fn verify_features_crs_parameter(suite: &Suite) {
    for collection in &suite.collections {
        for crs in systems(collection) {
            let page = suite.page(collection, &format!("crs={crs}")).await;
            assert_eq!(page.content_crs(), crs);
            assert_eq!(page.body["type"], "FeatureCollection");
        }
    }
}

async fn verify_feature_crs_parameter(suite: &Suite) {
    for (collection, url) in suite.first_features().await {
        for crs in systems(collection) {
            let feature = suite.answer(&format!("{url}?crs={crs}")).await;
            assert_eq!(feature.content_crs(), crs);
            assert_eq!(feature.body["type"], "Feature");
        }
    }
}

async fn verify_features_crs_parameter_invalid(suite: &Suite) {
    for collection in &suite.collections {
        let items = href(link(collection, "items"));
        assert_eq!(suite.status(&format!("{items}?crs={UNSUPPORTED}")).await, 400);
    }
}

async fn verify_feature_crs_parameter_invalid(suite: &Suite) {
    for (_, url) in suite.first_features().await {
        assert_eq!(suite.status(&format!("{url}?crs={UNSUPPORTED}")).await, 400);
    }
}

async fn verify_features_crs_parameter_default(suite: &Suite) {
    for collection in &suite.collections {
        assert_eq!(suite.page(collection, "").await.content_crs(), CRS84);
    }
}

async fn verify_feature_crs_parameter_default(suite: &Suite) {
    for (_, url) in suite.first_features().await {
        assert_eq!(suite.answer(&url).await.content_crs(), CRS84);
    }
}

/// A position of a system in CRS84.
fn in_crs84(crs: &str, city: &Projector, [a, b]: [f64; 2]) -> [f64; 2] {
    match crs {
        CRS84 => [a, b],
        LAT_LNG => [b, a],
        MERCATOR => {
            let lat = (b / RADIUS).sinh().atan().to_degrees();
            [(a / RADIUS).to_degrees(), lat]
        }
        _ => city.unproject(a, b).expect("a place").into(),
    }
}

fn same_places(crs: &str, city: &Projector, given: &Value, wanted: &Value) {
    assert_eq!(given["geometry"]["type"], wanted["geometry"]["type"]);
    let (given, wanted) = (positions(&given["geometry"]), positions(&wanted["geometry"]));
    assert_eq!(given.len(), wanted.len());
    for (given, wanted) in given.into_iter().zip(wanted) {
        let [x, y] = in_crs84(crs, city, given);
        let near = (x - wanted[0]).abs() < 3e-7 && (y - wanted[1]).abs() < 3e-7;
        assert!(near, "{crs}: {given:?} is {x} {y}, not {wanted:?}");
    }
}

checks!(geometries_in_other_systems:
    verify_features_path_transformed_geometries,
    verify_feature_crs_parameter_transform,
);

/// PROJ of the city's system, made where it is used: it does not wait.
fn city() -> Projector {
    Projector::new(&kazan().proj).expect("PROJ")
}

/// The suite asks and throws its comparison away; here every coordinate is compared.
async fn verify_features_path_transformed_geometries(suite: &Suite) {
    for collection in suite.filled() {
        let wanted = suite.page(collection, "limit=100").await;
        for crs in systems(collection) {
            let given = suite.page(collection, &format!("limit=100&crs={crs}")).await;
            assert_eq!(given.ids(), wanted.ids());
            for (given, wanted) in given.features().iter().zip(wanted.features()) {
                same_places(crs, &city(), given, wanted);
            }
        }
    }
}

async fn verify_feature_crs_parameter_transform(suite: &Suite) {
    for (collection, url) in suite.first_features().await {
        let wanted = suite.answer(&url).await;
        for crs in systems(collection) {
            let given = suite.answer(&format!("{url}?crs={crs}")).await;
            same_places(crs, &city(), &given.body, &wanted.body);
        }
    }
}

checks!(the_parameter_bbox_crs:
    verify_bbox_crs_parameter,
    verify_bbox_crs_parameter_default,
    verify_bbox_crs_parameter_invalid,
    bbox_crs_and_crs_are_independent,
);

/// The box in a system: its corners are enough, the features are far from its edges.
fn bbox_in(crs: &str, [west, south, east, north]: [f64; 4]) -> String {
    let corners = [[west, south], [east, north]].map(|[lng, lat]| match crs {
        CRS84 => [lng, lat],
        LAT_LNG => [lat, lng],
        MERCATOR => [lng.to_radians() * RADIUS, lat.to_radians().sin().atanh() * RADIUS],
        _ => city().project(lng, lat).expect("a place").into(),
    });
    let numbers: Vec<String> = corners.iter().flatten().map(f64::to_string).collect();
    numbers.join(",")
}

async fn near(suite: &Suite, collection: &Value) -> Page {
    suite.page(collection, &format!("bbox={}", bbox_in(CRS84, NEAR))).await
}

async fn verify_bbox_crs_parameter(suite: &Suite) {
    for collection in suite.filled() {
        let wanted = near(suite, collection).await;
        let few = match id(collection) {
            "parcel" => 4, // two are near, two have no geometry
            _ => 1,
        };
        assert_eq!(wanted.ids().len(), few, "{}", wanted.asked);
        for crs in systems(collection) {
            let query = format!("bbox={}&bbox-crs={crs}", bbox_in(crs, NEAR));
            let given = suite.page(collection, &query).await;
            assert_eq!(given.ids(), wanted.ids(), "{query}");
            assert_eq!(given.features(), wanted.features(), "{query}");
        }
    }
}

async fn verify_bbox_crs_parameter_default(suite: &Suite) {
    for collection in suite.filled() {
        let query = format!("bbox={}&bbox-crs={CRS84}", bbox_in(CRS84, NEAR));
        let given = suite.page(collection, &query).await;
        assert_eq!(given.ids(), near(suite, collection).await.ids());
    }
}

async fn verify_bbox_crs_parameter_invalid(suite: &Suite) {
    for collection in &suite.collections {
        let items = href(link(collection, "items"));
        let asked = format!("{items}?bbox=5,49,6,50&bbox-crs={UNSUPPORTED}");
        assert_eq!(suite.status(&asked).await, 400);
    }
}

async fn bbox_crs_and_crs_are_independent(suite: &Suite) {
    let collection = suite.filled().find(|one| id(one) == FILLED[0]).expect("parcels");
    let wanted = near(suite, collection).await;
    for asked in systems(collection) {
        for answered in systems(collection) {
            let bbox = bbox_in(asked, NEAR);
            let query = format!("bbox={bbox}&bbox-crs={asked}&crs={answered}");
            let given = suite.page(collection, &query).await;
            assert_eq!((given.ids(), given.content_crs()), (wanted.ids(), answered));
        }
    }
}

//! The demo city: the same for the same seed, and true to its layers.

use imgis::db;
use imgis::demo::{city::City, load};
use indicatif::ProgressBar;

use crate::office::Office;

fn told(city: &City) -> Vec<(String, usize, String)> {
    city.layers
        .iter()
        .map(|(layer, features)| {
            let last = features.last().map(|f| format!("{:?} {:?}", f.geometry, f.properties));
            (layer.to_string(), features.len(), last.unwrap_or_default())
        })
        .collect()
}

#[test]
fn the_same_seed_gives_the_same_city() {
    assert_eq!(told(&City::build(7, 600)), told(&City::build(7, 600)));
    assert_ne!(told(&City::build(7, 600)), told(&City::build(8, 600)));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_seed_makes_another_city_that_every_rule_takes() {
    let seeds = if std::env::var_os("IMGIS_SOAK").is_some() { 2..=40 } else { 3..=3 };
    for seed in seeds {
        let office = Office::open().await;
        office.sql("delete from layer.municipal_boundary").await;
        let mut client = db::connect(&office.config).await.expect("the database");
        let (catalogue, city) = (&office.imgis.catalogue, &office.imgis.city);
        let bar = ProgressBar::hidden();
        let made = load::load(&mut client, catalogue, city, seed, 2_000, &bar).await;
        assert!(made.is_ok(), "seed {seed}: {made:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_city_fills_its_layers_and_every_rule_of_them_holds() {
    let office = Office::open().await;
    office.sql("delete from layer.municipal_boundary").await;
    let mut client = db::connect(&office.config).await.expect("the database");
    let (catalogue, city) = (&office.imgis.catalogue, &office.imgis.city);
    let bar = ProgressBar::hidden();
    load::load(&mut client, catalogue, city, 1, 2_000, &bar).await.expect("a city");
    office.settled().await;
    for layer in catalogue.layers().iter().filter(|layer| layer.is_own() && layer.derived.is_none())
    {
        assert!(office.imgis.tiles.count(&layer.id) > 0, "{} is empty", layer.id);
    }
    let parcels = office.imgis.tiles.count("parcel");
    assert!((1_700..=2_300).contains(&parcels), "{parcels}");
    let overlap: f64 = client
        .query_one(
            "select coalesce(sum(st_area(st_intersection(a.geometry, b.geometry))), 0)
             from layer.parcel a join layer.parcel b on a.id < b.id and a.geometry && b.geometry
               and st_relate(a.geometry, b.geometry, '2********')",
            &[],
        )
        .await
        .expect("an area")
        .get(0);
    let whole: f64 = client
        .query_one("select sum(area_m2) from layer.parcel", &[])
        .await
        .expect("an area")
        .get(0);
    assert!(overlap < whole * 1e-4, "{overlap} m² of {whole} m² are covered twice");
    let again = load::load(&mut client, catalogue, city, 1, 2_000, &bar).await;
    assert!(again.expect_err("refused").to_string().contains("not empty"));
}

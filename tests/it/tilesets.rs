//! OGC API Tiles, content codings, and what is told of tiles. Named after the checks of the standard's own
//! suite where there is one.

use imgis::http::Door;
use serde_json::Value;

use crate::office::{Office, problem, tile_at};
use crate::tiles::decode;

const TILESETS: &str = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector";
const SCHEME: &str = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme";

fn link<'a>(json: &'a Value, rel: &str) -> &'a str {
    let links = json["links"].as_array().expect("links");
    let found =
        links.iter().find(|link| link["rel"] == rel).unwrap_or_else(|| panic!("{rel}: {json}"));
    found["href"].as_str().expect("an address")
}

#[tokio::test(flavor = "multi_thread")]
async fn tiles_are_found_by_following_links_from_the_landing_page() {
    let office = Office::open().await;
    office.has_parcels(&["A: 0 0, 400 400"]).await;
    let landing = office.json("/?f=json").await;
    let collection = office.json("/collections/parcel").await;
    for start in [link(&landing, TILESETS), link(&collection, TILESETS)] {
        let list = office.json(start).await;
        let item = &list["tilesets"][0];
        assert_eq!(item["dataType"], "vector");
        assert_eq!(item["crs"], "http://www.opengis.net/def/crs/EPSG/0/3857");
        let grid = office.json(link(item, SCHEME)).await;
        assert_eq!(grid["id"], "WebMercatorQuad");
        assert_eq!(item["tileMatrixSetURI"], grid["uri"]);
        let set = office.json(link(item, "self")).await;
        let template = link(&set, "item");
        let limits = set["tileMatrixSetLimits"].as_array().expect("limits");
        for limit in limits.iter().filter(|limit| limit["tileMatrix"] == "14") {
            let at = |row: &Value, col: &Value| {
                template
                    .replace("{tileMatrix}", "14")
                    .replace("{tileRow}", &row.to_string())
                    .replace("{tileCol}", &col.to_string())
            };
            let (row, col) = (&limit["maxTileRow"], &limit["minTileCol"]);
            let status = office.get(&at(row, col)).await.status().as_u16();
            assert!([200, 204].contains(&status), "{status}");
            let beyond = Value::from(row.as_u64().expect("a row") + 1);
            assert_eq!(office.refused(&at(&beyond, col)).await.0, 404);
        }
        assert!(set["layers"][0]["propertiesSchema"]["properties"].is_object());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_grid_is_the_one_of_the_register() {
    let office = Office::open().await;
    let grids = office.json("/tileMatrixSets").await;
    let grid = office.json(link(&grids["tileMatrixSets"][0], "self")).await;
    let top = &grid["tileMatrices"][0];
    let near = |value: &Value, wanted: f64| {
        let value = value.as_f64().expect("a number");
        assert!((value / wanted - 1.0).abs() < 1e-12, "{value} is not {wanted}");
    };
    near(&top["scaleDenominator"], 559_082_264.028_717);
    near(&top["cellSize"], 156_543.033_928_041);
    near(&grid["tileMatrices"][14]["cellSize"], 9.554_628_535_647_03);
    assert_eq!(grid["tileMatrices"][3]["matrixWidth"], 8);
    assert_eq!(office.refused("/tileMatrixSets/WorldCRS84Quad").await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tile_by_matrix_row_and_column_is_the_tile_by_zoom_x_and_y() {
    let office = Office::open().await;
    office.has_parcels(&["A: 0 0, 40 40"]).await;
    let (x, y) = tile_at(14, 5.0, 5.0);
    let by_zoom = office.get(&format!("/tiles/parcel/14/{x}/{y}")).await;
    let tag = by_zoom.headers()["etag"].clone();
    let bytes = by_zoom.bytes().await.expect("a tile");
    let base = &office.base;
    for path in [
        format!("/collections/parcel/tiles/WebMercatorQuad/14/{y}/{x}"),
        format!("/tiles/WebMercatorQuad/14/{y}/{x}?collections=parcel"),
        format!("/tiles/WebMercatorQuad/14/{y}/{x}?collections={base}/collections/parcel"),
    ] {
        let tile = office.get(&path).await;
        assert_eq!(tile.headers()["etag"], tag, "{path}");
        assert_eq!(tile.bytes().await.expect("a tile"), bytes, "{path}");
    }
    let all = office
        .get(&format!("/tiles/WebMercatorQuad/14/{y}/{x}"))
        .await
        .bytes()
        .await
        .expect("a tile");
    assert!(!decode(&all, "parcel").is_empty() && !decode(&all, "municipal_boundary").is_empty());
    for (path, status, parameter) in [
        ("/tiles/WebMercatorQuad/14/a/1", 400, Some("tileRow")),
        ("/tiles/WebMercatorQuad/14/1/99999", 400, Some("tileCol")),
        ("/tiles/WebMercatorQuad/99/1/1", 400, Some("tileMatrix")),
        ("/tiles/WebMercatorQuad/14/1/1?collections=nothing", 400, Some("collections")),
        ("/collections/nothing/tiles", 404, None),
        ("/collections/parcel/tiles/Other/14/1/1", 404, None),
    ] {
        let (given, told) = office.refused(path).await;
        assert_eq!((given.as_u16(), told["parameter"].as_str()), (status, parameter), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_document_names_the_operations_of_tiles() {
    let office = Office::open().await;
    let api = office.json("/api").await;
    let operation = |path: &str| {
        api["paths"][path]["get"]["operationId"].as_str().unwrap_or_default().to_string()
    };
    let tile = "tiles/WebMercatorQuad/{tileMatrix}/{tileRow}/{tileCol}";
    assert_eq!(operation(&format!("/{tile}")), ".dataset.vector.getTile");
    assert_eq!(
        operation(&format!("/collections/parcel/{tile}")),
        "parcel.collection.vector.getTile"
    );
    assert_eq!(operation("/collections/parcel/tiles"), "parcel.collection.vector.getTileSetsList");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_version_stands_for_every_coding() {
    let office = Office::open().await;
    office.has_parcels(&["A: 0 0, 40 40"]).await;
    let (x, y) = tile_at(14, 5.0, 5.0);
    let path = format!("/tiles/parcel/14/{x}/{y}");
    let plain = office.get_with(&path, "accept-encoding", "identity").await;
    let version = plain.headers()["etag"].to_str().expect("text").trim_matches('"').to_string();
    let plain = plain.bytes().await.expect("a tile");
    for (accepted, coding) in [("gzip", "gzip"), ("gzip, zstd", "zstd"), ("zstd;q=0, *", "gzip")] {
        let packed = office.get_with(&path, "accept-encoding", accepted).await;
        assert_eq!(packed.headers()["content-encoding"], coding, "{accepted}");
        assert_eq!(packed.headers()["etag"], format!("\"{version}-{coding}\""));
        let bytes = packed.bytes().await.expect("a tile");
        let unpacked = match coding {
            "zstd" => zstd::decode_all(&bytes[..]).expect("zstd"),
            _ => {
                let mut unpacked = Vec::new();
                let mut decoder = flate2::read::GzDecoder::new(&bytes[..]);
                std::io::Read::read_to_end(&mut decoder, &mut unpacked).expect("gzip");
                unpacked
            }
        };
        assert_eq!(unpacked, plain);
        let tag = format!("\"{version}-{coding}\"");
        let again = office
            .send("GET", &path, &[("if-none-match", &tag), ("accept-encoding", "br")], "")
            .await;
        assert_eq!(
            (again.status().as_u16(), again.headers()["etag"].to_str().ok()),
            (304, Some(&*tag))
        );
    }
    // Brotli comes once it has been made beside.
    let until = std::time::Instant::now() + std::time::Duration::from_secs(30);
    loop {
        let answer = office.get_with(&path, "accept-encoding", "br, gzip").await;
        let coding = answer.headers()["content-encoding"].clone();
        let bytes = answer.bytes().await.expect("a tile");
        if coding == "br" {
            let mut unpacked = Vec::new();
            brotli::BrotliDecompress(&mut &bytes[..], &mut unpacked).expect("brotli");
            assert_eq!(unpacked, plain);
            break;
        }
        assert!(std::time::Instant::now() < until, "brotli never comes");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_are_told_why_a_tile_is_as_it_is_and_what_was_counted() {
    let office = Office::open().await;
    office.has_parcels(&["A: 0 0, 40 40", "B: 40 0, 80 40"]).await;
    let (x, y) = tile_at(14, 5.0, 5.0);
    let path = format!("/tiles/parcel,building/14/{x}/{y}");
    for _ in 0..2 {
        assert_eq!(office.get(&path).await.status(), 200);
    }
    let told = office.json(&format!("{path}?explain")).await;
    let layers = told["layers"].as_array().expect("layers");
    assert_eq!((layers.len(), &layers[0]["features"]), (2, &Value::from(2)), "{told}");
    assert!(layers[0]["ms"]["encode"].as_f64().is_some_and(|ms| ms >= 0.0), "{told}");
    let counted = office.get("/metrics").await.text().await.expect("text");
    for line in [
        "imgis_tiles_drawn_total{layer=\"parcel\",zoom=\"14\"} 1",
        "imgis_tiles_kept_total{layer=\"parcel\",zoom=\"14\"} 1",
        "imgis_tiles_features_total{layer=\"parcel\",zoom=\"14\"} 2",
        "imgis_store_features{layer=\"parcel\"} 2",
    ] {
        assert!(counted.lines().any(|known| known == line), "{line} is not in\n{counted}");
    }
    let public = office.by(Door::Open).await;
    for path in ["/metrics".to_string(), format!("{path}?explain")] {
        assert_eq!(problem(public.get(&path).await).await.0, 403, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn glyphs_and_styles_serve_clients_that_draw_text_from_glyphs() {
    let office = Office::open().await;
    let style = office.json("/styles/light?text=glyphs").await;
    assert!(style.get("font-faces").is_none());
    let template = style["glyphs"].as_str().expect("an address");
    let fonts = style["layers"]
        .as_array()
        .expect("layers")
        .iter()
        .filter_map(|l| l["layout"]["text-font"][0].as_str());
    for font in fonts {
        for range in ["0-255", "1024-1279", "8448-8703"] {
            let address = template.replace("{fontstack}", font).replace("{range}", range);
            let glyphs = office.get(&address).await;
            assert_eq!(glyphs.status(), 200, "{address}");
            assert!(glyphs.bytes().await.expect("glyphs").len() > 1_000, "{address}");
        }
    }
    for path in [
        "/glyphs/Comic Sans/0-255.pbf",
        "/glyphs/Noto Sans Regular/1-256.pbf",
        "/glyphs/../0-255.pbf",
    ] {
        assert_eq!(office.refused(path).await.0, 404, "{path}");
    }
    let print = office.json("/styles/print").await;
    assert_eq!(print["layers"][0]["paint"]["background-color"], "#ffffff");
    assert_eq!(office.refused("/styles/light?text=bitmap").await.1["parameter"], "text");
}

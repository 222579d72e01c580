//! The legend: what the style tells apart, as JSON and as a picture, the same as the page tells it.

use std::collections::BTreeSet;

use imgis::http::Door;
use imgis::layer::{Catalogue, Layer};
use imgis::style::{Styles, Theme};
use serde_json::Value;

use crate::office::{Office, kazan, root};

fn styles() -> Styles {
    Styles::read(&kazan().styles_dir()).expect("the styles")
}

fn layer(id: &str) -> Layer {
    let catalogue = Catalogue::read(&kazan()).expect("the layers");
    Layer::clone(catalogue.layer(id).expect("a layer"))
}

fn entries(legend: &Value) -> &Vec<Value> {
    legend["entries"].as_array().expect("entries")
}

/// The texts of the elements of a name; panics at what no XML is.
fn elements(svg: &str, name: &str) -> Vec<String> {
    let mut open: Vec<&str> = Vec::new();
    let mut texts = Vec::new();
    for piece in svg.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').expect("a tag is closed");
        match tag.strip_prefix('/') {
            Some(closed) => assert_eq!(open.pop(), Some(closed), "{piece}"),
            None => {
                open.push(tag.split(' ').next().expect("a name"));
                assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
            }
        }
        if open.last() == Some(&name) && !tag.starts_with('/') {
            texts.push(read(text));
        }
    }
    assert!(open.is_empty(), "{open:?} are left open");
    texts
}

/// What an escaped text says.
fn read(text: &str) -> String {
    let mut parts = text.split('&');
    let mut said = parts.next().unwrap_or_default().to_string();
    for part in parts {
        let (entity, rest) = part.split_once(';').expect("an entity");
        said.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            other => panic!("&{other};"),
        });
        said.push_str(rest);
    }
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn every_layer_that_the_style_draws_has_a_legend() {
    let office = Office::open().await;
    for layer in office.imgis.catalogue.layers() {
        let legend = office.json(&format!("/legend/{}", layer.id)).await;
        assert_eq!(legend["layer"], layer.id.as_str());
        assert_eq!(legend["title"]["ru"], layer.title["ru"].as_str());
        assert!(!entries(&legend).is_empty(), "{}", layer.id);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn zones_have_a_fill_and_words_of_their_own_in_both_languages() {
    let office = Office::open().await;
    let legend = office.json("/legend/territorial_zone").await;
    let fills: BTreeSet<&str> =
        entries(&legend).iter().filter_map(|entry| entry["swatch"]["fill"].as_str()).collect();
    assert!(entries(&legend).len() > 10 && fills.len() > 10, "{fills:?}");
    for entry in entries(&legend) {
        for lang in ["ru", "en"] {
            assert!(
                entry["label"][lang].as_str().is_some_and(|label| !label.is_empty()),
                "{entry}"
            );
        }
    }
    let first = &entries(&legend)[0];
    assert_eq!(first["codes"], serde_json::json!(["Ж-1"]));
    assert!(first["label"]["ru"].as_str().is_some_and(|label| label.starts_with("Ж-1 — ")));
    assert_eq!(first["swatch"]["fillOpacity"], 0.55);
    let dark = office.json("/legend/territorial_zone?theme=dark").await;
    assert_eq!(dark["title"], legend["title"]);
    for (light, dark) in entries(&legend).iter().zip(entries(&dark)) {
        assert_eq!(light["label"], dark["label"]);
        assert_ne!(light["swatch"]["fill"], dark["swatch"]["fill"], "{light}");
    }
    assert_eq!(office.json("/legend/territorial_zone?theme=light").await, legend);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_picture_of_every_layer_is_xml_and_holds_every_label() {
    let office = Office::open().await;
    for layer in office.imgis.catalogue.layers() {
        let legend = office.json(&format!("/legend/{}", layer.id)).await;
        for lang in ["ru", "en"] {
            let path = format!("/legend/{}.svg?lang={lang}", layer.id);
            let response = office.get(&path).await;
            assert_eq!(response.headers()["content-type"], "image/svg+xml", "{path}");
            let svg = response.text().await.expect("text");
            let titles = elements(&svg, "title");
            assert_eq!(titles[0], layer.title[lang]);
            let labels: Vec<&str> = entries(&legend)
                .iter()
                .map(|entry| entry["label"][lang].as_str().unwrap_or(&layer.title[lang]))
                .collect();
            assert_eq!(titles[1..], labels, "{path}");
            assert_eq!(elements(&svg, "tspan").join(" "), labels.join(" "), "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hatches_and_badges_stand_inside_the_picture() {
    let office = Office::open().await;
    for (layer, sign) in [("special_zone", "url(#hatch-water)"), ("kiosk", "href=\"#sheet\"")] {
        let svg = office.get(&format!("/legend/{layer}.svg")).await.text().await.expect("text");
        assert!(svg.contains(sign) && svg.contains("href=\"data:image/png;base64,"), "{svg}");
    }
    let zones = office.get("/legend/territorial_zone.svg").await.text().await.expect("text");
    assert!(!zones.contains("data:"), "no sheet where nothing is cut from it");
    let light = office.get("/legend/kiosk.svg?theme=light&lang=ru").await.text().await;
    let dark = office.get("/legend/kiosk.svg?theme=dark&lang=ru").await.text().await;
    assert_ne!(light.expect("text"), dark.expect("text"));
}

#[test]
fn words_are_escaped_in_the_picture() {
    let mut zone = layer("territorial_zone");
    let wild = "</title><script>\"&amp;\"</script>";
    zone.title.insert("ru".into(), wild.into());
    for property in &mut zone.properties {
        for value in property.values.iter_mut().flatten() {
            value.ru = wild.into();
        }
    }
    let svg = styles().legend_svg(Theme::Light, &zone, "ru").expect("a picture");
    let titles = elements(&svg, "title");
    assert_eq!(titles[0], wild);
    assert_eq!(titles[1], format!("Ж-1 — {wild}"));
    assert!(elements(&svg, "script").is_empty());
}

#[test]
fn a_layer_that_the_style_does_not_draw_has_an_empty_legend() {
    let mut other = layer("parcel");
    other.id = "unseen".into();
    assert_eq!(styles().legend(Theme::Light, &other), []);
    let svg = styles().legend_svg(Theme::Light, &other, "en").expect("a picture");
    assert_eq!(elements(&svg, "title"), [other.title["en"].as_str()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_shown_is_refused_by_name() {
    let office = Office::open().await;
    for (path, status, parameter) in [
        ("/legend/parcel?theme=sepia", 400, Some("theme")),
        ("/legend/parcel?lang=en", 400, Some("lang")),
        ("/legend/parcel?theme=dark&theme=dark", 400, Some("theme")),
        ("/legend/parcel.svg?theme=Dark", 400, Some("theme")),
        ("/legend/parcel.svg?lang=tt", 400, Some("lang")),
        ("/legend/parcel.svg?size=2", 400, Some("size")),
        ("/legend/nothing", 404, None),
        ("/legend/nothing.svg", 404, None),
        ("/legend/parcel.png", 404, None),
        ("/legend/.svg", 404, None),
    ] {
        let (given, told) = office.refused(path).await;
        assert_eq!((given.as_u16(), told["parameter"].as_str()), (status, parameter), "{path}");
    }
    let public = office.by(Door::Open).await;
    for path in ["/legend/application_site", "/legend/application_site.svg"] {
        assert_eq!(public.refused(path).await.0, 404, "{path}");
        assert!(office.get(path).await.status().is_success(), "{path}");
    }
}

#[test]
fn a_missing_deadline_is_no_number_of_days() {
    let legend = styles().legend(Theme::Light, &layer("application_deadline"));
    let told = |lang| -> Vec<&str> {
        let labels = legend.iter().filter_map(|entry| entry.label.as_ref());
        labels.map(|label| label[lang].as_str()).collect()
    };
    assert_eq!(told("en"), ["less than 0", "0 to 3", "3 and more", "no deadline"]);
    assert_eq!(told("ru"), ["меньше 0", "от 0 до 3", "от 3", "без срока"]);
    let fills: BTreeSet<_> = legend.iter().map(|entry| entry.swatch.fill.clone()).collect();
    assert_eq!(fills.len(), 4, "{fills:?}");
}

#[test]
fn words_that_a_caller_may_not_read_are_not_told() {
    let mut zone = layer("territorial_zone");
    for property in &mut zone.properties {
        if property.name == "zone_code" {
            property.read = imgis::access::Read::Staff;
        }
    }
    let seen = zone.seen_by(&imgis::access::Caller::Public);
    let labels = |zone: &Layer| -> Vec<String> {
        let legend = styles().legend(Theme::Light, zone);
        legend.into_iter().filter_map(|entry| entry.label?.get("en").cloned()).collect()
    };
    assert!(labels(&zone)[0].starts_with("Ж-1 — "));
    assert_eq!(labels(&seen)[0], "Ж-1");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_and_the_server_tell_the_same_legend() {
    let web = root().join("web");
    if !web.join("node_modules/vite").exists() {
        eprintln!("skipped: the packages of web/ are not installed (scripts/web --packages)");
        return;
    }
    let office = Office::open().await;
    for door in [Door::Loopback, Door::Open] {
        let office = office.by(door).await;
        let output = tokio::process::Command::new("node")
            .arg(web.join("tests/legend.mjs"))
            .arg(&office.base)
            .output()
            .await
            .expect("node is installed");
        let (told, faults) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{faults}");
        assert!(told.trim().parse::<u32>().is_ok_and(|rows| rows > 100), "{told} rows");
    }
}

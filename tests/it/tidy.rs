//! The locks of ARCHITECTURE.md: floors, sizes, SQL rooms, the package table, styles ↔ layers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use imgis::application::Office;
use imgis::layer::Catalogue;
use imgis::style::Styles;

use crate::office::{kazan, root};

fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, files);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    let mut files = Vec::new();
    walk(&root().join(folder), &mut files);
    files.sort();
    files
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("text");
            (path.strip_prefix(root()).expect("inside").to_path_buf(), text)
        })
        .collect()
}

fn room(path: &Path) -> String {
    let name = path.components().nth(1).expect("src/…").as_os_str().to_str().expect("text");
    name.trim_end_matches(".rs").to_string()
}

/// `pub mod name; // floor …` of src/lib.rs: the law.
fn floors() -> BTreeMap<String, u32> {
    let text = std::fs::read_to_string(root().join("src/lib.rs")).expect("text");
    text.lines()
        .filter_map(|line| {
            let (name, rest) = line.strip_prefix("pub mod ")?.split_once("; // ")?;
            let floor = rest.split_whitespace().next()?.parse().ok()?;
            Some((name.to_string(), floor))
        })
        .collect()
}

#[test]
fn a_room_looks_only_down() {
    let floors = floors();
    assert!(floors.len() > 12, "{floors:?}");
    let mut faults = Vec::new();
    for (path, text) in sources("src") {
        let room = room(&path);
        if ["lib", "main", "imgis", "follow"].contains(&room.as_str()) {
            continue;
        }
        let floor = floors.get(&room).unwrap_or_else(|| panic!("{room} has no floor"));
        for (number, line) in text.lines().enumerate() {
            for part in line.split("crate::").skip(1) {
                let used: String =
                    part.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                let above = match used.as_str() {
                    "imgis" => *floor < 9,
                    used if *used == room => false,
                    used => floors.get(used).is_none_or(|other| other >= floor),
                };
                if above {
                    faults.push(format!("{}:{}: {room} uses {used}", path.display(), number + 1));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn files_and_lines_stay_within_their_sizes() {
    let mut faults = Vec::new();
    for (path, text) in sources("src").into_iter().chain(sources("tests")) {
        let lines = text.lines().count();
        let most = if path.ends_with("sql.rs") { 540 } else { 420 };
        if lines > most {
            faults.push(format!("{}: {lines} lines, at most {most}", path.display()));
        }
        if !text.starts_with("//!") {
            faults.push(format!("{}: no `//!` at its head", path.display()));
        }
        for (number, line) in text.lines().enumerate() {
            if line.chars().count() > 110 {
                faults.push(format!("{}:{}: a line over 110", path.display(), number + 1));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn sql_lives_in_its_rooms() {
    let words = ["\"select ", "\"insert into ", "\"update ", "\"delete from ", "\"create table "];
    let mut faults = Vec::new();
    for (path, text) in sources("src") {
        if path.ends_with("sql.rs") || room(&path) == "db" {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            if words.iter().any(|word| line.contains(word)) {
                faults.push(format!("{}:{}", path.display(), number + 1));
            }
        }
    }
    assert!(faults.is_empty(), "SQL outside sql.rs:\n{}", faults.join("\n"));
}

#[test]
fn nothing_is_unwrapped_or_left_open() {
    let words = [".unwrap()", "todo!(", "unimplemented!(", "dbg!(", "#[ignore"];
    let mut faults = Vec::new();
    for (path, text) in sources("src") {
        for (number, line) in text.lines().enumerate() {
            if words.iter().any(|word| line.contains(word)) {
                faults.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_package_has_its_job_in_the_architecture() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).expect("text");
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).expect("text");
    let mut section = "";
    let mut missing = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line;
        } else if let (true, Some((name, _))) =
            (section.contains("dependencies"), line.split_once(" = "))
            && !text.contains(&format!("`{name}`"))
        {
            missing.push(name.to_string());
        }
    }
    assert!(missing.is_empty(), "not in ARCHITECTURE.md: {missing:?}");
}

#[test]
fn styles_layers_services_and_migrations_agree() {
    let city = kazan();
    let catalogue = Catalogue::read(&city).expect("the layers");
    let styles = Styles::read(&city.styles_dir()).expect("the styles");
    assert_eq!(styles.faults(&catalogue), []);
    Office::read(&city, &catalogue).expect("the services");
    assert_eq!(catalogue.layers().len(), 30);
    let style = std::fs::read_to_string(city.styles_dir().join("map.json")).expect("text");
    for layer in catalogue.layers() {
        let slot = format!("\"source-layer\": \"{}", layer.id);
        let tight = slot.replace(": ", ":");
        assert!(style.contains(&slot) || style.contains(&tight), "no style draws {}", layer.id);
    }
    let json: serde_json::Value = serde_json::from_str(&style).expect("JSON");
    for drawn in json["layers"].as_array().expect("style layers") {
        let Some(id) = drawn["source-layer"].as_str().and_then(|id| id.strip_suffix("_label"))
        else {
            continue;
        };
        let least = catalogue.layer(id).and_then(|layer| layer.label_zoom).expect("label points");
        let from = drawn["minzoom"].as_f64().unwrap_or(0.0);
        let own = catalogue.layer(id).is_some_and(|layer| layer.zoom.min == least);
        assert!(own || from >= f64::from(least), "{id}: labels from {from}, points from {least}");
    }
    let mut versions: Vec<String> = std::fs::read_dir(root().join("migrations"))
        .expect("migrations")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    versions.sort();
    for (at, name) in versions.iter().enumerate() {
        assert!(name.starts_with(&format!("{:04}_", at + 1)), "{name} is out of order");
        let text = std::fs::read_to_string(root().join("migrations").join(name)).expect("text");
        for word in ["-- why:", "-- needs:", "-- locks:"] {
            assert!(text.contains(word), "{name} lacks `{word}`");
        }
    }
}

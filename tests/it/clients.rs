//! Real clients as child processes against a server: GDAL of two ages, OWSLib, and two tools that read the
//! API definition. `scripts/clients` installs the Python ones.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use crate::office::root;
use crate::suite::Suite;

/// A program of the environment that `scripts/clients` makes.
fn client(name: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the target folder");
    let program = target.join("clients/bin").join(name);
    assert!(program.exists(), "{} is missing: run scripts/clients", program.display());
    program
}

/// GDAL takes a text like 16:50:000001:1 for a time of day unless it is told not to.
const TEXTS: [&str; 3] = ["--config", "OGR_GEOJSON_DATE_AS_STRING", "YES"];

fn script(name: &str) -> String {
    root().join("tests/it/clients").join(name).display().to_string()
}

/// Runs a program that must succeed; what it says.
async fn run(program: impl AsRef<Path>, args: &[&str]) -> String {
    let program = program.as_ref();
    let mut command = Command::new(program);
    command.args(args).env("NO_PROXY", "*").stdin(Stdio::null()).kill_on_drop(true);
    // Nothing that a client writes beside itself stays in the checkout.
    command.current_dir(env!("CARGO_TARGET_TMPDIR")).env("PYTHONDONTWRITEBYTECODE", "1");
    let output = command.output().await;
    let output = output.unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} {args:?}:\n{said}\n{complained}", program.display());
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_document_is_valid() {
    let suite = Suite::open().await;
    let said = run(client("python"), &[&script("openapi.py"), &suite.office.base]).await;
    assert!(said.ends_with("paths\n"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn owslib_reads_pages_boxes_and_single_features() {
    let suite = Suite::open().await;
    run(client("python"), &[&script("owslib_features.py"), &suite.office.base]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn gdal_of_the_wheel_reads_layers_boxes_pages_and_systems() {
    let suite = Suite::open().await;
    run(client("python"), &[&script("gdal.py"), &suite.office.base]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn gdal_of_the_system_reads_with_filters_and_copies_a_layer() {
    let suite = Suite::open().await;
    let source = format!("OAPIF:{}", suite.office.base);
    let count = async |more: &[&str]| {
        let mut args = vec!["-q", source.as_str(), "parcel"];
        args.extend(TEXTS);
        args.extend(more);
        run("ogrinfo", &args).await.matches("OGRFeature(").count()
    };
    assert_eq!(count(&[]).await, 6);
    assert_eq!(count(&["-oo", "PAGE_SIZE=1"]).await, 6);
    assert_eq!(count(&["-where", "cadastral_number = '16:50:000001:2'"]).await, 1);
    assert_eq!(count(&["-where", "area_m2 > 50"]).await, 4);
    assert_eq!(count(&["-spat", "49.105", "55.798", "49.109", "55.801"]).await, 2);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("ogr-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join("parcels.csv");
    let mut args = vec!["-f", "CSV", file.to_str().expect("text"), &source, "parcel"];
    args.extend(["-oo", "PAGE_SIZE=2"].iter().chain(&TEXTS));
    run("ogr2ogr", &args).await;
    let mut copied: Vec<String> = csv::Reader::from_path(&file)
        .expect("a table")
        .deserialize::<std::collections::HashMap<String, String>>()
        .map(|row| row.expect("a row")["cadastral_number"].clone())
        .collect();
    copied.sort();
    let kept = "select string_agg(cadastral_number, ',' order by cadastral_number collate \"C\")
                from layer.parcel";
    assert_eq!(copied.join(","), suite.office.text(kept).await);
    std::fs::remove_dir_all(&folder).expect("the folder goes");
}

/// Every operation that reads, with values that the definition allows and with such that it does not.
#[tokio::test(flavor = "multi_thread")]
async fn schemathesis_finds_no_answer_that_the_api_document_does_not_tell() {
    let suite = Suite::open().await;
    let api = format!("{}/api", suite.office.base);
    let program = client("st");
    let hooks = root().join("tests/it/clients");
    let paths = r"^/(?!changes$|collections/(?!(parcel|address_point|red_line)(/|$)))";
    let options = "--exclude-method POST --exclude-method PUT --exclude-method DELETE \
                   --exclude-method PATCH --checks all \
        --phases examples,coverage,fuzzing --max-examples 20 --seed 1 --no-shrink \
        --generation-database none --request-timeout 20 --no-color";
    let mut args = vec!["run", &api, "--include-path-regex", paths];
    args.extend(options.split_whitespace());
    let mut command = Command::new(&program);
    command.args(args).env("SCHEMATHESIS_HOOKS", "hooks").env("PYTHONPATH", &hooks);
    command.env("NO_PROXY", "*").env("PYTHONDONTWRITEBYTECODE", "1");
    command.current_dir(env!("CARGO_TARGET_TMPDIR")).kill_on_drop(true);
    let output = command.output().await.expect("schemathesis");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    let (_, after) = said.split_once("Tested: ").expect("a summary");
    let tested: usize =
        after.split_whitespace().next().expect("a number").parse().expect("a number");
    assert!(tested > 40, "{said}");
}

//! `imgis check`: configuration, layers, styles and database agree, or a list of what does not.

use std::path::Path;
use std::process::ExitCode;

use super::reach;
use crate::application::Office;
use crate::config::{City, Database};
use crate::db;
use crate::error::{Error, FileFault, Result};
use crate::layer::{Catalogue, table};
use crate::style::Styles;

/// Prints every fault with file and line; 1 when there is one.
pub async fn run(file: &Path, database: Option<Database>) -> Result<ExitCode> {
    let mut faults = Vec::new();
    let mut catalogue = None;
    let city = note(&mut faults, City::read(file))?;
    if let Some(city) = &city {
        catalogue = note(&mut faults, Catalogue::read(city))?;
        let styles = note(&mut faults, Styles::read(&city.styles_dir()))?;
        if let Some(catalogue) = &catalogue {
            note(&mut faults, Office::read(city, catalogue))?;
            if let Some(styles) = styles {
                faults.extend(styles.faults(catalogue));
            }
        }
    }
    if let (Some(city), Some(catalogue), Some(database)) = (&city, &catalogue, database) {
        let reached = reach::reach(&database).await?;
        let checked = against(&reached, city, catalogue, &mut faults).await;
        reached.stop().await;
        checked?;
    }
    for fault in &faults {
        println!("{fault}");
    }
    match (&catalogue, faults.len()) {
        (Some(catalogue), 0) => {
            println!("{} layers, styles and services agree", catalogue.layers().len());
            Ok(ExitCode::SUCCESS)
        }
        (_, count) => {
            println!("{count} faults");
            Ok(ExitCode::FAILURE)
        }
    }
}

/// Takes the faults of files aside; any other error ends the check.
fn note<T>(faults: &mut Vec<FileFault>, result: Result<T>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Error::Files(more)) => {
            faults.extend(more);
            Ok(None)
        }
        Err(other) => Err(other),
    }
}

async fn against(
    reached: &reach::Reached,
    city: &City,
    catalogue: &Catalogue,
    faults: &mut Vec<FileFault>,
) -> Result<()> {
    let client = match reached.owner().await? {
        Some(owner) => owner,
        None => db::connect(&reached.server()).await?,
    };
    let mut fault = |detail: String| {
        faults.push(FileFault { file: city.file.clone(), line: None, detail });
    };
    let pending = db::pending(&client).await?;
    for migration in &pending {
        let name = format!("{:04}_{}", migration.version, migration.name);
        fault(format!("the database lacks migration {name}: run imgis migrate"));
    }
    if !pending.is_empty() {
        return Ok(());
    }
    db::check_municipality(&client, city).await?;
    if let Some(steps) = note(faults, table::compare(&client, city, catalogue).await)? {
        for step in steps {
            let file = city.layers_dir().join(format!("{}.toml", step.layer));
            let detail = format!("the database lacks this ({}): run imgis migrate", step.what);
            faults.push(FileFault { file, line: None, detail });
        }
    }
    Ok(())
}

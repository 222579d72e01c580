//! A layer's table follows its file: made when missing, widened by a new property; what would lose or
//! change data is refused with what to do.

use tokio_postgres::Client;

use super::{Catalogue, Follow, Layer, sql};
use crate::config::City;
use crate::error::{Error, FileFault, Result};

/// What has to be done to one layer's table.
#[derive(Debug)]
pub struct Step {
    pub layer: String,
    /// For the log: `made`, or the property that is added.
    pub what: String,
    statements: String,
}

/// Compares files and tables.
///
/// # Errors
/// [`Error::Files`] for every removal or change that the server does not make by itself.
pub async fn compare(client: &Client, city: &City, catalogue: &Catalogue) -> Result<Vec<Step>> {
    let mut steps = Vec::new();
    let mut faults = Vec::new();
    for layer in catalogue.layers() {
        if layer.source.is_some() {
            published(client, layer, &mut steps, &mut faults).await?;
        } else {
            own(client, city, layer, &mut steps, &mut faults).await?;
        }
    }
    for table in sql::tables(client).await? {
        if catalogue.layer(&table).is_none_or(|layer| layer.source.is_some()) {
            let file = city.layers_dir().join(format!("{table}.toml"));
            let detail = format!(
                "the file is gone but the table layer.{table} is there: put the file back, or, if the \
                 data may go, drop table layer.{table}"
            );
            faults.push(FileFault { file, line: None, detail });
        }
    }
    if faults.is_empty() { Ok(steps) } else { Err(Error::Files(faults)) }
}

async fn own(
    client: &Client,
    city: &City,
    layer: &Layer,
    steps: &mut Vec<Step>,
    faults: &mut Vec<FileFault>,
) -> Result<()> {
    let step =
        |what: String, statements: String| Step { layer: layer.id.clone(), what, statements };
    let there = sql::columns(client, &format!("layer.{}", layer.id)).await?;
    if there.is_empty() {
        let statements = sql::create(layer, city.srid) + &sql::triggers(layer);
        steps.push(step("made".into(), statements));
        return Ok(());
    }
    let mut fault = |key: &str, detail: String| {
        let text = std::fs::read_to_string(&layer.file).unwrap_or_default();
        let line = text.lines().position(|line| line.contains(key)).map(|line| line + 1);
        faults.push(FileFault { file: layer.file.clone(), line, detail });
    };
    let wanted = format!("geometry({},{})", layer.geometry.postgis(), city.srid);
    let given = there.iter().find(|column| column.name == "geometry").map(|column| &column.kind);
    if given != Some(&wanted) {
        let given = given.map_or("nothing", |kind| kind.as_str());
        fault(
            "geometry",
            format!("the table has {given}, the file says {wanted}: add a new layer"),
        );
    }
    for property in &layer.properties {
        match there.iter().find(|column| column.name == property.name) {
            None => {
                let statements = sql::add_column(layer, property) + &sql::triggers(layer);
                steps.push(step(format!("property {} added", property.name), statements));
            }
            Some(column) if column.kind != property.kind.column() => fault(
                &property.name,
                format!(
                    "{} is {} in the table and {} in the file: add a property of another name and \
                     move the values",
                    property.name,
                    column.kind,
                    property.kind.column()
                ),
            ),
            Some(column) if column.required != property.required => fault(
                &property.name,
                format!(
                    "required of {} is {} in the table and {} in the file: run alter table \
                     layer.{} alter column {} {} not null",
                    property.name,
                    column.required,
                    property.required,
                    layer.id,
                    property.name,
                    if property.required { "set" } else { "drop" }
                ),
            ),
            Some(_) => {}
        }
    }
    if !sql::has_triggers(client, layer).await? {
        steps.push(step("triggers renewed".into(), sql::triggers(layer)));
    }
    for column in &there {
        let made = ["id", "geometry", "valid_from", "area_m2", "find_text"];
        if !made.contains(&column.name.as_str()) && layer.property(&column.name).is_none() {
            fault(
                "title",
                format!(
                    "the table has the property {0}, the file does not: put it back, or, if the \
                     values may go, alter table layer.{1} drop column {0}",
                    column.name, layer.id
                ),
            );
        }
    }
    Ok(())
}

async fn published(
    client: &Client,
    layer: &Layer,
    steps: &mut Vec<Step>,
    faults: &mut Vec<FileFault>,
) -> Result<()> {
    let Some(source) = &layer.source else {
        return Ok(());
    };
    let there = sql::columns(client, &source.table).await?;
    let mut fault = |detail: String| {
        faults.push(FileFault { file: layer.file.clone(), line: None, detail });
    };
    if there.is_empty() {
        fault(format!("the table or view {} is not there", source.table));
        return Ok(());
    }
    let names = layer.properties.iter().map(|property| &property.name);
    for name in names.chain([&source.id, &source.geometry]) {
        if !there.iter().any(|column| column.name == *name) {
            fault(format!("{} has no column {name}", source.table));
        }
    }
    if layer.follow == Follow::Trigger
        && !(sql::is_followed(client, &source.table).await?
            && sql::has_triggers(client, layer).await?)
    {
        let statements = sql::publish(layer);
        steps.push(Step { layer: layer.id.clone(), what: "followed".into(), statements });
    }
    Ok(())
}

/// Carries the steps out.
///
/// # Errors
/// As any statement, naming the layer.
pub async fn carry_out(client: &mut Client, steps: &[Step]) -> Result<()> {
    for step in steps {
        let transaction = client.transaction().await?;
        sql::run(transaction.client(), &step.statements).await.map_err(|error| {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            let cause = cause.unwrap_or_else(|| error.to_string());
            Error::Operator(format!("layer {}: {} failed: {cause}", step.layer, step.what))
        })?;
        transaction.commit().await?;
        tracing::info!(layer = step.layer, what = step.what, "layer");
    }
    Ok(())
}

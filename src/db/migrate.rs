//! Migrations: embedded, ordered, checksummed, under one advisory lock.
//!
//! The first steps need a privileged connection (roles, the PostGIS extension, `spatial_ref_sys`);
//! the rest runs as `imgis_owner`. Forward only.

use rust_embed::RustEmbed;
use tokio_postgres::Client;
use xxhash_rust::xxh3::xxh3_128;

use crate::config::City;
use crate::error::{Error, Result};

#[derive(RustEmbed)]
#[folder = "migrations/"]
struct Files;

const LOCK: i64 = 0x494d_4749_5301;

/// A migration that this program has and the database lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    pub version: i32,
    pub name: String,
}

struct Migration {
    version: i32,
    name: String,
    sql: String,
    checksum: String,
}

fn known() -> Vec<Migration> {
    let mut all: Vec<Migration> = Files::iter()
        .filter_map(|path| {
            let (number, name) = path.strip_suffix(".sql")?.split_once('_')?;
            let sql = String::from_utf8(Files::get(&path)?.data.into_owned()).ok()?;
            let checksum = format!("{:032x}", xxh3_128(sql.as_bytes()));
            Some(Migration { version: number.parse().ok()?, name: name.into(), sql, checksum })
        })
        .collect();
    all.sort_by_key(|migration| migration.version);
    all
}

/// What the database lacks.
///
/// # Errors
/// [`Error::Operator`] when it has a migration that this program does not know, or another text of one.
pub async fn pending(client: &Client) -> Result<Vec<Pending>> {
    let done = applied(client).await?;
    check(&done)?;
    Ok(known()
        .into_iter()
        .filter(|migration| done.iter().all(|(version, ..)| *version != migration.version))
        .map(|migration| Pending { version: migration.version, name: migration.name })
        .collect())
}

async fn applied(client: &Client) -> Result<Vec<(i32, String, String)>> {
    let there: bool =
        client.query_one("select to_regclass('imgis.migration') is not null", &[]).await?.get(0);
    if !there {
        return Ok(Vec::new());
    }
    let rows = client
        .query("select version, name, checksum from imgis.migration order by version", &[])
        .await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect())
}

fn check(done: &[(i32, String, String)]) -> Result<()> {
    let known = known();
    for (version, name, checksum) in done {
        match known.iter().find(|migration| migration.version == *version) {
            None => {
                return Err(Error::Operator(format!(
                    "the database has migration {version} ({name}), which this program does not know: \
                     run the newer program"
                )));
            }
            Some(migration) if migration.checksum != *checksum => {
                return Err(Error::Operator(format!(
                    "migration {version} ({name}) was applied with another text: the program and the \
                     database are of different origin; restore the program that made it"
                )));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// Brings the database of `client` (a privileged connection, or that of the owner) up to date; returns
/// the names of what was applied. Leaves the connection acting as `imgis_owner`.
///
/// # Errors
/// [`Error::Operator`] with what an administrator has to run when rights are missing.
pub async fn migrate(client: &mut Client, city: &City) -> Result<Vec<String>> {
    client.execute("select pg_advisory_lock($1)", &[&LOCK]).await?;
    let result = locked(client, city).await;
    client.execute("select pg_advisory_unlock($1)", &[&LOCK]).await?;
    result
}

async fn locked(client: &mut Client, city: &City) -> Result<Vec<String>> {
    prepare(client, city).await?;
    let done = applied(client).await?;
    check(&done)?;
    let mut names = Vec::new();
    for migration in known() {
        if done.iter().any(|(version, ..)| *version == migration.version) {
            continue;
        }
        let transaction = client.transaction().await?;
        let named = |error: tokio_postgres::Error| {
            let cause = error.as_db_error().map_or(error.to_string(), ToString::to_string);
            Error::Operator(format!("migration {} failed: {cause}", migration.version))
        };
        transaction.batch_execute(&migration.sql).await.map_err(named)?;
        transaction
            .execute(
                "insert into imgis.migration (version, name, checksum) values ($1, $2, $3)",
                &[&migration.version, &migration.name, &migration.checksum],
            )
            .await?;
        transaction.commit().await?;
        names.push(format!("{:04}_{}", migration.version, migration.name));
    }
    claim(client, city).await?;
    Ok(names)
}

/// Roles, extension, schemas and coordinate systems, each only where missing.
async fn prepare(client: &Client, city: &City) -> Result<()> {
    client.batch_execute("reset role").await?;
    let steps = "do $$ begin
          -- Roles belong to the cluster: another database may be prepared at the same time.
          begin
            if not exists (select from pg_roles where rolname = 'imgis_owner') then
              create role imgis_owner nologin;
            end if;
            if not exists (select from pg_roles where rolname = 'imgis_server') then
              create role imgis_server login;
            end if;
          exception when unique_violation or duplicate_object then
            null; -- the other one has made both
          end;
          if not pg_has_role(current_user, 'imgis_owner', 'member') then
            execute format('grant imgis_owner to %I', current_user);
          end if;
          if not pg_has_role(current_user, 'imgis_server', 'member') then
            execute format('grant imgis_server to %I', current_user);
          end if;
          execute format('grant create, connect on database %I to imgis_owner', current_database());
          execute format('grant connect on database %I to imgis_server', current_database());
          if not exists (select from pg_extension where extname = 'postgis') then
            create extension postgis;
          end if;
          if not exists (select from pg_extension where extname = 'pg_trgm') then
            create extension pg_trgm;
          end if;
        end $$";
    client.batch_execute(steps).await.map_err(|error| {
        let cause = error.as_db_error().map_or(error.to_string(), |e| e.message().to_string());
        Error::Operator(format!(
            "the database cannot be prepared ({cause}): let an administrator run, in this database,\n  \
             create role imgis_owner nologin; create role imgis_server login;\n  \
             grant imgis_owner, imgis_server to <your user>; create extension postgis; \
             create extension pg_trgm;\nor set DATABASE_OWNER_URL to a role that may"
        ))
    })?;
    let systems = std::iter::once((city.srid, &city.proj))
        .chain(city.further_crs.iter().map(|further| (further.srid, &further.proj)));
    for (srid, proj) in systems {
        let known: bool = client
            .query_one("select exists (select from spatial_ref_sys where srid = $1)", &[&srid])
            .await?
            .get(0);
        if !known {
            client
                .execute(
                    "insert into spatial_ref_sys (srid, auth_name, auth_srid, proj4text)
                     values ($1, 'imgis', $1, $2)",
                    &[&srid, proj],
                )
                .await?;
        }
    }
    client.batch_execute("set role imgis_owner").await?;
    Ok(())
}

/// One database belongs to one municipality.
async fn claim(client: &Client, city: &City) -> Result<()> {
    client
        .execute(
            "insert into imgis.municipality (id, srid) values ($1, $2) on conflict do nothing",
            &[&city.id, &city.srid],
        )
        .await?;
    check_municipality(client, city).await
}

/// Whether the connected role may make what the program needs.
///
/// # Errors
/// As any statement.
pub async fn may_own(client: &Client) -> Result<bool> {
    let row = client
        .query_one(
            "select r.rolsuper or exists (
               select from pg_roles o
               where o.rolname = 'imgis_owner' and pg_has_role(current_user, o.oid, 'member')
             )
             from pg_roles r where r.rolname = current_user",
            &[],
        )
        .await?;
    Ok(row.get(0))
}

/// Whether the database belongs to this municipality.
///
/// # Errors
/// [`Error::Operator`] naming both.
pub async fn check_municipality(client: &Client, city: &City) -> Result<()> {
    let row = client.query_one("select id, srid from imgis.municipality", &[]).await?;
    let (id, srid): (String, i32) = (row.get(0), row.get(1));
    if id != city.id || srid != city.srid {
        return Err(Error::Operator(format!(
            "the database belongs to {id} (SRID {srid}), the municipality file says {} (SRID {}): \
             use another database (or another DATA_DIR)",
            city.id, city.srid
        )));
    }
    Ok(())
}

//! Reaching the database and bringing it up to date with the program and the layer files.

use tokio_postgres::{Client, Config};

use crate::config::{City, Database};
use crate::db::{self, Cluster};
use crate::error::{Error, Result};
use crate::layer::{Catalogue, table};

/// A database within reach.
pub struct Reached {
    /// The private cluster, where it is used.
    pub cluster: Option<Cluster>,
    /// May make tables; `None`: somebody else brings the database up to date.
    owner: Option<Config>,
    server: Config,
    /// Nothing can be written there, whoever asks.
    standby: bool,
}

/// Starts or joins the private cluster, or reads the URLs.
///
/// # Errors
/// [`Error::Operator`].
pub async fn reach(database: &Database) -> Result<Reached> {
    let url = |name: &str, text: &str| -> Result<Config> {
        text.parse().map_err(|error| Error::Operator(format!("{name} is not usable: {error}")))
    };
    match database {
        Database::Embedded(dir) => {
            let cluster = Cluster::open(dir).await?;
            let owner = cluster.admin_config().await?;
            let server = cluster.config("imgis_server", "imgis");
            Ok(Reached { cluster: Some(cluster), owner: Some(owner), server, standby: false })
        }
        Database::External { server, owner } => {
            let server = url("DATABASE_URL", server)?;
            let (mut standby, mut may_own) = (false, false);
            match db::connect(&server).await {
                Ok(client) => {
                    standby = db::is_standby(&client).await?;
                    may_own = !standby && owner.is_none() && db::may_own(&client).await?;
                }
                // The owner may be the one who makes the serving role.
                Err(error) if owner.is_none() => return Err(error),
                Err(_) => {}
            }
            let owner = match owner {
                _ if standby => None,
                Some(owner) => Some(url("DATABASE_OWNER_URL", owner)?),
                None => may_own.then(|| server.clone()),
            };
            Ok(Reached { cluster: None, owner, server, standby })
        }
    }
}

impl Reached {
    /// Migrations and layer tables; the owner's connection is closed before anything is served.
    ///
    /// # Errors
    /// [`Error::Operator`] with what to run; [`Error::Files`] for layer files that would lose data.
    pub async fn bring_up_to_date(&self, city: &City, catalogue: &Catalogue) -> Result<()> {
        let Some(mut client) = self.owner().await? else {
            return self.is_up_to_date(city, catalogue).await;
        };
        for name in db::migrate(&mut client, city).await? {
            tracing::info!(name, "migration");
        }
        let steps = table::compare(&client, city, catalogue).await?;
        table::carry_out(&mut client, &steps).await?;
        if let Some(cluster) = &self.cluster {
            cluster.admit_server().await?;
        }
        Ok(())
    }

    async fn is_up_to_date(&self, city: &City, catalogue: &Catalogue) -> Result<()> {
        let client = db::connect(&self.server).await?;
        let pending = db::pending(&client).await?;
        let steps = if pending.is_empty() {
            table::compare(&client, city, catalogue).await?
        } else {
            Vec::new()
        };
        if pending.is_empty() && steps.is_empty() {
            return db::check_municipality(&client, city).await;
        }
        let mut what: Vec<String> =
            pending.iter().map(|p| format!("migration {} {}", p.version, p.name)).collect();
        what.extend(steps.iter().map(|step| format!("layer {}: {}", step.layer, step.what)));
        let (why, act) = match self.standby {
            true => ("DATABASE_URL is a standby, in which nothing is written", "at the primary"),
            false => ("DATABASE_URL may not change it", "with DATABASE_OWNER_URL"),
        };
        Err(Error::Operator(format!(
            "the database is not up to date and {why}:\n  {}\nrun imgis migrate {act}",
            what.join("\n  ")
        )))
    }

    /// The owner's connection, acting as itself.
    ///
    /// # Errors
    /// [`Error::Operator`].
    pub async fn owner(&self) -> Result<Option<Client>> {
        match &self.owner {
            Some(owner) => Ok(Some(db::connect(owner).await?)),
            None => Ok(None),
        }
    }

    /// Settings of the serving role.
    pub fn server(&self) -> Config {
        self.server.clone()
    }

    /// Keeps the private cluster alive; never resolves.
    pub async fn keep(&self) {
        match &self.cluster {
            Some(cluster) => cluster.keep().await,
            None => std::future::pending().await,
        }
    }

    /// Stops the private cluster if this program owns it.
    pub async fn stop(self) {
        if let Some(cluster) = self.cluster {
            cluster.stop().await;
        }
    }
}

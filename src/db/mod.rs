//! How to reach PostgreSQL. This room knows no table of the city.
//!
//! Two roles: `imgis_owner` owns every table; `imgis_server`, the role of the serving pool, owns nothing
//! and cannot alter the schema, the change log or the history. *Not here*: any rule.

mod cluster;
mod fault;
mod ident;
mod long;
mod migrate;
mod params;

use std::future::Future;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Timeouts};
use tokio_postgres::{CancelToken, Client, Config, NoTls};

pub use cluster::{Cluster, Programs};
pub use fault::is_timeout;
pub use ident::{Ident, literal};
pub use long::Long;
pub use migrate::{Pending, check_municipality, may_own, migrate, pending};
pub use params::Params;

use crate::config::limit;
use crate::error::{Error, Result};

/// The serving side: a pool of connections as `imgis_server`.
#[derive(Clone)]
pub struct Db {
    pool: Pool,
    config: Config,
}

impl Db {
    /// A pool over `config`; connections are made when first needed. `time_zone`: the office's, so that
    /// `current_date` is the office's day.
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub fn open(config: Config, time_zone: &str) -> Result<Self> {
        let config = as_server(config, time_zone);
        let manager = Manager::from_config(
            config.clone(),
            NoTls,
            ManagerConfig { recycling_method: RecyclingMethod::Fast },
        );
        let wait = Some(limit::POOL_WAIT);
        let pool = Pool::builder(manager)
            .max_size(limit::POOL_CONNECTIONS)
            .runtime(deadpool_postgres::Runtime::Tokio1)
            .timeouts(Timeouts { wait, create: wait, recycle: wait })
            .build()
            .map_err(Error::internal)?;
        Ok(Self { pool, config })
    }

    /// A connection of the pool.
    ///
    /// # Errors
    /// [`Error::Busy`] when none is free in time.
    pub async fn client(&self) -> Result<Object> {
        self.pool.get().await.map_err(|error| {
            tracing::warn!(%error, "no database connection");
            Error::Busy("the database is not answering; try again in a moment".into())
        })
    }

    /// A connection for one long statement.
    ///
    /// # Errors
    /// As [`Db::client`].
    pub async fn long(&self, timeout: Duration) -> Result<Long> {
        Long::new(self.client().await?, timeout).await
    }

    /// A connection of one's own, outside the pool (for LISTEN and long snapshots); `name` tells it apart
    /// in `pg_stat_activity`.
    ///
    /// # Errors
    /// [`Error::Internal`] when the database does not answer.
    pub async fn own_connection(
        &self,
        name: &str,
    ) -> Result<(
        Client,
        tokio_postgres::Connection<tokio_postgres::Socket, tokio_postgres::tls::NoTlsStream>,
    )> {
        Ok(self.config.clone().application_name(name).connect(NoTls).await?)
    }
}

/// Settings with which a connection acts as `imgis_server`, whoever signs in.
pub fn as_server(mut config: Config, time_zone: &str) -> Config {
    let mut options = config.get_options().unwrap_or_default().to_string();
    let statement_ms = limit::STATEMENT.as_millis();
    options.push_str(&format!(
        " -c statement_timeout={statement_ms} -c jit=off -c timezone={time_zone}"
    ));
    if config.get_user() != Some("imgis_server") {
        options.push_str(" -c role=imgis_server");
    }
    config.options(options.trim());
    config.application_name("imgis");
    config
}

/// Connects and drives the connection in a task of its own.
///
/// # Errors
/// [`Error::Operator`] naming the address.
pub async fn connect(config: &Config) -> Result<Client> {
    let (client, connection) = config.connect(NoTls).await.map_err(|error| {
        let hosts = format!("{:?}", config.get_hosts());
        let cause = std::error::Error::source(&error).map(|e| e.to_string()).unwrap_or_default();
        Error::Operator(format!("the database at {hosts} cannot be reached: {error} {cause}"))
    })?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "connection ended");
        }
    });
    Ok(client)
}

/// Whether the database is a standby: a copy that follows its primary and in which nothing is written.
///
/// # Errors
/// As any statement.
pub async fn is_standby(client: &Client) -> Result<bool> {
    Ok(client.query_one("select pg_is_in_recovery()", &[]).await?.get(0))
}

/// Runs `work`; when the caller goes away first, the statement that runs on the connection of `token` is
/// cancelled.
pub async fn cancellable<T>(token: CancelToken, work: impl Future<Output = T>) -> T {
    struct Armed(Option<CancelToken>);
    impl Drop for Armed {
        fn drop(&mut self) {
            if let Some(token) = self.0.take()
                && let Ok(runtime) = tokio::runtime::Handle::try_current()
            {
                runtime.spawn(async move { token.cancel_query(NoTls).await });
            }
        }
    }
    let mut armed = Armed(Some(token));
    let result = work.await;
    armed.0 = None;
    result
}

/// Sets the statement timeout of the running transaction.
///
/// # Errors
/// As any statement.
pub async fn local_timeout(client: &Client, timeout: Duration) -> Result<()> {
    let statement = format!("set local statement_timeout = {}", timeout.as_millis());
    Ok(client.batch_execute(&statement).await?)
}

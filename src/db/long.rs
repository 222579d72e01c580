//! A connection for a statement that runs long and whose reader may leave in the middle.

use std::time::Duration;

use deadpool_postgres::Object;
use tokio_postgres::NoTls;

use crate::error::{Error, Result};

/// Given back to the pool by [`Long::finish`]; dropped before that, its statement is cancelled and the
/// connection closed.
pub struct Long {
    client: Option<Object>,
}

impl Long {
    pub(super) async fn new(client: Object, timeout: Duration) -> Result<Self> {
        let set = format!("set statement_timeout = {}", timeout.as_millis());
        client.batch_execute(&set).await?;
        Ok(Self { client: Some(client) })
    }

    /// The connection.
    ///
    /// # Errors
    /// [`Error::Internal`] after it was given back.
    pub fn client(&self) -> Result<&Object> {
        self.client.as_ref().ok_or_else(|| Error::internal("the connection was given back"))
    }

    /// Gives it back.
    ///
    /// # Errors
    /// As any statement.
    pub async fn finish(mut self) -> Result<()> {
        if let Some(client) = &self.client {
            client.batch_execute("reset statement_timeout").await?;
        }
        self.client = None;
        Ok(())
    }
}

impl Drop for Long {
    fn drop(&mut self) {
        let Some(client) = self.client.take() else { return };
        let token = client.cancel_token();
        drop(Object::take(client));
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { token.cancel_query(NoTls).await });
        }
    }
}

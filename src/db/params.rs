//! Parameters of a statement that is put together from parts.

use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row, RowStream};

use crate::error::Result;

/// Parameters with their types: columns of published tables may have other, kindred ones.
#[derive(Default)]
pub struct Params {
    values: Vec<Box<dyn ToSql + Sync + Send>>,
    types: Vec<Type>,
}

impl Params {
    /// Adds a parameter; its number.
    pub fn push(&mut self, value: impl ToSql + Sync + Send + 'static, kind: Type) -> usize {
        self.push_boxed(Box::new(value), kind)
    }

    /// Adds a parameter; its number.
    pub fn push_boxed(&mut self, value: Box<dyn ToSql + Sync + Send>, kind: Type) -> usize {
        self.values.push(value);
        self.types.push(kind);
        self.values.len()
    }

    /// The values for a statement.
    pub fn references(&self) -> Vec<&(dyn ToSql + Sync)> {
        self.values.iter().map(|value| value.as_ref() as &(dyn ToSql + Sync)).collect()
    }

    /// Their types for a statement.
    pub fn types(&self) -> &[Type] {
        &self.types
    }

    /// Every row of a statement.
    ///
    /// # Errors
    /// As any statement.
    pub async fn query(&self, client: &Client, text: &str) -> Result<Vec<Row>> {
        let statement = client.prepare_typed(text, &self.types).await?;
        Ok(client.query(&statement, &self.references()).await?)
    }

    /// The rows of a statement as they come; the server waits while nobody takes them.
    ///
    /// # Errors
    /// As any statement.
    pub async fn stream(&self, client: &Client, text: &str) -> Result<RowStream> {
        let statement = client.prepare_typed(text, &self.types).await?;
        Ok(client.query_raw(&statement, self.references()).await?)
    }
}

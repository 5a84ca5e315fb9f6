use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls, Row};

/// A connection to a database, as its owner.
pub struct Database {
    client: Client,
}

impl Database {
    /// Connects.
    ///
    /// # Panics
    /// If the database does not answer.
    pub async fn connect(url: &str) -> Self {
        let (client, connection) =
            tokio_postgres::connect(url, NoTls).await.unwrap_or_else(|error| panic!("{url}: {error}"));
        // It ends with the client.
        tokio::spawn(connection);
        Self { client }
    }

    /// The rows of a query.
    ///
    /// # Panics
    /// If the database refuses it.
    pub async fn rows(&self, query: &str, parameters: &[&(dyn ToSql + Sync)]) -> Vec<Row> {
        self.client.query(query, parameters).await.unwrap_or_else(|error| panic!("{query}: {error:?}"))
    }

    /// The first column of a query, which is text.
    ///
    /// # Panics
    /// If the database refuses it.
    pub async fn texts(&self, query: &str) -> Vec<String> {
        self.rows(query, &[]).await.iter().map(|row| row.get(0)).collect()
    }

    /// The one number that a query returns.
    ///
    /// # Panics
    /// If the database refuses it, or it returns something else.
    pub async fn number(&self, query: &str) -> i64 {
        self.rows(query, &[]).await[0].get(0)
    }

    /// Runs statements.
    ///
    /// # Errors
    /// What the database says.
    pub async fn execute(&self, statements: &str) -> Result<(), tokio_postgres::Error> {
        self.client.batch_execute(statements).await
    }
}

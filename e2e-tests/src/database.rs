use futures_util::{SinkExt, Stream, StreamExt, pin_mut};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Error, NoTls, Row};

/// Bytes that are sent to the server at a time.
const COPY_CHUNK: usize = 64 << 10;

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
        Self::try_connect(url).await.unwrap_or_else(|error| panic!("{url}: {error}"))
    }

    /// Connects.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn try_connect(url: &str) -> Result<Self, Error> {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        // It ends with the client.
        tokio::spawn(connection);
        Ok(Self { client })
    }

    /// The rows of a query.
    ///
    /// # Panics
    /// If the database refuses it.
    pub async fn rows(&self, query: &str, parameters: &[&(dyn ToSql + Sync)]) -> Vec<Row> {
        self.try_rows(query, parameters).await.unwrap_or_else(|error| panic!("{query}: {error:?}"))
    }

    /// The rows of a query.
    ///
    /// # Errors
    /// What the database says.
    pub async fn try_rows(&self, query: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, Error> {
        self.client.query(query, parameters).await
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
    pub async fn execute(&self, statements: &str) -> Result<(), Error> {
        self.client.batch_execute(statements).await
    }

    /// Fills a table from lines in the text format of COPY, each without its end. They are never all in memory.
    ///
    /// # Errors
    /// What the database, or the source of the lines, says.
    pub async fn copy_in(
        &self,
        table: &str,
        lines: impl Stream<Item = Result<String, Error>>,
    ) -> Result<u64, Error> {
        let sink =
            self.client.copy_in::<_, std::io::Cursor<Vec<u8>>>(&format!("COPY {table} FROM STDIN")).await?;
        pin_mut!(sink, lines);
        let mut chunk = Vec::with_capacity(2 * COPY_CHUNK);
        while let Some(line) = lines.next().await {
            chunk.extend_from_slice(line?.as_bytes());
            chunk.push(b'\n');
            if chunk.len() >= COPY_CHUNK {
                sink.send(std::io::Cursor::new(std::mem::take(&mut chunk))).await?;
            }
        }
        sink.send(std::io::Cursor::new(chunk)).await?;
        sink.finish().await
    }

    /// The rows of a query as lines in the text format of COPY.
    ///
    /// # Errors
    /// What the database says.
    pub async fn copy_out(&self, query: &str) -> Result<impl Stream<Item = Result<String, Error>>, Error> {
        let rows = self.client.copy_out(&format!("COPY ({query}) TO STDOUT")).await?;
        // The server sends one row at a time.
        Ok(rows.map(|row| row.map(|bytes| String::from_utf8_lossy(&bytes).trim_end_matches('\n').to_owned())))
    }
}

//! The log stream by stream, on SQLite.

use super::SqliteStore;
use super::connect::within;
use crate::store::error::StoreError;
use crate::store::streams::{self, Stream, StreamEvent, StreamEventRow, StreamRow};

impl SqliteStore {
    pub(in crate::store) async fn streams(
        &self,
        between: [i64; 2],
        limit: i64,
    ) -> Result<Vec<Stream>, StoreError> {
        let [after, to] = between;
        let query = sqlx::query_as::<_, StreamRow>(include_str!("../sql/read_streams.sql"));
        let query = query.bind(after).bind(to).bind(limit);
        within(query.fetch_all(&self.reads)).await?.into_iter().map(streams::stream).collect()
    }

    pub(in crate::store) async fn stream_events(
        &self,
        range: [i64; 4],
        limit: i64,
    ) -> Result<Vec<StreamEvent>, StoreError> {
        let query =
            sqlx::query_as::<_, StreamEventRow>(include_str!("../sql/read_stream_events.sql"));
        let query = range.into_iter().fold(query, |query, number| query.bind(number)).bind(limit);
        let rows = within(query.fetch_all(&self.reads)).await?;
        rows.into_iter().map(streams::stream_event).collect()
    }
}

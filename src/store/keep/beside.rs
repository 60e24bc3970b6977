//! The tables beside the log that a backup holds row by row, and those that it leaves out.

use crate::projections::{ColumnType, Row, Value};
use crate::store::error::StoreError;
use crate::store::views::{Bind, Session};

use ColumnType::{Integer, Text};

/// A table beside the log that cannot be made again from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BesideTable {
    /// The checkpoints that were signed.
    Checkpoints,
    /// Which places outside were told of which.
    Anchors,
    /// When each API key was last used.
    KeyUses,
    /// The webhooks, as the sender knows them.
    Endpoints,
    /// What is on its way to them, and what was.
    Deliveries,
}

/// The tables that a backup does not hold, and why.
pub const LEFT_OUT: [(&str, &str); 12] = [
    ("access_token", "everybody logs in again"),
    ("agent_presence", "agents are heard of again"),
    ("audit_sealer", "the tree is grown again from the events"),
    ("audit_tile", "the tree is grown again from the events"),
    ("lease_presence", "agents are heard of again"),
    ("log_head", "the manifest has it"),
    ("audit_key", "the manifest has it"),
    ("webhook_sender", "the manifest has it"),
    ("restored", "each restore has its own"),
    ("schema_migration", "the manifest has it"),
    ("snapshot", "streams are folded again"),
    ("stream", "it follows from the events"),
];

impl BesideTable {
    /// All of them, in the order in which a backup has them.
    pub const ALL: [Self; 5] =
        [Self::Checkpoints, Self::Anchors, Self::KeyUses, Self::Endpoints, Self::Deliveries];

    /// Its name in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Checkpoints => "audit_checkpoint",
            Self::Anchors => "audit_anchor",
            Self::KeyUses => "key_use",
            Self::Endpoints => "webhook_endpoint",
            Self::Deliveries => "webhook_delivery",
        }
    }

    /// What its columns hold.
    pub fn columns(self) -> &'static [ColumnType] {
        match self {
            Self::Checkpoints => &[Integer, Text, Integer],
            Self::Anchors => &[Text, Integer, Integer, Text],
            Self::KeyUses => &[Text, Integer],
            Self::Endpoints => {
                &[Text, Text, Text, Integer, Text, Integer, Integer, Integer, Integer]
            }
            Self::Deliveries => &[
                Text, Text, Text, Integer, Text, Text, Integer, Integer, Integer, Text, Integer,
                Integer, Integer,
            ],
        }
    }

    /// The step of the schema that it came with.
    pub(super) fn since(self) -> i64 {
        match self {
            Self::KeyUses => 4,
            Self::Endpoints | Self::Deliveries => 5,
            Self::Checkpoints | Self::Anchors => 7,
        }
    }

    /// How many of its first columns name a row.
    fn key_columns(self) -> usize {
        match self {
            Self::Checkpoints | Self::Anchors | Self::KeyUses => 1,
            Self::Endpoints => 2,
            Self::Deliveries => 3,
        }
    }

    fn read(self) -> &'static str {
        match self {
            Self::Checkpoints => include_str!("../sql/keep_read_checkpoints.sql"),
            Self::Anchors => include_str!("../sql/keep_read_anchors.sql"),
            Self::KeyUses => include_str!("../sql/keep_read_key_uses.sql"),
            Self::Endpoints => include_str!("../sql/keep_read_endpoints.sql"),
            Self::Deliveries => include_str!("../sql/keep_read_deliveries.sql"),
        }
    }

    fn put(self) -> &'static str {
        match self {
            Self::Checkpoints => include_str!("../sql/keep_put_checkpoint.sql"),
            Self::Anchors => include_str!("../sql/keep_put_anchor.sql"),
            Self::KeyUses => include_str!("../sql/keep_put_key_use.sql"),
            Self::Endpoints => include_str!("../sql/keep_put_endpoint.sql"),
            Self::Deliveries => include_str!("../sql/keep_put_delivery.sql"),
        }
    }

    /// The rows behind one of them; from the first, when there is none before.
    pub(super) async fn rows_behind(
        self,
        session: &mut Session<'_>,
        last: Option<&Row>,
        limit: u64,
    ) -> Result<Vec<Row>, StoreError> {
        let columns = &self.columns()[..self.key_columns()];
        let mut binds: Vec<_> = match last {
            Some(row) => columns.iter().zip(row).map(|(holds, cell)| bound(*holds, cell)).collect(),
            None => columns.iter().map(|holds| before_all(*holds)).collect(),
        };
        binds.push(Bind::from(limit));
        session.rows(self.read(), binds, self.columns()).await
    }

    pub(super) async fn put_rows(
        self,
        session: &mut Session<'_>,
        rows: &[Row],
    ) -> Result<(), StoreError> {
        for row in rows {
            let cells = self.columns().iter().zip(row);
            let binds = cells.map(|(holds, cell)| bound(*holds, cell)).collect();
            session.run(self.put(), binds).await?;
        }
        Ok(())
    }
}

/// A cell for a place that holds this: the databases tell nothing of one kind from nothing of
/// another.
fn bound(holds: ColumnType, cell: &Value) -> Bind {
    match (holds, cell) {
        (Integer, Value::Null) => Bind::Integer(None),
        (Integer | Text, Value::Null | Value::Integer(_) | Value::Text(_)) => Bind::from(cell),
    }
}

fn before_all(holds: ColumnType) -> Bind {
    match holds {
        Integer => Bind::Integer(Some(i64::MIN)),
        Text => Bind::from(""),
    }
}

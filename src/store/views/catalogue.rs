//! What the database knows of its windows: which generations there are, and how far each is.

use super::session::{Bind, Session};
use crate::domain::Timestamp;
use crate::projections::{ColumnType, Row, Value};
use crate::store::error::StoreError;
use crate::store::rows::from_row;
use crate::store::types::Position;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Where a generation of a window is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Its rows are made from the log up to its target.
    Building,
    /// It follows the log to where the live one is.
    CatchingUp,
    /// It is compared with the live one, and can be switched to.
    Ready,
    /// It is what is read.
    Live,
    /// It was live, and can be gone back to until it is dropped.
    Retired,
    /// It was given up.
    Cancelled,
}

impl Phase {
    const ALL: [Self; 6] =
        [Self::Building, Self::CatchingUp, Self::Ready, Self::Live, Self::Retired, Self::Cancelled];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Building => "building",
            Self::CatchingUp => "catching_up",
            Self::Ready => "ready",
            Self::Live => "live",
            Self::Retired => "retired",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether it follows the log.
    pub fn follows(self) -> bool {
        matches!(self, Self::CatchingUp | Self::Ready | Self::Live)
    }
}

/// One generation of a window: its tables, and how far they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generation {
    /// The window.
    pub name: String,
    /// 1, 2, 3 …
    pub generation: u64,
    /// The version of the window's fold.
    pub window_version: u16,
    /// Names fold and tables; those of another release may differ.
    pub fingerprint: String,
    /// Its tables, each with its columns.
    pub tables: BTreeMap<String, Vec<String>>,
    /// Where it is in its life.
    pub phase: Phase,
    /// The last event that it took in.
    pub position: Position,
    /// What stands in the log at that position: its leaf hash, in hexadecimal digits.
    pub prefix_hash: String,
    /// The log that it was made from.
    pub log_id: Uuid,
    /// The epoch of the projector that writes it.
    pub epoch: u64,
    /// The event at which it stopped, and why.
    pub stopped: Option<(Position, String)>,
    /// The events that an operator had skipped.
    pub skipped: Vec<u64>,
    /// The position up to which it is built.
    pub target: Position,
    /// The last stream that was built.
    pub build_cursor: Option<String>,
    /// How many events were folded while it was built.
    pub events_done: u64,
    /// Whether building it rests.
    pub is_paused: bool,
    /// How fast it is built at most.
    pub events_per_second_max: Option<u64>,
    /// How fast it was built of late.
    pub events_per_second: u64,
    /// Whether it is switched to as soon as it is as far as the live one and equal to it.
    pub switches_by_itself: bool,
    /// What came of comparing it with the live one; none before that.
    pub compared: Option<String>,
    /// Whether it was found to differ: it is not switched to.
    pub is_refused: bool,
    /// What failed when building it was last tried; it is tried again.
    pub failure: Option<String>,
    /// The first row that was found not to be what the log says, with both values.
    pub alarm: Option<String>,
    /// When it was begun.
    pub started_at: Timestamp,
    /// When it was last written.
    pub changed_at: Timestamp,
}

const COLUMNS: [ColumnType; 26] = {
    use ColumnType::{Integer, Text};
    [
        Text, Integer, Integer, Text, Text, Text, Integer, Text, Text, Integer, Integer, Text,
        Text, Integer, Text, Integer, Integer, Integer, Integer, Integer, Text, Integer, Text,
        Text, Integer, Integer,
    ]
};

/// Every generation that there is.
pub(super) async fn generations(session: &mut Session<'_>) -> Result<Vec<Generation>, StoreError> {
    let text = include_str!("../sql/views_generations.sql");
    let rows = session.rows(text, Vec::<Bind>::new(), &COLUMNS).await?;
    rows.iter().map(generation).collect()
}

fn generation(row: &Row) -> Result<Generation, StoreError> {
    let cell = Cells(row);
    let skipped = serde_json::from_str(cell.text(12)?).map_err(|_| damaged())?;
    let stopped_at = cell.optional_number(10)?;
    Ok(Generation {
        name: cell.text(0)?.to_owned(),
        generation: cell.number(1)?,
        window_version: u16::try_from(cell.number(2)?).map_err(|_| damaged())?,
        fingerprint: cell.text(3)?.to_owned(),
        tables: serde_json::from_str(cell.text(4)?).map_err(|_| damaged())?,
        phase: phase(cell.text(5)?)?,
        position: cell.number(6)?.into(),
        prefix_hash: cell.text(7)?.to_owned(),
        log_id: cell.text(8)?.parse().map_err(|_| damaged())?,
        epoch: cell.number(9)?,
        stopped: stopped_at.map(|at| (at.into(), cell.optional_text(11).unwrap_or_default())),
        skipped,
        target: cell.number(13)?.into(),
        build_cursor: cell.optional_text(14),
        events_done: cell.number(15)?,
        is_paused: cell.number(16)? != 0,
        events_per_second_max: cell.optional_number(17)?,
        events_per_second: cell.number(18)?,
        switches_by_itself: cell.number(19)? != 0,
        compared: cell.optional_text(20),
        is_refused: cell.number(21)? != 0,
        failure: cell.optional_text(22),
        alarm: cell.optional_text(23),
        started_at: Timestamp::from_unix_ms(cell.integer(24)?),
        changed_at: Timestamp::from_unix_ms(cell.integer(25)?),
    })
}

fn phase(word: &str) -> Result<Phase, StoreError> {
    Phase::ALL.into_iter().find(|phase| phase.as_str() == word).ok_or_else(damaged)
}

fn damaged() -> StoreError {
    StoreError::Damaged("the list of projections".to_owned())
}

/// The cells of a row, by their places.
pub(in crate::store) struct Cells<'a>(pub(in crate::store) &'a [Value]);

impl<'a> Cells<'a> {
    pub(in crate::store) fn text(&self, at: usize) -> Result<&'a str, StoreError> {
        match self.0.get(at) {
            Some(Value::Text(text)) => Ok(text),
            Some(Value::Null | Value::Integer(_)) | None => Err(damaged()),
        }
    }

    pub(in crate::store) fn optional_text(&self, at: usize) -> Option<String> {
        self.text(at).ok().map(str::to_owned)
    }

    pub(in crate::store) fn integer(&self, at: usize) -> Result<i64, StoreError> {
        match self.0.get(at) {
            Some(Value::Integer(number)) => Ok(*number),
            Some(Value::Null | Value::Text(_)) | None => Err(damaged()),
        }
    }

    pub(in crate::store) fn number(&self, at: usize) -> Result<u64, StoreError> {
        from_row(self.integer(at)?)
    }

    pub(in crate::store) fn optional_number(&self, at: usize) -> Result<Option<u64>, StoreError> {
        if self.0.get(at) == Some(&Value::Null) { Ok(None) } else { self.number(at).map(Some) }
    }
}

//! How the life of a generation goes on: stopped and resumed, built slower or not at all, judged,
//! switched to, gone back to, dropped.

use super::catalogue::{self, Cells, Generation, Phase};
use super::session::{Bind, Session};
use super::{PREPARE_ALONE, Views, texts};
use crate::domain::Timestamp;
use crate::projections::ColumnType;
use crate::store::error::StoreError;
use crate::store::types::Position;

/// Who leads all projectors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leader {
    /// Names the projector; empty before the first one.
    pub owner: String,
    /// The epoch of its lead.
    pub epoch: u64,
    /// Until when it leads, unless it says so again.
    pub expires_at: Timestamp,
}

/// What came of comparing a generation with the live one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// In words.
    pub compared: String,
    /// Whether the two differ.
    pub is_refused: bool,
}

impl Views {
    /// Notes that a generation stopped at an event.
    pub async fn stop(
        &self,
        epoch: u64,
        place: (&str, u64),
        stopped: (Position, &str),
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let text = include_str!("../sql/views_stop.sql");
        let binds = vec![
            Bind::from(place.0),
            Bind::from(place.1),
            Bind::from(epoch),
            Bind::from(stopped.0.get()),
            Bind::from(stopped.1),
            Bind::from(at),
        ];
        Ok(self.change(text, binds).await? == 1)
    }

    /// Lets a generation that stopped go on; without the events that are named.
    pub async fn resume(
        &self,
        place: (&str, u64),
        skipped: &[u64],
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let text = include_str!("../sql/views_resume.sql");
        let skipped = skipped_text(skipped);
        let (name, generation) = place;
        let binds = vec![
            Bind::from(name),
            Bind::from(generation),
            Bind::from(skipped.as_str()),
            Bind::from(at),
        ];
        Ok(self.change(text, binds).await? == 1)
    }

    /// Moves a generation from one phase to another; false when it is in neither.
    pub async fn set_phase(
        &self,
        place: (&str, u64),
        from: Phase,
        to: Phase,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let binds = phase_binds(place, from, to, at);
        Ok(self.change(include_str!("../sql/views_set_phase.sql"), binds).await? == 1)
    }

    /// Lets a generation move no more: it is read until another one takes its place.
    pub async fn disown(&self, place: (&str, u64)) -> Result<bool, StoreError> {
        let binds = vec![Bind::from(place.0), Bind::from(place.1)];
        Ok(self.change(include_str!("../sql/views_disown.sql"), binds).await? == 1)
    }

    /// Lets building rest or go on, and says how fast it may be.
    pub async fn set_pace(
        &self,
        place: (&str, u64),
        is_paused: bool,
        events_per_second_max: Option<u64>,
    ) -> Result<bool, StoreError> {
        let binds = vec![
            Bind::from(place.0),
            Bind::from(place.1),
            Bind::from(u64::from(is_paused)),
            Bind::from(events_per_second_max),
        ];
        Ok(self.change(include_str!("../sql/views_set_pace.sql"), binds).await? == 1)
    }

    /// Makes another generation the one that is read, in one transaction; false when it is not as
    /// far as the live one, or somebody else was faster. The one that was live is kept.
    pub async fn switch(&self, name: &str, to: u64, at: Timestamp) -> Result<bool, StoreError> {
        let mut session = self.writes.session().await?;
        session.begin().await?;
        if session.is_postgres() {
            session.script(PREPARE_ALONE).await?;
        }
        let known = catalogue::generations(&mut session).await?;
        let find = |wanted: &dyn Fn(&Generation) -> bool| {
            known.iter().find(|known| known.name == name && wanted(known))
        };
        let live = find(&|known| known.phase == Phase::Live);
        let next = find(&|known| known.generation == to && known.phase != Phase::Live);
        let can = |next: &&Generation| {
            let is_far_enough = live
                .is_none_or(|live| live.fingerprint.is_empty() || next.position >= live.position);
            is_far_enough && matches!(next.phase, Phase::CatchingUp | Phase::Ready | Phase::Retired)
        };
        let Some(next) = next.filter(can) else {
            session.roll_back().await?;
            return Ok(false);
        };
        let text = include_str!("../sql/views_set_phase.sql");
        if let Some(live) = live {
            let place = (name, live.generation);
            let binds = phase_binds(place, Phase::Live, Phase::Retired, at);
            session.run(text, binds).await?;
        }
        session.run(text, phase_binds((name, to), next.phase, Phase::Live, at)).await?;
        session.commit().await?;
        Ok(true)
    }

    /// Drops the tables of a generation that is not live, and forgets it.
    pub async fn drop_generation(&self, name: &str, generation: u64) -> Result<bool, StoreError> {
        let mut session = self.writes.session().await?;
        session.begin().await?;
        let known = catalogue::generations(&mut session).await?;
        let is_it = |known: &&Generation| {
            known.name == name && known.generation == generation && known.phase != Phase::Live
        };
        let Some(found) = known.iter().find(is_it) else {
            session.roll_back().await?;
            return Ok(false);
        };
        for table in found.tables.keys() {
            session.script(&texts::drop(table, generation, self.dialect())).await?;
        }
        let text = include_str!("../sql/views_forget.sql");
        session.run(text, vec![Bind::from(name), Bind::from(generation)]).await?;
        session.commit().await?;
        Ok(true)
    }

    /// Notes why a generation could not be built for now.
    pub async fn fail(
        &self,
        epoch: u64,
        place: (&str, u64),
        failure: &str,
    ) -> Result<bool, StoreError> {
        let (name, generation) = place;
        let binds =
            vec![Bind::from(name), Bind::from(generation), Bind::from(epoch), Bind::from(failure)];
        Ok(self.change(include_str!("../sql/views_fail.sql"), binds).await? == 1)
    }

    /// Notes that a generation does not hold what the log says; false when that was known.
    pub async fn alarm(&self, place: (&str, u64), what: &str) -> Result<bool, StoreError> {
        let binds = vec![Bind::from(place.0), Bind::from(place.1), Bind::from(what)];
        Ok(self.change(include_str!("../sql/views_alarm.sql"), binds).await? == 1)
    }

    /// Notes what came of comparing a generation that catches up; `to` is where it goes on.
    pub async fn judge(
        &self,
        epoch: u64,
        place: (&str, u64),
        (verdict, to): (&Verdict, Phase),
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let (name, generation) = place;
        let binds = vec![
            Bind::from(name),
            Bind::from(generation),
            Bind::from(epoch),
            Bind::from(verdict.compared.as_str()),
            Bind::from(u64::from(verdict.is_refused)),
            Bind::from(to.as_str()),
            Bind::from(at),
        ];
        Ok(self.change(include_str!("../sql/views_judge.sql"), binds).await? == 1)
    }

    /// Lets a generation that was live follow the log again, to be switched back to.
    pub async fn revive(&self, place: (&str, u64), at: Timestamp) -> Result<bool, StoreError> {
        let binds = vec![Bind::from(place.0), Bind::from(place.1), Bind::from(at)];
        Ok(self.change(include_str!("../sql/views_revive.sql"), binds).await? == 1)
    }

    /// Who leads all projectors, or led them last.
    pub async fn leader(&self) -> Result<Leader, StoreError> {
        let mut session = self.reads.session().await?;
        session.begin_reading().await?;
        use ColumnType::{Integer, Text};
        let text = include_str!("../sql/views_leader.sql");
        let rows = session.rows(text, Vec::new(), &[Text, Integer, Integer]).await?;
        session.roll_back().await?;
        let Some(row) = rows.first() else {
            return Err(StoreError::Damaged("the list of projectors".to_owned()));
        };
        let cell = Cells(row);
        let expires_at = Timestamp::from_unix_ms(cell.integer(2)?);
        Ok(Leader { owner: cell.text(0)?.to_owned(), epoch: cell.number(1)?, expires_at })
    }

    pub(super) async fn change(&self, text: &str, binds: Vec<Bind>) -> Result<u64, StoreError> {
        let mut session: Session<'_> = self.writes.session().await?;
        session.begin().await?;
        let changed = session.run(text, binds).await?;
        session.commit().await?;
        Ok(changed)
    }
}

/// The events that were skipped, as they are kept.
pub(super) fn skipped_text(skipped: &[u64]) -> String {
    serde_json::to_string(skipped).expect("numbers always become JSON")
}

fn phase_binds(place: (&str, u64), from: Phase, to: Phase, at: Timestamp) -> Vec<Bind> {
    let (name, generation) = place;
    vec![
        Bind::from(name),
        Bind::from(generation),
        Bind::from(from.as_str()),
        Bind::from(to.as_str()),
        Bind::from(at),
    ]
}

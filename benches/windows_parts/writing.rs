//! Random executions of a hundred events each, written quickly.

use crate::seed::{bytes_of, new_event, request};
use anyhow::Result;
use planexe_ax::domain::execution::{Execution, ExecutionCommand};
use planexe_ax::domain::harness::Program;
use planexe_ax::domain::{Event, ExecutionId, StreamName};
use planexe_ax::store::{Expected, NewEvent, Store, StreamWrite};
use std::sync::Arc;
use tokio::task::JoinSet;
use uuid::Uuid;

/// How many events each execution has.
pub(crate) const EVENTS_EACH: usize = 100;
/// How many different executions there are; the others are like one of them.
const KINDS: usize = 100;
/// How many executions are carried on side by side, and by how many events each time.
const SIDE_BY_SIDE: usize = 64;
const EVENTS_AT_ONCE: usize = 10;
const WRITERS: usize = 8;
/// Enough for an execution that is not over early.
const BYTES: usize = 6_000;

/// What executions are like.
pub(crate) struct Kinds(Vec<Arc<Vec<NewEvent>>>);

impl Kinds {
    pub(crate) fn new() -> Self {
        let long = (1..).filter_map(events_of).map(Arc::new);
        Self(long.take(KINDS).collect())
    }

    /// So many executions, of which nothing is written yet.
    pub(crate) fn runs(&self, name: &str, count: u64) -> Result<Vec<Run>> {
        let run = |(number, events): (u64, &Arc<Vec<NewEvent>>)| {
            let id = ExecutionId::parse(&format!("{name}_{number}"))?;
            let stream = StreamName::execution(&id);
            Ok(Run { stream, events: Arc::clone(events), written: 0 })
        };
        (0..count).zip(self.0.iter().cycle()).map(run).collect()
    }

    /// Writes so many executions.
    pub(crate) async fn write_all(&self, store: &Store, count: u64) -> Result<()> {
        let runs = self.runs("exec", count)?;
        let mut writers = JoinSet::new();
        for share in runs.chunks(SIDE_BY_SIDE) {
            let (store, mut share) = (store.clone(), share.to_vec());
            writers.spawn(async move {
                while !share.iter().all(Run::is_over) {
                    write(&store, &mut share, EVENTS_AT_ONCE).await?;
                }
                anyhow::Ok(())
            });
            if writers.len() >= WRITERS
                && let Some(ended) = writers.join_next().await
            {
                ended??;
            }
        }
        while let Some(ended) = writers.join_next().await {
            ended??;
        }
        Ok(())
    }
}

/// An execution that is being written.
#[derive(Clone)]
pub(crate) struct Run {
    stream: StreamName,
    events: Arc<Vec<NewEvent>>,
    written: usize,
}

impl Run {
    fn is_over(&self) -> bool {
        self.written == self.events.len()
    }

    fn go_on(&mut self, count: usize) -> Result<StreamWrite> {
        let to = self.events.len().min(self.written + count);
        let events = self.events[self.written..to].iter();
        let events = events.map(|it| NewEvent { event_id: Uuid::now_v7(), ..it.clone() }).collect();
        let expected = match u64::try_from(self.written)? {
            0 => Expected::NoStream,
            version => Expected::Exact(version.into()),
        };
        self.written = to;
        Ok(StreamWrite { stream: self.stream.clone(), expected, events })
    }

    /// The last events, each with the name of its execution.
    pub(crate) fn last_rows(&self) -> Vec<(String, String)> {
        let last = self.events.iter().rev().take(crate::STEPS);
        let text = |it: &NewEvent| String::from_utf8_lossy(&it.payload).into_owned();
        last.map(|it| (self.stream.to_string(), text(it))).collect()
    }
}

/// Takes each execution on by an event.
pub(crate) async fn step(store: &Store, runs: &mut [Run]) -> Result<()> {
    for share in runs.chunks_mut(SIDE_BY_SIDE) {
        write(store, share, 1).await?;
    }
    Ok(())
}

async fn write(store: &Store, runs: &mut [Run], count: usize) -> Result<()> {
    let writes = runs.iter_mut().map(|run| run.go_on(count)).collect::<Result<_>>()?;
    store.append(request(writes)).await?;
    Ok(())
}

/// The first hundred events of a random execution; none when it is over before.
fn events_of(seed: u64) -> Option<Vec<NewEvent>> {
    let bytes = bytes_of(seed, BYTES);
    let mut program = Program::of(&bytes);
    let (creation, moment) = program.creation();
    let mut execution = Execution::default();
    let create = ExecutionCommand::Create(Box::new(creation));
    let mut events: Vec<Event> = execution.handle(&create, &moment).ok()?;
    while events.len() < EVENTS_EACH {
        if program.is_over() {
            return None;
        }
        let (command, moment) = program.next_command(&execution);
        events.extend(execution.handle(&command, &moment).unwrap_or_default());
    }
    events.truncate(EVENTS_EACH);
    Some(events.iter().map(new_event).collect())
}

//! A workspace of the log, straight on the database: what `ax keys` and `ax plan` work on.

use super::open::{open_store, refusal};
use crate::{
    clock::Clock,
    config::Config,
    domain::{Actor, Command, Policy, StreamKind, StreamName, WorkspaceId},
    engine::{Engine, EngineConfig, EngineError, Outcome, Random, Request, State, StreamKey},
    exit::{Exit, Failure},
    store::{OpenError, Position, Store},
};
use anyhow::anyhow;

/// Who commands by the command line.
const OPERATOR: &str = "operator";
/// How many streams are looked through at once.
const PAGE_STREAMS: usize = 1_000;

/// The log, and a workspace in it.
pub(super) struct House {
    pub(super) store: Store,
    pub(super) workspace: WorkspaceId,
    engine: Engine,
}

/// Opens the log; where a server has it, the failure says what to ask that server for instead.
pub(super) async fn open(config: &Config, instead: &str) -> Result<Store, Failure> {
    open_store(config).await.map_err(|failure| {
        if failure.exit != Exit::DatabaseInUse {
            return failure;
        }
        Exit::DatabaseInUse.because(anyhow!(
            "a server has this file open: ask it instead ({instead}), or stop it first"
        ))
    })
}

impl House {
    pub(super) async fn open(
        config: &Config,
        workspace: WorkspaceId,
        instead: &str,
    ) -> Result<Self, Failure> {
        let store = open(config, instead).await?;
        let quiet = EngineConfig { runs_by_itself: false, ..EngineConfig::default() };
        let started = Engine::start(store.clone(), Clock::System, Random::from_system(), quiet);
        let engine = started.await.map_err(failed)?;
        Ok(Self { store, workspace, engine })
    }

    pub(super) async fn close(self) {
        self.engine.stop().await;
        self.store.close().await;
    }

    /// The rules of the workspace.
    pub(super) async fn policy(&self) -> Result<Policy, Failure> {
        self.engine.policy(&self.workspace).await.map_err(failed)
    }

    /// Carries a command out, as the operator.
    pub(super) async fn order(
        &self,
        stream: StreamName,
        command: Command,
    ) -> Result<Outcome, Failure> {
        let by = Actor::user(OPERATOR).map_err(|error| Exit::Other.because(error))?;
        let request = Request::new(&self.workspace, stream, command, by);
        self.engine.execute(request).await.map_err(failed)
    }

    /// Asks the newest state of a stream something.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        stream: StreamName,
        ask: impl FnOnce(&State) -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let key = StreamKey { workspace: self.workspace.clone(), stream };
        self.engine.look(&key, move |state, _| ask(state)).await.map_err(failed)
    }
}

/// The streams of one kind in the workspace.
pub(super) async fn streams_of(
    house: &House,
    kind: StreamKind,
) -> Result<Vec<StreamName>, Failure> {
    let other = |error| refusal(OpenError::from(error));
    let head = house.store.head().await.map_err(other)?.position;
    let (mut found, mut after) = (Vec::new(), Position::ZERO);
    loop {
        let page = house.store.streams(after, head, PAGE_STREAMS).await.map_err(other)?;
        let Some(last) = page.last() else { return Ok(found) };
        after = last.id;
        let own = page.into_iter().filter(|it| it.workspace == house.workspace);
        found.extend(own.map(|it| it.name).filter(|name| name.kind() == kind));
    }
}

/// Reads an id or a name from the command line.
pub(super) fn id<T, E>(text: &str, parse: impl Fn(&str) -> Result<T, E>) -> Result<T, Failure>
where
    E: std::error::Error + Send + Sync + 'static,
{
    parse(text).map_err(|error| Exit::Usage.because(anyhow!(error).context(text.to_owned())))
}

fn failed(error: EngineError) -> Failure {
    if let EngineError::Store(error) = error {
        return refusal(OpenError::from(error));
    }
    let is_refused = matches!(error, EngineError::Rejected(_));
    let exit = if is_refused { Exit::NotPossible } else { Exit::Other };
    exit.because(anyhow!(error))
}

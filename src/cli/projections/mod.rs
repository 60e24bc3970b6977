//! `ax projections`: how the windows stand, and what an operator can do with them.

mod follow;
mod show;

use super::open::{open_store, open_views};
use super::out;
use crate::{
    clock::Clock,
    config::Config,
    domain::{Actor, Text},
    exit::{Exit, Failure},
    projections::windows,
    projector::{Operator, OperatorError, Projector, ProjectorConfig, RebuildOptions},
    store::{OpenError, Store, StoreError, views::Views},
};
use clap::Subcommand;
use follow::follow;

#[derive(Debug, Clone, clap::Args)]
pub(super) struct Projections {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Clone, Subcommand)]
enum Task {
    /// Lists every generation of every projection
    #[command(after_help = "Examples:\n  ax projections list")]
    List,
    /// Makes a projection anew beside the one that is read, compares the two, and switches
    #[command(after_help = "Examples:\n  ax projections rebuild progress --rate 50000")]
    Rebuild {
        /// The projection
        #[arg(required_unless_present = "all")]
        name: Option<String>,
        /// Makes all of them anew
        #[arg(long, conflicts_with = "name")]
        all: bool,
        /// At most so many events a second
        #[arg(long, value_name = "EVENTS", value_parser = clap::value_parser!(u64).range(1..))]
        rate: Option<u64>,
        /// Does not switch: the new generation waits until it is told to
        #[arg(long)]
        no_switch: bool,
    },
    /// Says how a projection stands, or all of them
    #[command(after_help = "Examples:\n  ax projections status")]
    Status {
        /// The projection
        name: Option<String>,
    },
    /// Lets a rebuild rest
    #[command(after_help = "Examples:\n  ax projections pause progress")]
    Pause {
        /// The projection
        name: String,
    },
    /// Lets a rebuild go on
    #[command(after_help = "Examples:\n  ax projections resume progress")]
    Resume {
        /// The projection
        name: String,
    },
    /// Gives a rebuild up
    #[command(after_help = "Examples:\n  ax projections cancel progress")]
    Cancel {
        /// The projection
        name: String,
    },
    /// Has another generation read
    #[command(after_help = "Examples:\n  ax projections switch progress 2")]
    Switch {
        /// The projection
        name: String,
        /// The generation
        generation: u64,
    },
    /// Goes back to the generation that was read before
    #[command(after_help = "Examples:\n  ax projections rollback progress")]
    Rollback {
        /// The projection
        name: String,
    },
    /// Drops a generation with its tables
    #[command(after_help = "Examples:\n  ax projections drop progress 1")]
    Drop {
        /// The projection
        name: String,
        /// The generation
        generation: u64,
    },
    /// Lets a projection that stopped go on without the event at which it did
    #[command(after_help = "Examples:\n  ax projections skip progress --reason 'a fault wrote it'")]
    Skip {
        /// The projection
        name: String,
        /// Why; it is written to the log
        #[arg(long)]
        reason: Option<String>,
    },
}

/// Does what was asked.
pub(super) async fn projections(config: &Config, asked: &Projections) -> Result<(), Failure> {
    match &asked.task {
        Task::Rebuild { name, rate, no_switch, .. } => {
            let options =
                RebuildOptions { events_per_second_max: *rate, is_kept_ready: *no_switch };
            rebuild(config, name.as_deref(), &options).await
        }
        Task::Rollback { name } => roll_back(config, name).await,
        Task::Skip { name, reason } => skip(config, name, reason.as_deref()).await,
        task @ (Task::List
        | Task::Status { .. }
        | Task::Pause { .. }
        | Task::Resume { .. }
        | Task::Cancel { .. }
        | Task::Switch { .. }
        | Task::Drop { .. }) => {
            let views = open_views(config).await?;
            let operator = Operator::new(None, views.clone(), windows(), Clock::System);
            let done = without_the_log(&operator, task).await;
            views.close().await;
            done
        }
    }
}

/// What needs the lists of the windows only: a server may run meanwhile.
async fn without_the_log(operator: &Operator, task: &Task) -> Result<(), Failure> {
    let now = Clock::System.now();
    match task {
        Task::List => show::list(&operator.generations(None).await.map_err(failure)?, now),
        Task::Status { name } => {
            show::status(&operator.generations(name.as_deref()).await.map_err(failure)?, now)
        }
        Task::Pause { name } => {
            let generation = operator.pause(name, true).await.map_err(failure)?;
            out::say(&format!("generation {generation} of {name} rests"))
        }
        Task::Resume { name } => {
            let generation = operator.pause(name, false).await.map_err(failure)?;
            out::say(&format!("generation {generation} of {name} goes on"))
        }
        Task::Cancel { name } => {
            let generation = operator.cancel(name).await.map_err(failure)?;
            out::say(&format!("generation {generation} of {name} is given up"))
        }
        Task::Switch { name, generation } => {
            operator.switch(name, *generation).await.map_err(failure)?;
            out::say(&format!("{name} is read from generation {generation}"))
        }
        Task::Drop { name, generation } => {
            operator.drop(name, *generation).await.map_err(failure)?;
            out::say(&format!("generation {generation} of {name} is dropped"))
        }
        Task::Rebuild { .. } | Task::Rollback { .. } | Task::Skip { .. } => Ok(()),
    }
}

/// The log, the windows, and what can be done with them.
struct Room {
    store: Store,
    views: Views,
    operator: Operator,
}

impl Room {
    async fn open(config: &Config) -> Result<Self, Failure> {
        let store = open_store(config).await.map_err(only_the_server)?;
        let views = open_views(config).await?;
        let operator = Operator::new(Some(store.clone()), views.clone(), windows(), Clock::System);
        Ok(Self { store, views, operator })
    }

    /// Works until the generations are where they should be, or follows the server that does.
    async fn work(&self, wanted: &[(String, u64)]) -> Result<(), Failure> {
        let (store, views) = (self.store.clone(), self.views.clone());
        let projector =
            Projector::start(store, views, windows(), Clock::System, ProjectorConfig::default());
        let done = follow(&self.operator, wanted).await;
        projector.stop().await;
        done
    }

    async fn close(self) {
        self.views.close().await;
        self.store.close().await;
    }
}

async fn rebuild(
    config: &Config,
    name: Option<&str>,
    options: &RebuildOptions,
) -> Result<(), Failure> {
    let room = Room::open(config).await?;
    let names: Vec<_> = match name {
        Some(name) => vec![name.to_owned()],
        None => windows().iter().map(|window| window.name().to_owned()).collect(),
    };
    let mut wanted = Vec::new();
    for name in names {
        let generation = room.operator.rebuild(&name, options).await.map_err(failure)?;
        wanted.push((name, generation));
    }
    let done = room.work(&wanted).await;
    room.close().await;
    done
}

async fn roll_back(config: &Config, name: &str) -> Result<(), Failure> {
    let room = Room::open(config).await?;
    let generation = room.operator.roll_back(name).await.map_err(failure)?;
    let done = room.work(&[(name.to_owned(), generation)]).await;
    room.close().await;
    done
}

async fn skip(config: &Config, name: &str, reason: Option<&str>) -> Result<(), Failure> {
    let reason = reason.map(Text::parse).transpose();
    let reason = reason.map_err(|error| Exit::Usage.because(error))?;
    let by = Actor::user("operator").map_err(|error| Exit::Other.because(error))?;
    let room = Room::open(config).await?;
    let skipped = room.operator.skip(name, reason, by).await.map_err(failure);
    room.close().await;
    out::say(&format!("{name} goes on without the event at position {}", skipped?))
}

/// A server that has the file must do the work itself.
fn only_the_server(Failure { exit, error }: Failure) -> Failure {
    let is_in_use = error.downcast_ref::<OpenError>();
    if !matches!(is_in_use, Some(OpenError::InUse { .. })) {
        return Failure { exit, error };
    }
    exit.because(error.context(
        "a server runs on this SQLite file, and only the server can do this while it runs: stop \
         it first",
    ))
}

fn failure(error: OperatorError) -> Failure {
    let exit = match &error {
        OperatorError::NoSuchWindow { .. } => Exit::Usage,
        OperatorError::NotPossible(_) | OperatorError::Rejected(_) => Exit::NotPossible,
        OperatorError::Store(StoreError::Unavailable { .. }) => Exit::DatabaseUnreachable,
        OperatorError::Store(StoreError::DiskFull) => Exit::DiskFull,
        OperatorError::Store(_) | OperatorError::Append(_) => Exit::Other,
    };
    exit.because(error)
}

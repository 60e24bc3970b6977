//! The demonstration: what a first visitor finds in an empty house. A small plan, carried out by
//! three simulated agents at a pace that can be watched, with one question for the visitor.

mod agents;
mod world;

pub use world::{take_away, workspace};

use crate::engine::{Engine, EngineError};
use crate::store::Position;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::{info, warn};

/// The plan of the demonstration.
pub const PLAN: &str = "plan_demonstration";
/// Its execution.
pub const EXECUTION: &str = "exec_demonstration";
/// What marks whatever belongs to it.
pub const LABEL: &str = "demonstration";

/// The agents of the demonstration, at work until they are stopped or have nothing more to do.
pub struct Demonstration {
    stop: watch::Sender<bool>,
    agents: JoinSet<()>,
}

impl Demonstration {
    /// Sets the demonstration up in a log that holds nothing, or goes on with one that was begun.
    /// That it fails is no reason for a server not to start.
    pub async fn start(engine: &Engine) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut agents = JoinSet::new();
        match begin(engine).await {
            Ok(true) => {
                info!("a demonstration is under way: start with --no-demo to do without");
                for agent in agents::all() {
                    agents.spawn(agent.work(engine.clone(), stopped.clone()));
                }
            }
            Ok(false) => {}
            Err(error) => warn!(%error, "there is no demonstration"),
        }
        Self { stop, agents }
    }

    /// Stops its agents; what they hold they get again when the server starts anew.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        while let Some(ended) = self.agents.join_next().await {
            if let Err(error) = ended {
                warn!(%error, "an agent of the demonstration broke off");
            }
        }
    }
}

/// Whether there is something to do for the agents.
async fn begin(engine: &Engine) -> Result<bool, EngineError> {
    if engine.store().head().await?.position == Position::ZERO {
        world::set_up(engine).await?;
    }
    world::is_under_way(engine).await
}

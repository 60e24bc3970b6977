//! A PlanExe that an operator set up: asked for plans, asked how far they are, and for what it
//! made; over plain HTTP (`worker_plan`) or over MCP (`mcp_cloud`). What it says is a stranger's.

mod cloud;
mod drive;
mod fault;
mod generations;
mod run;
mod wire;
mod worker;

pub use fault::Fault;
pub use generations::{Generations, GenerationsError, RunsItself};
pub use run::BadRun;

use crate::domain::Title;
use crate::models::ApiKey;
use crate::outbound::{Endpoint, Proxy};
use crate::plans::ZIP_BYTES_MAX;
use hyper::body::Bytes;
use rustls::pki_types::CertificateDer;
use std::time::Duration;
use wire::Wire;

/// How a PlanExe is asked.
#[derive(Debug, Clone)]
pub struct PlanexeConfig {
    /// Where it is.
    pub address: Endpoint,
    /// The protocol that it speaks.
    pub protocol: Protocol,
    /// As whom it is asked.
    pub key: Option<ApiKey>,
    /// Authorities that are trusted beside the public ones.
    pub authorities: Vec<CertificateDer<'static>>,
    /// The proxy that it is asked through.
    pub proxy: Option<Proxy>,
    /// The models that it uses where a request names none; none: its own choice.
    pub profile: Option<String>,
    /// How thorough it is: a word of `worker_plan`.
    pub speed: String,
    /// How long it may take to answer.
    pub timeout_ms: u64,
    /// How long an archive may take to come.
    pub download_ms_max: u64,
    /// How often it is asked how far it is.
    pub poll_ms: u64,
    /// How long nothing may be written before a run counts as stalled.
    pub stall_ms_max: u64,
    /// How long it may not answer before a run counts as failed.
    pub unreachable_ms_max: u64,
    /// How long a run may take.
    pub run_ms_max: u64,
    /// How many plans may be in the making at once.
    pub at_once_max: usize,
}

impl PlanexeConfig {
    /// The run that is named, by its id or by an address of this PlanExe. Of an address no more
    /// than the id is used.
    pub fn run_named(&self, text: &str) -> Result<String, BadRun> {
        run::run_named(&self.address, text)
    }
}

/// The protocol that a PlanExe speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Runs over plain HTTP.
    WorkerPlan,
    /// Tools over MCP.
    McpCloud,
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Order<'a> {
    prompt: &'a str,
    profile: Option<&'a str>,
}

/// How a run stands that has not gone wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Standing {
    /// It is under way.
    Working {
        /// How much is done, 0 to 99.
        percent: u8,
        /// What it works on.
        step: Option<Title>,
        /// How long nothing was written.
        silent_ms: Option<u64>,
    },
    /// It is complete.
    Finished,
}

/// The way to a PlanExe; clones are the same one.
#[derive(Clone)]
pub struct Planexe {
    wire: Wire,
    config: PlanexeConfig,
}

impl Planexe {
    /// The way to the PlanExe of these settings. Nothing is asked yet.
    pub fn new(config: PlanexeConfig) -> Self {
        let wire = Wire::new(&config);
        Self { wire, config }
    }

    /// How it is asked.
    pub fn config(&self) -> &PlanexeConfig {
        &self.config
    }

    /// Asks for a plan, or to go on with a run; the run.
    async fn order(&self, order: &Order<'_>, run_id: Option<&str>) -> Result<String, Fault> {
        let profile = order.profile.or(self.config.profile.as_deref());
        let order = Order { profile, ..*order };
        match self.config.protocol {
            Protocol::WorkerPlan => {
                worker::order(&self.wire, &order, &self.config.speed, run_id).await
            }
            Protocol::McpCloud => cloud::order(&self.wire, &order, run_id).await,
        }
    }

    async fn standing(&self, run_id: &str) -> Result<Standing, Fault> {
        match self.config.protocol {
            Protocol::WorkerPlan => worker::standing(&self.wire, run_id).await,
            Protocol::McpCloud => cloud::standing(&self.wire, run_id).await,
        }
    }

    async fn stop(&self, run_id: &str) -> Result<(), Fault> {
        match self.config.protocol {
            Protocol::WorkerPlan => worker::stop(&self.wire, run_id).await,
            Protocol::McpCloud => cloud::stop(&self.wire, run_id).await,
        }
    }

    /// The archive of a run, whether it is complete or not.
    pub async fn fetch(&self, run_id: &str) -> Result<Bytes, Fault> {
        if !run::is_run(run_id) {
            return Err(Fault::bad_answer("no name of a run"));
        }
        let limits = (ZIP_BYTES_MAX, Duration::from_millis(self.config.download_ms_max));
        match self.config.protocol {
            Protocol::WorkerPlan => worker::fetch(&self.wire, run_id, limits).await,
            Protocol::McpCloud => cloud::fetch(&self.wire, run_id, limits).await,
        }
    }
}

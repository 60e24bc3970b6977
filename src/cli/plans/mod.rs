//! `ax plan`: plans read in, shown and deleted: at the server that is named, else straight on the
//! database.

mod decompose;
mod remote;
mod show;
mod source;

use super::house::{House, id, streams_of};
use super::out::{say, text::plain};
use super::remote::{Consent, Remote, Terms};
use crate::{
    config::Config,
    domain::{
        AgentId, Command, PlanId, StreamKind, StreamName, Title, WorkspaceId,
        plan::{ImportPlan, Plan, PlanCommand},
    },
    engine::State,
    exit::{Exit, Failure},
    plans::{Format, Options, Reading, Sequencing, export},
};
use anyhow::anyhow;
use clap::Subcommand;
use planexe_ax_client::ImportWish;
use std::path::PathBuf;
use uuid::Uuid;

/// What a server is asked for that has the file open.
const INSTEAD: &str = "POST /api/plans, docs/PLANS.md";

#[derive(Debug, Clone, clap::Args)]
pub(super) struct Plans {
    #[command(subcommand)]
    task: Task,
    /// The workspace
    #[arg(long, default_value = "default", global = true)]
    workspace: String,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Debug, Clone, Subcommand)]
enum Task {
    /// Reads a plan in: a PlanExe run (folder or zip), JSON, Markdown or an outline
    Import(Wish),
    /// Says what an import would read, derive, repair and drop; nothing is stored
    Validate(Wish),
    /// Lists the plans
    #[command(after_help = "Examples:\n  ax plan list\n  \
                            ax plan list --server http://127.0.0.1:8000 --json")]
    List,
    /// Shows a plan with its tasks
    #[command(after_help = "Examples:\n  ax plan show plan_1")]
    Show {
        /// The plan
        plan_id: String,
    },
    /// Writes a plan as structured JSON, as the API reads it; from the database only
    #[command(after_help = "Examples:\n  ax plan export plan_1 > plan.json")]
    Export {
        /// The plan
        plan_id: String,
    },
    /// Deletes a plan with what it personally holds, for good; the log of its executions stays
    #[command(after_help = "Examples:\n  ax plan delete plan_1 --dry-run\n  \
                            ax plan delete plan_1 --yes")]
    Delete {
        /// The plan
        plan_id: String,
        #[command(flatten)]
        consent: Consent,
        #[command(flatten)]
        terms: Terms,
    },
}

/// In what order tasks stand where nothing is said.
const SEQUENCING: &str = "explicit";

/// What is read, and what is wished of it.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:\n  ax plan import plan.md\n  \
    ax plan import run.zip --title 'Village orchard'\n  \
    ax plan validate - --json < plan.json\n  \
    ax plan import plan.md --server http://127.0.0.1:8000")]
struct Wish {
    /// The folder or the file; - for what is piped in; or the address of a run at the PlanExe that
    /// is set up
    path: PathBuf,
    /// Takes the path for the id of a run at the PlanExe that is set up
    #[arg(long)]
    planexe: bool,
    /// The id that the plan is to have
    #[arg(long, value_name = "ID")]
    plan_id: Option<String>,
    /// The title that the plan is to have
    #[arg(long)]
    title: Option<String>,
    /// The agent that it is meant for
    #[arg(long, value_name = "ID")]
    agent: Option<String>,
    /// Makes tasks of the documents that a run wants found or written
    #[arg(long)]
    documents: bool,
    /// Makes no approvals of open decisions
    #[arg(long)]
    no_gates: bool,
    /// Breaks tasks without parts down right away, with the actions of the agents that there are
    #[arg(long)]
    decompose: bool,
    /// In what order tasks stand that do not depend on each other
    #[arg(long, default_value = SEQUENCING, value_parser = Sequencing::WORDS)]
    sequencing: String,
}

/// Does what is asked of the plans.
pub(super) async fn plans(config: &Config, asked: &Plans) -> Result<(), Failure> {
    if let Task::Validate(wish) = &asked.task {
        return say(&show::reading(
            &wish.read(config).await?,
            None,
            None,
            asked.remote.wants_json(),
        ));
    }
    if let Task::Delete { plan_id, consent, terms } = &asked.task {
        consent.to(&format!("this deletes {}", plain(plan_id)), terms)?;
    }
    if asked.remote.is_named()? {
        return at_server(asked).await;
    }
    let reading = match &asked.task {
        Task::Import(wish) => Some(wish.read(config).await?),
        Task::Validate(_)
        | Task::List
        | Task::Show { .. }
        | Task::Export { .. }
        | Task::Delete { .. } => None,
    };
    let workspace = id(&asked.workspace, WorkspaceId::parse)?;
    let house = House::open(config, workspace, INSTEAD).await?;
    let done = carry_out(&house, config, asked, reading).await;
    house.close().await;
    done
}

async fn carry_out(
    house: &House,
    config: &Config,
    asked: &Plans,
    reading: Option<Reading>,
) -> Result<(), Failure> {
    match &asked.task {
        Task::Validate(_) => Ok(()),
        Task::Import(wish) => match reading {
            Some(reading) => {
                let decomposing = wish.decompose.then_some(config);
                let is_json = asked.remote.wants_json();
                import(house, reading, (wish.plan_id.is_some(), decomposing), is_json).await
            }
            None => Ok(()),
        },
        Task::List => list(house, asked.remote.wants_json()).await,
        Task::Show { plan_id } => {
            let is_json = asked.remote.wants_json();
            let plan = found(house, plan_id, move |plan| show::plan(plan, is_json)).await?;
            say(&plan)
        }
        Task::Export { plan_id } => {
            let form = found(house, plan_id, export).await?;
            let form = form.ok_or_else(|| no_such_plan(plan_id))?;
            say(&format!("{form:#}"))
        }
        Task::Delete { plan_id, terms, .. } => delete(house, plan_id, terms).await,
    }
}

/// Does the same at a running server.
async fn at_server(asked: &Plans) -> Result<(), Failure> {
    let server = &asked.remote;
    match &asked.task {
        Task::Import(wish) => {
            let source = match source::run_named(&wish.path, wish.planexe) {
                Some(run) => remote::run(run),
                None => remote::source(&wish.path)?,
            };
            remote::import(server, source, &wish.at_server()).await
        }
        Task::List => remote::list(server).await,
        Task::Show { plan_id } => remote::show(server, plan_id).await,
        Task::Delete { plan_id, terms, .. } => remote::delete(server, plan_id, terms).await,
        Task::Export { .. } => Err(remote::not_there("write plans")),
        Task::Validate(_) => Ok(()),
    }
}

async fn delete(house: &House, plan_id: &str, terms: &Terms) -> Result<(), Failure> {
    found(house, plan_id, |_| ()).await?;
    if terms.dry_run {
        return say(&format!("nothing is stored; this would be:\nplan_deleted {plan_id}"));
    }
    let stream = StreamName::plan(&id(plan_id, PlanId::parse)?);
    house.order(stream, Command::Plan(PlanCommand::Delete)).await?;
    say(&format!("{plan_id} is deleted"))
}

impl Wish {
    async fn read(&self, config: &Config) -> Result<Reading, Failure> {
        let options = self.options()?;
        match source::run_named(&self.path, self.planexe) {
            Some(named) => source::from_planexe(named, config, &options).await,
            None => source::from(&self.path, &options),
        }
    }

    /// The same, as a server is told it.
    fn at_server(&self) -> ImportWish {
        ImportWish {
            plan_id: self.plan_id.clone(),
            title: self.title.clone(),
            assigned_to: self.agent.clone(),
            documents: self.documents.then_some(true),
            gates: self.no_gates.then_some(false),
            decompose: self.decompose.then_some(true),
            sequencing: Some(self.sequencing.clone()).filter(|word| word != SEQUENCING),
        }
    }

    fn options(&self) -> Result<Options, Failure> {
        let Self { plan_id, title, agent, documents, no_gates, sequencing, .. } = self;
        Ok(Options {
            plan_id: plan_id.as_deref().map(|text| id(text, PlanId::parse)).transpose()?,
            title: title.as_deref().map(|text| id(text, Title::parse)).transpose()?,
            assigned_to: agent.as_deref().map(|text| id(text, AgentId::parse)).transpose()?,
            documents: *documents,
            gates: !no_gates,
            sequencing: Sequencing::parse(sequencing).unwrap_or_default(),
            ..Options::new(new_id())
        })
    }
}

fn new_id() -> PlanId {
    PlanId::parse(&format!("plan_{}", Uuid::now_v7().simple())).expect("it is an id")
}

async fn import(
    house: &House,
    mut reading: Reading,
    (is_named, decomposing): (bool, Option<&Config>),
    is_json: bool,
) -> Result<(), Failure> {
    if !is_named && reading.report.format != Format::Json {
        keep_deleted_ones(house, &mut reading.import).await?;
    }
    let stream = StreamName::plan(&reading.import.plan_id);
    let command = PlanCommand::Import(Box::new(reading.import.clone()));
    let outcome = house.order(stream, Command::Plan(command)).await?;
    let decomposed = match decomposing {
        Some(config) => Some(decompose::decompose(house, config, &reading.import.plan_id).await?),
        None => None,
    };
    let is_new = Some(!outcome.events.is_empty());
    say(&show::reading(&reading, is_new, decomposed.as_ref(), is_json))
}

/// Gives a plan another id when the one that follows from its content was deleted: what is gone
/// does not come back.
async fn keep_deleted_ones(house: &House, import: &mut ImportPlan) -> Result<(), Failure> {
    let is_deleted = |state: &State| state.plan().is_some_and(|plan| plan.status() == "deleted");
    if house.ask(StreamName::plan(&import.plan_id), is_deleted).await? {
        import.plan_id = new_id();
    }
    Ok(())
}

/// Asks a plan something that is there and not deleted.
async fn found<T: Send + 'static>(
    house: &House,
    plan_id: &str,
    ask: impl FnOnce(&Plan) -> T + Send + 'static,
) -> Result<T, Failure> {
    let known = id(plan_id, PlanId::parse)?;
    let ask = move |state: &State| state.plan().filter(|plan| plan.title().is_some()).map(ask);
    let answer = house.ask(StreamName::plan(&known), ask).await?;
    answer.ok_or_else(|| no_such_plan(plan_id))
}

fn no_such_plan(plan_id: &str) -> Failure {
    Exit::NotPossible.because(anyhow!("there is no plan {plan_id:?}: ax plan list names them"))
}

async fn list(house: &House, is_json: bool) -> Result<(), Failure> {
    for stream in streams_of(house, StreamKind::Plan).await? {
        let line = move |state: &State| state.plan().and_then(|it| show::line(it, is_json));
        if let Some(line) = house.ask(stream, line).await? {
            say(&line)?;
        }
    }
    Ok(())
}

//! What it costs to bring a plan in: read, stored and ready to be carried out, against the time
//! that reading it alone takes in the same run. Prints one JSON object a line.

#[path = "plans_parts/large.rs"]
mod large;
mod shared;

use anyhow::{Context, Result, ensure};
use planexe_ax::clock::Clock;
use planexe_ax::domain::plan::{ImportPlan, PlanCommand};
use planexe_ax::domain::{Actor, Command, PlanId, StreamName, WorkspaceId};
use planexe_ax::engine::{Engine, EngineConfig, Random, Request, StreamKey};
use planexe_ax::plans::{Bundle, Input, Kind, Options, Reading, read, read_bundle};
use planexe_ax::store::{Store, StoreConfig};
use planexe_ax_testkit::{Database, Durability, Server, SqliteFile};
use shared::{Figure, Reach};
use std::process::Command as Child;
use std::time::Instant;

/// How often a run is brought in; the round in the middle counts.
const RUN_ROUNDS: usize = 15;
const LARGE_ROUNDS: usize = 3;
/// How many tasks the large plan has, unless the environment says otherwise: fewer are enough to
/// try the bench in a build that is not optimised.
const TASKS: usize = 50_000;
const TASKS_WISH: &str = "AX_BENCH_TASKS";
/// What a run may take beyond reading its files, and what the large plan may take altogether.
const RUN_MS_MAX: f64 = 50.0;
const LARGE_MS_MAX: f64 = 2_000.0;
/// How much memory the large plan may take at its peak.
const MEGABYTES_MAX: f64 = 500.0;
/// What asks a process of its own for its peak.
const PEAK: &str = "--peak";

/// What may be read.
enum Source {
    Run(Bundle),
    Large(Vec<u8>),
}

/// How long it took, in milliseconds.
struct Took {
    reading: f64,
    whole: f64,
}

#[tokio::main]
async fn main() -> Result<()> {
    if std::env::args().any(|word| word == PEAK) {
        return peak().await;
    }
    let server = Server::start(Durability::On)?;
    for database in ["SQLite", "PostgreSQL"] {
        let house = House::on(database, &server).await?;
        let run = house.measured(&Source::Run(large::run()?), RUN_ROUNDS).await?;
        let large = house.measured(&Source::Large(large::plan(tasks())), LARGE_ROUNDS).await?;
        house.close().await;
        let name = format!("a run of {} nodes, {database}", large::NODES);
        times(&format!("{name}: read, stored, ready"), &run).print();
        within(&format!("{name}: stored, ready"), run.whole - run.reading, RUN_MS_MAX, "ms")
            .print();
        let name = format!("{} tasks as JSON, {database}", tasks());
        times(&format!("{name}: read, stored, ready"), &large).print();
        within(&format!("{name}: all of it"), large.whole, LARGE_MS_MAX, "ms").print();
    }
    let name = format!("{} tasks as JSON: peak memory", tasks());
    within(&name, megabytes_of_a_process()?, MEGABYTES_MAX, "MB").print();
    Ok(())
}

fn tasks() -> usize {
    let wish = std::env::var(TASKS_WISH).ok().and_then(|wish| wish.parse().ok());
    wish.unwrap_or(TASKS)
}

/// Beside the time that reading alone takes.
fn times(name: &str, took: &Took) -> Figure {
    Figure {
        name: name.to_owned(),
        value: took.whole,
        unit: "ms",
        baseline: took.reading,
        reach: Reach { limit: 5.0, is_most: true },
    }
}

/// Beside what it may be at most.
fn within(name: &str, value: f64, most: f64, unit: &'static str) -> Figure {
    let reach = Reach { limit: 1.0, is_most: true };
    Figure { name: name.to_owned(), value, unit, baseline: most, reach }
}

/// A log on a throwaway database.
struct House {
    engine: Engine,
    store: Store,
    workspace: WorkspaceId,
    _file: Option<SqliteFile>,
    _database: Option<Database>,
}

impl House {
    async fn on(database: &str, server: &Server) -> Result<Self> {
        if database == "SQLite" {
            return Self::embedded().await;
        }
        let database = Database::on(server).await?;
        let url = database.url.clone();
        Self::at(&url, None, Some(database)).await
    }

    async fn embedded() -> Result<Self> {
        let file = SqliteFile::new()?;
        let url = file.url();
        Self::at(&url, Some(file), None).await
    }

    async fn at(url: &str, file: Option<SqliteFile>, database: Option<Database>) -> Result<Self> {
        let store = Store::open(&StoreConfig::new(url)).await?;
        let (clock, random) = (Clock::System, Random::from_system());
        let engine = Engine::start(store.clone(), clock, random, EngineConfig::default()).await?;
        let workspace = WorkspaceId::parse("default")?;
        Ok(Self { engine, store, workspace, _file: file, _database: database })
    }

    async fn close(self) {
        self.engine.stop().await;
        self.store.close().await;
    }

    /// The round in the middle, by all that it took.
    async fn measured(&self, source: &Source, rounds: usize) -> Result<Took> {
        let mut all = Vec::new();
        for round in 0..rounds {
            all.push(self.bring_in(source, &format!("plan_{}_{round}", source.word())).await?);
        }
        all.sort_by(|one, other| one.whole.total_cmp(&other.whole));
        all.into_iter().nth(rounds / 2).context("nothing was measured")
    }

    async fn bring_in(&self, source: &Source, plan_id: &str) -> Result<Took> {
        let plan_id = PlanId::parse(plan_id)?;
        let options = Options { plan_id: Some(plan_id.clone()), ..Options::new(plan_id.clone()) };
        let material = source.copied();
        let started = now();
        let Reading { import, .. } = material.read(&options)?;
        let reading = ms_since(started);
        self.keep(import).await?;
        let key =
            StreamKey { workspace: self.workspace.clone(), stream: StreamName::plan(&plan_id) };
        let is_ready = |plan: &planexe_ax::domain::plan::Plan| plan.is_ready();
        let look =
            self.engine.look(&key, move |state, _| state.plan().is_some_and(is_ready)).await?;
        let whole = ms_since(started);
        ensure!(look, "it is not ready");
        Ok(Took { reading, whole })
    }

    async fn keep(&self, import: ImportPlan) -> Result<()> {
        let stream = StreamName::plan(&import.plan_id);
        let command = Command::Plan(PlanCommand::Import(Box::new(import)));
        let by = Actor::user("bench")?;
        self.engine.execute(Request::new(&self.workspace, stream, command, by)).await?;
        Ok(())
    }
}

impl Source {
    fn word(&self) -> &'static str {
        match self {
            Self::Run(_) => "run",
            Self::Large(_) => "large",
        }
    }

    fn copied(&self) -> Self {
        match self {
            Self::Run(bundle) => Self::Run(bundle.clone()),
            Self::Large(bytes) => Self::Large(bytes.clone()),
        }
    }

    fn read(self, options: &Options) -> Result<Reading> {
        Ok(match self {
            Self::Run(bundle) => read_bundle(bundle, options)?,
            Self::Large(bytes) => {
                let input = Input { bytes: &bytes, name: "plan.json", kind: Some(Kind::Json) };
                read(input, options)?
            }
        })
    }
}

#[expect(clippy::disallowed_methods, reason = "a bench measures real time")]
fn now() -> Instant {
    Instant::now()
}

fn ms_since(started: Instant) -> f64 {
    started.elapsed().as_secs_f64() * 1_000.0
}

/// Brings the large plan in, once, and prints the peak of this process in kilobytes.
async fn peak() -> Result<()> {
    let house = House::embedded().await?;
    house.bring_in(&Source::Large(large::plan(tasks())), "plan_peak").await?;
    house.close().await;
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next());
    println!("{}", kilobytes.context("the system tells no peak")?);
    Ok(())
}

/// The peak of a process that does nothing else.
fn megabytes_of_a_process() -> Result<f64> {
    let output = Child::new(std::env::current_exe()?).arg(PEAK).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let kilobytes: f64 = String::from_utf8(output.stdout)?.trim().parse()?;
    Ok(kilobytes / 1_024.0)
}

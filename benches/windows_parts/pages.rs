//! Pages of every list, of a short log and of a long one.

use crate::shared::{Figure, Reach};
use crate::{House, now};
use anyhow::{Context, Result, ensure};
use planexe_ax::clock::Clock;
use planexe_ax::domain::{AgentId, ExecutionId, PlanId, WorkspaceId};
use planexe_ax::reading::{
    EventFilter, ExecutionFilter, FeedFilter, Grain, LogEntryFilter, MemoryFilter, PlanFilter,
    Reader, Scope, Wanted,
};
use planexe_ax::store::{LogFilter, Position, Version};
use planexe_ax_testkit::baseline;

const ROUNDS: usize = 60;
const ROWS: usize = 20;

/// The lists that there are.
const LISTS: [&str; 20] = [
    "executions",
    "executions by status",
    "executions by plan",
    "executions by words",
    "one execution",
    "tasks",
    "timeline",
    "events, first",
    "events, last",
    "blockers of an execution",
    "inbox",
    "past blockers",
    "feed",
    "feed of an execution",
    "feed by group",
    "feed by kind",
    "sums",
    "agents and what they hold",
    "plans, memory and agents' logs",
    "log",
];

/// How long the page takes that grows most with the log.
pub(crate) async fn measure(short: &House, long: &House) -> Result<Figure> {
    let (few, many) = (reader(short)?, reader(long)?);
    let before = baseline::read_in_sequence(&long.database).await?;
    let mut worst = ("", 0.0, 1.0);
    for list in LISTS {
        let (mut at_few, mut at_many) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            for (reader, house, times) in [(&few, short, &mut at_few), (&many, long, &mut at_many)]
            {
                let started = now();
                let rows = page(reader, house, list).await?;
                times.push(started.elapsed().as_secs_f64() * 1_000.0);
                ensure!(rows > 0, "{list} is empty");
            }
        }
        let (at_few, at_many) = (median(&mut at_few)?, median(&mut at_many)?);
        eprintln!("{list}: {at_many:.3} ms, {at_few:.3} ms in the short log");
        if at_many / at_few > worst.1 / worst.2 {
            worst = (list, at_many, at_few);
        }
    }
    nothing_was_read_in_sequence(long, &before).await?;
    let (list, value, baseline) = worst;
    Ok(Figure {
        name: format!("a page of a list in a million events, PostgreSQL; slowest: {list}"),
        value,
        unit: "ms",
        baseline,
        reach: Reach { limit: 2.0, is_most: true },
    })
}

/// No table of many rows was read row by row.
async fn nothing_was_read_in_sequence(house: &House, before: &[(String, i64)]) -> Result<()> {
    house.views.close().await;
    house.store.close().await;
    let after = baseline::read_in_sequence(&house.database).await?;
    let more: Vec<_> = after.iter().filter(|table| !before.contains(table)).collect();
    ensure!(more.is_empty(), "read row by row, and how many rows: {more:?}");
    Ok(())
}

fn median(times: &mut [f64]) -> Result<f64> {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().context("nothing was measured")
}

fn reader(house: &House) -> Result<Reader> {
    let reached = house.projector().reached();
    Ok(Reader::new(house.store.clone(), house.views.clone(), Clock::System, reached))
}

/// Reads a page of a list; answers how many rows it had.
async fn page(reader: &Reader, house: &House, list: &str) -> Result<usize> {
    let workspace = &WorkspaceId::parse("acme")?;
    let execution = &ExecutionId::parse("exec_7")?;
    let wanted = &Wanted { limit: Some(ROWS), cursor: None };
    let any = ExecutionFilter::default();
    let feed = FeedFilter::default();
    let executions = async |filter: ExecutionFilter| {
        anyhow::Ok(reader.executions(workspace, &filter, wanted).await?.rows.len())
    };
    let told = async |filter: FeedFilter| {
        anyhow::Ok(reader.feed(workspace, &filter, wanted).await?.rows.len())
    };
    Ok(match list {
        "executions" => executions(any).await?,
        "executions by status" => {
            executions(ExecutionFilter { statuses: vec!["RUNNING".to_owned()], ..any }).await?
        }
        "executions by plan" => {
            executions(ExecutionFilter { plan_id: Some(PlanId::parse("p1")?), ..any }).await?
        }
        "executions by words" => {
            executions(ExecutionFilter { search: Some("random".to_owned()), ..any }).await?
        }
        "one execution" => reader.execution(workspace, execution).await?.rows.len(),
        "tasks" => reader.tasks(workspace, execution, wanted).await?.rows.len(),
        "timeline" => reader.timeline(workspace, execution).await?.context("none")?.tasks.len(),
        "events, first" => {
            let filter = EventFilter::default();
            let page = reader.events_after(workspace, execution, &filter, Version::ZERO, ROWS);
            page.await?.events.len()
        }
        "events, last" => {
            let (filter, end) = (EventFilter::default(), Version::new(101));
            reader.events_before(workspace, execution, &filter, end, ROWS).await?.events.len()
        }
        "blockers of an execution" => {
            1 + reader.blockers(workspace, execution, wanted).await?.rows.len()
        }
        "inbox" => reader.open_blockers(workspace, wanted).await?.rows.len(),
        "past blockers" => reader.past_blockers(workspace, wanted).await?.rows.len(),
        "feed" => told(feed).await?,
        "feed of an execution" => {
            told(FeedFilter { execution_id: Some(execution.clone()), ..feed }).await?
        }
        "feed by group" => told(FeedFilter { groups: vec!["work".to_owned()], ..feed }).await?,
        "feed by kind" => {
            told(FeedFilter { kinds: vec!["task_started".to_owned()], ..feed }).await?
        }
        "sums" => {
            let time = (None, None);
            let (scope, grain) = (Scope::Workspace, Grain::Day);
            reader.sums(workspace, scope, grain, time, wanted).await?.rows.rows.len()
        }
        "agents and what they hold" => {
            let agent = AgentId::parse("a0")?;
            let agents = reader.agents(workspace, None, wanted).await?.rows.len();
            1 + agents + reader.held_by(workspace, &agent, wanted).await?.rows.len()
        }
        "plans, memory and agents' logs" => seldom(reader, workspace, wanted).await?,
        _log => {
            house.store.read_log(Position::new(5_000), &LogFilter::default(), ROWS).await?.len()
        }
    })
}

async fn seldom(reader: &Reader, workspace: &WorkspaceId, wanted: &Wanted) -> Result<usize> {
    let plans = reader.plans(workspace, &PlanFilter::default(), wanted).await?;
    let search = Some("a word".to_owned());
    let filter = MemoryFilter { search, ..MemoryFilter::default() };
    let memory = reader.memory(workspace, &filter, wanted).await?;
    let filter = LogEntryFilter::default();
    let logs = reader.agent_logs(workspace, &filter, wanted).await?;
    Ok(1 + plans.rows.len() + memory.rows.len() + logs.rows.len())
}

//! The windows on PostgreSQL: how fast they follow the log, how fast they are built from it, and
//! whether a page costs the same however long the log is. Prints one JSON object a line.

#[path = "windows_parts/pages.rs"]
mod pages;
#[path = "../tests/it/projector/seed.rs"]
#[expect(dead_code, reason = "the executions here are longer ones")]
mod seed;
mod shared;
#[path = "windows_parts/writing.rs"]
mod writing;

use anyhow::{Context, Result, ensure};
use planexe_ax::clock::Clock;
use planexe_ax::domain::Event;
use planexe_ax::projections::{Window, windows};
use planexe_ax::projector::{Operator, Projector, ProjectorConfig, RebuildOptions};
use planexe_ax::store::views::{Phase, Views};
use planexe_ax::store::{LogFilter, Position, Store, StoreConfig};
use planexe_ax_testkit::{Database, Durability, Server, baseline};
use shared::{Figure, Reach};
use std::sync::Arc;
use std::time::Instant;
use writing::{EVENTS_EACH, Kinds};

/// The long log, and the short one.
const EXECUTIONS: u64 = 10_000;
const FEW: u64 = 100;
/// How many executions go on while it is measured how fast the windows follow, and by how much.
const ALIVE: u64 = 1_000;
const STEPS: usize = 20;
/// How many events of these are taken in the simple way.
const NAIVE_EVENTS: usize = 2_000;
const PAGE_EVENTS: usize = 2_000;

/// An archive with its windows.
pub(crate) struct House {
    database: Database,
    store: Store,
    views: Views,
}

impl House {
    async fn on(server: &Server) -> Result<Self> {
        let database = Database::on(server).await?;
        let config = StoreConfig::new(&database.url);
        let store = Store::open(&config).await?;
        let views = Views::open(&config).await?;
        Ok(Self { database, store, views })
    }

    fn projector(&self) -> Projector {
        let config = ProjectorConfig { runs_by_itself: false, ..ProjectorConfig::default() };
        let (store, views) = (self.store.clone(), self.views.clone());
        Projector::start(store, views, windows(), Clock::System, config)
    }

    async fn close(&self) {
        self.views.close().await;
        self.store.close().await;
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let server = Server::start(Durability::On)?;
    let kinds = Kinds::new();
    let long = House::on(&server).await?;
    kinds.write_all(&long.store, EXECUTIONS).await?;
    eprintln!("{} events in the long log", long.store.head().await?.position);
    let projector = long.projector();
    for figure in rebuild(&long, &projector).await? {
        figure.print();
    }
    live(&long, &projector, &kinds).await?.print();
    let short = House::on(&server).await?;
    kinds.write_all(&short.store, FEW).await?;
    ensure!(short.projector().finish().await?, "it leads");
    long.database.execute("vacuum analyze").await?;
    short.database.execute("vacuum analyze").await?;
    pages::measure(&short, &long).await?.print();
    short.close().await;
    Ok(())
}

/// How fast everything is built, measured against reading the log, and one window against all.
async fn rebuild(house: &House, projector: &Projector) -> Result<[Figure; 2]> {
    let started = now();
    ensure!(projector.finish().await?, "it leads");
    let all = started.elapsed().as_secs_f64();
    let events = house.store.head().await?.position.get();
    let read = read_and_parse(&house.store).await?;
    let operator =
        Operator::new(Some(house.store.clone()), house.views.clone(), windows(), Clock::System);
    let started = now();
    let generation = operator.rebuild("progress", &RebuildOptions::default()).await?;
    ensure!(projector.finish().await?, "it leads");
    let one = started.elapsed().as_secs_f64();
    let known = house.views.generations().await?;
    let is_it = |it: &&_| is_live(it, "progress", generation);
    known.iter().find(is_it).context("the rebuilt window is not read")?;
    let per_second = |seconds: f64| f64::from(u32::try_from(events).unwrap_or(u32::MAX)) / seconds;
    Ok([
        Figure {
            name: "rebuild of one window from a million events, PostgreSQL".to_owned(),
            value: per_second(one),
            unit: "events/s",
            baseline: per_second(read),
            reach: Reach { limit: 0.5, is_most: false },
        },
        Figure {
            name: "rebuild of all windows from a million events, PostgreSQL".to_owned(),
            value: all,
            unit: "s",
            baseline: one,
            reach: Reach { limit: 4.0, is_most: true },
        },
    ])
}

fn is_live(it: &planexe_ax::store::views::Generation, name: &str, generation: u64) -> bool {
    it.name == name && it.generation == generation && it.phase == Phase::Live
}

/// How many seconds it takes to read the log and to understand each event.
async fn read_and_parse(store: &Store) -> Result<f64> {
    let (started, mut at) = (now(), Position::ZERO);
    loop {
        let page = store.read_log(at, &LogFilter::default(), PAGE_EVENTS).await?;
        for event in &page {
            Event::decode(&event.kind, event.schema_version, &event.payload)?;
        }
        match page.last() {
            Some(last) if page.len() == PAGE_EVENTS => at = last.position,
            Some(_) | None => return Ok(started.elapsed().as_secs_f64()),
        }
    }
}

/// How fast all windows follow executions that go on side by side.
async fn live(house: &House, projector: &Projector, kinds: &Kinds) -> Result<Figure> {
    let mut runs = kinds.runs("alive", ALIVE)?;
    for _ in STEPS..EVENTS_EACH {
        writing::step(&house.store, &mut runs).await?;
    }
    ensure!(projector.catch_up().await?, "it leads");
    for _ in 0..STEPS {
        writing::step(&house.store, &mut runs).await?;
    }
    let before = projector.reached().borrow().get();
    let started = now();
    ensure!(projector.catch_up().await?, "it leads");
    let seconds = started.elapsed().as_secs_f64();
    let taken = projector.reached().borrow().get() - before;
    let naive: Vec<_> = runs.iter().flat_map(writing::Run::last_rows).take(NAIVE_EVENTS).collect();
    let windows: Vec<Arc<dyn Window>> = windows();
    Ok(Figure {
        name: "live projection, all windows, over 1,000 executions, PostgreSQL".to_owned(),
        value: f64::from(u32::try_from(taken)?) / seconds,
        unit: "events/s",
        baseline: baseline::upserts(&house.database, windows.len(), &naive).await?,
        reach: Reach { limit: 6.0, is_most: false },
    })
}

#[expect(clippy::disallowed_methods, reason = "a bench measures real time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

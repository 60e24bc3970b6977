//! Windows on a throwaway archive, and what a fresh replay says that they must hold.

use crate::store::backend::Backend;
use anyhow::{Context, Result, ensure};
use planexe_ax::clock::Clock;
use planexe_ax::projections::{Folder, Mark, MemoryTables, Row, Table, Window, windows};
use planexe_ax::projector::{Projector, ProjectorConfig};
use planexe_ax::store::views::{Select, Views};
use planexe_ax::store::{LogFilter, Position, Store};
use std::future::Future;
use std::sync::Arc;

/// A page of the log, and a page of rows.
const PAGE: usize = 1_000;

/// An archive with its windows.
pub(crate) struct House {
    /// Kept: the database goes with it.
    _backend: Backend,
    pub(crate) store: Store,
    pub(crate) views: Views,
}

impl House {
    pub(crate) async fn on(backend: Backend) -> Result<Self> {
        let store = backend.open().await?;
        let views = Views::open(&backend.config()).await?;
        Ok(Self { _backend: backend, store, views })
    }

    /// A projector that works only when asked.
    pub(crate) fn projector(&self, page_events: usize) -> Projector {
        self.projector_of(windows(), page_events)
    }

    pub(crate) fn projector_of(
        &self,
        windows: Vec<Arc<dyn Window>>,
        page_events: usize,
    ) -> Projector {
        let config = ProjectorConfig {
            page_events,
            batch_events: page_events,
            runs_by_itself: false,
            ..ProjectorConfig::default()
        };
        let (store, views) = (self.store.clone(), self.views.clone());
        Projector::start(store, views, windows, Clock::System, config)
    }

    /// Every window holds, row for row, what a fresh replay up to its position gives.
    pub(crate) async fn check(&self) -> Result<()> {
        for window in windows() {
            self.check_one(&window).await?;
        }
        Ok(())
    }

    pub(crate) async fn check_one(&self, window: &Arc<dyn Window>) -> Result<()> {
        let name = window.name();
        let known = self.views.generations().await?;
        let live = known.iter().find(|it| it.name == name && it.phase.as_str() == "live");
        let position = live.with_context(|| format!("no live generation of {name}"))?.position;
        let expected = replayed(&self.store, window, position).await?;
        for (at, table) in window.tables().iter().enumerate() {
            let stored = self.rows(name, table).await?;
            let mut expected: Vec<_> = expected.rows(at).cloned().collect();
            expected.sort_by(|(one, _), (other, _)| one.cmp(other));
            for (stored, expected) in stored.iter().zip(&expected) {
                ensure!(stored == expected, "{name}: {stored:?} stands for {expected:?}");
            }
            let (stored, expected) = (stored.len(), expected.len());
            ensure!(stored == expected, "{name} has {stored} rows for {expected}");
        }
        Ok(())
    }

    /// All rows of a window's table, as they are read.
    pub(crate) async fn rows(&self, window: &str, table: &Table) -> Result<Vec<(Row, Mark)>> {
        let order: Vec<_> = table.key_columns().iter().map(|column| column.name).collect();
        let mut rows: Vec<(Row, Mark)> = Vec::new();
        loop {
            let select = Select {
                window,
                table,
                conditions: Vec::new(),
                search: None,
                order: &order,
                is_descending: false,
                after: rows.last().map(|(row, _)| row[..table.key].to_vec()),
                limit: PAGE,
            };
            let page = self.views.read(&select).await?;
            let is_last = page.rows.len() < PAGE;
            rows.extend(page.rows.into_iter().map(|seen| (seen.row, seen.mark)));
            if is_last {
                rows.sort_by(|(one, _), (other, _)| one.cmp(other));
                return Ok(rows);
            }
        }
    }

    pub(crate) async fn close(self) {
        self.views.close().await;
        self.store.close().await;
        drop(self.backend);
    }
}

/// What a window's tables hold after a fresh replay of the log.
async fn replayed(store: &Store, window: &Arc<dyn Window>, to: Position) -> Result<MemoryTables> {
    let mut folder = Folder::new(vec![Arc::clone(window)]);
    let mut tables = MemoryTables::new(window.tables());
    let mut after = Position::ZERO;
    while after < to {
        let page = store.read_log(after, &LogFilter::default(), PAGE).await?;
        for event in page.iter().take_while(|event| event.position <= to) {
            after = event.position;
            let stopped = folder.fold(&event.entry());
            ensure!(stopped.is_empty(), "{stopped:?}");
        }
    }
    for (_, writes) in folder.flush().writes {
        tables.write(writes);
    }
    Ok(tables)
}

/// Runs a test on each database.
pub(crate) async fn on_every<F: Future<Output = Result<()>>>(
    test: impl Fn(House) -> F,
) -> Result<()> {
    for backend in Backend::every().await? {
        if !matches!(backend, Backend::Memory(_)) {
            test(House::on(backend).await?).await?;
        }
    }
    Ok(())
}

//! The windows: pure folds of the log into what people see.

pub mod agent_logs;
pub mod agent_plans;
pub mod agents;
pub mod blockers;
mod changes;
pub mod feed;
mod fold;
pub mod memory;
mod memory_tables;
pub mod metrics;
pub mod plans;
pub mod progress;
#[cfg(test)]
mod story;
mod table;
pub mod task_tree;
pub mod timeline;
mod value;
mod window;

pub use changes::{Changes, Mark, TableWrites};
pub use fold::{Entry, Flushed, Folder, Stopped, StreamId, recompute};
pub use memory_tables::MemoryTables;
pub use table::{Column, Index, Mode, ShownField, Table};
pub use value::{BadCell, Cell, ColumnType, Form, JsonText, Row, Value};
pub use window::{FoldError, Happened, Part, Shape, Subject, Window};

use std::sync::Arc;

/// An object of JSON.
pub type JsonObject = serde_json::Map<String, serde_json::Value>;

/// Every window of the product.
pub fn windows() -> Vec<Arc<dyn Window>> {
    vec![
        Arc::new(progress::ProgressWindow),
        Arc::new(task_tree::TaskTreeWindow),
        Arc::new(blockers::BlockersWindow),
        Arc::new(feed::FeedWindow),
        Arc::new(agent_plans::AgentPlansWindow),
        Arc::new(agent_logs::AgentLogsWindow),
        Arc::new(memory::MemoryWindow),
        Arc::new(plans::PlansWindow),
        Arc::new(agents::AgentsWindow),
        Arc::new(timeline::TimelineWindow),
        Arc::new(metrics::MetricsWindow),
    ]
}

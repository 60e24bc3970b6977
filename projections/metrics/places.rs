//! Where a count stands: under one key as it comes, at a place for each scope and stretch of time
//! as it is written.

use super::fact::Fact;
use crate::{Happened, Subject, Value};
use planexe_ax_domain::event::lifecycle::LifecycleEvent;
use planexe_ax_domain::{Event, Timestamp};
use std::sync::Arc;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// How many cells of a key say where the count stands; what is counted may say more behind them.
const CELLS: usize = 5;

/// The key under which a count comes: workspace, plan, agent, action, hour.
pub(super) fn key(happened: &Happened<'_>, subject: &Subject<'_>, fact: &Fact) -> Vec<Value> {
    let header = subject.state.execution().and_then(|execution| execution.header());
    let plan_id = match happened.event {
        Event::Lifecycle(LifecycleEvent::ExecutionCreated(event)) => Some(&event.plan_id),
        Event::Lifecycle(_)
        | Event::Work(_)
        | Event::Record(_)
        | Event::Agent(_)
        | Event::Plan(_)
        | Event::Workspace(_) => header.map(|header| &header.plan_id),
    };
    let cell = |text: Option<&str>| text.map_or(Value::Null, |text| Value::Text(text.into()));
    vec![
        Value::Text(subject.workspace_cell()),
        cell(plan_id.map(|id| id.as_str())),
        cell(fact.agent.as_ref().map(|id| id.as_str())),
        cell(fact.action.as_ref().map(|name| name.as_str())),
        Value::Integer(beginning(happened.at, HOUR_MS)),
    ]
}

fn beginning(at: Timestamp, stretch_ms: i64) -> i64 {
    at.unix_ms() - at.unix_ms().rem_euclid(stretch_ms)
}

/// The keys of the rows in which what came under a key counts.
pub(super) fn spread(key: &[Value]) -> Vec<Vec<Value>> {
    let (place, more) = key.split_at(CELLS.min(key.len()));
    let [workspace, plan, agent, action, hour] = place else { return Vec::new() };
    let everything = Value::Text("".into());
    let scopes = [("workspace", &everything), ("plan", plan), ("agent", agent), ("action", action)];
    let hour = if let Value::Integer(hour) = hour { *hour } else { 0 };
    let grains = [("total", 0), ("day", hour - hour.rem_euclid(DAY_MS)), ("hour", hour)];
    let word = |word: &str| Value::Text(Arc::from(word));
    let mut keys = Vec::with_capacity(scopes.len() * grains.len());
    for (scope, id) in scopes.into_iter().filter(|(_, id)| **id != Value::Null) {
        for (grain, at) in grains {
            let own = [workspace.clone(), word(scope), id.clone(), word(grain), Value::Integer(at)];
            keys.push(own.into_iter().chain(more.iter().cloned()).collect());
        }
    }
    keys
}

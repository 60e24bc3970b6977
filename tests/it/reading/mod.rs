//! Questions to the windows, on real databases.

mod lists;
mod moments;
mod people;
mod wall;

use crate::projector::house::House;
use planexe_ax::clock::Clock;
use planexe_ax::domain::{ExecutionId, WorkspaceId};
use planexe_ax::projector::Projector;
use planexe_ax::reading::Reader;

fn reader(house: &House, projector: &Projector) -> Reader {
    let (store, views) = (house.store.clone(), house.views.clone());
    Reader::new(store, views, Clock::System, projector.reached())
}

fn workspace() -> WorkspaceId {
    WorkspaceId::parse("acme").expect("it is an id")
}

fn execution(seed: u64) -> ExecutionId {
    ExecutionId::parse(&format!("exec_{seed}")).expect("it is an id")
}

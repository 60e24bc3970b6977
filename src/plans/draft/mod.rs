//! A plan on its way in, as every reader but the structured one builds it: a tree of nodes and
//! what waits for what, not yet judged.

mod assemble;
mod barriers;
mod edges;
mod ids;
mod sequence;

pub(crate) use assemble::{Repairs, assemble, counted};
pub(crate) use ids::TaskIds;

use crate::error::PlanError;
use planexe_ax_domain::event::plan::Risk;
use planexe_ax_domain::plan::{DEPTH_MAX, TASKS_MAX};
use planexe_ax_domain::{ActionName, DependencyType, Priority, Text, Title};
use serde_json::{Map, Value};

/// A node's place in [`Draft::nodes`].
pub(crate) type Spot = usize;

/// A plan on its way in.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) title: Option<Title>,
    pub(crate) goal: Option<Text>,
    pub(crate) source_id: Option<Title>,
    /// In the plan's order, parents before their parts.
    pub(crate) nodes: Vec<Node>,
    pub(crate) edges: Vec<Edge>,
    pub(crate) roles: Vec<Title>,
    pub(crate) risks: Vec<Risk>,
    pub(crate) metadata: Map<String, Value>,
    /// How many assumptions, tripwires and stop rules are in the metadata.
    pub(crate) watch_items: usize,
}

/// A phase, task or part on its way in.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) parent: Option<Spot>,
    /// How deep it stands; roots at 1.
    pub(crate) depth: usize,
    pub(crate) title: Title,
    /// Where it stands in what was read.
    pub(crate) place: String,
    pub(crate) description: Option<Text>,
    pub(crate) action: Option<ActionName>,
    pub(crate) role: Option<Title>,
    pub(crate) priority: Priority,
    pub(crate) estimated_ms: Option<u64>,
    pub(crate) success_criteria: Vec<Text>,
    /// What a person must approve before it may start.
    pub(crate) approvals: Vec<String>,
    pub(crate) params: Map<String, Value>,
    pub(crate) source_id: Option<String>,
}

/// One node waits for another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edge {
    pub(crate) from: Spot,
    pub(crate) to: Spot,
    pub(crate) place: String,
    pub(crate) is_implied: bool,
}

impl Node {
    pub(crate) fn new(parent: Option<Spot>, title: Title, place: String) -> Self {
        Self {
            parent,
            depth: 1,
            title,
            place,
            description: None,
            action: None,
            role: None,
            priority: Priority::Normal,
            estimated_ms: None,
            success_criteria: Vec::new(),
            approvals: Vec::new(),
            params: Map::new(),
            source_id: None,
        }
    }
}

impl Edge {
    /// What this reader knows: the one must be finished before the other starts.
    pub(crate) const KIND: DependencyType = DependencyType::FinishToStart;

    pub(crate) fn new(from: Spot, to: Spot, place: impl Into<String>) -> Self {
        Self { from, to, place: place.into(), is_implied: false }
    }
}

impl Draft {
    /// Adds a node, as long as there is room for it, and not too deep.
    pub(crate) fn add(&mut self, mut node: Node) -> Result<Spot, PlanError> {
        let count = self.nodes.len() + 1;
        if count > TASKS_MAX {
            let limit = ("TASKS_MAX", TASKS_MAX);
            return Err(PlanError::too_large(&node.place, "tasks", limit, count));
        }
        node.depth = node.parent.map_or(1, |parent| self.nodes[parent].depth + 1);
        if node.depth > DEPTH_MAX {
            let limit = ("DEPTH_MAX", DEPTH_MAX);
            return Err(PlanError::too_large(&node.place, "levels", limit, node.depth));
        }
        self.nodes.push(node);
        Ok(count - 1)
    }

    /// Its ancestors, the nearest first.
    pub(crate) fn above(&self, spot: Spot) -> impl Iterator<Item = Spot> + '_ {
        std::iter::successors(self.nodes[spot].parent, |&above| self.nodes[above].parent)
    }

    /// The parts of each node.
    pub(crate) fn parts(&self) -> Vec<Vec<Spot>> {
        let mut parts = vec![Vec::new(); self.nodes.len()];
        for (spot, node) in self.nodes.iter().enumerate() {
            if let Some(parent) = node.parent {
                parts[parent].push(spot);
            }
        }
        parts
    }

    /// Puts the nodes in the order of the tree, where they were added in another, and says where
    /// each of them is now.
    pub(crate) fn put_in_order(&mut self) -> Vec<Spot> {
        let parts = self.parts();
        let mut order = Vec::with_capacity(self.nodes.len());
        let roots = (0..self.nodes.len()).filter(|&spot| self.nodes[spot].parent.is_none());
        let mut open: Vec<Spot> = roots.rev().collect();
        while let Some(spot) = open.pop() {
            order.push(spot);
            open.extend(parts[spot].iter().rev());
        }
        let mut moved = vec![0; order.len()];
        for (place, &spot) in order.iter().enumerate() {
            moved[spot] = place;
        }
        if moved == order {
            return moved;
        }
        let mut nodes: Vec<Option<Node>> =
            std::mem::take(&mut self.nodes).into_iter().map(Some).collect();
        self.nodes = order.iter().filter_map(|&spot| nodes[spot].take()).collect();
        for node in &mut self.nodes {
            node.parent = node.parent.map(|parent| moved[parent]);
        }
        for edge in &mut self.edges {
            (edge.from, edge.to) = (moved[edge.from], moved[edge.to]);
        }
        moved
    }
}

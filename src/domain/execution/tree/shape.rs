//! How the tree grows and shrinks: tasks and dependencies come and go.

use super::{Edge, Node, Spot, Tree};
use crate::{Dependency, TaskDefinition, TaskId, Timestamp};

impl Tree {
    /// Makes room for that many tasks, and no more.
    pub(in crate::execution) fn reserve(&mut self, tasks: usize) {
        self.nodes.reserve_exact(tasks);
    }

    /// Adds a task; its parent must be there already.
    pub(in crate::execution) fn add(
        &mut self,
        mut definition: TaskDefinition,
        at: Timestamp,
    ) -> Result<Spot, &'static str> {
        if self.by_id.contains_key(&definition.task_id) {
            return Err("a task with this id is there already");
        }
        if self.nodes.len() >= super::TASKS_MAX {
            return Err("the tree is full");
        }
        let parent = match &definition.parent_id {
            Some(parent_id) => Some(self.find(parent_id).ok_or("its parent is not there")?),
            None => None,
        };
        if let Some(parent) = parent {
            self.check_parent(parent)?;
        }
        let spot = Spot::of(self.nodes.len());
        if let Some(parent) = parent {
            self.become_parent(parent);
            self.node_mut(parent).children.push(spot);
            definition.parent_id = Some(self.node(parent).definition.task_id.clone());
        } else {
            self.roots.push(spot);
        }
        self.by_id.insert(definition.task_id.clone(), spot);
        let epoch = self.epochs_of_removed.get(&definition.task_id).copied();
        self.nodes.push(Node::new(definition, parent));
        self.node_mut(spot).leaf.epoch = epoch.unwrap_or(0);
        self.count_in(spot);
        self.refresh_below(spot, at);
        Ok(spot)
    }

    fn check_parent(&self, parent: Spot) -> Result<(), &'static str> {
        if self.depth(parent) >= super::DEPTH_MAX {
            return Err("the tree is too deep there");
        }
        if self.chain(parent).any(|step| self.node(step).is_finished) {
            return Err("its parent is finished");
        }
        let node = self.node(parent);
        let is_open =
            matches!(node.leaf.stage, super::Stage::Waiting | super::Stage::Resting { .. });
        if node.is_leaf() && !is_open {
            return Err("its parent is under way");
        }
        Ok(())
    }

    /// A leaf that gets its first part is a leaf no more.
    fn become_parent(&mut self, spot: Spot) {
        if !self.node(spot).is_leaf() {
            return;
        }
        self.count_out(spot);
        self.unready(spot);
        self.resting.remove(&spot);
        let node = self.node_mut(spot);
        node.census = Some(Box::default());
        node.leaf.stage = super::Stage::Waiting;
    }

    /// Whether every leaf at or below the task waits: nobody holds one, and none is over.
    pub fn is_idle(&self, spot: Spot) -> bool {
        self.leaves_below(spot).into_iter().all(|leaf| {
            let stage = &self.node(leaf).leaf.stage;
            matches!(stage, super::Stage::Waiting | super::Stage::Resting { .. })
        })
    }

    /// Takes a task out, with all its parts and everything that waited for them.
    pub(in crate::execution) fn remove(&mut self, spot: Spot, at: Timestamp) {
        for gone in self.below(spot).into_iter().rev() {
            self.remove_one(gone, at);
        }
    }

    fn remove_one(&mut self, spot: Spot, at: Timestamp) {
        let waits_for = self.node(spot).waits_for.to_vec();
        for edge in waits_for {
            self.unlink(edge.other, spot, edge, at);
        }
        let holds_back = self.node(spot).holds_back.to_vec();
        for edge in holds_back {
            self.unlink(spot, edge.other, edge, at);
        }
        let is_counted = self.node(spot).is_leaf() && self.node(spot).census.is_none();
        if is_counted {
            self.count_out(spot);
        }
        let parent = self.node(spot).parent;
        let task_id = self.node(spot).definition.task_id.clone();
        self.by_id.remove(&task_id);
        let epoch = self.node(spot).leaf.epoch;
        if epoch > 0 {
            self.epochs_of_removed.insert(task_id, epoch);
        }
        self.node_mut(spot).is_removed = true;
        self.refresh_below(spot, at);
        self.resting.remove(&spot);
        let Some(parent) = parent else {
            self.roots.retain(|&root| root != spot);
            return;
        };
        let node = self.node_mut(parent);
        node.children.retain(|&child| child != spot);
        if node.children.is_empty() {
            node.census = None;
            self.count_in(parent);
        }
        self.refresh_below(parent, at);
        self.refresh_finished(parent, at);
    }

    /// Ties a dependency; both tasks must be there.
    pub(in crate::execution) fn link(&mut self, dependency: &Dependency, at: Timestamp) -> bool {
        let (Some(from), Some(to)) = (self.find(&dependency.from), self.find(&dependency.to))
        else {
            return false;
        };
        let is_related = self.chain(from).any(|s| s == to) || self.chain(to).any(|s| s == from);
        if is_related || self.is_linked(from, to, dependency) {
            return false;
        }
        let kind = dependency.kind;
        let is_implied = dependency.is_implied;
        let is_met = self.is_met(from, kind);
        self.node_mut(to).waits_for.push(Edge { other: from, kind, is_implied, is_met });
        self.node_mut(from).holds_back.push(Edge { other: to, kind, is_implied, is_met: false });
        if !is_met {
            let node = self.node_mut(to);
            if kind.gates_start() {
                node.starts_unmet += 1;
            } else {
                node.finishes_unmet += 1;
            }
            self.refresh_below(to, at);
        }
        true
    }

    fn is_linked(&self, from: Spot, to: Spot, dependency: &Dependency) -> bool {
        let same = |edge: &Edge| edge.other == from && edge.kind == dependency.kind;
        self.node(to).waits_for.iter().any(same)
    }

    /// Unties a dependency; says whether it was there.
    pub(in crate::execution) fn untie(&mut self, dependency: &Dependency, at: Timestamp) -> bool {
        let (Some(from), Some(to)) = (self.find(&dependency.from), self.find(&dependency.to))
        else {
            return false;
        };
        let same = |edge: &&Edge| edge.other == from && edge.kind == dependency.kind;
        let Some(edge) = self.node(to).waits_for.iter().find(same).copied() else {
            return false;
        };
        self.unlink(from, to, edge, at);
        true
    }

    fn unlink(&mut self, from: Spot, to: Spot, edge: Edge, at: Timestamp) {
        let waits = &mut self.node_mut(to).waits_for;
        let is_it = |e: &Edge| e.other == from && e.kind == edge.kind;
        let was_met = waits.iter().find(|e| is_it(e)).map(|e| e.is_met);
        waits.retain(|e| !is_it(e));
        let holds = &mut self.node_mut(from).holds_back;
        holds.retain(|e| e.other != to || e.kind != edge.kind);
        if was_met == Some(false) {
            self.drop_unmet(to, edge.kind, at);
        }
    }

    /// Whether the one waits for the other like that.
    pub fn has_dependency(&self, dependency: &Dependency) -> bool {
        let (from, to) = (self.find(&dependency.from), self.find(&dependency.to));
        from.zip(to).is_some_and(|(from, to)| self.is_linked(from, to, dependency))
    }

    /// The dependencies of the tree, as a plan names them.
    pub fn dependencies(&self) -> impl Iterator<Item = Dependency> + '_ {
        let id = |spot: Spot| -> TaskId { self.node(spot).definition.task_id.clone() };
        self.spots().flat_map(move |to| {
            self.node(to).waits_for.iter().map(move |edge| Dependency {
                from: id(edge.other),
                to: id(to),
                kind: edge.kind,
                is_implied: edge.is_implied,
            })
        })
    }
}

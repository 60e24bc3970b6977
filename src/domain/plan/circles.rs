//! Circles among the starts and finishes of tasks: who would wait for himself.

use crate::{Dependency, DependencyType, Rejection, TaskDefinition, TaskId};
use std::collections::{BTreeMap, BTreeSet};

/// Every task has two vertices, its start and its finish; an edge leads from what comes first.
struct Constraints<'a> {
    tasks: &'a [TaskDefinition],
    places: BTreeMap<&'a TaskId, usize>,
    edges: Vec<Vec<usize>>,
}

/// What the search knows of a vertex.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Unseen,
    OnPath,
    Clear,
}

/// Refuses tasks that would wait for themselves, and names the circle.
pub(super) fn check_circles(
    tasks: &[TaskDefinition],
    dependencies: &[Dependency],
) -> Result<(), Rejection> {
    let constraints = Constraints::new(tasks, dependencies);
    match constraints.circle() {
        Some(vertices) => Err(Rejection::Circle { circle: constraints.task_ids(&vertices) }),
        None => Ok(()),
    }
}

impl<'a> Constraints<'a> {
    fn new(tasks: &'a [TaskDefinition], dependencies: &'a [Dependency]) -> Self {
        let places = tasks.iter().map(|task| &task.task_id).zip(0..).collect();
        let mut constraints = Self { tasks, places, edges: vec![Vec::new(); tasks.len() * 2] };
        for (place, task) in tasks.iter().enumerate() {
            constraints.edges[start(place)].push(finish(place));
            constraints.nest(place, task.parent_id.as_ref());
        }
        dependencies.iter().for_each(|dependency| constraints.hold_back(dependency));
        constraints
    }

    /// A part starts after its parent does, and finishes before it.
    fn nest(&mut self, place: usize, parent_id: Option<&TaskId>) {
        let Some(&parent) = parent_id.and_then(|id| self.places.get(id)) else { return };
        self.edges[start(parent)].push(start(place));
        self.edges[finish(place)].push(finish(parent));
    }

    fn hold_back(&mut self, dependency: &Dependency) {
        let place = |id| self.places.get(id).copied();
        let (Some(from), Some(to)) = (place(&dependency.from), place(&dependency.to)) else {
            return;
        };
        let (before, after) = match dependency.kind {
            DependencyType::FinishToStart => (finish(from), start(to)),
            DependencyType::StartToStart => (start(from), start(to)),
            DependencyType::FinishToFinish => (finish(from), finish(to)),
            DependencyType::StartToFinish => (start(from), finish(to)),
        };
        self.edges[before].push(after);
    }

    /// The vertices of a circle, in order. Goes deep without recursion: trees are of any size.
    fn circle(&self) -> Option<Vec<usize>> {
        let mut marks = vec![Mark::Unseen; self.edges.len()];
        for root in 0..self.edges.len() {
            if marks[root] == Mark::Unseen
                && let Some(circle) = self.circle_below(root, &mut marks)
            {
                return Some(circle);
            }
        }
        None
    }

    fn circle_below(&self, root: usize, marks: &mut [Mark]) -> Option<Vec<usize>> {
        let mut path = vec![(root, self.edges[root].iter())];
        marks[root] = Mark::OnPath;
        while let Some((vertex, rest)) = path.last_mut() {
            let Some(&next) = rest.next() else {
                marks[*vertex] = Mark::Clear;
                path.pop();
                continue;
            };
            match marks[next] {
                Mark::Clear => {}
                Mark::OnPath => {
                    let vertices = path.iter().map(|(vertex, _)| *vertex);
                    return Some(vertices.skip_while(|vertex| *vertex != next).collect());
                }
                Mark::Unseen => {
                    marks[next] = Mark::OnPath;
                    path.push((next, self.edges[next].iter()));
                }
            }
        }
        None
    }

    fn task_ids(&self, vertices: &[usize]) -> Vec<TaskId> {
        let mut seen = BTreeSet::new();
        let places = vertices.iter().map(|vertex| vertex / 2).filter(|place| seen.insert(*place));
        places.map(|place| self.tasks[place].task_id.clone()).collect()
    }
}

fn start(place: usize) -> usize {
    place * 2
}

fn finish(place: usize) -> usize {
    place * 2 + 1
}

//! Where in the JSON things stand that the law speaks of.

use planexe_ax_domain::TaskKind;

/// Where each task and each dependency stands.
#[derive(Default)]
pub(super) struct Places {
    tasks: Vec<(String, TaskKind)>,
    dependencies: Vec<DependencyPlace>,
}

/// Where a dependency stands.
pub(super) enum DependencyPlace {
    /// In the list of all, with both its ends.
    Listed(String),
    /// With the task that waits, as the id of the other.
    Named(String),
}

impl Places {
    pub(super) fn task(&mut self, pointer: &str, kind: TaskKind) {
        self.tasks.push((pointer.to_owned(), kind));
    }

    pub(super) fn dependency(&mut self, place: DependencyPlace) {
        self.dependencies.push(place);
    }

    /// Where something stands in the JSON that stands there in the command.
    pub(super) fn of(&self, pointer: &str) -> Option<String> {
        let mut steps = pointer.splitn(4, '/').skip(1);
        let (list, place) = (steps.next()?, steps.next()?.parse::<usize>().ok()?);
        let field = steps.next().unwrap_or_default();
        match list {
            "tasks" => {
                let (pointer, kind) = self.tasks.get(place)?;
                Some(format!("{pointer}/{}", word_for(field, *kind)))
            }
            "dependencies" => Some(self.dependencies.get(place)?.of(field)),
            _ => None,
        }
    }
}

impl DependencyPlace {
    pub(super) fn of(&self, field: &str) -> String {
        match self {
            Self::Listed(pointer) if !field.is_empty() => format!("{pointer}/{field}"),
            Self::Listed(pointer) | Self::Named(pointer) => pointer.clone(),
        }
    }
}

/// What the form calls a field of a definition.
fn word_for(field: &str, kind: TaskKind) -> &str {
    match (field, kind) {
        ("task_id", TaskKind::Phase) => "phase_id",
        ("task_id", TaskKind::Subtask) => "subtask_id",
        ("timeout_ms", TaskKind::Phase | TaskKind::Task | TaskKind::Subtask) => "timeout_hours",
        ("retry/attempts_max", TaskKind::Phase | TaskKind::Task | TaskKind::Subtask) => {
            "retry_policy/max_attempts"
        }
        (other, TaskKind::Phase | TaskKind::Task | TaskKind::Subtask) => other,
    }
}

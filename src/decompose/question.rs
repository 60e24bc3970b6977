//! What is asked: which task, what is known of its plan, and what the agent can do.

use crate::Material;
use planexe_ax_domain::event::agent::Capability;
use planexe_ax_domain::{ActionName, TaskDefinition, TaskId, Text, Title};
use std::collections::BTreeSet;

/// A task to be broken down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The task.
    pub task_id: TaskId,
    /// One line for people.
    pub title: Title,
    /// What is to be done.
    pub description: Option<Text>,
    /// The role that does it.
    pub role: Option<Title>,
    /// What it needs.
    pub resources: Vec<Text>,
}

/// A task of a plan, as it is asked about.
impl From<&TaskDefinition> for Asked {
    fn from(task: &TaskDefinition) -> Self {
        Self {
            task_id: task.task_id.clone(),
            title: task.title.clone(),
            description: task.description.clone(),
            role: task.role.clone(),
            resources: Vec::new(),
        }
    }
}

/// What is asked of a decomposer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The task.
    pub task: Asked,
    /// What the plan says that may help.
    pub material: Material,
    /// What the agent can do, each action once.
    pub capabilities: Vec<Capability>,
    /// Ids that the parts must not have.
    pub taken: BTreeSet<TaskId>,
}

impl Question {
    /// What the agent says of an action; none when it is not capable of it.
    pub fn capability(&self, action: &ActionName) -> Option<&Capability> {
        self.capabilities.iter().find(|able| able.action == *action)
    }

    /// The texts of the task itself, the title first.
    pub fn own_texts(&self) -> impl Iterator<Item = &str> {
        let Asked { title, description, resources, .. } = &self.task;
        let description = description.iter().map(|text| text.as_str());
        let resources = resources.iter().map(|text| text.as_str());
        std::iter::once(title.as_str()).chain(description).chain(resources)
    }

    /// Ids for so many parts, in the documents' manner: `task_1_1_a`, `task_1_1_b`.
    pub fn part_ids(&self, count: usize) -> Vec<TaskId> {
        let names = (0..).map(|place| format!("{}_{}", self.task.task_id, letters(place)));
        let ids = names.map_while(|name| TaskId::parse(&name).ok());
        ids.filter(|id| !self.taken.contains(id)).take(count).collect()
    }
}

/// `a` to `z`, then `aa`, `ab` and so on.
fn letters(place: u32) -> String {
    let letter = |place: u32| char::from_u32(u32::from('a') + place % 26).unwrap_or('z');
    match place / 26 {
        0 => letter(place).to_string(),
        above => format!("{}{}", letters(above - 1), letter(place)),
    }
}

#[cfg(test)]
mod tests {
    use super::letters;

    #[test]
    fn parts_are_lettered_like_columns() {
        let named = [0, 1, 25, 26, 27, 51, 52, 701, 702].map(letters);
        assert_eq!(named, ["a", "b", "z", "aa", "ab", "az", "ba", "zz", "aaa"]);
    }
}

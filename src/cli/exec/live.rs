//! How an execution stands, folded from what a live stream says of it.

use planexe_ax_client::{ExecutionStatus, Frame, Progress, Task, TaskState, TaskStatus};

/// How many sentences are kept.
const SENTENCES_MAX: usize = 3;

/// An execution, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::cli) struct Live {
    pub(in crate::cli) execution_id: String,
    pub(in crate::cli) title: String,
    pub(in crate::cli) status: ExecutionStatus,
    pub(in crate::cli) status_message: String,
    pub(in crate::cli) progress: Progress,
    /// The tasks, each behind the one that it is a part of.
    pub(in crate::cli) nodes: Vec<Node>,
    /// What happened last.
    pub(in crate::cli) sentences: Vec<String>,
    /// Why nothing is heard just now.
    pub(in crate::cli) away: Option<String>,
    /// Whether there are more tasks than were sent.
    pub(in crate::cli) is_partial: bool,
    /// Whether anything was heard yet.
    pub(in crate::cli) is_known: bool,
}

/// A task in the tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::cli) struct Node {
    pub(in crate::cli) task_id: String,
    pub(in crate::cli) parent_id: Option<String>,
    pub(in crate::cli) title: String,
    pub(in crate::cli) status: TaskStatus,
    pub(in crate::cli) percent: u8,
    pub(in crate::cli) agent_id: Option<String>,
    pub(in crate::cli) attempt: u32,
    pub(in crate::cli) blockers_open: u32,
}

impl Live {
    /// Takes a frame in. Words of a later version change nothing.
    pub(in crate::cli) fn take(&mut self, frame: &Frame) {
        self.away = None;
        match frame {
            Frame::Snapshot(snapshot) => {
                self.nodes = snapshot.tasks.iter().cloned().map(Node::from).collect();
                self.is_partial = snapshot.is_partial;
                if let Some(execution) = &snapshot.execution {
                    self.is_known = true;
                    self.execution_id.clone_from(&execution.execution_id);
                    self.title.clone_from(&execution.title);
                    self.status = execution.status;
                    self.status_message.clone_from(&execution.status_message);
                    self.progress = execution.progress.clone();
                }
            }
            Frame::ExecutionUpdate(update) => {
                self.status = update.status;
                self.status_message.clone_from(&update.status_message);
                self.progress = update.progress.clone();
            }
            Frame::TaskUpdate(update) => self.set(update.task.clone()),
            Frame::Event(happened) => {
                if self.sentences.len() == SENTENCES_MAX {
                    self.sentences.remove(0);
                }
                self.sentences.push(happened.message.clone());
            }
            Frame::Heartbeat { .. }
            | Frame::Lagged { .. }
            | Frame::Directive(_)
            | Frame::WorkAvailable {}
            | Frame::Closing { .. }
            | Frame::Unknown => {}
        }
    }

    /// Takes all tasks in, as a list tells them.
    pub(in crate::cli) fn set_tasks(&mut self, tasks: &[Task]) {
        self.nodes = tasks.iter().map(Node::from).collect();
        self.is_partial = false;
    }

    fn set(&mut self, task: TaskState) {
        let at = self.nodes.iter().position(|node| node.task_id == task.task_id);
        match (at, task.is_removed) {
            (Some(at), true) => {
                self.nodes.remove(at);
            }
            (Some(at), false) => self.nodes[at] = task.into(),
            (None, true) => {}
            (None, false) => {
                let is_kin = |node: &Node| {
                    let parent = task.parent_task_id.as_ref();
                    Some(&node.task_id) == parent || node.parent_id.as_ref() == parent
                };
                let kin = self.nodes.iter().rposition(is_kin);
                let at = kin.map_or(self.nodes.len(), |at| at + 1);
                self.nodes.insert(at, task.into());
            }
        }
    }
}

impl From<TaskState> for Node {
    fn from(task: TaskState) -> Self {
        Self {
            task_id: task.task_id,
            parent_id: task.parent_task_id,
            title: task.title,
            status: task.status,
            percent: task.progress_percent,
            agent_id: task.agent_id,
            attempt: task.attempt,
            blockers_open: task.blockers_open,
        }
    }
}

impl From<&Task> for Node {
    fn from(task: &Task) -> Self {
        Self {
            task_id: task.task_id.clone(),
            parent_id: task.parent_task_id.clone(),
            title: task.title.clone(),
            status: task.status,
            percent: task.progress_percent,
            agent_id: task.agent_id.clone(),
            attempt: task.attempt,
            blockers_open: task.blockers_open,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Live;
    use planexe_ax_client::{Frame, TaskStatus};
    use serde_json::json;

    fn frame(value: &serde_json::Value) -> Frame {
        serde_json::from_value(value.clone()).expect("it is a frame")
    }

    fn begun() -> Live {
        let mut live = Live::default();
        let task = |id: &str, parent: Option<&str>| {
            let (parent, status) = (parent, "QUEUED");
            json!({"task_id": id, "parent_task_id": parent, "title": id, "status": status})
        };
        let progress = json!({"tasks_completed": 0, "tasks_total": 2, "percent": 0});
        live.take(&frame(&json!({"type": "snapshot", "position": 4,
            "execution": {"execution_id": "e", "status": "RUNNING", "progress": progress},
            "tasks": [task("p", None), task("a", Some("p")), task("b", Some("p"))]})));
        live
    }

    #[test]
    fn tasks_change_come_and_go_in_their_places() {
        let mut live = begun();
        for (id, parent, is_removed) in [("a", "p", false), ("c", "a", false), ("b", "p", true)] {
            live.take(&frame(&json!({"type": "task_update", "execution_id": "e", "position": 5,
                "task_id": id, "parent_task_id": parent, "title": id, "status": "RUNNING",
                "is_removed": is_removed})));
        }
        let order: Vec<_> = live.nodes.iter().map(|node| node.task_id.as_str()).collect();
        assert_eq!(order, ["p", "a", "c"]);
        assert_eq!(live.nodes[1].status, TaskStatus::Running);
    }

    #[test]
    fn words_of_a_later_version_change_nothing() {
        let mut live = begun();
        live.take(&frame(&json!({"type": "something_new", "position": 9})));
        assert_eq!(live, begun());
    }
}

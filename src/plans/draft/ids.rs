//! Ids in the style of the documents, from the places in the tree: `phase_1`, `task_1_1`,
//! `task_1_1_a`, and numbers again below that.

use super::{Draft, Spot};
use planexe_ax_domain::TaskId;

/// The id of each node of a draft.
#[derive(Debug)]
pub(crate) struct TaskIds(Vec<TaskId>);

impl TaskIds {
    /// Names the nodes by their places, which must be in the order of the tree.
    pub(crate) fn of(draft: &Draft) -> Self {
        let mut counts = vec![0; draft.nodes.len()];
        let mut roots = 0;
        let mut ids: Vec<TaskId> = Vec::with_capacity(draft.nodes.len());
        for node in &draft.nodes {
            let id = match node.parent {
                None => {
                    roots += 1;
                    format!("phase_{roots}")
                }
                Some(parent) => {
                    counts[parent] += 1;
                    part(ids[parent].as_str(), node.depth, counts[parent])
                }
            };
            ids.push(TaskId::parse(&id).expect("places are short, and digits and letters fit"));
        }
        Self(ids)
    }

    pub(crate) fn get(&self, spot: Spot) -> &TaskId {
        &self.0[spot]
    }
}

/// The id of the part with that number, from the id of what it is a part of.
fn part(parent: &str, depth: usize, number: usize) -> String {
    match depth {
        2 => format!("task_{}_{number}", parent.trim_start_matches("phase_")),
        3 => format!("{parent}_{}", letters(number)),
        _ => format!("{parent}_{number}"),
    }
}

/// 1 is `a`, 26 is `z`, 27 is `aa`.
fn letters(number: usize) -> String {
    const ALPHABET: [char; 26] = [
        'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r',
        's', 't', 'u', 'v', 'w', 'x', 'y', 'z',
    ];
    let mut letters = Vec::new();
    let mut left = number;
    while left > 0 {
        left -= 1;
        letters.push(ALPHABET[left % 26]);
        left /= 26;
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::letters;

    #[test]
    fn parts_are_lettered_and_go_on_after_z() {
        assert_eq!([1, 26, 27, 702, 703].map(letters), ["a", "z", "aa", "zz", "aaa"]);
    }
}

//! An execution as a tree of its tasks, in as many lines and columns as there are.

use super::live::{Live, Node};
use crate::cli::out::text::{cut, plain, width};
use crate::cli::out::{Paint, Screen};
use planexe_ax_client::TaskStatus;
use std::collections::BTreeMap;

/// How long the bar is.
const BAR_COLUMNS: usize = 20;
/// How deep the tree is drawn: what lies deeper is drawn there.
const DEPTH_MAX: usize = 12;
/// The narrowest that a title becomes before what stands behind it is left out.
const TITLE_COLUMNS_MIN: usize = 12;

/// The whole of it.
pub(in crate::cli) fn whole(screen: &Screen, live: &Live) -> Vec<String> {
    let mut lines = head(screen, live);
    let depths = depths(&live.nodes);
    lines.extend(live.nodes.iter().zip(&depths).map(|(node, depth)| line(screen, node, *depth)));
    lines.extend(foot(screen, live));
    lines
}

/// As much of it as the terminal has room for: what is at work or in need of somebody first.
pub(in crate::cli) fn fitting(screen: &Screen, live: &Live) -> Vec<String> {
    let (head, foot) = (head(screen, live), foot(screen, live));
    let room = screen.rows.saturating_sub(head.len() + foot.len() + 1).max(1);
    let depths = depths(&live.nodes);
    let mut lines = head;
    let chosen = chosen(&live.nodes, room);
    let left_out = live.nodes.len() - chosen.len();
    lines.extend(chosen.into_iter().map(|at| line(screen, &live.nodes[at], depths[at])));
    if left_out > 0 {
        lines.push(screen.paint(Paint::Faint, &cut(&format!("… {left_out} more"), screen.columns)));
    }
    lines.extend(foot);
    lines
}

/// The places of the tasks that are shown, in their order.
fn chosen(nodes: &[Node], room: usize) -> Vec<usize> {
    if nodes.len() <= room {
        return (0..nodes.len()).collect();
    }
    let mut by_need: Vec<usize> = (0..nodes.len()).collect();
    by_need.sort_by_key(|at| (need(nodes[*at].status), *at));
    by_need.truncate(room.saturating_sub(1));
    by_need.sort_unstable();
    by_need
}

/// What is shown first where not everything can be.
fn need(status: TaskStatus) -> u8 {
    match status {
        TaskStatus::Running | TaskStatus::Blocked | TaskStatus::Error => 0,
        TaskStatus::Queued | TaskStatus::Unknown => 1,
        TaskStatus::Complete | TaskStatus::Skipped | TaskStatus::Cancelled => 2,
    }
}

fn head(screen: &Screen, live: &Live) -> Vec<String> {
    let Live { execution_id, title, status, progress, .. } = live;
    let percent = usize::from(progress.percent.min(100));
    let full = percent * BAR_COLUMNS / 100;
    let bar = format!("{}{}", "█".repeat(full), "░".repeat(BAR_COLUMNS - full));
    let figures = format!("{percent:>3}% {}/{}", progress.tasks_completed, progress.tasks_total);
    let first = cut(&format!("{} {}", plain(execution_id), plain(title)), screen.columns);
    let paint = Paint::of_execution(*status);
    let word = status.as_str();
    let mut second = format!("{} {bar} {figures}", screen.paint(paint, word));
    if word.len() + figures.len() + BAR_COLUMNS + 2 > screen.columns {
        second = format!("{} {figures}", screen.paint(paint, word));
    }
    vec![screen.paint(Paint::Strong, &first), second]
}

fn foot(screen: &Screen, live: &Live) -> Vec<String> {
    let faint = |text: &str| screen.paint(Paint::Faint, &cut(&plain(text), screen.columns));
    let mut lines = Vec::new();
    if live.is_partial {
        lines.push(faint("… and more tasks than a stream sends: ax exec show"));
    }
    if !live.status_message.is_empty() {
        lines.push(faint(&live.status_message));
    }
    lines.extend(live.sentences.iter().map(|sentence| faint(sentence)));
    if let Some(away) = &live.away {
        let text =
            cut(&format!("the server is away, trying again: {}", plain(away)), screen.columns);
        lines.push(screen.paint(Paint::Asking, &text));
    }
    lines
}

/// How deep each task lies. A task whose parent is not known lies at the top.
fn depths(nodes: &[Node]) -> Vec<usize> {
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    let mut depths = Vec::with_capacity(nodes.len());
    for node in nodes {
        let parent = node.parent_id.as_deref().and_then(|parent| known.get(parent));
        let depth = parent.map_or(0, |depth| depth + 1);
        known.insert(&node.task_id, depth);
        depths.push(depth);
    }
    depths
}

fn line(screen: &Screen, node: &Node, depth: usize) -> String {
    let (paint, sign) = Paint::of_task(node.status);
    let indent = "  ".repeat(depth.min(DEPTH_MAX));
    let room = screen.columns.saturating_sub(indent.len() + 2);
    let title = plain(&node.title);
    let behind = behind(node);
    let has_room = width(&behind) + TITLE_COLUMNS_MIN < room;
    let behind = if has_room { behind } else { String::new() };
    let title = cut(&title, room.saturating_sub(width(&behind)).max(1));
    let text = format!("{indent}{} {title}", screen.paint(paint, sign));
    format!("{text}{}", screen.paint(Paint::Faint, &behind))
}

/// What stands behind a title: how far, who, the how manieth time.
fn behind(node: &Node) -> String {
    let mut parts = Vec::new();
    if node.status == TaskStatus::Running && node.percent > 0 {
        parts.push(format!("{}%", node.percent));
    }
    if let Some(agent) = node.agent_id.as_ref().filter(|_| node.status == TaskStatus::Running) {
        parts.push(plain(agent));
    }
    if node.attempt > 1 {
        parts.push(format!("attempt {}", node.attempt));
    }
    match node.blockers_open {
        0 => {}
        1 => parts.push("1 blocker".to_owned()),
        more => parts.push(format!("{more} blockers")),
    }
    if parts.is_empty() { String::new() } else { format!("  {}", parts.join(" · ")) }
}

#[cfg(test)]
mod tests {
    use super::{Live, Node, Screen, TaskStatus, fitting, whole, width};

    fn live(tasks: usize) -> Live {
        let node = |at: usize| Node {
            task_id: format!("task_{at}"),
            parent_id: (at > 0).then(|| "task_0".to_owned()),
            title: format!("A title \u{1b}[2J of many words that nobody reads, number {at}"),
            status: if at == 7 { TaskStatus::Blocked } else { TaskStatus::Complete },
            agent_id: Some("larry".to_owned()),
            blockers_open: u32::from(at == 7),
            ..Node::default()
        };
        Live {
            execution_id: "exec_1".to_owned(),
            title: "Find dog breeders\u{202e} who want a website of their own".to_owned(),
            status_message: "waits for somebody who has more words than columns".to_owned(),
            nodes: (0..tasks).map(node).collect(),
            is_known: true,
            ..Live::default()
        }
    }

    #[test]
    fn each_line_fits_the_terminal_and_changes_nothing_of_it() {
        for columns in [20, 40, 80] {
            for line in whole(&Screen::paper(columns, 24), &live(9)) {
                assert!(width(&line) <= columns, "{columns}: {line}");
                assert!(!line.contains(|c: char| c.is_control() || c == '\u{202e}'), "{line:?}");
            }
        }
    }

    #[test]
    fn what_needs_somebody_is_shown_where_not_everything_can_be() {
        let lines = fitting(&Screen::paper(40, 8), &live(50));
        assert!(lines.len() < 8, "{lines:#?}");
        assert!(lines.iter().any(|line| line.contains("! A title")), "{lines:#?}");
        assert!(lines.iter().any(|line| line.starts_with('…')), "{lines:#?}");
    }
}

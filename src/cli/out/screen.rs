//! What the terminal is like: whether there is one, how large it is, and whether it has colours.

use planexe_ax_client::{ExecutionStatus, TaskStatus};
use std::io::{self, IsTerminal};

/// How large a terminal is taken to be that does not tell.
const COLUMNS: usize = 80;
const ROWS: usize = 24;
/// The narrowest that is used.
const COLUMNS_MIN: usize = 20;

/// Where the output goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) struct Screen {
    /// Whether people look at it as it comes.
    pub(in crate::cli) is_terminal: bool,
    pub(in crate::cli) columns: usize,
    pub(in crate::cli) rows: usize,
    has_colours: bool,
}

/// How a text is to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Paint {
    Good,
    Busy,
    Bad,
    Asking,
    Faint,
    Strong,
    Plain,
}

impl Paint {
    fn code(self) -> Option<&'static str> {
        match self {
            Self::Good => Some("32"),
            Self::Busy => Some("36"),
            Self::Bad => Some("31"),
            Self::Asking => Some("33"),
            Self::Faint => Some("2"),
            Self::Strong => Some("1"),
            Self::Plain => None,
        }
    }

    /// How the status of an execution looks.
    pub(in crate::cli) fn of_execution(status: ExecutionStatus) -> Self {
        match status {
            ExecutionStatus::Created | ExecutionStatus::Queued => Self::Faint,
            ExecutionStatus::Running => Self::Busy,
            ExecutionStatus::Blocked | ExecutionStatus::Paused => Self::Asking,
            ExecutionStatus::Completed => Self::Good,
            ExecutionStatus::Failed | ExecutionStatus::Cancelled => Self::Bad,
            ExecutionStatus::Unknown => Self::Plain,
        }
    }

    /// How the status of a task looks, and its sign.
    pub(in crate::cli) fn of_task(status: TaskStatus) -> (Self, &'static str) {
        match status {
            TaskStatus::Queued => (Self::Faint, "·"),
            TaskStatus::Running => (Self::Busy, "▶"),
            TaskStatus::Blocked => (Self::Asking, "!"),
            TaskStatus::Complete => (Self::Good, "✓"),
            TaskStatus::Error => (Self::Bad, "✗"),
            TaskStatus::Skipped => (Self::Faint, "»"),
            TaskStatus::Cancelled => (Self::Faint, "–"),
            TaskStatus::Unknown => (Self::Plain, "?"),
        }
    }
}

impl Screen {
    /// The one that the standard output goes to.
    pub(in crate::cli) fn of_output() -> Self {
        let is_terminal = io::stdout().is_terminal();
        let size = rustix::termios::tcgetwinsize(io::stdout()).ok();
        let told = |of: fn(&rustix::termios::Winsize) -> u16| {
            size.as_ref().map(|size| usize::from(of(size))).filter(|it| *it > 0)
        };
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_dumb = std::env::var_os("TERM").is_none_or(|value| value == "dumb");
        Self {
            is_terminal,
            columns: told(|it| it.ws_col).unwrap_or(COLUMNS).max(COLUMNS_MIN),
            rows: told(|it| it.ws_row).unwrap_or(ROWS),
            has_colours: is_terminal && !is_dumb && !is_set("NO_COLOR"),
        }
    }

    /// A text in a colour, where there are some.
    pub(in crate::cli) fn paint(&self, paint: Paint, text: &str) -> String {
        match paint.code().filter(|_| self.has_colours) {
            Some(code) => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            None => text.to_owned(),
        }
    }
}

/// One without a terminal, for tests.
#[cfg(test)]
impl Screen {
    pub(in crate::cli) fn paper(columns: usize, rows: usize) -> Self {
        Self { is_terminal: false, columns, rows, has_colours: false }
    }
}

//! Tables for people: as wide as the terminal at most. Where not even that does, each row becomes a
//! few lines.

use super::screen::{Paint, Screen};
use super::text::{cut, padded, plain, width, wrapped};

/// What stands between two columns.
const GAP: &str = "  ";
/// The narrowest that a column becomes.
const COLUMN_MIN: usize = 8;

/// A column.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct Column {
    name: &'static str,
    /// Whether what stands in it may be cut.
    is_loose: bool,
}

impl Column {
    /// One whose texts are needed as a whole.
    pub(in crate::cli) const fn whole(name: &'static str) -> Self {
        Self { name, is_loose: false }
    }

    /// One whose texts may be cut.
    pub(in crate::cli) const fn loose(name: &'static str) -> Self {
        Self { name, is_loose: true }
    }
}

/// A cell: its text, and how it looks.
pub(in crate::cli) type Cell = (Paint, String);

/// Puts rows under the names of their columns. Whatever is in the texts, each row is one line, or
/// a few that fit.
pub(in crate::cli) fn table(screen: &Screen, columns: &[Column], rows: &[Vec<Cell>]) -> String {
    let rows: Vec<Vec<Cell>> = rows
        .iter()
        .map(|row| row.iter().map(|(paint, text)| (*paint, plain(text))).collect())
        .collect();
    match widths(screen.columns, columns, &rows) {
        Some(widths) => in_lines(screen, columns, &rows, &widths),
        None => in_cards(screen, columns, &rows),
    }
}

/// How wide each column is; none where they do not fit.
fn widths(room: usize, columns: &[Column], rows: &[Vec<Cell>]) -> Option<Vec<usize>> {
    let widest = |at: usize, column: &Column| {
        let cells = rows.iter().filter_map(|row| row.get(at)).map(|(_, text)| width(text));
        cells.max().unwrap_or_default().max(width(column.name))
    };
    let mut widths: Vec<usize> =
        columns.iter().enumerate().map(|(at, column)| widest(at, column)).collect();
    let gaps = GAP.len() * columns.len().saturating_sub(1);
    loop {
        let total = widths.iter().sum::<usize>() + gaps;
        let Some(excess) = total.checked_sub(room).filter(|excess| *excess > 0) else {
            return Some(widths);
        };
        let loose = widths.iter_mut().zip(columns).filter(|(_, column)| column.is_loose);
        let (widest, _) = loose.max_by_key(|(width, _)| **width)?;
        let less = excess.min(widest.saturating_sub(COLUMN_MIN));
        if less == 0 {
            return None;
        }
        *widest -= less.min(widest.div_ceil(4));
    }
}

fn in_lines(screen: &Screen, columns: &[Column], rows: &[Vec<Cell>], widths: &[usize]) -> String {
    let line = |cells: &[Cell]| {
        let shown = cells.iter().zip(widths).enumerate().map(|(at, ((paint, text), width))| {
            let text = cut(text, *width);
            let is_last = at + 1 == widths.len();
            let text = if is_last { text } else { padded(&text, *width) };
            screen.paint(*paint, &text)
        });
        shown.collect::<Vec<_>>().join(GAP)
    };
    let heads: Vec<Cell> =
        columns.iter().map(|column| (Paint::Strong, column.name.to_owned())).collect();
    let mut text = line(&heads);
    for row in rows {
        text.push('\n');
        text.push_str(&line(row));
    }
    text
}

fn in_cards(screen: &Screen, columns: &[Column], rows: &[Vec<Cell>]) -> String {
    let mut lines = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        if at > 0 {
            lines.push(String::new());
        }
        for (column, (paint, text)) in columns.iter().zip(row) {
            let room = screen.columns.saturating_sub(GAP.len());
            let told = wrapped(&format!("{}: {text}", column.name), room);
            for (at, line) in told.iter().enumerate() {
                let indent = if at == 0 { "" } else { GAP };
                lines.push(format!("{indent}{}", screen.paint(*paint, line)));
            }
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::{Column, Paint, Screen, table};

    const COLUMNS: [Column; 3] =
        [Column::whole("id"), Column::whole("status"), Column::loose("title")];

    fn rows() -> Vec<Vec<(Paint, String)>> {
        let row = |id: &str, title: &str| {
            [id, "RUNNING", title].map(|text| (Paint::Plain, text.to_owned())).to_vec()
        };
        vec![row("exec_1", "A title of many words that nobody reads"), row("exec_2", "a\nb")]
    }

    #[test]
    fn what_may_be_cut_is_cut_to_the_terminal() {
        let told = table(&Screen::paper(40, 24), &COLUMNS, &rows());
        assert!(told.lines().all(|line| super::width(line) <= 40), "{told}");
        assert_eq!(told.lines().count(), 3);
        assert!(told.contains("exec_1  RUNNING  A title") && told.contains("a⏎b"), "{told}");
    }

    #[test]
    fn where_not_even_that_does_each_row_is_a_few_lines() {
        let told = table(&Screen::paper(20, 24), &COLUMNS, &rows());
        assert!(told.lines().all(|line| super::width(line) <= 20), "{told}");
        assert!(told.starts_with("id: exec_1\nstatus: RUNNING\n"), "{told}");
    }
}

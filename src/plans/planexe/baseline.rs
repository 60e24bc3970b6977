//! The schedule that the run made of its estimates: kept beside the plan as a baseline.

use super::files::Run;
use super::tree::Tree;
use crate::draft::{Draft, TaskIds};
use serde_json::{Map, Value, json};

const FILE: &str = "schedule_gantt_machai.csv";
/// The columns that are read, under their names in both forms of the file.
const KEY: &str = "project_key";
const START: &str = "project_start_date";
const END: &str = "project_end_date";
/// The most rows that are looked at.
const ROWS_MAX: usize = 60_000;

/// Reads the schedule, where there is one.
pub(super) fn read(run: &mut Run<'_>, draft: &mut Draft, (tree, ids): (&Tree, &TaskIds)) {
    if !run.has(FILE) {
        return;
    }
    let Some(text) = run.text(FILE) else { return };
    let mut rows = rows(&text).into_iter();
    let header = rows.next().unwrap_or_default();
    let column = |name: &str| header.iter().position(|cell| cell.trim() == name);
    let (Some(key), Some(start), Some(end)) = (column(KEY), column(START), column(END)) else {
        let name = run.name(FILE);
        run.report.dropped(&name, || "its columns are not known: no baseline".to_owned());
        return;
    };
    let mut baseline = Map::new();
    for row in rows {
        let cell = |at: usize| row.get(at).map(|cell| cell.trim()).unwrap_or_default();
        let spot = tree.spots.get(cell(key));
        let dates = [cell(start), cell(end)].map(date);
        if let (Some(&spot), [Some(start), Some(end)]) = (spot, dates) {
            baseline.insert(ids.get(spot).to_string(), json!([start, end]));
        }
    }
    if !baseline.is_empty() {
        draft.metadata.insert("baseline".to_owned(), Value::Object(baseline));
    }
}

/// A date such as `3/9/2026`, with the year first.
fn date(text: &str) -> Option<String> {
    let mut parts = text.split('/').map(|part| part.parse::<u16>().ok());
    let (month, day, year) = (parts.next()??, parts.next()??, parts.next()??);
    let is_date = (1..=12).contains(&month) && (1..=31).contains(&day) && parts.next().is_none();
    is_date.then(|| format!("{year:04}-{month:02}-{day:02}"))
}

/// The cells of a table in which quoted cells may have several lines.
fn rows(text: &str) -> Vec<Vec<String>> {
    let first = text.lines().next().unwrap_or_default();
    let comma = if first.contains(';') && !first.contains(',') { ';' } else { ',' };
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let mut is_quoted = false;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if is_quoted && letters.peek() == Some(&'"') => {
                letters.next();
                cell.push('"');
            }
            '"' => is_quoted = !is_quoted,
            '\n' if !is_quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
                if rows.len() == ROWS_MAX {
                    return rows;
                }
            }
            other if other == comma && !is_quoted => row.push(std::mem::take(&mut cell)),
            other => cell.push(other),
        }
    }
    if !cell.is_empty() || !row.is_empty() {
        row.push(cell);
        rows.push(row);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::{date, rows};

    #[test]
    fn cells_keep_their_lines_and_dates_their_order() {
        let table = rows("a,b\n\"1\n\"\"x\"\",y\",2\n");
        assert_eq!(table, [["a", "b"], ["1\n\"x\",y", "2"]]);
        assert_eq!(date("3/9/2026").as_deref(), Some("2026-03-09"));
        assert_eq!([date("13/9/2026"), date("3/9"), date("x")], [None, None, None]);
    }
}

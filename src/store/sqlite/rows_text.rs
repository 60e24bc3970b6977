//! Statements over many rows at once: SQLite takes no arrays, so there is a statement for each
//! number of rows, made when it is first needed.

use sqlx::AssertSqlSafe;
use std::sync::{Arc, OnceLock};

/// How many rows one statement takes; a longer list is cut.
const ROWS_MAX: usize = 64;

/// A statement whose list of rows may have any length.
pub(super) struct RowsText {
    before: &'static str,
    columns: usize,
    after: &'static str,
    texts: [OnceLock<Arc<str>>; ROWS_MAX],
}

impl RowsText {
    /// Puts a list of rows of so many columns between `before` and `after`.
    pub(super) fn new(before: &'static str, columns: usize, after: &'static str) -> Self {
        Self { before, columns, after, texts: [const { OnceLock::new() }; ROWS_MAX] }
    }

    /// Cuts a list into pieces, each with the statement for its length.
    pub(super) fn cut<'t, 'r, T>(
        &'t self,
        rows: &'r [T],
    ) -> impl Iterator<Item = (AssertSqlSafe<Arc<str>>, &'r [T])> + use<'t, 'r, T> {
        rows.chunks(ROWS_MAX).map(|piece| {
            let text = self.texts[piece.len() - 1].get_or_init(|| self.text(piece.len()));
            (AssertSqlSafe(Arc::clone(text)), piece)
        })
    }

    fn text(&self, rows: usize) -> Arc<str> {
        let row = format!("({})", vec!["?"; self.columns].join(", "));
        format!("{} {} {}", self.before, vec![row; rows].join(", "), self.after).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_cut_without_rest_and_in_order() {
        let text = RowsText::new("values", 2, "");
        let rows: Vec<u32> = (0..150).collect();
        let pieces: Vec<&[u32]> = text.cut(&rows).map(|(_, piece)| piece).collect();
        let lengths: Vec<usize> = pieces.iter().map(|piece| piece.len()).collect();
        assert_eq!(lengths, [64, 64, 22]);
        assert_eq!(pieces.concat(), rows);
        let one: Vec<String> = text.cut(&[1]).map(|(text, _)| text.0.to_string()).collect();
        assert_eq!(one, ["values (?, ?) "]);
    }
}

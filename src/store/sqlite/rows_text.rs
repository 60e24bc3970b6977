//! Statements over many rows at once: SQLite takes no arrays, so a statement is made once for each
//! of three sizes, and a list is cut to fit them.

use sqlx::AssertSqlSafe;
use std::fmt::Write as _;
use std::sync::Arc;

/// The sizes, largest first.
const SIZES: [usize; 3] = [64, 8, 1];

/// A statement whose list of rows may have any length.
pub(super) struct RowsText {
    texts: [Arc<str>; 3],
}

impl RowsText {
    /// Puts a list of rows of so many columns between `before` and `after`.
    pub(super) fn new(before: &str, columns: usize, after: &str) -> Self {
        Self { texts: SIZES.map(|rows| text(before, rows, columns, after)) }
    }

    /// Cuts a list into pieces, each with the statement for its length.
    pub(super) fn cut<'t, 'r, T>(
        &'t self,
        mut rows: &'r [T],
    ) -> impl Iterator<Item = (AssertSqlSafe<Arc<str>>, &'r [T])> + use<'t, 'r, T> {
        std::iter::from_fn(move || {
            let index = SIZES.iter().position(|size| *size <= rows.len())?;
            let (piece, rest) = rows.split_at(SIZES[index]);
            rows = rest;
            Some((AssertSqlSafe(Arc::clone(&self.texts[index])), piece))
        })
    }
}

fn text(before: &str, rows: usize, columns: usize, after: &str) -> Arc<str> {
    let row = format!("({})", vec!["?"; columns].join(", "));
    let mut text = String::new();
    write!(text, "{before} {} {after}", vec![row; rows].join(", ")).expect("a string takes all");
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_cut_without_rest_and_in_order() {
        let text = RowsText::new("values", 2, "");
        let rows: Vec<u32> = (0..150).collect();
        let pieces: Vec<&[u32]> = text.cut(&rows).map(|(_, piece)| piece).collect();
        assert_eq!(pieces.iter().map(|piece| piece.len()).collect::<Vec<_>>()[..4], [64, 64, 8, 8]);
        assert_eq!(pieces.concat(), rows);
        assert_eq!(
            text.cut(&[1]).map(|(text, _)| text.0.to_string()).next().as_deref(),
            Some("values (?, ?) ")
        );
    }
}

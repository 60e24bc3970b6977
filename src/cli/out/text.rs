//! Texts of others, on a terminal: nothing in them moves the cursor, changes colours or turns the
//! direction of the writing, and what cannot be seen is shown as a mark.

use crate::planted::is_planted;

/// What a text ends with that was cut.
const CUT: char = '…';
/// The pictures that Unicode has for control characters.
const PICTURES: u32 = 0x2400;
const PICTURE_OF_DELETE: char = '\u{2421}';

/// Characters that are not seen, and change how others are.
fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}')
}

/// A text in one line, with marks for what would change the terminal.
pub(in crate::cli) fn plain(text: &str) -> String {
    if is_planted("agent_text_reaches_the_terminal") {
        return text.to_owned();
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => shown.push(' '),
            '\n' => shown.push('⏎'),
            '\u{7f}' => shown.push(PICTURE_OF_DELETE),
            '\0'..='\u{1f}' => shown.extend(char::from_u32(PICTURES + u32::from(c))),
            other if other.is_control() || is_hidden(other) => {
                shown.push_str(&format!("⟨U+{:04X}⟩", u32::from(other)));
            }
            other => shown.push(other),
        }
    }
    shown
}

/// JSON whose texts cannot change a terminal either: what is hidden is written as an escape.
pub(in crate::cli) fn plain_json(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for c in json.chars() {
        if c != '\n' && (c.is_control() || is_hidden(c)) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                shown.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            shown.push(c);
        }
    }
    shown
}

/// How many columns a character takes on a terminal.
fn columns_of(c: char) -> usize {
    let is_none = matches!(c, '\u{300}'..='\u{36f}' | '\u{fe00}'..='\u{fe0f}');
    let is_wide = matches!(c,
        '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}' | '\u{1f300}'..='\u{1faff}' | '\u{20000}'..='\u{3fffd}');
    match (is_none, is_wide) {
        (true, true | false) => 0,
        (false, true) => 2,
        (false, false) => 1,
    }
}

/// How many columns a text takes on a terminal.
pub(in crate::cli) fn width(text: &str) -> usize {
    text.chars().map(columns_of).sum()
}

/// As much of a text as fits.
pub(in crate::cli) fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut shown = String::new();
    let mut taken = 1;
    for c in text.chars() {
        taken += columns_of(c);
        if taken > columns {
            break;
        }
        shown.push(c);
    }
    if columns > 0 {
        shown.push(CUT);
    }
    shown
}

/// A text, filled up with spaces.
pub(in crate::cli) fn padded(text: &str, columns: usize) -> String {
    let fill = columns.saturating_sub(width(text));
    format!("{text}{}", " ".repeat(fill))
}

/// A text in lines that fit, broken between words where that can be.
pub(in crate::cli) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last().expect("there is one always");
        let has_room = width(line) + 1 + width(word) <= columns;
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if has_room => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => lines.push(word.to_owned()),
        }
    }
    lines.iter().flat_map(|line| pieces(line, columns)).collect()
}

/// A line without a place to break it, in pieces that fit.
fn pieces(line: &str, columns: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut taken = 0;
    for c in line.chars() {
        let wide = columns_of(c);
        if taken + wide > columns && taken > 0 {
            pieces.push(String::new());
            taken = 0;
        }
        taken += wide;
        if let Some(piece) = pieces.last_mut() {
            piece.push(c);
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::{cut, plain, plain_json, width, wrapped};

    #[test]
    fn nothing_in_a_text_changes_the_terminal() {
        let evil = "a\u{1b}[2J\u{7}b\r\n\u{9b}31m\u{202e}c\u{200b}\u{7f}\td";
        let shown = plain(evil);
        assert_eq!(shown, "a␛[2J␇b␍⏎⟨U+009B⟩31m⟨U+202E⟩c⟨U+200B⟩␡ d");
        assert!(!shown.contains(char::is_control));
    }

    #[test]
    fn json_stays_the_same_json_without_what_is_hidden() {
        let value = serde_json::json!({"a\u{202e}": "\u{9b}31m\u{e0041}\u{7f}\u{1b}é"});
        let shown = plain_json(&value.to_string());
        assert!(!shown.contains(['\u{202e}', '\u{9b}', '\u{e0041}', '\u{7f}']), "{shown}");
        let again: serde_json::Value = serde_json::from_str(&shown).expect("it is JSON");
        assert_eq!(again, value);
    }

    #[test]
    fn texts_are_cut_and_wrapped_to_the_columns_that_they_take() {
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("日本語", 5), "日本…");
        assert_eq!(width(&cut("日本語", 4)), 3);
        assert_eq!(wrapped("one two  three", 7), ["one two", "three"]);
        assert_eq!(wrapped("abcdefgh ij", 4), ["abcd", "efgh", "ij"]);
    }
}

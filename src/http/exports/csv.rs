//! Lines of CSV, by RFC 4180. A text that a spreadsheet would take for a formula gets a mark in
//! front, so that it stays a text.

use crate::planted::is_planted;
use crate::projections::JsonObject;
use serde_json::Value;

/// What a formula begins with, for one program or another.
const FORMULA: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\0'];

/// The line with the names.
pub(super) fn head(columns: &[&str]) -> String {
    let mut head = columns.join(",");
    head.push_str("\r\n");
    head
}

/// The line of a row: what it does not have is empty.
pub(super) fn line(into: &mut String, columns: &[&str], row: &JsonObject) {
    for (at, column) in columns.iter().enumerate() {
        if at > 0 {
            into.push(',');
        }
        match row.get(*column) {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) => quote(into, text),
            Some(Value::Bool(truth)) => into.push_str(if *truth { "true" } else { "false" }),
            Some(Value::Number(number)) => into.push_str(&number.to_string()),
            Some(json @ (Value::Array(_) | Value::Object(_))) => quote(into, &json.to_string()),
        }
    }
    into.push_str("\r\n");
}

fn quote(into: &mut String, text: &str) {
    into.push('"');
    if text.starts_with(FORMULA) && !is_planted("formulas_in_csv") {
        into.push('\'');
    }
    for character in text.chars() {
        if character == '"' {
            into.push('"');
        }
        into.push(character);
    }
    into.push('"');
}

#[cfg(test)]
mod tests {
    use super::{head, line};
    use serde_json::json;

    fn written(row: serde_json::Value) -> String {
        let mut text = String::new();
        line(&mut text, &["a", "b", "c"], row.as_object().expect("it is an object"));
        text
    }

    #[test]
    fn a_line_has_a_cell_for_each_column_and_quotes_within_are_doubled() {
        assert_eq!(head(&["a", "b", "c"]), "a,b,c\r\n");
        assert_eq!(
            written(json!({"a": "one, \"two\"\nthree", "b": 7, "c": null})),
            "\"one, \"\"two\"\"\nthree\",7,\r\n"
        );
        assert_eq!(written(json!({"b": true, "c": [1, "x"]})), ",true,\"[1,\"\"x\"\"]\"\r\n");
    }

    #[test]
    fn no_text_becomes_a_formula() {
        for text in ["=1+1", "+1", "-1", "@a", "\t=1", "\r=1", "\0=1"] {
            let line = written(json!({"a": text}));
            assert!(line.starts_with("\"'"), "{line:?}");
        }
        assert_eq!(written(json!({"a": -1, "b": "a-b"})), "-1,\"a-b\",\r\n");
    }
}

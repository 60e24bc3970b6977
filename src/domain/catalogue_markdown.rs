//! The catalogue of events as a page for people: `docs/EVENTS.md`.

use crate::{Event, EventEntry, FieldEntry};

const HEADER: &str = "\
# Events

Everything that can happen, as it is stored. This page is written by the program from the types \
in `src/domain/event`: change those, then run `AX_BLESS=1 cargo test -p planexe-ax-domain`.

An event's kind is never renamed and never used again. A change of shape raises the number of \
the shape and adds a step that reads the old one; `tests/golden` keeps an example of every shape. \
A field that may be missing is left out when there is nothing to say. Times are RFC 3339 in UTC \
with milliseconds.
";

/// Writes the page: a section for each family of events, a table for each event.
pub fn event_catalogue_markdown() -> String {
    let families = Event::families();
    let list: String = families.iter().map(|(family, entries)| contents(family, entries)).collect();
    let sections: String =
        families.iter().map(|(family, entries)| section(family, entries)).collect();
    format!("{HEADER}\n{list}{sections}")
}

fn contents(family: &str, entries: &[EventEntry]) -> String {
    let kinds: Vec<String> =
        entries.iter().map(|entry| format!("[`{0}`](#{0})", entry.kind)).collect();
    format!("- **{family}**: {}\n", kinds.join(", "))
}

fn section(family: &str, entries: &[EventEntry]) -> String {
    let events: String = entries.iter().map(event).collect();
    format!("\n## {family}\n{events}")
}

fn event(entry: &EventEntry) -> String {
    let EventEntry { kind, schema_version, doc, fields } = entry;
    let rows: String = fields.iter().map(row).collect();
    let says = sentence(doc);
    format!(
        "\n### `{kind}`\n\n{says} Shape {schema_version}.\n\n\
         | field | type | meaning | may be missing |\n|---|---|---|---|\n{rows}"
    )
}

fn row(field: &FieldEntry) -> String {
    let FieldEntry { name, type_name, doc, is_optional } = field;
    let missing = if *is_optional { "yes" } else { "" };
    let meaning = sentence(doc).replace('|', "\\|");
    format!("| `{name}` | {} | {meaning} | {missing} |\n", readable(type_name))
}

fn sentence(doc: &[&str]) -> String {
    doc.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

/// The type in words; whether it may be missing stands in a column of its own.
fn readable(type_name: &str) -> String {
    let compact: String = type_name.chars().filter(|c| !c.is_whitespace()).collect();
    let inside = |outer: &str| compact.strip_prefix(outer)?.strip_suffix('>');
    if let Some(inner) = inside("Option<") {
        return readable(inner);
    }
    if let Some(inner) = inside("Vec<") {
        return format!("list: {}", readable(inner));
    }
    match compact.as_str() {
        "u8" | "u16" | "u32" | "u64" => "whole number".to_owned(),
        "bool" => "true or false".to_owned(),
        "Timestamp" => "time".to_owned(),
        "Title" => "line of text".to_owned(),
        "Json" => "JSON".to_owned(),
        name => words(name),
    }
}

/// `TaskDefinition` as `task definition`.
fn words(name: &str) -> String {
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::{event_catalogue_markdown, readable};

    #[test]
    fn the_page_of_events_says_what_the_types_say() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/EVENTS.md");
        let page = event_catalogue_markdown();
        if std::env::var("AX_BLESS").is_ok_and(|bless| bless == "1") {
            std::fs::write(path, &page).expect("the page can be written");
        }
        let stored = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            stored == page,
            "docs/EVENTS.md has drifted: AX_BLESS=1 cargo test -p planexe-ax-domain rewrites it"
        );
    }

    #[test]
    fn types_are_made_readable() {
        assert_eq!(readable("Option<Vec<TaskDefinition>>"), "list: task definition");
        assert_eq!(readable("Option < u64 >"), "whole number");
    }
}

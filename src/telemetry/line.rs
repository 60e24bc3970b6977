//! How a line of the log is written: control characters are escaped, so that nobody can forge a
//! line or move the cursor of who reads it, and no field is longer than the limit.

use serde_json::{Map, Value};
use std::fmt::{self, Write as _};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

/// How many characters of a field are written.
const FIELD_CHARS_MAX: usize = 2_000;
/// What stands for the rest.
const CUT: &str = "…";

/// A field of a line for people.
pub(super) fn field(writer: &mut Writer<'_>, field: &Field, value: &dyn fmt::Debug) -> fmt::Result {
    let value = plain(value);
    match field.name() {
        "message" => write!(writer, "{value}"),
        name => write!(writer, "{name}={value}"),
    }
}

/// The value without control characters, and not too long.
fn plain(value: &dyn fmt::Debug) -> String {
    let mut text = Short::default();
    if write!(text, "{value:?}").is_err() {
        text.text.push_str(CUT);
    }
    let is_plain = |letter: char| !letter.is_control() && !is_mark(letter);
    if text.text.chars().all(is_plain) {
        return text.text;
    }
    let escaped = text.text.chars().map(|letter| match is_plain(letter) {
        true => letter.to_string(),
        false => letter.escape_unicode().to_string(),
    });
    escaped.collect()
}

/// Whether it changes how the text around it is shown: the direction, or nothing to be seen.
fn is_mark(letter: char) -> bool {
    matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A text that takes no more than the limit.
#[derive(Default)]
struct Short {
    text: String,
    count: usize,
}

impl fmt::Write for Short {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        for letter in part.chars() {
            if self.count == FIELD_CHARS_MAX {
                return Err(fmt::Error);
            }
            self.count += 1;
            self.text.push(letter);
        }
        Ok(())
    }
}

/// A line that is a JSON object.
#[derive(Debug, Clone, Copy)]
pub(super) struct JsonLine;

/// The fields of a span or an event as the members of a JSON object.
#[derive(Debug, Default)]
struct Members(Map<String, Value>);

impl Visit for Members {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), plain(value).into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

/// What is kept of a span are its members, each with a comma behind it.
impl<'w> FormatFields<'w> for JsonLine {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'w>, fields: R) -> fmt::Result {
        let mut members = Members::default();
        fields.record(&mut members);
        for (name, value) in members.0 {
            write!(writer, "{}:{value},", Value::from(name))?;
        }
        Ok(())
    }

    fn add_fields(
        &self,
        current: &'w mut FormattedFields<Self>,
        fields: &tracing::span::Record<'_>,
    ) -> fmt::Result {
        self.format_fields(current.as_writer(), fields)
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> FormatEvent<S, JsonLine> for JsonLine {
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonLine>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut fields = Members::default();
        event.record(&mut fields);
        let mut timestamp = String::new();
        SystemTime.format_time(&mut Writer::new(&mut timestamp))?;
        let mut line = Map::new();
        line.insert("timestamp".to_owned(), timestamp.into());
        line.insert("level".to_owned(), event.metadata().level().as_str().into());
        line.insert("target".to_owned(), event.metadata().target().into());
        line.insert("fields".to_owned(), fields.0.into());
        if let Some(span) = context.lookup_current() {
            let extensions = span.extensions();
            let kept = extensions.get::<FormattedFields<JsonLine>>();
            let members = kept.map_or("", |kept| kept.fields.trim_end_matches(','));
            let mut members: Map<String, Value> =
                serde_json::from_str(&format!("{{{members}}}")).unwrap_or_default();
            members.insert("name".to_owned(), span.name().into());
            line.insert("span".to_owned(), members.into());
        }
        writeln!(writer, "{}", Value::from(line))
    }
}

#[cfg(test)]
mod tests {
    use super::{FIELD_CHARS_MAX, plain};

    #[test]
    fn nothing_in_a_field_forges_a_line_or_moves_the_cursor() {
        let hostile = "a\nINFO forged\r\u{1b}[2J\u{202e}\u{0}b";
        let written = plain(&format_args!("{hostile}"));
        assert_eq!(written, "a\\u{a}INFO forged\\u{d}\\u{1b}[2J\\u{202e}\\u{0}b");
        assert_eq!(plain(&format_args!("Jürgen’s plan")), "Jürgen’s plan");
    }

    #[test]
    fn a_field_is_cut_at_the_limit() {
        let at = "x".repeat(FIELD_CHARS_MAX);
        assert_eq!(plain(&format_args!("{at}")), at);
        assert_eq!(plain(&format_args!("{at}y")), format!("{at}…"));
    }
}

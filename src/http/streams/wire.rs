//! How what a stream says is written: JSON, and the lines of server-sent events.

use super::live::Next;
use crate::feed::Frame;
use crate::store::Position;
use serde::Serialize;
use std::fmt::Write as _;

/// What goes out in one piece.
pub(super) struct Written {
    /// What it is called.
    pub(super) name: &'static str,
    /// Where whoever has it can go on.
    pub(super) id: Option<Position>,
    pub(super) json: String,
}

impl Written {
    pub(super) fn of(next: &Next) -> Self {
        match next {
            Next::Frame(frame) => {
                Self { name: name(frame), id: Some(frame.position()), json: json(&**frame) }
            }
            Next::Directive(directive) => {
                let name = match directive {
                    super::directives::Directive::Directive { .. } => "directive",
                    super::directives::Directive::WorkAvailable { .. } => "work_available",
                };
                Self { name, id: None, json: json(directive) }
            }
            Next::Closing(closing) => Self { name: "closing", id: None, json: json(closing) },
        }
    }

    /// As a server-sent event. Whatever is in the text stays data: no line of it can look like a
    /// field.
    pub(super) fn as_event(&self) -> String {
        let mut text = format!("event: {}\n", self.name);
        if let Some(id) = self.id {
            writeln!(text, "id: {id}").expect("a text grows");
        }
        for line in self.json.split(['\n', '\r']) {
            writeln!(text, "data: {line}").expect("a text grows");
        }
        text.push('\n');
        text
    }
}

fn json(frame: &impl Serialize) -> String {
    serde_json::to_string(frame).expect("texts and numbers always become JSON")
}

fn name(frame: &Frame) -> &'static str {
    match frame {
        Frame::Snapshot(_) => "snapshot",
        Frame::ExecutionUpdate(_) => "execution_update",
        Frame::TaskUpdate(_) => "task_update",
        Frame::Event(_) => "event",
        Frame::Heartbeat(_) => "heartbeat",
        Frame::Lagged(_) => "lagged",
    }
}

#[cfg(test)]
mod tests {
    use super::Written;
    use crate::store::Position;

    #[test]
    fn no_line_of_the_data_can_look_like_a_field() {
        let json = "{\r\nevent: evil\n\nid: 7}".to_owned();
        let written = Written { name: "event", id: Some(Position::new(3)), json };
        let event = written.as_event();
        assert!(event.starts_with("event: event\nid: 3\ndata: {\n"), "{event}");
        let lines = event.trim_end().lines().skip(2);
        assert!(lines.clone().count() == 5 && lines.clone().all(|it| it.starts_with("data: ")));
    }
}

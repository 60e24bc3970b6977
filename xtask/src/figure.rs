//! Reads the lines that a bench prints: one flat JSON object a figure.

/// One measured figure, as the bench printed it.
pub(crate) struct Figure {
    line: String,
    fields: Vec<(String, String)>,
}

impl Figure {
    /// Reads a line; none when it is no figure.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let fields = fields(line.trim())?;
        let figure = Self { line: line.trim().to_owned(), fields };
        (!figure.cell("figure").is_empty()).then_some(figure)
    }

    /// The object as it was printed.
    pub(crate) fn json(&self) -> &str {
        &self.line
    }

    /// What a field says; a number that has decimals is cut to two. Empty when absent or null.
    pub(crate) fn cell(&self, name: &str) -> String {
        let found = self.fields.iter().find(|(field, _)| field == name);
        let text = found.map_or("", |(_, value)| value.as_str());
        match text.parse::<f64>() {
            Ok(number) if text.contains(['.', 'e', 'E']) => format!("{number:.2}"),
            Ok(_) => text.to_owned(),
            Err(_) if text == "null" => String::new(),
            Err(_) => text.to_owned(),
        }
    }

    /// Whether it fell short of its aim.
    pub(crate) fn is_missed(&self) -> bool {
        self.cell("reached") == "false"
    }
}

/// The fields of a flat object; none when the text is anything else.
fn fields(text: &str) -> Option<Vec<(String, String)>> {
    let mut rest = text.strip_prefix('{')?.strip_suffix('}')?.trim_start();
    let mut fields = Vec::new();
    while !rest.is_empty() {
        let (name, after_name) = string(rest)?;
        let (value, after_value) = value(after_name.trim_start().strip_prefix(':')?.trim_start())?;
        fields.push((name, value));
        let after_value = after_value.trim_start();
        rest = match after_value.strip_prefix(',') {
            Some(next) => next.trim_start(),
            None if after_value.is_empty() => after_value,
            None => return None,
        };
    }
    Some(fields)
}

fn value(text: &str) -> Option<(String, &str)> {
    if text.starts_with('"') {
        return string(text);
    }
    let end = text.find([',', ' ', '}']).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    let is_plain = matches!(word, "true" | "false" | "null") || word.parse::<f64>().is_ok();
    is_plain.then(|| (word.to_owned(), rest))
}

fn string(text: &str) -> Option<(String, &str)> {
    let inner = text.strip_prefix('"')?;
    let mut value = String::new();
    let mut chars = inner.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &inner[at + 1..])),
            '\\' => value.push(chars.next()?.1),
            _ => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::Figure;

    #[test]
    fn a_flat_object_is_a_figure() {
        let line = r#"{"figure":"append, 64 \"callers\"","value":1234,"ratio":2.4567,
            "reach":"≥ 2.2","reached":true,"baseline":null}"#;
        let figure = Figure::parse(line).expect("a figure");
        assert_eq!(figure.cell("figure"), "append, 64 \"callers\"");
        assert_eq!(figure.cell("value"), "1234");
        assert_eq!(figure.cell("ratio"), "2.46");
        assert_eq!(figure.cell("reach"), "≥ 2.2");
        assert_eq!(figure.cell("baseline"), "");
        assert!(!figure.is_missed());
    }

    #[test]
    fn other_lines_are_no_figures() {
        for line in ["", "running 3 benches", "{}", "{\"value\":1}", "{\"figure\":[1]}", "{\"fig"] {
            assert!(Figure::parse(line).is_none(), "{line}");
        }
    }

    #[test]
    fn a_figure_that_is_not_reached_is_missed() {
        let figure = Figure::parse(r#"{"figure":"f","reached":false}"#).expect("a figure");
        assert!(figure.is_missed());
    }
}

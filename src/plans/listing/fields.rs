//! The fields of a task, by the many names that people give them.

/// What is said of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Id,
    Title,
    Phase,
    Description,
    Role,
    Depends,
    Duration,
    Priority,
    Criteria,
    Status,
}

/// What a time is told in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

impl Unit {
    /// The unit of that name.
    pub(super) fn named(word: &str) -> Option<Self> {
        match word {
            "s" | "sec" | "secs" | "second" | "seconds" => Some(Self::Second),
            "m" | "min" | "mins" | "minute" | "minutes" => Some(Self::Minute),
            "h" | "hr" | "hrs" | "hour" | "hours" => Some(Self::Hour),
            "d" | "day" | "days" => Some(Self::Day),
            "w" | "wk" | "wks" | "week" | "weeks" => Some(Self::Week),
            "mo" | "month" | "months" => Some(Self::Month),
            "y" | "yr" | "yrs" | "year" | "years" => Some(Self::Year),
            _ => None,
        }
    }

    pub(super) fn seconds(self) -> u32 {
        match self {
            Self::Second => 1,
            Self::Minute => 60,
            Self::Hour => 3_600,
            Self::Day => 86_400,
            Self::Week => 604_800,
            Self::Month => 2_592_000,
            Self::Year => 31_536_000,
        }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Second => "seconds",
            Self::Minute => "minutes",
            Self::Hour => "hours",
            Self::Day => "days",
            Self::Week => "weeks",
            Self::Month => "months of 30 days",
            Self::Year => "years",
        }
    }
}

/// The names of the fields, in lower case.
const NAMES: [(Field, &[&str]); 10] = [
    (Field::Id, &["id", "#", "no", "no.", "nr", "nr.", "number", "task id", "key", "wbs"]),
    (
        Field::Title,
        &["task", "title", "name", "task name", "action item", "activity", "what", "step", "item"],
    ),
    (Field::Phase, &["phase", "stage", "milestone", "group", "section"]),
    (Field::Description, &["description", "details", "detail", "notes", "note", "comment"]),
    (
        Field::Role,
        &["role", "owner", "assignee", "assigned to", "responsible", "who", "assignee role"],
    ),
    (
        Field::Depends,
        &[
            "depends on",
            "depends",
            "dependencies",
            "dependency",
            "prerequisites",
            "prerequisite",
            "predecessors",
            "predecessor",
            "blocked by",
            "after",
            "requires",
            "waits for",
        ],
    ),
    (
        Field::Duration,
        &[
            "duration",
            "estimate",
            "estimated duration",
            "estimated time",
            "estimated hours",
            "effort",
            "time",
            "hours",
            "days",
            "weeks",
            "minutes",
            "estimated days",
        ],
    ),
    (Field::Priority, &["priority", "prio"]),
    (
        Field::Criteria,
        &["done when", "acceptance criteria", "success criteria", "definition of done", "criteria"],
    ),
    (Field::Status, &["status", "state", "done", "completed"]),
];
/// How a phrase in brackets may begin that names what a task waits for.
const DEPENDS_PHRASES: [&str; 5] =
    ["depends on ", "after ", "blocked by ", "requires ", "waits for "];

/// A field with what is said in it.
pub(super) type Said<'a> = (Field, Option<Unit>, &'a str);

impl Field {
    /// The field of that name, such as `Estimate (days)`, and the unit that the name tells.
    pub(crate) fn named(name: &str) -> Option<(Self, Option<Unit>)> {
        let lower = name.trim().to_lowercase();
        let (bare, bracketed) = match lower.split_once(['(', '[']) {
            Some((bare, rest)) => (bare.trim(), rest.trim_end_matches([')', ']']).trim()),
            None => (lower.as_str(), ""),
        };
        let is_known = |(_, names): &&(Self, &[&str])| names.contains(&bare);
        let (field, _) = NAMES.iter().find(is_known)?;
        let last_word = bare.rsplit(' ').next().unwrap_or_default();
        Some((*field, Unit::named(bracketed).or_else(|| Unit::named(last_word))))
    }
}

/// Reads a line such as `Depends on: 1.1, 1.2`.
pub(super) fn field(line: &str) -> Option<Said<'_>> {
    let (name, value) = line.split_once(':')?;
    let (field, unit) = Field::named(name)?;
    Some((field, unit, value.trim()))
}

/// Takes what stands in brackets at the end of a title, where all of it are fields.
pub(super) fn at_end(line: &str) -> (&str, Vec<Said<'_>>) {
    let line = line.trim();
    let opened = match line.chars().next_back() {
        Some(')') => line.rfind('('),
        Some(']') => line.rfind('['),
        _ => None,
    };
    let Some(at) = opened.filter(|&at| at > 0) else { return (line, Vec::new()) };
    let inside = &line[at + 1..line.len() - 1];
    let said: Option<Vec<_>> = inside.split(';').map(|part| phrase(part.trim())).collect();
    match said {
        Some(said) if !said.is_empty() => (line[..at].trim(), said),
        Some(_) | None => (line, Vec::new()),
    }
}

fn phrase(part: &str) -> Option<Said<'_>> {
    if let Some(said) = field(part) {
        let is_own = matches!(said.0, Field::Title | Field::Phase | Field::Id);
        return (!is_own).then_some(said);
    }
    let begins = |phrase: &&&str| {
        part.get(..phrase.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(phrase))
    };
    if let Some(phrase) = DEPENDS_PHRASES.iter().find(begins) {
        return Some((Field::Depends, None, part[phrase.len()..].trim()));
    }
    let is_time = super::lasting::lasting(part, None).is_some_and(|(_, is_guess)| !is_guess);
    is_time.then_some((Field::Duration, None, part))
}

/// Whether a cell is only there because the table needs one.
pub(super) fn says_nothing(value: &str) -> bool {
    let lower = value.to_lowercase();
    ["", "-", "–", "—", "none", "n/a", "na", "nothing", "no"].contains(&lower.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_brackets_is_taken_only_where_all_of_it_is_known() {
        let (title, said) = at_end("Call them (depends on 1.1, 1.2; 2 days; owner: Larry)");
        assert_eq!(title, "Call them");
        let wanted =
            [(Field::Depends, "1.1, 1.2"), (Field::Duration, "2 days"), (Field::Role, "Larry")];
        let said: Vec<_> = said.iter().map(|(field, _, value)| (*field, *value)).collect();
        assert_eq!(said, wanted);
        for whole in ["Research (Week 1-2)", "Score leads 1-5 (priority)", "(all)", "a)", "Ä (ö"]
        {
            assert_eq!(at_end(whole), (whole, Vec::new()));
        }
    }

    #[test]
    fn columns_tell_their_unit() {
        assert_eq!(Field::named("Estimate (days)"), Some((Field::Duration, Some(Unit::Day))));
        assert_eq!(Field::named("Estimated Hours"), Some((Field::Duration, Some(Unit::Hour))));
        assert_eq!(Field::named("Depends On"), Some((Field::Depends, None)));
        assert_eq!(Field::named("Weather"), None);
    }
}

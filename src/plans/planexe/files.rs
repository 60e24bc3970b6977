//! The files of a run under the names that all generations share.

use super::values::text;
use crate::bundle::Bundle;
use crate::plain_json::{self, Bounds};
use crate::report::Report;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The files of which each run has one at least.
const MARKS: [&str; 7] = [
    "plan.txt",
    "plan_raw.json",
    "start_time.json",
    "pipeline_complete.txt",
    "wbs_level1.json",
    "wbs_level2.json",
    super::tree::COMBINED,
];

/// The files in which the name of the model stands, if anywhere.
const MODEL_FILES: [&str; 4] = [
    "task_dependencies_raw.json",
    "identify_risks_raw.json",
    "project_plan_raw.json",
    "governance_phase4_decision_escalation_matrix_raw.json",
];

/// What a run of the newest line has beside the others' files.
const NEWEST_FILES: [&str; 3] =
    ["canonical_facts.json", "decision_register_raw.json", "planexe_report_metadata.json"];

/// A run: its files by the names without numbers, and what is said of them.
pub(super) struct Run<'a> {
    files: BTreeMap<&'a str, (&'a str, &'a [u8])>,
    seen: Vec<&'a str>,
    has_numbers: bool,
    used: BTreeSet<String>,
    pub(super) report: Report,
}

/// The numbers that older runs put before a name, and the name.
pub(super) fn bare(name: &str) -> (&str, &str) {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    if digits(name) != 3 || name.as_bytes().get(3) != Some(&b'-') {
        return ("", name);
    }
    let mut at = 4;
    loop {
        let count = digits(&name[at..]);
        if count == 0 || name.as_bytes().get(at + count) != Some(&b'-') {
            return name.split_at(at);
        }
        at += count + 1;
    }
}

/// Whether a file of that name is one that runs leave.
pub(crate) fn is_of_a_run(name: &str) -> bool {
    MARKS.contains(&bare(name).1)
}

impl<'a> Run<'a> {
    pub(super) fn of(bundle: &'a Bundle, mut report: Report) -> Self {
        let mut files: BTreeMap<&str, (&str, &[u8])> = BTreeMap::new();
        let mut below = 0;
        for (name, bytes) in bundle.files() {
            if name.contains('/') {
                below += 1;
                continue;
            }
            let (number, key) = bare(name);
            let Some((other, _)) = files.get(key).copied() else {
                files.insert(key, (name, bytes));
                continue;
            };
            let is_better =
                number.is_empty() || (!bare(other).0.is_empty() && number > bare(other).0);
            let (taken, left) = if is_better { (name, other) } else { (other, name) };
            if is_better {
                files.insert(key, (name, bytes));
            }
            if !is_chunk(key) {
                report.warning(left, || format!("it is there twice: {taken} is read"));
            }
        }
        if below > 0 {
            report.dropped("folders", || format!("{below} files lie in folders below the run's"));
        }
        let left_out = bundle.skipped().count();
        if left_out > 0 {
            report.dropped("the run", || {
                format!("{left_out} files are not looked at: logs, and what systems leave behind")
            });
        }
        let seen = bundle.files().map(|(name, _)| name).collect();
        let wbs = files.get(super::tree::COMBINED).or_else(|| files.get("wbs_level1.json"));
        let has_numbers = wbs.is_some_and(|(name, _)| !bare(name).0.is_empty());
        Self { files, seen, has_numbers, used: BTreeSet::new(), report }
    }

    /// The files under their shared names.
    pub(super) fn files(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> + '_ {
        self.files.iter().filter(|(key, _)| !is_chunk(key)).map(|(key, (_, bytes))| (*key, *bytes))
    }

    /// The names of all files that were seen.
    pub(super) fn names(&self) -> Vec<String> {
        self.seen.iter().map(|name| crate::words::line(name, 120)).collect()
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.files.contains_key(key)
    }

    /// Whether a file was read until now.
    pub(super) fn is_read(&self, key: &str) -> bool {
        self.used.contains(&self.name(key))
    }

    /// What a file is called in this run.
    pub(super) fn name(&self, key: &str) -> String {
        self.files.get(key).map_or_else(|| key.to_owned(), |(name, _)| (*name).to_owned())
    }

    /// A file as text; none where it is not there, or is no text.
    pub(super) fn text(&mut self, key: &str) -> Option<String> {
        let (name, bytes) = *self.files.get(key)?;
        let text = crate::text::decode(name, bytes, &mut self.report);
        let text = text.map(std::borrow::Cow::into_owned);
        match text {
            Ok(text) => {
                self.used.insert(name.to_owned());
                Some(text)
            }
            Err(error) => {
                self.report.dropped(name, || error.to_string());
                None
            }
        }
    }

    /// A file as JSON; none where it is not there; what is wrong with it, where something is.
    pub(super) fn try_json(&mut self, key: &str) -> Option<Result<Value, String>> {
        let text = self.text(key)?;
        let checked = plain_json::check(text.as_bytes(), Bounds::RUN);
        let value = checked.map_err(|found| format!("{} (at {:?})", found.message, found.pointer));
        let value = value.and_then(|()| {
            serde_json::from_str(&text).map_err(|error| format!("it is not JSON: {error}"))
        });
        Some(value)
    }

    /// A file as JSON; one that cannot be read is left out, and the report says so.
    pub(super) fn json(&mut self, key: &str) -> Option<Value> {
        match self.try_json(key)? {
            Ok(value) => Some(value),
            Err(why) => {
                let name = self.name(key);
                self.used.remove(&name);
                self.report.dropped(&name, || why);
                None
            }
        }
    }

    /// A file as JSON; where it is not there, the report says what is missing for that.
    pub(super) fn wanted(&mut self, key: &str, what_for: &str) -> Option<Value> {
        if !self.has(key) {
            self.report.warning(key, || format!("it is not there: no {what_for}"));
            return None;
        }
        self.json(key)
    }

    /// Says which files were read.
    pub(super) fn tell(&mut self) {
        let used = std::mem::take(&mut self.used);
        for name in &used {
            self.report.read(name, || "it was read".to_owned());
        }
        if !self.is_complete() {
            let why = "there is no pipeline_complete.txt: the run may be incomplete".to_owned();
            self.report.warning("the run", || why);
        }
    }

    pub(super) fn is_complete(&self) -> bool {
        self.has("pipeline_complete.txt")
    }

    /// Which PlanExe made it.
    pub(super) fn generation(&self) -> &'static str {
        let is_newest = NEWEST_FILES.iter().any(|name| self.has(name))
            || self.peek("planexe_metadata.json").is_some_and(|it| it.get("generator").is_some());
        if is_newest {
            return "G3";
        }
        if !self.has_numbers {
            return "G2";
        }
        let newer = ["start_time.json", "find_team_members.json", "expected_filenames1.json"];
        let is_first = !newer.iter().any(|name| self.has(name));
        if is_first { "G0" } else { "G1" }
    }

    pub(super) fn pipeline_version(&self) -> Option<Value> {
        let version = self.peek("planexe_metadata.json")?.get("pipeline_version")?.clone();
        version.is_number().then_some(version)
    }

    /// The name of the language model that wrote it.
    pub(super) fn model(&self) -> Option<Value> {
        let named = MODEL_FILES.iter().find_map(|name| {
            let metadata = self.peek(name)?.get("metadata")?.clone();
            text(&metadata, "model_name").map(str::to_owned)
        });
        named.map(|name| super::values::note(&name))
    }

    pub(super) fn started_at(&self) -> Option<Value> {
        let time = self.peek("start_time.json")?;
        text(&time, "server_iso_utc").map(super::values::note)
    }

    /// A file as JSON, without a word where that fails.
    fn peek(&self, key: &str) -> Option<Value> {
        let (_, bytes) = self.files.get(key)?;
        plain_json::check(bytes, Bounds::RUN).ok()?;
        serde_json::from_slice(bytes).ok()
    }
}

/// Whether it is a piece that was put together elsewhere.
fn is_chunk(key: &str) -> bool {
    let stem = key.strip_suffix("_raw.json");
    stem.is_some_and(|stem| {
        stem == "wbs_level3"
            || stem == "task_durations"
            || stem == "expert_criticism"
            || stem.rsplit_once('_').is_some_and(|(_, last)| {
                !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit())
            })
    })
}

#[cfg(test)]
mod tests {
    use super::bare;

    #[test]
    fn numbers_before_names_are_taken_away_in_all_generations() {
        for (name, wanted) in [
            ("015-wbs_level1.json", "wbs_level1.json"),
            ("018-2-wbs_level1.json", "wbs_level1.json"),
            ("023-1-7-wbs_level3_raw.json", "wbs_level3_raw.json"),
            ("wbs_level1.json", "wbs_level1.json"),
            ("1234-plan.txt", "1234-plan.txt"),
            ("001-2", "2"),
            ("002-8-", ""),
        ] {
            assert_eq!(bare(name).1, wanted, "{name}");
        }
    }
}

//! The way in: from bytes to the reader that knows their form.

use crate::bundle::{Bundle, sha256};
use crate::error::PlanError;
use crate::plain_json::{self, Bounds};
use crate::report::Report;
use crate::sniff::{self, Format};
use crate::unzip::{EMPTY_SIGNATURE, SIGNATURE, unzip};
use crate::{markdown, outline, planexe, steps, structured, text, words};
use planexe_ax_domain::event::plan::PlanSource;
use planexe_ax_domain::plan::ImportPlan;
use planexe_ax_domain::{AgentId, PlanId, Title};
use serde::de::IgnoredAny;
use std::collections::BTreeMap;

/// The names by which a file of a run is recognised when it comes alone.
const WORK_BREAKDOWN: &str = "wbs_project_level1_and_level2_and_level3.json";
/// How many names of an unknown object an error shows.
const NAMES_SHOWN_MAX: usize = 8;

/// What is to be read.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// The bytes.
    pub bytes: &'a [u8],
    /// What they are called, for places in the report.
    pub name: &'a str,
    /// What they are said to be; none: it is found out.
    pub kind: Option<Kind>,
}

/// What bytes are said to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// JSON of some form.
    Json,
    /// An archive of a run.
    Zip,
    /// Markdown.
    Markdown,
    /// Text: an outline, or Markdown.
    Text,
}

impl Kind {
    /// What the name of a file says; none when it says nothing.
    pub fn of_name(name: &str) -> Option<Self> {
        let (_, ending) = name.rsplit_once('.')?;
        match ending.to_ascii_lowercase().as_str() {
            "json" => Some(Self::Json),
            "zip" => Some(Self::Zip),
            "md" | "markdown" => Some(Self::Markdown),
            "txt" | "text" => Some(Self::Text),
            _ => None,
        }
    }
}

/// In what order tasks stand that do not depend on each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sequencing {
    /// In none: only what the plan says holds.
    #[default]
    Explicit,
    /// Each phase after the one before it.
    Phases,
    /// Every node after its elder sibling, as PlanExe's own schedule has it.
    Waterfall,
}

impl Sequencing {
    /// The words for them.
    pub const WORDS: [&'static str; 3] = ["explicit", "phases", "waterfall"];

    /// Reads the word for one.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "explicit" => Some(Self::Explicit),
            "phases" => Some(Self::Phases),
            "waterfall" => Some(Self::Waterfall),
            _ => None,
        }
    }
}

/// What is wished of an import.
#[derive(Debug, Clone)]
pub struct Options {
    /// The id that the plan is to have; else its own, or one that follows from its content.
    pub plan_id: Option<PlanId>,
    /// An id that nobody has, for a structured plan that names none.
    pub new_id: PlanId,
    /// The title that the plan is to have.
    pub title: Option<Title>,
    /// The agent that it is meant for.
    pub assigned_to: Option<AgentId>,
    /// Whether the documents that a run wants found or written become tasks.
    pub documents: bool,
    /// Whether decisions become approvals of the tasks that they block.
    pub gates: bool,
    /// In what order tasks stand that do not depend on each other.
    pub sequencing: Sequencing,
}

impl Options {
    /// Nothing is wished.
    pub fn new(new_id: PlanId) -> Self {
        Self {
            plan_id: None,
            new_id,
            title: None,
            assigned_to: None,
            documents: false,
            gates: true,
            sequencing: Sequencing::Explicit,
        }
    }

    /// What the wishes add to the content by which an import is recognised.
    fn mark(&self) -> String {
        if !self.documents && self.gates && self.sequencing == Sequencing::Explicit {
            return String::new();
        }
        format!("{}{}{:?}", self.documents, self.gates, self.sequencing)
    }
}

/// A plan that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The command that makes it.
    pub import: ImportPlan,
    /// What was read, derived, repaired and dropped.
    pub report: Report,
}

/// Reads a plan, whatever form it has.
pub fn read(input: Input<'_>, options: &Options) -> Result<Reading, PlanError> {
    let Input { bytes, name, kind } = input;
    if bytes.is_empty() {
        return Err(PlanError::Empty);
    }
    let is_zip = bytes.starts_with(SIGNATURE) || bytes.starts_with(EMPTY_SIGNATURE);
    if is_zip || kind == Some(Kind::Zip) {
        return read_bundle(unzip(bytes)?, options);
    }
    let mut report = Report::new(Format::Markdown);
    let text = text::decode(name, bytes, &mut report)?;
    if text.trim().is_empty() {
        return Err(PlanError::Empty);
    }
    let guessed = sniff::is_json(&text);
    let is_json = match kind {
        Some(Kind::Json) => true,
        Some(Kind::Markdown) => false,
        Some(Kind::Text | Kind::Zip) | None => guessed,
    };
    if is_json {
        return read_json(&text, bytes, name, report, options);
    }
    if kind != Some(Kind::Markdown) && sniff::is_outline(&text) {
        report.format = Format::Outline;
        report.read(name, || "it draws a tree: read as an outline".to_owned());
        return outline::read(&text, (bytes, name), report, options);
    }
    if kind != Some(Kind::Markdown) {
        report.read(name, || "it is text: read as Markdown".to_owned());
    }
    markdown::read(&text, (bytes, name), report, options)
}

fn read_json(
    text: &str,
    bytes: &[u8],
    name: &str,
    mut report: Report,
    options: &Options,
) -> Result<Reading, PlanError> {
    let shape = Shape::of(text);
    plain_json::check(text.as_bytes(), shape.bounds()).map_err(|found| PlanError::BadJson {
        place: name.to_owned(),
        pointer: found.pointer,
        message: found.message,
    })?;
    match shape {
        Shape::Files => read_bundle(planexe::from_json(text)?, options),
        Shape::WorkBreakdown => {
            let mut bundle = Bundle::new();
            bundle.insert(WORK_BREAKDOWN, text.as_bytes().to_vec())?;
            read_bundle(bundle, options)
        }
        Shape::Steps => {
            report.format = Format::Steps;
            report.read(name, || "it has steps: read as an agent's plan".to_owned());
            steps::read(text, (bytes, name), report, options)
        }
        Shape::Plan => {
            report.format = Format::Json;
            structured::read(text, bytes, report, options)
        }
        Shape::Unknown(saw) => Err(PlanError::NotAPlan { saw }),
    }
}

/// What JSON is, by the names that it has.
enum Shape {
    Plan,
    Steps,
    Files,
    WorkBreakdown,
    Unknown(String),
}

impl Shape {
    fn of(text: &str) -> Self {
        let named: Result<BTreeMap<String, IgnoredAny>, _> = serde_json::from_str(text);
        let Ok(object) = named else {
            return Self::Unknown("it is JSON, but no object".to_owned());
        };
        let has = |name: &str| object.contains_key(name);
        if ["phases", "goal", "plan_id"].into_iter().any(has) {
            return Self::Plan;
        }
        if has("steps") || has("plan_json") {
            return Self::Steps;
        }
        if has("files") {
            return Self::Files;
        }
        if has("wbs_project") {
            return Self::WorkBreakdown;
        }
        let names = object.keys().take(NAMES_SHOWN_MAX).map(|name| words::line(name, 40));
        let names = names.collect::<Vec<_>>().join(", ");
        Self::Unknown(format!(
            "it is a JSON object with neither phases, steps, files nor wbs_project, but with: \
             {names}"
        ))
    }
}

impl Shape {
    /// What holds for texts and lists in it.
    fn bounds(&self) -> Bounds {
        match self {
            Self::Plan | Self::Steps => Bounds::PLAN,
            Self::Files | Self::WorkBreakdown | Self::Unknown(_) => Bounds::RUN,
        }
    }
}

/// Reads the files of a run; a bundle of one file is read as that file.
pub fn read_bundle(bundle: Bundle, options: &Options) -> Result<Reading, PlanError> {
    let lone = if bundle.len() == 1 { bundle.files().next() } else { None };
    if let Some((name, bytes)) = lone
        && name != WORK_BREAKDOWN
        && !planexe::is_of_a_run(name)
    {
        let kind = Kind::of_name(name).filter(|kind| *kind != Kind::Zip);
        return read(Input { bytes, name, kind }, options);
    }
    planexe::read(&bundle, options)
}

/// Where a plan came from, and the id that follows from it when none is asked for.
pub(crate) fn source(
    format: Format,
    content: &[&[u8]],
    source_id: Option<Title>,
    options: &Options,
) -> (PlanSource, PlanId) {
    let mark = options.mark();
    let parts: Vec<&[u8]> =
        content.iter().copied().chain(std::iter::once(mark.as_bytes())).collect();
    let hash = sha256(&parts);
    let derived = format!("plan_{}", &hash[..32]);
    let plan_id = options
        .plan_id
        .clone()
        .unwrap_or_else(|| PlanId::parse(&derived).expect("hexadecimal digits fit in an id"));
    let source = PlanSource {
        format: Title::parse(format.as_str()).expect("it is a title"),
        content_hash: Some(Title::parse(&hash).expect("it is a title")),
        source_id,
    };
    (source, plan_id)
}

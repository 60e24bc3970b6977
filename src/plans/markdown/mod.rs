//! Reads plans in Markdown: headings are phases and tasks, list items tasks and parts, and a row
//! of a table is a task too.

mod blocks;
mod inline;
mod sections;
mod table;

use crate::draft::{Repairs, Spot, assemble};
use crate::error::PlanError;
use crate::listing::{Listing, labelled};
use crate::read::{Options, Reading, source};
use crate::report::Report;
use crate::sniff::Format;
use crate::words;
use blocks::{Block, Kind, blocks};
use sections::{Outlook, Section};
use serde_json::Value;

/// What a plan of lists alone is put under.
const ONE_PHASE: &str = "Tasks";

/// Reads a Markdown text.
pub(crate) fn read(
    text: &str,
    (bytes, name): (&[u8], &str),
    mut report: Report,
    options: &Options,
) -> Result<Reading, PlanError> {
    report.format = Format::Markdown;
    let blocks = blocks(without_front_matter(text, name, &mut report));
    let outlook = Outlook::of(&blocks);
    let mut writer = Writer::new(Listing::new(report), outlook, name);
    for (at, block) in blocks.iter().enumerate() {
        writer.take(at, block, &blocks)?;
    }
    let (mut draft, report) = writer.finish();
    if draft.nodes.is_empty() {
        let saw = "it is text without a heading, a list or a table of tasks".to_owned();
        return Err(PlanError::NotAPlan { saw });
    }
    draft.source_id = None;
    let from = source(Format::Markdown, &[bytes], None, options);
    assemble(draft, from, Repairs::Made, options, report)
}

/// The text behind the lines between two rules at its beginning.
fn without_front_matter<'a>(text: &'a str, name: &str, report: &mut Report) -> &'a str {
    let Some(inside) = text.strip_prefix("---\n") else { return text };
    let Some((_, behind)) = inside.split_once("\n---\n") else { return text };
    report.dropped(name, || "the settings before the text are not read".to_owned());
    behind
}

/// A heading that tasks stand under.
struct Above {
    level: usize,
    spot: Option<Spot>,
}

struct Writer<'a> {
    listing: Listing,
    outlook: Outlook,
    name: &'a str,
    above: Vec<Above>,
    /// The items that the next one may be a part of, with their indents.
    items: Vec<(usize, Spot)>,
    /// The phase of what stands under no heading.
    rest: Option<Spot>,
    section: Section,
    columns: table::Columns,
    notes: Vec<Value>,
    goal: String,
    is_after_blank: bool,
}

impl<'a> Writer<'a> {
    fn new(listing: Listing, outlook: Outlook, name: &'a str) -> Self {
        Self {
            listing,
            outlook,
            name,
            above: Vec::new(),
            items: Vec::new(),
            rest: None,
            section: Section::Plan,
            columns: table::Columns::default(),
            notes: Vec::new(),
            goal: String::new(),
            is_after_blank: false,
        }
    }

    fn take(&mut self, at: usize, block: &Block, blocks: &[Block]) -> Result<(), PlanError> {
        let place = format!("{}:{}", self.name, block.line);
        let is_table = matches!(block.kind, Kind::Row(_) | Kind::Divider);
        if !is_table {
            self.columns = table::Columns::default();
        }
        match &block.kind {
            Kind::Heading { level, words } => self.heading(at, *level, words, &place)?,
            Kind::Item { indent, number, is_done, words } => {
                let item = Item { indent: *indent, number: number.as_deref(), is_done: *is_done };
                self.item(&item, words, &place)?;
            }
            Kind::Row(cells) => {
                let is_header = matches!(blocks.get(at + 1).map(|b| &b.kind), Some(Kind::Divider));
                self.row(cells, is_header, &place)?;
            }
            Kind::Divider => {}
            Kind::Words { indent, words } => self.words(*indent, words, &place),
            Kind::Blank => {}
        }
        self.is_after_blank = matches!(block.kind, Kind::Blank);
        self.keep_links(block);
        Ok(())
    }

    fn keep_links(&mut self, block: &Block) {
        let Some(spot) = self.current().filter(|_| !block.links.is_empty()) else { return };
        let links: Vec<Value> =
            block.links.iter().map(|it| words::line(it, 2_000).into()).collect();
        let known = self.listing.draft.nodes[spot].params.entry("links");
        if let Value::Array(known) = known.or_insert_with(|| Value::Array(Vec::new())) {
            known.extend(links);
        }
    }

    /// The task that words here speak of.
    fn current(&self) -> Option<Spot> {
        let item = self.items.last().map(|(_, spot)| *spot);
        item.or_else(|| self.above.last().and_then(|above| above.spot))
    }

    fn heading(
        &mut self,
        at: usize,
        level: usize,
        line: &str,
        place: &str,
    ) -> Result<(), PlanError> {
        self.items.clear();
        self.above.retain(|above| above.level < level);
        if self.outlook.is_title(at) {
            self.listing.draft.title = words::title(line);
            return Ok(());
        }
        self.section = self.outlook.section(at, self.section, self.above.is_empty());
        if self.section != Section::Plan {
            self.listing.report.read(place, || format!("{line:?}: {}", self.section.as_str()));
            self.above.push(Above { level, spot: None });
            if self.section == Section::Notes {
                self.notes.push(words::line(line, 400).into());
            }
            return Ok(());
        }
        let parent = self.above.iter().rev().find_map(|above| above.spot);
        let spot = self.listing.add(parent, line, place)?;
        self.above.push(Above { level, spot: Some(spot) });
        Ok(())
    }

    fn item(&mut self, item: &Item<'_>, line: &str, place: &str) -> Result<(), PlanError> {
        self.items.retain(|(indent, _)| *indent < item.indent);
        if self.section != Section::Plan {
            self.beside(line, place);
            return Ok(());
        }
        let outer = self.items.last().map(|(_, spot)| *spot);
        if let Some(spot) = outer
            && self.listing.take_field(spot, line, place)
        {
            return Ok(());
        }
        let parent = match outer.or_else(|| self.above.iter().rev().find_map(|it| it.spot)) {
            Some(parent) => Some(parent),
            None => self.rest_phase(place)?,
        };
        let spot = self.listing.add(parent, line, place)?;
        if let Some(number) = item.number.filter(|_| labelled(line).0.is_none()) {
            self.listing.label(spot, number);
        }
        if item.is_done == Some(true) {
            self.listing.tick_off(spot);
        }
        self.items.push((item.indent, spot));
        Ok(())
    }

    /// What stands under no heading: roots where they have parts, else tasks of one phase.
    fn rest_phase(&mut self, place: &str) -> Result<Option<Spot>, PlanError> {
        if self.outlook.has_nested_roots {
            return Ok(None);
        }
        if self.rest.is_none() {
            let title = self.listing.draft.title.clone();
            let title = title.map_or_else(|| ONE_PHASE.to_owned(), |title| title.to_string());
            let spot = self.listing.add(None, &title, place)?;
            self.listing.report.derived(place, || {
                format!("what stands under no heading is in one phase: {title:?}")
            });
            self.rest = Some(spot);
        }
        Ok(self.rest)
    }

    fn words(&mut self, indent: usize, line: &str, place: &str) {
        if self.section != Section::Plan {
            if self.section == Section::Goal {
                self.add_to_goal(line);
                return;
            }
            self.beside(line, place);
            return;
        }
        if self.is_after_blank {
            self.items.retain(|(own, _)| *own < indent);
        }
        match self.current() {
            Some(spot) if self.listing.take_field(spot, line, place) => {}
            Some(spot) => self.listing.describe(spot, line),
            None => self.preface(line),
        }
    }

    /// Words before the first task.
    fn preface(&mut self, line: &str) {
        let named = line.split_once(':').filter(|(name, _)| {
            ["goal", "objective", "purpose"].contains(&name.trim().to_lowercase().as_str())
        });
        self.add_to_goal(named.map_or(line, |(_, goal)| goal.trim()));
    }

    fn add_to_goal(&mut self, line: &str) {
        if !self.goal.is_empty() {
            self.goal.push('\n');
        }
        self.goal.push_str(line);
    }

    /// A line of a section that is not of the plan's tasks.
    fn beside(&mut self, line: &str, place: &str) {
        match self.section {
            Section::Plan => {}
            Section::Goal => self.add_to_goal(line),
            Section::Roles => self.listing.draft.roles.extend(words::title(line)),
            Section::Risks => sections::add_risk(&mut self.listing, line, place),
            Section::Assumptions => sections::watch(&mut self.listing.draft, line),
            Section::Notes => self.notes.push(words::line(line, 4_000).into()),
        }
    }

    fn row(&mut self, cells: &[String], is_header: bool, place: &str) -> Result<(), PlanError> {
        if is_header {
            self.items.clear();
            self.columns = table::Columns::of(cells);
            if self.section == Section::Plan && !self.columns.has_title() {
                let why = "a table without a column for tasks: it is not read".to_owned();
                self.listing.report.dropped(place, || why);
            }
            return Ok(());
        }
        if self.section != Section::Plan {
            let said = cells.iter().filter(|cell| !cell.is_empty()).map(String::as_str);
            self.beside(&said.collect::<Vec<_>>().join(" — "), place);
            return Ok(());
        }
        if !self.columns.has_title() {
            return Ok(());
        }
        let columns = std::mem::take(&mut self.columns);
        let taken = self.task_row(&columns, cells, place);
        self.columns = columns;
        taken
    }

    fn task_row(
        &mut self,
        columns: &table::Columns,
        cells: &[String],
        place: &str,
    ) -> Result<(), PlanError> {
        let heading = self.above.iter().rev().find_map(|above| above.spot);
        let parent = match columns.phase(cells) {
            Some(phase) => Some(self.phase_named(phase, heading, place)?),
            None if heading.is_some() => heading,
            None => self.rest_phase(place)?,
        };
        let Some(title) = columns.title(cells) else {
            self.listing.report.dropped(place, || "a row without a title".to_owned());
            return Ok(());
        };
        let spot = self.listing.add(parent, title, place)?;
        for (field, unit, value) in columns.fields(cells) {
            self.listing.set(spot, (field, unit), value, place);
        }
        Ok(())
    }

    /// The phase that a row names, which is made where it is not there.
    fn phase_named(
        &mut self,
        name: &str,
        above: Option<Spot>,
        place: &str,
    ) -> Result<Spot, PlanError> {
        let key = (above, words::normalised(name));
        if let Some(&spot) = self.outlook.phases.get(&key) {
            return Ok(spot);
        }
        let spot = self.listing.add(above, name, place)?;
        self.outlook.phases.insert(key, spot);
        Ok(spot)
    }

    fn finish(self) -> (crate::draft::Draft, Report) {
        let Self { listing, notes, goal, .. } = self;
        let (mut draft, mut report) = listing.finish();
        draft.goal = words::text(&goal);
        if !notes.is_empty() {
            report.dropped("notes", || {
                format!(
                    "{} lines stand under no task: they are kept in metadata/notes",
                    notes.len()
                )
            });
            draft.metadata.insert("notes".to_owned(), notes.into());
        }
        (draft, report)
    }
}

/// An item of a list, beside its words.
struct Item<'a> {
    indent: usize,
    number: Option<&'a str>,
    is_done: Option<bool>,
}

//! The work breakdown: from the one file that holds all of it, or put together from its levels.

use super::files::Run;
use super::values::{list, text, texts};
use crate::draft::{Draft, Node, Spot};
use crate::error::PlanError;
use crate::planted::is_planted;
use crate::words;
use planexe_ax_domain::Title;
use serde_json::Value;
use std::collections::BTreeMap;

/// The file that holds the whole tree.
pub(super) const COMBINED: &str = "wbs_project_level1_and_level2_and_level3.json";
/// What PlanExe writes where its model gave no title.
const PLACEHOLDER: &str = "MISSING_";
const UNTITLED: &str = "Untitled";
/// How many ids that are not there are compared with those that are.
const SEARCHES_MAX: usize = 100;
/// How many letters of an id may be wrong.
const ID_DISTANCE_MAX: usize = 2;

/// What the tree's own ids stand for.
#[derive(Default)]
pub(super) struct Tree {
    pub(super) root_id: Option<String>,
    pub(super) deliverable: Option<String>,
    pub(super) spots: BTreeMap<String, Spot>,
    /// How often an id was compared with all others.
    searches: usize,
}

/// What an id that somebody wrote stands for.
pub(super) enum Named {
    /// A node.
    Exactly(Spot),
    /// The only node whose id is nearly the same.
    Nearly(Spot, String),
    /// The project as a whole.
    Root,
    /// Nothing.
    Nothing,
}

impl Tree {
    /// What an id that a language model wrote stands for.
    pub(super) fn named(&mut self, id: &str) -> Named {
        if let Some(&spot) = self.spots.get(id) {
            return Named::Exactly(spot);
        }
        if self.root_id.as_deref() == Some(id) {
            return Named::Root;
        }
        self.searches += 1;
        if self.searches > SEARCHES_MAX {
            return Named::Nothing;
        }
        let is_near = |known: &str| words::distance(known, id, ID_DISTANCE_MAX).is_some();
        let near = self.only(is_near);
        let ends = blocks(id);
        near.or_else(|| self.only(|known| ends.is_some() && blocks(known) == ends))
            .map_or(Named::Nothing, |(known, spot)| Named::Nearly(spot, known.to_owned()))
    }

    fn only(&self, fits: impl Fn(&str) -> bool) -> Option<(&str, Spot)> {
        let mut found = self.spots.iter().filter(|(known, _)| fits(known));
        let first = found.next()?;
        found.next().is_none().then_some((first.0.as_str(), *first.1))
    }
}

/// The first and the last block of an id that has several.
fn blocks(id: &str) -> Option<(&str, &str)> {
    let (first, rest) = id.split_once('-')?;
    let (_, last) = rest.rsplit_once('-')?;
    (first.len() == 8 && last.len() == 12).then_some((first, last))
}

/// Reads the tree into the draft.
pub(super) fn read(run: &mut Run<'_>, draft: &mut Draft) -> Result<Tree, PlanError> {
    let mut reader = Reader { tree: Tree::default(), draft, run };
    let whole = reader.run.try_json(COMBINED).map(|value| value.and_then(root_of));
    let has_levels = reader.run.has("wbs_level1.json") && reader.run.has("wbs_level2.json");
    match whole {
        Some(Ok(root)) => reader.whole(&root)?,
        Some(Err(why)) if has_levels => {
            let name = reader.run.name(COMBINED);
            reader
                .run
                .report
                .repaired(&name, || format!("{why}: the tree is put together from its levels"));
            reader.levels()?;
        }
        Some(Err(message)) => {
            return Err(PlanError::Damaged { file: reader.run.name(COMBINED), message });
        }
        None if has_levels => {
            reader.run.report.repaired(COMBINED, || {
                "it is not there: the tree is put together from its levels".to_owned()
            });
            reader.levels()?;
        }
        None => {
            let (files, is_complete) = (reader.run.names(), reader.run.is_complete());
            return Err(PlanError::NoWorkBreakdown { files, is_complete });
        }
    }
    let Reader { mut tree, draft, run } = reader;
    let moved = draft.put_in_order();
    for spot in tree.spots.values_mut() {
        *spot = moved[*spot];
    }
    if draft.nodes.is_empty() {
        let (file, message) = (run.name(COMBINED), "there is no task in its tree".to_owned());
        return Err(PlanError::Damaged { file, message });
    }
    Ok(tree)
}

/// The root of the tree.
fn root_of(mut value: Value) -> Result<Value, String> {
    let root = value.get_mut("wbs_project").map(Value::take).filter(Value::is_object);
    root.ok_or_else(|| "it has no wbs_project".to_owned())
}

struct Reader<'a, 'b> {
    tree: Tree,
    draft: &'a mut Draft,
    run: &'a mut Run<'b>,
}

impl Reader<'_, '_> {
    fn whole(&mut self, root: &Value) -> Result<(), PlanError> {
        let file = self.run.name(COMBINED);
        self.tree.root_id = text(root, "id").map(str::to_owned);
        self.draft.title = text(root, "description").and_then(words::title);
        let extra = root.get("extra_fields");
        self.tree.deliverable =
            extra.and_then(|extra| text(extra, "final_deliverable")).map(str::to_owned);
        let mut open: Vec<(&Value, Option<Spot>)> =
            list(root, "task_children").iter().rev().map(|node| (node, None)).collect();
        while let Some((node, parent)) = open.pop() {
            let details = node.get("extra_fields").unwrap_or(&Value::Null);
            let about = text(details, "detailed_description");
            let read = Given { node, title: text(node, "description"), about, details };
            let spot = self.add(&read, parent, &file)?;
            let parts = list(node, "task_children").iter().rev();
            let lost = usize::from(is_planted("plan_task_lost") && parent.is_some());
            open.extend(parts.skip(lost).map(|part| (part, Some(spot))));
        }
        Ok(())
    }

    /// Puts the tree together as PlanExe itself does.
    fn levels(&mut self) -> Result<(), PlanError> {
        let root = self.needed("wbs_level1.json")?;
        let phases = self.needed("wbs_level2.json")?;
        self.tree.root_id = text(&root, "id").map(str::to_owned);
        self.draft.title = text(&root, "project_title").and_then(words::title);
        self.tree.deliverable = text(&root, "final_deliverable").map(str::to_owned);
        let file = self.run.name("wbs_level2.json");
        let Some(phases) = phases.as_array() else {
            let message = "it is not a list of phases".to_owned();
            return Err(PlanError::Damaged { file, message });
        };
        for phase in phases {
            let title = text(phase, "major_phase_title");
            let given = Given { node: phase, title, about: None, details: &Value::Null };
            let spot = self.add(&given, None, &file)?;
            for task in list(phase, "subtasks") {
                let title = text(task, "description");
                let given = Given { node: task, title, about: None, details: &Value::Null };
                self.add(&given, Some(spot), &file)?;
            }
        }
        self.third_level()
    }

    fn third_level(&mut self) -> Result<(), PlanError> {
        let what_for = "third level of the tree";
        let Some(leaves) = self.run.wanted("wbs_level3.json", what_for) else { return Ok(()) };
        let file = self.run.name("wbs_level3.json");
        for (place, leaf) in leaves.as_array().map_or(&[][..], Vec::as_slice).iter().enumerate() {
            let place = format!("{file}/{place}");
            let parent_id = text(leaf, "parent_id").unwrap_or_default();
            let parent = match self.tree.named(parent_id) {
                Named::Exactly(spot) => spot,
                Named::Nearly(spot, known) => {
                    let why = format!("it is a part of {parent_id}, read as {known}");
                    self.run.report.repaired(&place, || why);
                    spot
                }
                Named::Root | Named::Nothing => {
                    let why = format!("it is a part of {parent_id:?}, which is not there");
                    self.run.report.dropped(&place, || why);
                    continue;
                }
            };
            let (title, about) = (text(leaf, "name"), text(leaf, "description"));
            self.add(&Given { node: leaf, title, about, details: leaf }, Some(parent), &place)?;
        }
        Ok(())
    }

    fn needed(&mut self, key: &str) -> Result<Value, PlanError> {
        let value = self.run.try_json(key).unwrap_or_else(|| Err("it is no text".to_owned()));
        value.map_err(|message| PlanError::Damaged { file: self.run.name(key), message })
    }

    fn add(
        &mut self,
        given: &Given<'_>,
        parent: Option<Spot>,
        place: &str,
    ) -> Result<Spot, PlanError> {
        let source_id = text(given.node, "id").map(str::to_owned);
        let at = source_id.clone().unwrap_or_else(|| place.to_owned());
        let title = self.title(given, &at);
        let mut node = Node::new(parent, title, at.clone());
        node.description = given.about.and_then(words::text);
        let resources: Vec<Value> =
            texts(given.details, "resources_needed").map(super::values::note).collect();
        if !resources.is_empty() {
            node.params.insert("resources".to_owned(), resources.into());
        }
        node.source_id.clone_from(&source_id);
        let spot = self.draft.add(node)?;
        match source_id {
            None => self.run.report.warning(&at, || "a task has no id".to_owned()),
            Some(id) if self.tree.spots.contains_key(&id) => {
                let why = "the id stands twice: what waits for it means the first".to_owned();
                self.run.report.warning(&at, || why);
            }
            Some(id) => {
                self.tree.spots.insert(id, spot);
            }
        }
        Ok(spot)
    }

    fn title(&mut self, given: &Given<'_>, at: &str) -> Title {
        let told = given.title.filter(|title| !title.starts_with(PLACEHOLDER));
        if given.title.is_some_and(words::is_cut) {
            self.run.report.repaired(at, || "its title is too long: it is cut".to_owned());
        }
        if let Some(title) = told.and_then(words::title) {
            return title;
        }
        let line = given.about.and_then(words::first_line);
        let from = if line.is_some() { "the first line of its description" } else { UNTITLED };
        self.run.report.repaired(at, || format!("it has no title: it is {from}"));
        line.unwrap_or_else(|| Title::parse(UNTITLED).expect("it is a title"))
    }
}

/// A node as a file gives it.
struct Given<'a> {
    node: &'a Value,
    title: Option<&'a str>,
    about: Option<&'a str>,
    details: &'a Value,
}

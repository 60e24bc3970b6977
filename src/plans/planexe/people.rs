//! Who does it: the roles of the team, matched with what the tasks say they need, and the work
//! that is a person's by its nature.

use super::files::Run;
use super::values::{all_picked, text};
use crate::draft::Draft;
use crate::words;
use planexe_ax_domain::Title;
use planexe_ax_domain::plan::ROLES_MAX;
use serde_json::Value;
use std::collections::BTreeMap;

/// The files of the team, the one that says most first.
const FILES: [&str; 4] = [
    "enrich_team_members_environment_info.json",
    "enrich_team_members_background_story.json",
    "enrich_team_members_contract_type.json",
    "find_team_members.json",
];
/// How many letters of a role may be wrong.
const ROLE_DISTANCE_MAX: usize = 2;
/// Shorter names of roles are compared as they are.
const COMPARED_BYTES_MIN: usize = 8;
/// The most names of resources that are compared with all roles.
const NAMES_COMPARED_MAX: usize = 2_000;

/// How words begin that name the work of people.
const HUMAN_STEMS: [&str; 9] =
    ["construct", "hire", "hiring", "lawyer", "legal", "negotiat", "permit", "procure", "purchas"];
/// Words that name the work of people, and are the beginning of other words.
const HUMAN_WORDS: [&str; 6] = ["buy", "sign", "signature", "signatures", "signed", "signing"];

/// Reads the team, and gives the tasks their roles.
pub(super) fn read(run: &mut Run<'_>, draft: &mut Draft) {
    let mut team = Value::Null;
    if let Some(file) = FILES.into_iter().find(|file| run.has(file)) {
        team = run.json(file).unwrap_or_default();
    } else {
        let why = "there is no file of the team: no roles".to_owned();
        run.report.warning("find_team_members.json", || why);
    }
    let members = team.as_array().map_or(&[][..], Vec::as_slice);
    let roles = members.iter().filter_map(|one| words::title(text(one, "category")?));
    draft.roles = roles.take(ROLES_MAX).collect();
    let names = ["category", "count", "contract_type", "typical_job_activities"];
    let kept = all_picked(members, &names);
    if !kept.is_empty() {
        draft.metadata.insert("team".to_owned(), kept.into());
    }
    give_roles(run, draft);
    find_human_work(run, draft);
}

fn give_roles(run: &mut Run<'_>, draft: &mut Draft) {
    let roles = Roles::of(&draft.roles);
    if roles.by_name.is_empty() {
        return;
    }
    let mut answers: BTreeMap<String, Option<Title>> = BTreeMap::new();
    let (mut given, mut needing) = (0, 0);
    for node in &mut draft.nodes {
        let resources = node.params.get("resources").and_then(Value::as_array);
        let Some(resources) = resources else { continue };
        needing += 1;
        node.role = resources.iter().filter_map(Value::as_str).find_map(|name| {
            let key = words::normalised(name);
            if answers.len() > NAMES_COMPARED_MAX {
                return None;
            }
            let answer = answers.entry(key).or_insert_with_key(|key| {
                let role = roles.named(key)?;
                if !role.as_str().eq_ignore_ascii_case(name.trim()) {
                    run.report.derived(name, || format!("it is read as the role {role}"));
                }
                Some(role)
            });
            answer.clone()
        });
        given += usize::from(node.role.is_some());
    }
    run.report.derived("roles", || {
        format!(
            "{given} of {needing} tasks that name resources name a role of the team; the others \
             are for anybody, and keep the names"
        )
    });
}

/// The roles of a team, by what their spellings have in common.
struct Roles {
    by_name: BTreeMap<String, Title>,
}

impl Roles {
    fn of(roles: &[Title]) -> Self {
        let named = roles.iter().map(|role| (words::normalised(role.as_str()), role.clone()));
        Self { by_name: named.collect() }
    }

    /// The role of that name, or the only one that is nearly the same or has all its words.
    fn named(&self, key: &str) -> Option<Title> {
        if let Some(role) = self.by_name.get(key) {
            return Some(role.clone());
        }
        let is_near = |known: &str| {
            key.len() >= COMPARED_BYTES_MIN
                && words::distance(known, key, ROLE_DISTANCE_MAX).is_some()
        };
        let has_all = |known: &str| {
            let mut wanted = key.split(' ');
            key.contains(' ') && wanted.all(|word| known.split(' ').any(|own| own == word))
        };
        self.only(is_near).or_else(|| self.only(has_all))
    }

    fn only(&self, fits: impl Fn(&str) -> bool) -> Option<Title> {
        let mut found = self.by_name.iter().filter(|(known, _)| fits(known));
        let (_, role) = found.next()?;
        found.next().is_none().then(|| role.clone())
    }
}

/// Marks what people must do themselves, and because of which word.
fn find_human_work(run: &mut Run<'_>, draft: &mut Draft) {
    let mut found = 0;
    for node in &mut draft.nodes {
        let resources = node.params.get("resources").and_then(Value::as_array);
        let names = resources.into_iter().flatten().filter_map(Value::as_str);
        let mut texts = std::iter::once(node.title.as_str()).chain(names);
        let Some(word) = texts.find_map(human_word) else { continue };
        found += 1;
        node.params.insert("tier".to_owned(), "human_led".into());
        node.params.insert("tier_because_of".to_owned(), word.into());
    }
    if found > 0 {
        run.report.derived("tiers", || {
            format!("{found} tasks look like work for people, by a word in them (tier human_led)")
        });
    }
}

fn human_word(text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    let mut words = lower.split(|c: char| !c.is_alphanumeric());
    let is_human = |word: &&str| {
        HUMAN_WORDS.contains(word) || HUMAN_STEMS.iter().any(|stem| word.starts_with(stem))
    };
    words.find(is_human).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_found_by_any_spelling_and_never_guessed_between_two() {
        let titles = ["Financial Controller & Budget Steward", "Data Analyst", "Data Architect"];
        let roles: Vec<Title> = titles.iter().filter_map(|role| words::title(role)).collect();
        let roles = Roles::of(&roles);
        let named = |name: &str| roles.named(&words::normalised(name)).map(|it| it.to_string());
        assert_eq!(named("data analysts").as_deref(), Some("Data Analyst"));
        assert_eq!(named("Financial Controller").as_deref(), Some(titles[0]));
        assert_eq!(named("Data Analist").as_deref(), Some("Data Analyst"));
        assert_eq!(named("Data"), None);
        assert_eq!(named("Stakeholders"), None);
    }

    #[test]
    fn the_work_of_people_is_known_by_its_words() {
        assert_eq!(human_word("Negotiate the lease").as_deref(), Some("negotiate"));
        assert_eq!(human_word("Sign it").as_deref(), Some("sign"));
        assert_eq!(human_word("Design the signal").as_deref(), None);
    }
}

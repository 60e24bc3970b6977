//! How long things take: what the run estimated, put in order, and shared out to the parts that
//! it did not estimate. A day is a day of the calendar.

use super::files::Run;
use super::tree::{Named, Tree};
use super::values::text;
use crate::draft::{Draft, Spot};
use serde_json::{Map, Value, json};

const FILE: &str = "task_durations.json";
const DAY_MS: u64 = 86_400_000;
/// The longest estimate that is believed: a hundred years.
const DAYS_MAX: i64 = 36_600;

/// An estimate in days, put in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Days {
    min: i64,
    realistic: i64,
    max: i64,
}

/// Reads the estimates, and derives what is missing.
pub(super) fn read(run: &mut Run<'_>, draft: &mut Draft, tree: &mut Tree) {
    let mut known: Vec<Option<Days>> = vec![None; draft.nodes.len()];
    let mut is_said = vec![false; draft.nodes.len()];
    let file = run.name(FILE);
    if let Some(value) = run.wanted(FILE, "estimates") {
        let entries = value.as_array().map_or(&[][..], Vec::as_slice);
        for (place, entry) in entries.iter().enumerate() {
            let place = format!("{file}/{place}");
            let Some(spot) = whose(entry, &place, tree, run) else { continue };
            if std::mem::replace(&mut is_said[spot], true) {
                let why = "a second estimate of the same task: the first one holds".to_owned();
                run.report.dropped(&place, || why);
                continue;
            }
            known[spot] = estimate(entry, &place, run);
            keep(entry, known[spot], &mut draft.nodes[spot].params);
        }
    }
    derive(draft, &known, run);
}

fn whose(entry: &Value, place: &str, tree: &mut Tree, run: &mut Run<'_>) -> Option<Spot> {
    let id = text(entry, "task_id").unwrap_or_default();
    match tree.named(id) {
        Named::Exactly(spot) => Some(spot),
        Named::Nearly(spot, known) => {
            run.report.repaired(place, || format!("there is no {id}: read as {known}"));
            Some(spot)
        }
        Named::Root | Named::Nothing => {
            run.report.dropped(place, || format!("there is no task {id:?}"));
            None
        }
    }
}

/// The estimate of an entry, put in order; none where it says nothing.
fn estimate(entry: &Value, place: &str, run: &mut Run<'_>) -> Option<Days> {
    let day = |name: &str| entry.get(name).and_then(Value::as_i64);
    let given = [day("days_min"), day("days_realistic"), day("days_max")];
    let [min, realistic, max] = given.map(|days| days.filter(|it| (1..=DAYS_MAX).contains(it)));
    if given == [Some(-1); 3] {
        run.report.derived(place, || "it says -1: the work is ongoing".to_owned());
        return None;
    }
    let said: Vec<i64> = [min, realistic, max].into_iter().flatten().collect();
    let (low, high) = (said.iter().min()?, said.iter().max()?);
    let middle = realistic.unwrap_or((low + high) / 2);
    let days = Days {
        min: min.unwrap_or(middle).min(*low),
        realistic: middle,
        max: max.unwrap_or(middle).max(*high),
    };
    if given != [Some(days.min), Some(days.realistic), Some(days.max)] {
        let shown = given.map(|it| it.map_or_else(|| "nothing".to_owned(), |it| it.to_string()));
        run.report.repaired(place, || {
            let Days { min, realistic, max } = days;
            format!("days {}: read as {min}, {realistic}, {max}", shown.join(", "))
        });
    }
    Some(days)
}

fn keep(entry: &Value, days: Option<Days>, params: &mut Map<String, Value>) {
    match days {
        Some(Days { min, realistic, max }) => {
            let days = json!({"min": min, "realistic": realistic, "max": max});
            params.insert("days".to_owned(), days);
        }
        None => {
            params.insert("is_ongoing".to_owned(), true.into());
        }
    }
    for name in ["delay_risks", "mitigation_strategy"] {
        if let Some(told) = text(entry, name) {
            params.insert(name.to_owned(), super::values::note(told));
        }
    }
}

/// Gives each node its time: its own, else the sum of its parts, else its share of what it is a
/// part of.
fn derive(draft: &mut Draft, known: &[Option<Days>], run: &mut Run<'_>) {
    let parts = draft.parts();
    let mut times: Vec<Option<u64>> = known.iter().map(|days| days.map(ms)).collect();
    let mut sums: Vec<Option<u64>> = vec![None; times.len()];
    for spot in (0..times.len()).rev() {
        let known: Vec<u64> = parts[spot].iter().filter_map(|&part| times[part]).collect();
        sums[spot] = (!known.is_empty()).then(|| known.iter().sum());
        times[spot] = times[spot].or(sums[spot]);
    }
    for spot in 0..times.len() {
        let Some(whole) = times[spot].filter(|_| known[spot].is_some()) else { continue };
        let open: Vec<Spot> =
            parts[spot].iter().copied().filter(|&part| times[part].is_none()).collect();
        if sums[spot].is_none() && !open.is_empty() {
            let share = whole / u64::try_from(open.len()).unwrap_or(u64::MAX);
            open.iter().for_each(|&part| times[part] = Some(share));
        }
    }
    let mut derived = [0; 2];
    for (spot, node) in draft.nodes.iter_mut().enumerate() {
        node.estimated_ms = times[spot];
        if let (Some(_), Some(sum)) = (known[spot], sums[spot]) {
            node.params.insert("days_of_parts".to_owned(), json!(sum / DAY_MS));
        }
        if times[spot].is_some() && known[spot].is_none() {
            node.params.insert("is_estimate_derived".to_owned(), true.into());
            derived[usize::from(sums[spot].is_some())] += 1;
        }
    }
    let [shares, sums] = derived;
    if shares > 0 {
        let why = format!("{shares} tasks without an estimate have a share of what they belong to");
        run.report.derived("estimates", || why);
    }
    if sums > 0 {
        let why = format!("{sums} tasks without an estimate have the sum of their parts");
        run.report.derived("estimates", || why);
    }
}

fn ms(days: Days) -> u64 {
    u64::try_from(days.realistic).unwrap_or(0) * DAY_MS
}

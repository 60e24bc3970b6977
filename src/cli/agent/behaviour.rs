//! How a simulated agent behaves: drawn from a seed, the task and the attempt, so that the same
//! seed tells the same story whoever gets the task.

/// How many thousandths of the attempts go wrong in which way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Odds {
    pub(super) slow: u64,
    pub(super) failing: u64,
    pub(super) hanging: u64,
    pub(super) dying: u64,
    pub(super) undead: u64,
}

/// How an attempt goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Behaviour {
    /// As it should.
    Diligent,
    /// It takes several times as long.
    Slow,
    /// It fails, and may be tried again.
    Failing,
    /// It gives signs of life, and gets nowhere.
    Hanging,
    /// It falls silent, and comes back as if nothing had been.
    Dying,
    /// It falls silent, and reports when the task is another's.
    Undead,
}

/// Of how many an odd is a share.
const ALL: u64 = 1_000;

/// How an attempt at a task goes.
pub(super) fn drawn(seed: u64, task_id: &str, attempt: u32, odds: &Odds) -> Behaviour {
    let lot = mixed(seed, task_id, attempt) % ALL;
    let ways = [
        (odds.slow, Behaviour::Slow),
        (odds.failing, Behaviour::Failing),
        (odds.hanging, Behaviour::Hanging),
        (odds.dying, Behaviour::Dying),
        (odds.undead, Behaviour::Undead),
    ];
    let mut from = 0_u64;
    for (odd, behaviour) in ways {
        let to = from.saturating_add(odd);
        if (from..to).contains(&lot) {
            return behaviour;
        }
        from = to;
    }
    Behaviour::Diligent
}

/// A number that follows from the seed, the task and the attempt, and looks like chance.
pub(super) fn mixed(seed: u64, task_id: &str, attempt: u32) -> u64 {
    let mut mixed = seed ^ u64::from(attempt).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for byte in task_id.bytes() {
        mixed = (mixed ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::{Behaviour, Odds, drawn};
    use std::collections::BTreeMap;

    const ODDS: Odds = Odds { slow: 100, failing: 200, hanging: 50, dying: 50, undead: 100 };

    #[test]
    fn the_same_seed_tells_the_same_story_and_another_one_another() {
        let story = |seed| -> Vec<Behaviour> {
            (0..50).map(|task| drawn(seed, &format!("task_{task}"), 1, &ODDS)).collect()
        };
        assert_eq!(story(7), story(7));
        assert_ne!(story(7), story(8));
    }

    #[test]
    fn each_way_comes_about_as_often_as_it_should() {
        let mut seen: BTreeMap<String, u32> = BTreeMap::new();
        for task in 0..10_000 {
            let behaviour = drawn(3, &format!("task_{task}"), 1, &ODDS);
            *seen.entry(format!("{behaviour:?}")).or_default() += 1;
        }
        let wanted = [("Slow", 1_000), ("Failing", 2_000), ("Hanging", 500), ("Undead", 1_000)];
        for (name, wanted) in wanted {
            let found = seen[name];
            assert!(found.abs_diff(wanted) < wanted / 5, "{name}: {found} for {wanted}");
        }
        assert_eq!(drawn(3, "task_1", 1, &Odds::default()), Behaviour::Diligent);
    }
}

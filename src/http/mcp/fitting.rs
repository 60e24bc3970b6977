//! Answers that fit into the mind of who reads them: what is too large is cut where it is largest,
//! so that ids, leases and statuses stay whole.

use serde_json::{Map, Value};

/// How large the JSON of a result may be.
pub(super) const RESULT_BYTES_MAX: usize = 64 << 10;
/// How much of that may be what was not cut, and not the mark that something was.
const KEPT_BYTES_MAX: usize = RESULT_BYTES_MAX - 256;
/// What says that something was left out.
const TRUNCATED: &str = "truncated";
/// What stands where a text breaks off.
const BREAK: &str = "…";
/// What a member costs beside its name and its value.
const MEMBER_BYTES: usize = 4;
/// A part with less room than this is left out.
const PART_BYTES_MIN: usize = 16;

/// The same object, cut where it is too large; it then says so.
pub(super) fn fitted(value: Value) -> Value {
    if size(&value) <= RESULT_BYTES_MAX {
        return value;
    }
    let mut value = cut(value, KEPT_BYTES_MAX);
    if let Value::Object(members) = &mut value {
        members.insert(TRUNCATED.into(), true.into());
    }
    value
}

/// How many bytes a value takes as JSON.
fn size(value: &Value) -> usize {
    serde_json::to_vec(value).map_or(usize::MAX, |bytes| bytes.len())
}

/// The value in so many bytes at most, or in as few as its kind takes.
fn cut(value: Value, room: usize) -> Value {
    if size(&value) <= room {
        return value;
    }
    match value {
        Value::String(text) => Value::String(cut_text(&text, room)),
        Value::Array(items) => {
            let parts = items.into_iter().map(|item| (String::new(), item)).collect();
            Value::Array(share(parts, room).into_iter().map(|(_, item)| item).collect())
        }
        Value::Object(members) => {
            let parts = members.into_iter().collect();
            Value::Object(share(parts, room).into_iter().collect::<Map<_, _>>())
        }
        other @ (Value::Null | Value::Bool(_) | Value::Number(_)) => other,
    }
}

/// As much of a text as there is room for, as JSON.
fn cut_text(text: &str, room: usize) -> String {
    let wide = serde_json::to_string(text).map_or(usize::MAX, |json| json.len());
    let inner = room.saturating_sub(BREAK.len() + 2);
    let mut end = text.len().saturating_mul(inner) / wide.max(1);
    loop {
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let cut = format!("{}{BREAK}", &text[..end]);
        let is_small = serde_json::to_string(&cut).is_ok_and(|json| json.len() <= room);
        if is_small || end == 0 {
            return cut;
        }
        end /= 2;
    }
}

/// Gives every part its share of the room: the small ones stay whole, and what they leave over goes
/// to the large ones. The order stays.
fn share(parts: Vec<(String, Value)>, room: usize) -> Vec<(String, Value)> {
    let cost = |(name, value): &(String, Value)| name.len() + MEMBER_BYTES + size(value);
    let mut sizes: Vec<(usize, usize)> =
        parts.iter().enumerate().map(|(place, part)| (cost(part), place)).collect();
    sizes.sort_unstable();
    let mut rooms = vec![0; parts.len()];
    let (mut left, mut room) = (parts.len(), room.saturating_sub(2));
    for (cost, place) in sizes {
        let part = cost.min(room / left.max(1));
        rooms[place] = part;
        room -= part;
        left -= 1;
    }
    let placed = parts.into_iter().zip(rooms);
    let kept = placed.filter_map(|((name, value), room)| {
        let own = room.checked_sub(name.len() + MEMBER_BYTES)?;
        let fits = size(&value) <= own;
        (fits || own >= PART_BYTES_MIN).then(|| (name, cut(value, own)))
    });
    kept.collect()
}

#[cfg(test)]
mod tests {
    use super::{RESULT_BYTES_MAX, fitted, size};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    #[test]
    fn what_is_small_stays_whole_beside_what_is_large() {
        let lease = "l".repeat(300);
        let large = "ü\n\"".repeat(100_000);
        let many: Vec<_> = (0..50_000).collect();
        let task = json!({"task_id": "t1", "lease": lease, "params": {"page": large},
            "context": {"outputs": {"t0": many}, "memory": [{"context_value": large}]}});
        let fitted = fitted(json!({"work_available": true, "next_task": task}));
        assert!(size(&fitted) <= RESULT_BYTES_MAX, "{}", size(&fitted));
        assert_eq!(fitted["truncated"], true);
        assert_eq!(fitted["work_available"], true);
        assert_eq!(fitted["next_task"]["lease"], lease);
        let page = fitted["next_task"]["params"]["page"].as_str().expect("it is a text");
        assert!(page.starts_with("ü\n\"ü") && page.ends_with('…'), "{}", page.len());
    }

    #[test]
    fn what_fits_is_not_touched() {
        let value = json!({"tasks": [{"title": "a"}], "next_cursor": null});
        assert_eq!(fitted(value.clone()), value);
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<i64>().prop_map(Value::from),
            "\\PC{0,20}".prop_map(|text| Value::from(text.repeat(400))),
            "[\u{0}-\u{1f}\"]{0,20}".prop_map(|text| Value::from(text.repeat(200))),
        ];
        leaf.prop_recursive(5, 200, 20, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..20).prop_map(Value::from),
                prop::collection::btree_map("[a-z]{1,30}", inner, 0..20)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn whatever_there_is_it_fits(value in any_json()) {
            let fitted = fitted(json!({"value": value}));
            prop_assert!(size(&fitted) <= RESULT_BYTES_MAX, "{}", size(&fitted));
        }
    }
}

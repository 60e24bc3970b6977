//! Long lists go into several events, so that each event stays small.

use serde::Serialize;

/// The most tasks, or dependencies, in one event.
pub const EVENT_ITEMS_MAX: usize = 500;
/// The bytes of JSON after which an event takes no further item.
pub(crate) const EVENT_BYTES_AIM: usize = 131_072;

/// Cuts a list into pieces for one event each.
pub(crate) fn chunks<T: Serialize>(items: &[T]) -> Vec<&[T]> {
    let mut pieces = Vec::new();
    let mut begin = 0;
    let mut bytes = 0;
    for (place, item) in items.iter().enumerate() {
        let size = serde_json::to_vec(item).map_or(0, |json| json.len());
        let is_full = place - begin == EVENT_ITEMS_MAX || bytes + size > EVENT_BYTES_AIM;
        if is_full && place > begin {
            pieces.push(&items[begin..place]);
            (begin, bytes) = (place, 0);
        }
        bytes += size;
    }
    pieces.extend(items.get(begin..).filter(|rest| !rest.is_empty()));
    pieces
}

//! What language models may use up in a day, by UTC, and what they have.

use super::SPENDING;
use crate::domain::event::plan::PlanEvent;
use crate::domain::{Budget, Event, Timestamp, Usage};
use crate::store::{LogFilter, Position, Store, StoreError};
use std::sync::{Mutex, PoisonError};

const DAY_MS: i64 = 86_400_000;
/// How many events are read at once.
const PAGE_EVENTS: usize = 500;

/// What was used up on the last day on which anything was.
#[derive(Debug, Default)]
pub(super) struct DayBudget {
    limit: Budget,
    spent: Mutex<(i64, Usage)>,
}

impl DayBudget {
    pub(super) fn new(limit: Budget, (day, usage): (i64, Usage)) -> Self {
        Self { limit, spent: Mutex::new((day, usage)) }
    }

    /// Whether anything is left of the day's budget.
    pub(super) fn has_room(&self, now: Timestamp) -> bool {
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        if spent.0 != day(now) {
            *spent = (day(now), Usage::default());
        }
        let tokens = self.limit.tokens_max.is_none_or(|max| spent.1.tokens() < max);
        let cost = self.limit.cost_microusd_max.is_none_or(|max| spent.1.cost_microusd < max);
        tokens && cost
    }

    pub(super) fn spend(&self, now: Timestamp, usage: Usage) {
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        let before = if spent.0 == day(now) { spent.1 } else { Usage::default() };
        *spent = (day(now), before.plus(usage));
    }

    /// Puts what was used up in the place of what was set aside for it.
    pub(super) fn settle(&self, now: Timestamp, set_aside: Usage, used: Usage) {
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        if spent.0 == day(now) {
            spent.1 = without(spent.1, set_aside).plus(used);
        }
    }
}

fn without(sum: Usage, part: Usage) -> Usage {
    Usage {
        input_tokens: sum.input_tokens.saturating_sub(part.input_tokens),
        output_tokens: sum.output_tokens.saturating_sub(part.output_tokens),
        cost_microusd: sum.cost_microusd.saturating_sub(part.cost_microusd),
        duration_ms: sum.duration_ms.saturating_sub(part.duration_ms),
    }
}

fn day(at: Timestamp) -> i64 {
    at.unix_ms().div_euclid(DAY_MS)
}

/// What the log knows of what was used up today.
pub(super) async fn spent_today(store: &Store, now: Timestamp) -> Result<(i64, Usage), StoreError> {
    let since = Timestamp::from_unix_ms(day(now).saturating_mul(DAY_MS));
    let filter =
        LogFilter { kinds: vec![SPENDING.to_owned()], since: Some(since), ..LogFilter::default() };
    let (mut usage, mut after) = (Usage::default(), Position::ZERO);
    loop {
        let page = store.read_log(after, &filter, PAGE_EVENTS).await?;
        for event in &page {
            let decoded = Event::decode(&event.kind, event.schema_version, &event.payload);
            if let Ok(Event::Plan(PlanEvent::PlanTaskDecomposed(decomposed))) = decoded {
                usage = usage.plus(decomposed.usage.unwrap_or_default());
            }
        }
        match page.last() {
            Some(last) if page.len() == PAGE_EVENTS => after = last.position,
            Some(_) | None => return Ok((day(now), usage)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_used_up_and_comes_again_the_next_day() {
        let limit = Budget { tokens_max: Some(100), cost_microusd_max: Some(7) };
        let now = Timestamp::from_unix_ms(DAY_MS * 20_000 + 5);
        let budget = DayBudget::new(limit, (day(now), Usage::default()));
        let tokens = |input_tokens| Usage { input_tokens, ..Usage::default() };
        assert!(budget.has_room(now));
        budget.spend(now, tokens(99));
        assert!(budget.has_room(now));
        budget.spend(now, tokens(1));
        assert!(!budget.has_room(now));
        let tomorrow = Timestamp::from_unix_ms(DAY_MS * 20_001);
        assert!(budget.has_room(tomorrow));
        budget.spend(tomorrow, Usage { cost_microusd: 7, ..Usage::default() });
        assert!(!budget.has_room(tomorrow));
        let cheap = Usage { cost_microusd: 6, ..Usage::default() };
        budget.settle(tomorrow, Usage { cost_microusd: 7, ..Usage::default() }, cheap);
        assert!(budget.has_room(tomorrow));
    }
}

//! Which events a webhook is sent: kinds, beginnings of kinds with a star, or all.

use super::calls::{AGENT_DIRECTIVE, WORK_AVAILABLE, is_call};
use crate::domain::Event;
use crate::domain::event::workspace::WorkspaceEvent;

/// What the planning documents call some events, and what the log calls them.
const OTHER_NAMES: [(&str, &str); 14] = [
    ("agent_offline", "agent_lost"),
    ("agent_online", "agent_returned"),
    ("escalation", "blocker_escalated"),
    ("external_dependency_blocked", "blocker_raised"),
    ("human_review_required", "blocker_raised"),
    ("lease_lost", "lease_expired"),
    ("pipeline_completed", "execution_completed"),
    ("pipeline_failed", "execution_failed"),
    ("plan_created", "plan_imported"),
    ("plan_ready", "execution_started"),
    ("task_blocked", "blocker_raised"),
    ("task_complete", "task_completed"),
    ("task_retried", "retry_scheduled"),
    ("task_unblocked", "blocker_resolved"),
];

/// A pattern that no event fits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "no event is called `{0}`: name a kind such as `execution_completed` or `execution.completed`, \
     a beginning with a star such as `task.*`, or `*`"
)]
pub struct BadPattern(String);

/// Which events are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pattern {
    /// Every event.
    All,
    /// Those whose kinds begin so.
    Prefix(String),
    /// Those of this kind.
    Kind(String),
}

impl Pattern {
    /// Reads a pattern; one that fits no event that is ever sent is refused.
    pub(super) fn parse(text: &str) -> Result<Self, BadPattern> {
        let plain = text.trim().replace('.', "_");
        let pattern = match plain.strip_suffix('*') {
            Some("") => Self::All,
            Some(prefix) => Self::Prefix(prefix.to_owned()),
            None => {
                let named = OTHER_NAMES.iter().find(|(name, _)| *name == plain);
                Self::Kind(named.map_or(plain, |(_, kind)| (*kind).to_owned()))
            }
        };
        let kinds = Event::catalogue().map(|entry| entry.kind).filter(|kind| is_sent(kind));
        if kinds.chain([WORK_AVAILABLE, AGENT_DIRECTIVE]).any(|kind| pattern.wants(kind)) {
            return Ok(pattern);
        }
        Err(BadPattern(text.chars().take(100).collect()))
    }

    /// Whether an event of this kind is wanted.
    pub(super) fn wants(&self, kind: &str) -> bool {
        match self {
            Self::All => true,
            Self::Prefix(prefix) => kind.starts_with(prefix.as_str()),
            Self::Kind(wanted) => wanted == kind,
        }
    }
}

impl Pattern {
    /// Whether calls are wanted.
    pub(super) fn wants_calls(&self) -> bool {
        self.wants(WORK_AVAILABLE) || self.wants(AGENT_DIRECTIVE)
    }
}

/// Whether a pattern names a call, which is always made to one agent.
pub fn names_a_call(text: &str) -> bool {
    matches!(Pattern::parse(text), Ok(Pattern::Kind(kind)) if is_call(&kind))
}

/// Checks a pattern.
pub fn check_pattern(text: &str) -> Result<(), BadPattern> {
    Pattern::parse(text).map(drop)
}

/// Whether events of this kind are ever sent: nothing about keys, members and webhooks is.
pub(super) fn is_sent(kind: &str) -> bool {
    !WorkspaceEvent::CATALOGUE.iter().any(|entry| entry.kind == kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wants(pattern: &str, kind: &str) -> bool {
        Pattern::parse(pattern).expect("it is a pattern").wants(kind)
    }

    #[test]
    fn a_pattern_is_a_kind_a_beginning_or_everything() {
        assert!(wants("*", "task_completed"));
        assert!(wants("execution.completed", "execution_completed"));
        assert!(wants("execution_completed", "execution_completed"));
        assert!(!wants("execution_completed", "execution_created"));
        for pattern in ["task.*", "task_*", "task*"] {
            assert!(wants(pattern, "task_granted") && !wants(pattern, "lease_expired"));
        }
    }

    #[test]
    fn the_names_of_the_documents_are_understood() {
        assert!(wants("task.blocked", "blocker_raised"));
        assert!(wants("pipeline.completed", "execution_completed"));
        for (_, kind) in OTHER_NAMES {
            assert!(Event::catalogue().any(|entry| entry.kind == kind), "{kind}");
        }
    }

    #[test]
    fn what_fits_no_event_or_only_secret_ones_is_refused() {
        for pattern in ["", "execution.complete", "tusk.*", "key_created", "webhook*", "member.*"] {
            assert!(Pattern::parse(pattern).is_err(), "{pattern}");
        }
        assert!(!is_sent("key_created") && is_sent("agent_lost"));
    }

    #[test]
    fn calls_are_named_like_events() {
        assert!(names_a_call("work.available") && names_a_call("agent_directive"));
        for pattern in ["*", "agent.*", "task.granted", "work.unavailable"] {
            assert!(!names_a_call(pattern), "{pattern}");
        }
        assert!(wants("work.*", WORK_AVAILABLE) && wants("*", AGENT_DIRECTIVE));
    }
}

//! What PlanExe can do wrong, in the words of the log, with a sentence for people.

use crate::domain::Text;
use crate::domain::event::plan::GenerationFault;
use crate::outbound::Failed;

/// How much of what PlanExe says is kept.
const SAID_CHARS_MAX: usize = 400;

/// PlanExe did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    /// What sort of thing went wrong.
    pub kind: GenerationFault,
    /// What went wrong, and what to do.
    pub message: String,
    /// Whether it may pass by itself.
    pub is_passing: bool,
    /// Whether the run can be gone on with.
    pub is_resumable: bool,
}

impl Fault {
    /// Something that stays as it is.
    pub(super) fn lasting(kind: GenerationFault, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), is_passing: false, is_resumable: false }
    }

    /// Something that stays as it is, of a run that can be gone on with.
    pub(super) fn resumable(kind: GenerationFault, message: impl Into<String>) -> Self {
        Self { is_resumable: true, ..Self::lasting(kind, message) }
    }

    /// Something that may pass by itself.
    pub(super) fn passing(kind: GenerationFault, message: impl Into<String>) -> Self {
        Self { is_passing: true, ..Self::resumable(kind, message) }
    }

    pub(super) fn unreachable() -> Self {
        let message = "PlanExe cannot be reached: see that it runs, and that planexe.url leads to \
                       it";
        Self::passing(GenerationFault::Unreachable, message)
    }

    pub(super) fn too_slow() -> Self {
        let message = "PlanExe did not answer in time (planexe.timeout_ms)";
        Self::passing(GenerationFault::Unreachable, message)
    }

    /// What was answered is not what was asked for.
    pub(super) fn bad_answer(what: &str) -> Self {
        let message = format!(
            "PlanExe answered something else than it should ({what}): see that planexe.url and \
             planexe.protocol are right"
        );
        Self::lasting(GenerationFault::BadAnswer, message)
    }

    /// It sends whoever asks to another address.
    pub(super) fn redirects() -> Self {
        let message = "PlanExe leads to another address, which is not followed: set planexe.url to \
                       where it really is";
        Self::lasting(GenerationFault::BadAnswer, message)
    }

    /// The message as it is kept.
    pub(super) fn text(&self) -> Option<Text> {
        Text::parse(&self.message).ok()
    }
}

impl From<Failed> for Fault {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Unresolved | Failed::Unreachable | Failed::Nameless | Failed::Broken => {
                Self::unreachable()
            }
            Failed::Certificate => {
                let message = "PlanExe has no certificate that is trusted: set planexe.ca_file";
                Self::lasting(GenerationFault::Unreachable, message)
            }
            Failed::NoProxy | Failed::NotLetThrough => {
                let message = "PlanExe cannot be reached through the proxy: see that it runs, and \
                               lets requests through to planexe.url (outbound.proxy)";
                Self::passing(GenerationFault::Unreachable, message)
            }
        }
    }
}

/// What PlanExe says, as one short line of plain text: it is a stranger's.
pub(super) fn quoted(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut short: String = plain.take(SAID_CHARS_MAX).collect();
    if text.chars().count() > SAID_CHARS_MAX {
        short.push('…');
    }
    short.split_whitespace().collect::<Vec<_>>().join(" ")
}

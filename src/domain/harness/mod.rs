//! The laws as ordinary functions over bytes: proptest, the fuzzers and the simulator drive the
//! same ones. A broken law panics; nothing else does.

mod bytes;
mod laws;
mod liveness;
mod own;
mod program;
mod shapes;

pub use bytes::Bytes;
pub use laws::{Witness, replayed};
pub use liveness::carry_to_the_end;
pub use program::Program;

use crate::Event;

/// The most commands of one random program.
pub const COMMANDS_MAX: usize = 60;

/// Carries out the program that the bytes spell, and holds every law up to every step.
pub fn commands(bytes: &[u8]) {
    let mut program = Program::of(bytes);
    let mut witness = Witness::new();
    witness.begin(&mut program);
    for _ in 0..COMMANDS_MAX {
        if program.is_over() {
            return;
        }
        let (command, moment) = program.next_command(witness.execution());
        witness.step(&command, &moment);
    }
}

/// As [`commands`], with a plan that an agent brought and carries out itself.
pub fn own_plans(bytes: &[u8]) {
    let mut program = Program::of(bytes);
    let mut witness = Witness::new();
    witness.begin_own(&mut program);
    for _ in 0..COMMANDS_MAX {
        if program.is_over() {
            return;
        }
        let (command, moment) = program.next_own_command(witness.execution());
        witness.step(&command, &moment);
    }
}

/// As [`commands`]; then everyone is friendly, and the execution must come to an end.
pub fn liveness(bytes: &[u8]) {
    let mut program = Program::of(bytes);
    let mut witness = Witness::new();
    witness.begin(&mut program);
    for _ in 0..COMMANDS_MAX / 2 {
        let (command, moment) = program.next_command(witness.execution());
        witness.step(&command, &moment);
    }
    carry_to_the_end(&mut witness, program.now());
}

/// Reads bytes as any event: what can be read is written again as it was understood, and neither
/// reading nor applying panics.
pub fn event_json(bytes: &[u8]) {
    let (kind, version, payload) = seed(bytes).unwrap_or_else(|| any_shape(bytes));
    let Ok(event) = Event::decode(kind, version, payload) else {
        return;
    };
    laws::reads_as_written(&event);
    let mut execution = crate::execution::Execution::default();
    if execution.apply(&event).is_ok() {
        let again = execution.clone().apply(&event);
        assert!(execution.header().is_none() || again.is_err(), "made twice by {event:?}");
    }
}

/// Reads bytes as an old shape: what can be read becomes today's shape, and stays what it is.
pub fn upcast(bytes: &[u8]) {
    let seed = seed(bytes).filter(|(kind, version, _)| steps_from(kind, *version));
    let (kind, version, payload) = seed.unwrap_or_else(|| any_old_shape(bytes));
    let Ok(event) = Event::decode(kind, version, payload) else {
        return;
    };
    assert!(event.schema_version() > version, "{kind} is not lifted");
    laws::reads_as_written(&event);
}

/// A kind, the version of a shape, and bytes to read as that.
type Stored<'a> = (&'static str, u16, &'a [u8]);

/// Reads bytes as a golden file: a line with its name, as in `agent_lost.v1`, then its contents.
pub fn seed(bytes: &[u8]) -> Option<Stored<'_>> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let (kind, version) = std::str::from_utf8(&bytes[..end]).ok()?.split_once(".v")?;
    let entry = Event::catalogue().find(|entry| entry.kind == kind)?;
    Some((entry.kind, version.parse().ok()?, &bytes[end + 1..]))
}

fn any_shape(bytes: &[u8]) -> Stored<'_> {
    let mut taken = Bytes::new(bytes);
    let kinds: Vec<_> = Event::catalogue().collect();
    let entry = kinds[taken.below(kinds.len())];
    let version = u16::from(taken.byte()) % (entry.schema_version + 2);
    (entry.kind, version, taken.rest())
}

fn any_old_shape(bytes: &[u8]) -> Stored<'_> {
    let mut taken = Bytes::new(bytes);
    let steps = crate::event::UPCASTERS;
    let step = &steps[taken.below(steps.len())];
    (step.kind, step.from, taken.rest())
}

fn steps_from(kind: &str, version: u16) -> bool {
    crate::event::UPCASTERS.iter().any(|step| step.kind == kind && step.from == version)
}

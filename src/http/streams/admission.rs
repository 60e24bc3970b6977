//! Whether whoever opened a stream may still listen: a key can be revoked while it is open.

use crate::clock::Clock;
use crate::domain::Timestamp;
use crate::http::caller::{Caller, Who};
use crate::keys::Keyring;

/// How often an open stream is looked at. With the second that a revocation takes to every server,
/// it is closed within five.
const LOOK_MS: u64 = 3_000;

/// Who listens, and by what right.
pub(super) struct Admission {
    keys: Keyring,
    who: Who,
    clock: Clock,
    look_at: Timestamp,
}

impl Admission {
    pub(super) fn new(keys: &Keyring, caller: &Caller, clock: &Clock) -> Self {
        let look_at = clock.now().plus_ms(LOOK_MS);
        Self { keys: keys.clone(), who: caller.who.clone(), clock: clock.clone(), look_at }
    }

    /// Waits until whoever listens may not any more. Safe to cancel.
    pub(super) async fn ended(&mut self) {
        loop {
            self.clock.sleep_until(self.look_at).await;
            if !self.holds() {
                return;
            }
            self.look_at = self.clock.now().plus_ms(LOOK_MS);
        }
    }

    fn holds(&self) -> bool {
        match &self.who {
            Who::OnePerson => self.keys.is_unused(),
            Who::Bearer { key_id: Some(key_id), .. } => self.keys.still(key_id).is_some(),
            Who::Bearer { key_id: None, .. } => true,
        }
    }
}

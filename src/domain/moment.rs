//! What comes in with a command from the world: the time, who gives it, a random number.

use crate::{Actor, Timestamp};

/// The circumstances of a command. The law itself knows neither clock nor dice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// Now.
    pub at: Timestamp,
    /// Who gives the command.
    pub by: Actor,
    /// A number drawn at random, for jitter and for secrets in leases.
    pub random: u64,
}

impl Moment {
    /// The circumstances of something that the engine does by itself.
    pub fn of_engine(at: Timestamp, random: u64) -> Self {
        Self { at, by: Actor::system(), random }
    }

    /// A further random number, different for each `salt`.
    pub fn random_for(&self, salt: u64) -> u64 {
        let mut mixed = self.random ^ salt.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

//! Numbers drawn at random, and ids made of them; in tests, from a seed.

use crate::domain::Timestamp;
use sha2::{Digest, Sha256};
use std::sync::atomic::{AtomicU64, Ordering};
use uuid::Uuid;

/// Where random numbers come from: a secret seed and a counter, mixed by a hash.
#[derive(Debug)]
pub struct Random {
    seed: [u8; 32],
    drawn: AtomicU64,
}

impl Random {
    /// Numbers that nobody can foresee.
    pub fn from_system() -> Self {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).expect("the system has random numbers");
        Self { seed, drawn: AtomicU64::new(0) }
    }

    /// The same numbers for the same seed.
    pub fn from_seed(seed: u64) -> Self {
        Self { seed: Sha256::digest(seed.to_be_bytes()).into(), drawn: AtomicU64::new(0) }
    }

    fn draw(&self) -> [u8; 32] {
        let place = self.drawn.fetch_add(1, Ordering::Relaxed);
        let mut hash = Sha256::new();
        hash.update(self.seed);
        hash.update(place.to_be_bytes());
        hash.finalize().into()
    }

    /// A number.
    pub fn number(&self) -> u64 {
        let drawn = self.draw();
        drawn[..8].iter().fold(0, |number, byte| (number << 8) | u64::from(*byte))
    }

    /// As many bytes as a secret needs.
    pub fn bytes(&self) -> [u8; 32] {
        self.draw()
    }

    /// An id that sorts by time.
    pub fn event_id(&self, at: Timestamp) -> Uuid {
        let drawn = self.draw();
        let mut random = [0_u8; 10];
        random.copy_from_slice(&drawn[..10]);
        let ms = u64::try_from(at.unix_ms()).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(ms, &random).into_uuid()
    }
}

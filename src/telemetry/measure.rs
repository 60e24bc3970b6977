//! Counters, gauges and histograms of the whole process: numbers that any room adds to without
//! waiting, and that are read together when somebody asks.

use std::sync::atomic::{AtomicU64, Ordering};

/// How many buckets a histogram has at most.
const BUCKETS_MAX: usize = 20;

/// A number that only grows.
#[derive(Debug)]
pub struct Counter(AtomicU64);

impl Counter {
    /// From nothing.
    pub const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// One more.
    pub fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// So many more.
    pub fn add(&self, count: usize) {
        self.0.fetch_add(u64::try_from(count).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// How many there were.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Default for Counter {
    fn default() -> Self {
        Self::new()
    }
}

/// A number that goes up and down.
#[derive(Debug)]
pub struct Gauge(AtomicU64);

impl Gauge {
    /// From nothing.
    pub const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// This many now.
    pub fn set(&self, number: u64) {
        self.0.store(number, Ordering::Relaxed);
    }

    /// One more for as long as what comes back lives.
    pub fn held(&'static self) -> Held {
        self.0.fetch_add(1, Ordering::Relaxed);
        Held(self)
    }

    /// How many there are.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Default for Gauge {
    fn default() -> Self {
        Self::new()
    }
}

/// Counts in a gauge until it is dropped.
#[derive(Debug)]
pub struct Held(&'static Gauge);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How often a number lay under each of some bounds.
#[derive(Debug)]
pub struct Histogram {
    bounds: &'static [u64],
    counts: [AtomicU64; BUCKETS_MAX],
    above: AtomicU64,
    sum: AtomicU64,
}

/// A histogram, as it was at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Buckets {
    /// For each bound, how many numbers were at most that: each includes those before it.
    pub upto: Vec<(u64, u64)>,
    /// How many numbers there were.
    pub count: u64,
    /// What they add up to.
    pub sum: u64,
}

impl Histogram {
    /// With these bounds, the smallest first.
    pub const fn new(bounds: &'static [u64]) -> Self {
        assert!(bounds.len() <= BUCKETS_MAX, "a histogram has at most 20 bounds");
        let counts = [const { AtomicU64::new(0) }; BUCKETS_MAX];
        Self { bounds, counts, above: AtomicU64::new(0), sum: AtomicU64::new(0) }
    }

    /// One more number.
    pub fn note(&self, number: u64) {
        let place = self.bounds.partition_point(|bound| *bound < number);
        let count = if place < self.bounds.len() { &self.counts[place] } else { &self.above };
        count.fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(number, Ordering::Relaxed);
    }

    /// How it is now.
    pub fn read(&self) -> Buckets {
        let mut count = 0;
        let upto = self.bounds.iter().zip(&self.counts).map(|(bound, own)| {
            count += own.load(Ordering::Relaxed);
            (*bound, count)
        });
        let upto = upto.collect();
        count += self.above.load(Ordering::Relaxed);
        Buckets { upto, count, sum: self.sum.load(Ordering::Relaxed) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Gauge, Histogram};

    #[test]
    fn a_number_counts_in_its_bucket_and_in_all_above() {
        static SIZES: Histogram = Histogram::new(&[1, 10]);
        for number in [0, 1, 2, 10, 11] {
            SIZES.note(number);
        }
        let read = SIZES.read();
        assert_eq!((read.upto, read.count, read.sum), (vec![(1, 2), (10, 4)], 5, 24));
    }

    #[test]
    fn what_is_held_counts_until_it_is_let_go() {
        static OPEN: Gauge = Gauge::new();
        let (one, other) = (OPEN.held(), OPEN.held());
        assert_eq!(OPEN.get(), 2);
        drop(one);
        assert_eq!(OPEN.get(), 1);
        drop(other);
        assert_eq!(OPEN.get(), 0);
    }
}

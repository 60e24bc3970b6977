//! What share of attempts took how long, from how many took about so long.

/// How many bits the milliseconds have: each bucket is twice as wide as the one before it.
pub(super) fn bits(ms: u64) -> u32 {
    u64::BITS - ms.leading_zeros()
}

/// The duration that so many thousandths of the attempts stayed under, taking those in a bucket
/// as spread evenly over it; none when there was no attempt. The buckets come as `bits` and
/// `attempts` of [`super::MetricDurationRow`], in any order.
pub fn percentile(buckets: &[(u32, u64)], permille: u32) -> Option<u64> {
    let mut buckets = buckets.to_vec();
    buckets.sort_unstable();
    let total: u128 = buckets.iter().map(|(_, attempts)| u128::from(*attempts)).sum();
    let rank = (total * u128::from(permille.min(1_000))).div_ceil(1_000).max(1);
    let mut below = 0;
    for (bits, attempts) in buckets {
        let attempts = u128::from(attempts);
        if below + attempts >= rank {
            return Some(within(bits, rank - below, attempts));
        }
        below += attempts;
    }
    None
}

fn within(bits: u32, rank: u128, attempts: u128) -> u64 {
    let Some(width) = bits.min(u64::BITS).checked_sub(1).map(|bits| 1_u128 << bits) else {
        return 0;
    };
    let ms = width + width * (2 * rank - 1) / (2 * attempts);
    u64::try_from(ms).unwrap_or(u64::MAX)
}

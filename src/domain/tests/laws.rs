//! The laws, over random programs.

use planexe_ax_domain::harness;
use proptest::collection::vec;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, max_shrink_iters: 3_000, ..ProptestConfig::default() })]

    #[test]
    fn every_law_holds_for_every_program(bytes in vec(any::<u8>(), 0..900)) {
        harness::commands(&bytes);
    }

    #[test]
    fn every_execution_ends_when_everyone_is_friendly(bytes in vec(any::<u8>(), 0..500)) {
        harness::liveness(&bytes);
    }

    #[test]
    fn bytes_are_an_event_or_are_refused(bytes in vec(any::<u8>(), 0..200)) {
        harness::event_json(&bytes);
    }

    #[test]
    fn bytes_are_an_old_event_or_are_refused(bytes in vec(any::<u8>(), 0..200)) {
        harness::upcast(&bytes);
    }
}

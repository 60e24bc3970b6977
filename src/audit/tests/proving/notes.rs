//! Signed checkpoints: read as they were written, and in no other way.

use super::support::{LOG_ID, at, leaves, signer};
use planexe_ax_audit::{
    BadKey, BadNote, Checkpoint, Signer, Verifier, origin_of, seed_of, seed_text,
};
use proptest::prelude::*;
use proptest::sample::Index;

#[test]
fn a_checkpoint_is_signed_as_another_program_signs_it() {
    let seed: [u8; 32] = std::array::from_fn(|at| u8::try_from(at).expect("small"));
    let signer = Signer::new(&origin_of(LOG_ID), &seed).expect("a key");
    let key = "planexe-ax/log/0192f0c1-a2b3-7c4d-8e9f-000102030405+6fecdf11\
        +AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";
    assert_eq!(signer.verifier().to_string(), key);
    let root =
        super::support::hash("5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
    let note = Checkpoint { origin: origin_of(LOG_ID), size: 8, root }.signed(&signer);
    let wanted = "planexe-ax/log/0192f0c1-a2b3-7c4d-8e9f-000102030405\n8\n\
        XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n\n\
        — planexe-ax/log/0192f0c1-a2b3-7c4d-8e9f-000102030405 \
        b+zfEd2QYqgBcLdpenaE/Qt6kRLQQgscPz7AoEC85e42pM7TarqKlHus\
        Qbwn8YbE/X0bmEJBRqKKMSXQxAq5CG0syQQ=\n";
    assert_eq!(note, wanted);
}

#[test]
fn a_checkpoint_by_another_key_or_of_another_log_says_so() {
    let (ours, theirs) = (signer(1), signer(2));
    let checkpoint = at(&leaves(3), 3);
    let note = checkpoint.signed(&ours);
    assert_eq!(Checkpoint::open(&note, ours.verifier()), Ok(checkpoint.clone()));
    let refused = Checkpoint::open(&note, theirs.verifier()).expect_err("it is refused");
    assert!(refused.to_string().contains("another log's, or by another key"), "{refused}");
    let other = Checkpoint { origin: "planexe-ax/log/other".to_owned(), ..checkpoint };
    let refused = Checkpoint::open(&other.signed(&ours), ours.verifier());
    assert!(matches!(refused, Err(BadNote::OtherLog { .. })), "{refused:?}");
}

#[test]
fn a_note_with_more_signatures_and_lines_is_read_as_the_form_allows() {
    let (ours, theirs) = (signer(1), signer(2));
    let checkpoint = at(&leaves(3), 3);
    let (one, two) = (checkpoint.signed(&ours), checkpoint.signed(&theirs));
    let beside = two.lines().last().expect("a signature");
    let note = format!("{one}{beside}\n");
    assert_eq!(Checkpoint::open(&note, ours.verifier()), Ok(checkpoint));
    for wrong in ["", "\n\n", "a\n1\nb\n\n", "a\n1\n\n— x y\n", "a\r\n\n— x AAAAAAA=\n"] {
        assert!(Checkpoint::open(wrong, ours.verifier()).is_err(), "{wrong:?}");
    }
}

proptest! {
    #[test]
    fn a_note_of_which_one_bit_changed_is_refused(which in any::<Index>(), bit in 0..8_u32) {
        let ours = signer(1);
        let mut note = at(&leaves(9), 9).signed(&ours).into_bytes();
        let at = which.index(note.len());
        note[at] ^= 1 << bit;
        if let Ok(note) = String::from_utf8(note) {
            prop_assert!(Checkpoint::open(&note, ours.verifier()).is_err(), "{note}");
        }
    }

    #[test]
    fn a_key_of_which_one_bit_changed_is_refused(which in any::<Index>(), bit in 0..8_u32) {
        let key = signer(1).verifier().clone();
        let mut text = key.to_string().into_bytes();
        let at = which.index(text.len());
        text[at] ^= 1 << bit;
        if let Ok(text) = String::from_utf8(text) {
            prop_assert!(Verifier::parse(&text).is_err(), "{text}");
        }
        prop_assert_eq!(Verifier::parse(&key.to_string()), Ok(key));
    }
}

#[test]
fn a_private_key_is_written_and_read() {
    let seed = [7; 32];
    assert_eq!(seed_of(&format!("{}\n", seed_text(&seed))), Ok(seed));
    assert_eq!(seed_of(&"07".repeat(32)), Ok(seed));
    assert_eq!(seed_of("s3cret"), Err(BadKey::Private));
    assert!(!format!("{:?}", signer(7)).contains(&seed_text(&seed)));
}

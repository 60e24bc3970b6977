//! An export, and everything that can be wrong with it.

use super::support::{Event, Files, at, check, export, log, manifest_of, push, signer};
use planexe_ax_audit::{
    BadLine, Checkpoint, EventsFormat, Known, Line, WrongKind, leaf_hash, origin_of, segment_name,
    write_line,
};
use proptest::prelude::*;
use proptest::sample::Index;
use std::sync::OnceLock;

const EVENTS: u64 = 23;
const SIZES: [u64; 4] = [1, 7, 16, EVENTS];
const FORMATS: [EventsFormat; 2] = [EventsFormat::Lines, EventsFormat::LinesAndCloudEvents];

/// An export that is good; made once, and changed in copies.
fn good(events: EventsFormat) -> Files {
    static MADE: OnceLock<[Files; 2]> = OnceLock::new();
    let make = |events| export(&log(EVENTS), &SIZES, &signer(1), events);
    let [lines, both] = MADE.get_or_init(|| FORMATS.map(make));
    match events {
        EventsFormat::Lines => lines.clone(),
        EventsFormat::LinesAndCloudEvents => both.clone(),
    }
}

/// What is said of an export whose events were changed by one who can also make a manifest.
fn told_of(change: impl Fn(&mut Vec<String>)) -> String {
    let mut files = good(EventsFormat::Lines);
    let text = String::from_utf8(files[&segment_name(1)].clone()).expect("a text");
    let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
    change(&mut lines);
    let mut file = Vec::new();
    lines.iter().for_each(|line| push(&mut file, line.as_bytes()));
    files.insert(segment_name(1), file);
    let manifest = manifest_of(&files, EVENTS, &signer(1), EventsFormat::Lines);
    files.insert("manifest.json".to_owned(), manifest);
    check(&files, &Known::default()).expect_err("it is wrong").to_string()
}

#[test]
fn an_export_verifies_and_says_what_it_holds() {
    for events in FORMATS {
        let files = good(events);
        let (signer, log) = (signer(1), log(EVENTS));
        let known = Known { key: Some(signer.verifier()), checkpoints: &[] };
        let told = check(&files, &known).expect("it verifies");
        assert_eq!((told.checkpoint.size, told.hidden, told.checkpoints), (EVENTS, 5, 4));
        let leaves: Vec<_> = log.iter().map(|event| leaf_hash(&event.entry().leaf)).collect();
        assert_eq!(told.checkpoint, at(&leaves, EVENTS));
        let bytes: usize = files.values().map(Vec::len).sum();
        assert_eq!(usize::try_from(told.bytes), Ok(bytes));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn an_export_of_which_one_bit_changed_does_not_verify(
        format in 0..2_usize,
        file in any::<Index>(),
        byte in any::<Index>(),
        bit in 0..8_u32,
    ) {
        let mut files = good(FORMATS[format]);
        let names: Vec<_> = files.keys().cloned().collect();
        let name = &names[file.index(names.len())];
        let bytes = files.get_mut(name).expect("it is there");
        let place = byte.index(bytes.len());
        bytes[place] ^= 1 << bit;
        prop_assert!(check(&files, &Known::default()).is_err(), "{name} at {place}");
    }

    #[test]
    fn an_event_of_which_one_bit_changed_is_named_even_under_a_manifest_that_fits(
        byte in any::<Index>(),
        bit in 0..8_u32,
    ) {
        let mut files = good(EventsFormat::Lines);
        let bytes = files.get_mut(&segment_name(1)).expect("it is there");
        let place = byte.index(bytes.len());
        bytes[place] ^= 1 << bit;
        let manifest = manifest_of(&files, EVENTS, &signer(1), EventsFormat::Lines);
        files.insert("manifest.json".to_owned(), manifest);
        prop_assert!(check(&files, &Known::default()).is_err(), "at {place}");
    }

    #[test]
    fn a_file_that_was_cut_off_does_not_verify(file in any::<Index>(), end in any::<Index>()) {
        let mut files = good(EventsFormat::LinesAndCloudEvents);
        let names: Vec<_> = files.keys().cloned().collect();
        let name = &names[file.index(names.len())];
        let bytes = files.get_mut(name).expect("it is there");
        bytes.truncate(end.index(bytes.len()));
        prop_assert!(check(&files, &Known::default()).is_err(), "{name}");
    }
}

#[test]
fn the_first_wrong_place_is_named_and_what_is_wrong_there() {
    let changed = told_of(|lines| lines[8] = lines[8].replace("t9", "t8"));
    assert!(changed.contains("position 9: the event was changed"), "{changed}");
    let swapped = told_of(|lines| lines.swap(9, 10));
    assert!(swapped.contains("position 10: the event that should be here is missing"), "{swapped}");
    let twice = told_of(|lines| lines.insert(3, lines[2].clone()));
    assert!(twice.contains("position 4: "), "{twice}");
    let removed = told_of(|lines| drop(lines.remove(5)));
    assert!(removed.contains("position 6: "), "{removed}");
    let cut = told_of(|lines| lines.truncate(20));
    assert!(cut.contains("position 21: the file ends before this event"), "{cut}");
    let longer = told_of(|lines| lines.push(lines[0].clone()));
    assert!(longer.contains("goes on where it should end"), "{longer}");
    let version = told_of(|lines| lines[0] = lines[0].replace("\"version\":1", "\"version\":2"));
    assert!(version.contains("position 1: its version is 2, but 1 must follow"), "{version}");
    let spaced = told_of(|lines| lines[0] = lines[0].replace("\":", "\": "));
    assert!(spaced.contains("position 1: the line is not as an export has it"), "{spaced}");
}

#[test]
fn a_line_is_read_alike_in_the_quick_way_and_in_the_slow_one() {
    let events = log(EVENTS);
    for event in &events {
        let mut line = Vec::new();
        write_line(&event.entry(), &mut line);
        let read = Line::read(&line, &mut Vec::new()).expect("it is a line");
        assert_eq!(read.entry(), Some(event.entry()));
        // Escaped, a character is the same text in another form.
        let text = String::from_utf8(line).expect("a text");
        let escaped = text.replacen("\"default\"", "\"\\u0064efault\"", 1);
        assert_ne!(text, escaped);
        assert_eq!(Line::read(escaped.as_bytes(), &mut Vec::new()), Err(BadLine));
    }
    let unusual = Event { payload: b"[1,{}]".to_vec(), ..log(1).remove(0) };
    let quoted = Event { payload: br#"{"a":"}\\\"{"}"#.to_vec(), ..log(1).remove(0) };
    for event in [unusual, quoted] {
        let mut line = Vec::new();
        write_line(&event.entry(), &mut line);
        let read = Line::read(&line, &mut Vec::new()).expect("it is a line");
        assert_eq!(read.entry(), Some(event.entry()));
    }
}

#[test]
fn events_that_were_made_up_whole_do_not_fit_the_checkpoint() {
    let mut made_up = log(EVENTS);
    made_up[10].payload = br#"{"task_id":"another"}"#.to_vec();
    let mut files = export(&made_up, &SIZES, &signer(1), EventsFormat::Lines);
    let real = good(EventsFormat::Lines);
    for name in ["checkpoints.jsonl", "proofs.jsonl"] {
        files.insert(name.to_owned(), real[name].clone());
    }
    let manifest = manifest_of(&files, EVENTS, &signer(1), EventsFormat::Lines);
    files.insert("manifest.json".to_owned(), manifest);
    let wrong = check(&files, &Known::default()).expect_err("it is wrong");
    assert!(matches!(wrong.kind, WrongKind::Damage(_) | WrongKind::OtherEvents { size: 16 }));
}

#[test]
fn an_export_by_another_key_is_refused_by_who_knows_the_key() {
    let files = export(&log(EVENTS), &SIZES, &signer(2), EventsFormat::Lines);
    check(&files, &Known::default()).expect("it fits together");
    let trusted = signer(1);
    let known = Known { key: Some(trusted.verifier()), checkpoints: &[] };
    let wrong = check(&files, &known).expect_err("it is another's").to_string();
    assert!(wrong.contains("not the one that you trust"), "{wrong}");
}

#[test]
fn a_log_that_went_backwards_or_another_way_is_found_by_a_checkpoint_that_was_kept() {
    let leaves: Vec<_> = log(40).iter().map(|event| leaf_hash(&event.entry().leaf)).collect();
    let files = good(EventsFormat::Lines);
    let told = |checkpoint: Checkpoint| {
        let known = Known { key: None, checkpoints: &[checkpoint] };
        check(&files, &known).map_err(|wrong| wrong.to_string())
    };
    told(at(&leaves, 12)).expect("it goes on from there");
    let backwards = told(at(&leaves, 40)).expect_err("it is shorter");
    assert!(backwards.contains("went backwards: it ends at 23"), "{backwards}");
    let other = Checkpoint { root: [0; 32], ..at(&leaves, 12) };
    let forked = told(other).expect_err("it is another way");
    assert!(forked.contains("signed over other events"), "{forked}");
    let elsewhere = Checkpoint { origin: origin_of("elsewhere"), ..at(&leaves, 12) };
    let elsewhere = told(elsewhere).expect_err("it is another log");
    assert!(elsewhere.contains("of the log \"planexe-ax/log/elsewhere\""), "{elsewhere}");
}

//! Archives, honest and hostile.

use crate::house::{fixtures, folder, options};
use miniz_oxide::deflate::compress_to_vec;
use planexe_ax_plans::{
    ArchiveFault, Input, PlanError, Reading, ZIP_ENTRIES_MAX, fuzz, read, read_bundle,
};

/// An entry of an archive that a test makes; what is said of it need not be so.
#[derive(Clone)]
struct Entry {
    name: String,
    packed: Vec<u8>,
    unpacked: u32,
    checksum: u32,
    method: u16,
    flags: u16,
    mode: u32,
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            if sum & 1 == 1 { 0xedb8_8320 ^ (sum >> 1) } else { sum >> 1 }
        })
    })
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).expect("it is small")
}

impl Entry {
    fn stored(name: &str, bytes: &[u8]) -> Self {
        let (unpacked, checksum) = (length(bytes), crc32(bytes));
        let (name, packed) = (name.to_owned(), bytes.to_vec());
        Self { name, packed, unpacked, checksum, method: 0, flags: 0, mode: 0o100_644 }
    }

    fn deflated(name: &str, bytes: &[u8]) -> Self {
        let packed = compress_to_vec(bytes, 6);
        Self { packed, method: 8, ..Self::stored(name, bytes) }
    }

    fn local(&self) -> Vec<u8> {
        let mut local = b"PK\x03\x04\x14\0".to_vec();
        self.sizes(&mut local);
        local.extend([0, 0]);
        local.extend(self.name.as_bytes());
        local.extend(&self.packed);
        local
    }

    fn sizes(&self, header: &mut Vec<u8>) {
        header.extend(self.flags.to_le_bytes());
        header.extend(self.method.to_le_bytes());
        header.extend([0; 4]);
        header.extend(self.checksum.to_le_bytes());
        header.extend(length(&self.packed).to_le_bytes());
        header.extend(self.unpacked.to_le_bytes());
        let name = u16::try_from(self.name.len()).expect("it is short");
        header.extend(name.to_le_bytes());
    }

    fn central(&self, at: u32) -> Vec<u8> {
        let mut central = b"PK\x01\x02\x14\x03\x14\0".to_vec();
        self.sizes(&mut central);
        central.extend([0; 8]);
        central.extend((self.mode << 16).to_le_bytes());
        central.extend(at.to_le_bytes());
        central.extend(self.name.as_bytes());
        central
    }
}

/// An archive; each entry of the list stands where `places` has it, else behind the one before.
fn archive(entries: &[Entry]) -> Vec<u8> {
    let (mut archive, mut list) = (Vec::new(), Vec::new());
    for entry in entries {
        list.extend(entry.central(length(&archive)));
        archive.extend(entry.local());
    }
    ended(archive, &list, entries.len())
}

fn ended(mut archive: Vec<u8>, list: &[u8], count: usize) -> Vec<u8> {
    let at = length(&archive);
    archive.extend(list);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    let count = u16::try_from(count).expect("there are few");
    archive.extend(count.to_le_bytes());
    archive.extend(count.to_le_bytes());
    archive.extend(length(list).to_le_bytes());
    archive.extend(at.to_le_bytes());
    archive.extend([0, 0]);
    archive
}

fn opened(bytes: &[u8]) -> Result<Reading, PlanError> {
    fuzz::archive(bytes);
    read(Input { bytes, name: "run.zip", kind: None }, &options())
}

#[track_caller]
fn refused(entries: &[Entry], wanted: ArchiveFault) {
    match opened(&archive(entries)) {
        Err(PlanError::Archive { fault, .. }) => assert_eq!(fault, wanted),
        other => panic!("{wanted}: {other:?}"),
    }
}

/// The fixture of the newest names, packed.
fn run(prefix: &str, pack: fn(&str, &[u8]) -> Entry) -> Vec<Entry> {
    let bundle = folder(&fixtures().join("g2"));
    bundle.files().map(|(name, bytes)| pack(&format!("{prefix}{name}"), bytes)).collect()
}

#[test]
fn a_run_is_the_same_from_a_folder_and_from_any_archive_of_it() {
    let plain = read_bundle(folder(&fixtures().join("g2")), &options()).expect("it is a run");
    for (prefix, pack) in
        [("", Entry::stored as fn(&str, &[u8]) -> Entry), ("my run/", Entry::deflated)]
    {
        let mut entries = run(prefix, pack);
        entries.push(Entry::stored(&format!("__MACOSX/{prefix}._plan.txt"), b"junk"));
        entries.push(Entry::stored(&format!("{prefix}.DS_Store"), b"junk"));
        entries.push(pack(&format!("{prefix}empty.md"), b""));
        entries.push(Entry::stored(&format!("{prefix}track_activity.jsonl"), b"junk"));
        let packed = opened(&archive(&entries)).expect("it is a run");
        assert_eq!(packed.import.tasks, plain.import.tasks);
        assert_eq!(packed.import.plan_id, plain.import.plan_id);
        assert_eq!(packed.import.source, plain.import.source, "it is recognised");
    }
}

#[test]
fn entries_that_lead_out_of_the_folder_are_refused() {
    let named = |name: &str| [Entry::stored(name, b"x")];
    refused(&named("../plan.txt"), ArchiveFault::Climbs);
    refused(&named("a/../../plan.txt"), ArchiveFault::Climbs);
    refused(&named("..\\plan.txt"), ArchiveFault::Climbs);
    refused(&named("/etc/passwd"), ArchiveFault::Absolute);
    refused(&named("C:\\plan.txt"), ArchiveFault::Absolute);
    refused(&named("a\u{1b}[2J"), ArchiveFault::BadName);
    refused(&named(&"x".repeat(256)), ArchiveFault::BadName);
    refused(&[Entry { mode: 0o120_777, ..Entry::stored("link", b"/etc") }], ArchiveFault::NotAFile);
    refused(&[Entry { mode: 0o060_600, ..Entry::stored("disk", b"") }], ArchiveFault::NotAFile);
}

#[test]
fn entries_that_are_more_than_they_seem_are_refused() {
    let zeros = vec![0; 8 << 20];
    refused(&[Entry::deflated("plan.txt", &zeros)], ArchiveFault::Bomb);
    let lying = Entry { unpacked: 10, ..Entry::deflated("plan.txt", &zeros) };
    refused(&[lying], ArchiveFault::Damaged);
    refused(&[Entry { flags: 1, ..Entry::stored("plan.txt", b"x") }], ArchiveFault::Encrypted);
    refused(
        &[Entry { method: 12, ..Entry::stored("plan.txt", b"x") }],
        ArchiveFault::UnknownMethod,
    );
    refused(&[Entry { checksum: 7, ..Entry::stored("plan.txt", b"x") }], ArchiveFault::Damaged);
    let inner = archive(&[Entry::stored("plan.txt", b"x")]);
    refused(&[Entry::stored("inner.zip", &inner)], ArchiveFault::Nested);
    refused(&[Entry::stored("inner.json", &inner)], ArchiveFault::Nested);
    let twice = Entry::stored("plan.txt", b"x");
    refused(&[twice.clone(), twice], ArchiveFault::Twice);
    let huge = Entry { unpacked: u32::MAX, ..Entry::stored("plan.txt", b"x") };
    refused(&[huge], ArchiveFault::Zip64);
}

#[test]
fn entries_that_share_their_bytes_are_refused() {
    let (one, other) = (Entry::stored("a.txt", b"x"), Entry::stored("b.txt", b"x"));
    let list = [one.central(0), other.central(0)].concat();
    let shared = ended(one.local(), &list, 2);
    let error = opened(&shared).expect_err("it is a bomb in the making");
    assert!(matches!(error, PlanError::Archive { fault: ArchiveFault::Twice, .. }), "{error}");
}

#[test]
fn thousands_of_entries_and_large_ones_are_refused_by_name() {
    let many: Vec<_> =
        (0..=ZIP_ENTRIES_MAX).map(|at| Entry::stored(&format!("f{at}"), b"")).collect();
    let error = opened(&archive(&many)).expect_err("there are too many");
    assert!(error.to_string().contains("ZIP_ENTRIES_MAX"), "{error}");
    let error = opened(&archive(&many[..2_500])).expect_err("there are too many files");
    assert!(error.to_string().contains("BUNDLE_FILES_MAX"), "{error}");
    let large = Entry { unpacked: 17 << 20, ..Entry::stored("plan.txt", b"x") };
    let error = opened(&archive(&[large])).expect_err("it is too large");
    assert!(error.to_string().contains("FILE_BYTES_MAX"), "{error}");
}

#[test]
fn an_archive_that_is_cut_or_altered_anywhere_is_refused_or_read_and_never_half() {
    let whole = archive(&run("", Entry::deflated));
    for at in (0..whole.len()).step_by(37) {
        assert!(opened(&whole[..at]).is_err(), "cut at {at}");
        let mut altered = whole.clone();
        altered[at] ^= 0x55;
        fuzz::archive(&altered);
    }
}

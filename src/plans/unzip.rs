//! Unpacks an archive into a bundle. It trusts nothing that the archive says of itself: names,
//! sizes and places are checked before a byte is unpacked, and no more is unpacked than was said.

use crate::bundle::{Bundle, is_left_out, safe_name};
use crate::error::{ArchiveFault, PlanError};
use miniz_oxide::inflate::decompress_to_vec_with_limit;

/// How large an archive may be.
pub const ZIP_BYTES_MAX: usize = 64 << 20;
/// How many entries an archive may have, folders and what is not looked at included.
pub const ZIP_ENTRIES_MAX: usize = 4_000;
/// How many bytes may come of one that is packed, beyond the first megabyte.
pub const ZIP_RATIO_MAX: usize = 100;

/// What an archive begins with.
pub(crate) const SIGNATURE: &[u8] = b"PK\x03\x04";
/// What an archive without entries begins with.
pub(crate) const EMPTY_SIGNATURE: &[u8] = b"PK\x05\x06";

const CENTRAL_SIGNATURE: &[u8] = b"PK\x01\x02";
const END_BYTES: usize = 22;
const CENTRAL_BYTES: usize = 46;
const LOCAL_BYTES: usize = 30;
/// The longest comment at the end of an archive.
const COMMENT_BYTES_MAX: usize = 0xffff;
/// So much may come of any entry, however well it is packed.
const SMALL_BYTES: usize = 1 << 20;
/// In the list, archives beyond four gigabytes have this instead of a size.
const ELSEWHERE: u32 = u32::MAX;

const FLAG_ENCRYPTED: u16 = 1 << 0;
const FLAG_STRONGLY_ENCRYPTED: u16 = 1 << 6;
const METHOD_STORED: u16 = 0;
const METHOD_DEFLATED: u16 = 8;

/// Unpacks an archive.
pub(crate) fn unzip(bytes: &[u8]) -> Result<Bundle, PlanError> {
    if bytes.len() > ZIP_BYTES_MAX {
        let limit = ("ZIP_BYTES_MAX", ZIP_BYTES_MAX);
        return Err(PlanError::too_large("the archive", "bytes", limit, bytes.len()));
    }
    let mut entries = entries(bytes)?;
    entries.sort_by_key(|entry| entry.at);
    check_overlaps(bytes, &entries)?;
    let mut bundle = Bundle::new();
    for entry in &entries {
        take(bytes, entry, &mut bundle)?;
    }
    bundle.flatten();
    Ok(bundle)
}

/// An entry, as the list at the end of the archive has it.
struct Entry {
    name: String,
    method: u16,
    checksum: u32,
    packed: usize,
    unpacked: usize,
    at: usize,
}

fn whole(fault: ArchiveFault) -> PlanError {
    PlanError::archive("the whole", fault)
}

/// Reads numbers out of bytes; what lies beyond the end is damage.
#[derive(Clone, Copy)]
struct Numbers<'a>(&'a [u8]);

impl<'a> Numbers<'a> {
    fn slice(self, at: usize, len: usize) -> Result<&'a [u8], PlanError> {
        let end = at.checked_add(len).ok_or(whole(ArchiveFault::Damaged))?;
        self.0.get(at..end).ok_or(whole(ArchiveFault::Damaged))
    }

    fn short(self, at: usize) -> Result<u16, PlanError> {
        let bytes = self.slice(at, 2)?;
        Ok(u16::from_le_bytes([bytes[0], bytes[1]]))
    }

    fn word(self, at: usize) -> Result<u32, PlanError> {
        let bytes = self.slice(at, 4)?;
        Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    fn size(self, at: usize) -> Result<usize, PlanError> {
        match self.word(at)? {
            ELSEWHERE => Err(whole(ArchiveFault::Zip64)),
            word => usize::try_from(word).map_err(|_| whole(ArchiveFault::Damaged)),
        }
    }
}

fn entries(bytes: &[u8]) -> Result<Vec<Entry>, PlanError> {
    let end = end_of(bytes).ok_or(whole(ArchiveFault::Damaged))?;
    let numbers = Numbers(bytes);
    let count = usize::from(numbers.short(end + 10)?);
    if count == usize::from(u16::MAX) {
        return Err(whole(ArchiveFault::Zip64));
    }
    let is_divided =
        numbers.short(end + 4)? != 0 || numbers.short(end + 8)? != numbers.short(end + 10)?;
    if is_divided {
        return Err(whole(ArchiveFault::Damaged));
    }
    if count > ZIP_ENTRIES_MAX {
        let limit = ("ZIP_ENTRIES_MAX", ZIP_ENTRIES_MAX);
        return Err(PlanError::too_large("the archive", "entries", limit, count));
    }
    let mut at = numbers.size(end + 16)?;
    let mut entries = Vec::with_capacity(count);
    for _ in 0..count {
        let (entry, next) = central(numbers, at)?;
        entries.extend(entry);
        at = next;
    }
    Ok(entries)
}

/// Where the last part of the archive begins: the one that says where the list is.
fn end_of(bytes: &[u8]) -> Option<usize> {
    let last = bytes.len().checked_sub(END_BYTES)?;
    let first = last.saturating_sub(COMMENT_BYTES_MAX);
    (first..=last).rev().find(|&at| {
        let comment = Numbers(bytes).short(at + 20).map_or(0, usize::from);
        bytes[at..].starts_with(EMPTY_SIGNATURE) && at + END_BYTES + comment == bytes.len()
    })
}

/// An entry of the list, unless it is a folder or not looked at, and where the next one begins.
fn central(numbers: Numbers<'_>, at: usize) -> Result<(Option<Entry>, usize), PlanError> {
    if numbers.slice(at, 4)? != CENTRAL_SIGNATURE {
        return Err(whole(ArchiveFault::Damaged));
    }
    let short = |offset: usize| numbers.short(at + offset);
    let (name_bytes, extra, comment) = (short(28)?, short(30)?, short(32)?);
    let raw = numbers.slice(at + CENTRAL_BYTES, usize::from(name_bytes))?;
    let given = String::from_utf8_lossy(raw).into_owned();
    let refuse = |fault| Err(PlanError::archive(&given, fault));
    let next = [name_bytes, extra, comment].map(usize::from).iter().sum::<usize>();
    let next = at + CENTRAL_BYTES + next;
    let name = match safe_name(&given) {
        Ok(name) => name,
        Err(fault) => return refuse(fault),
    };
    if short(8)? & (FLAG_ENCRYPTED | FLAG_STRONGLY_ENCRYPTED) != 0 {
        return refuse(ArchiveFault::Encrypted);
    }
    if !is_plain(short(4)?, numbers.word(at + 38)?) {
        return refuse(ArchiveFault::NotAFile);
    }
    if given.ends_with(['/', '\\']) {
        return Ok((None, next));
    }
    let entry = Entry {
        method: short(10)?,
        checksum: numbers.word(at + 16)?,
        packed: numbers.size(at + 20)?,
        unpacked: numbers.size(at + 24)?,
        at: numbers.size(at + 42)?,
        name,
    };
    Ok((Some(entry), next))
}

/// Whether it is a file or a folder, as far as the system it comes from says.
fn is_plain(made_by: u16, attributes: u32) -> bool {
    const UNIX: [u16; 2] = [3, 19];
    const TYPE: u32 = 0xf000;
    const FILE: u32 = 0x8000;
    const FOLDER: u32 = 0x4000;
    let kind = (attributes >> 16) & TYPE;
    !UNIX.contains(&(made_by >> 8)) || [0, FILE, FOLDER].contains(&kind)
}

/// Two entries must not lie over each other: a small archive could unpack to much that way.
fn check_overlaps(bytes: &[u8], entries: &[Entry]) -> Result<(), PlanError> {
    let mut free_from = 0;
    for entry in entries {
        if entry.at < free_from {
            return Err(PlanError::archive(&entry.name, ArchiveFault::Twice));
        }
        free_from = body_of(bytes, entry)? + entry.packed;
    }
    Ok(())
}

/// Where the bytes of an entry begin.
fn body_of(bytes: &[u8], entry: &Entry) -> Result<usize, PlanError> {
    let numbers = Numbers(bytes);
    let damaged = |_| PlanError::archive(&entry.name, ArchiveFault::Damaged);
    if numbers.slice(entry.at, 4).map_err(damaged)? != SIGNATURE {
        return Err(damaged(whole(ArchiveFault::Damaged)));
    }
    let name = usize::from(numbers.short(entry.at + 26).map_err(damaged)?);
    let extra = usize::from(numbers.short(entry.at + 28).map_err(damaged)?);
    Ok(entry.at + LOCAL_BYTES + name + extra)
}

fn take(bytes: &[u8], entry: &Entry, bundle: &mut Bundle) -> Result<(), PlanError> {
    if is_left_out(&entry.name) {
        bundle.skip(&entry.name);
        return Ok(());
    }
    let refuse = |fault| Err(PlanError::archive(&entry.name, fault));
    if entry.name.to_lowercase().ends_with(".zip") {
        return refuse(ArchiveFault::Nested);
    }
    bundle.check_room(&entry.name, entry.unpacked)?;
    let sensible = entry.packed.saturating_mul(ZIP_RATIO_MAX).max(SMALL_BYTES);
    if entry.unpacked > sensible {
        return refuse(ArchiveFault::Bomb);
    }
    let packed = Numbers(bytes).slice(body_of(bytes, entry)?, entry.packed);
    let packed = packed.map_err(|_| PlanError::archive(&entry.name, ArchiveFault::Damaged))?;
    let unpacked = match entry.method {
        METHOD_STORED => packed.to_vec(),
        METHOD_DEFLATED => match decompress_to_vec_with_limit(packed, entry.unpacked.max(1)) {
            Ok(unpacked) => unpacked,
            Err(_) => return refuse(ArchiveFault::Damaged),
        },
        _ => return refuse(ArchiveFault::UnknownMethod),
    };
    if unpacked.len() != entry.unpacked || crc32(&unpacked) != entry.checksum {
        return refuse(ArchiveFault::Damaged);
    }
    bundle.insert(&entry.name, unpacked)
}

/// The check sum that archives have.
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum, byte| {
        let place = (sum ^ u32::from(*byte)) & 0xff;
        CRC_TABLE[place as usize] ^ (sum >> 8)
    })
}

const CRC_TABLE: [u32; 256] = crc_table();

const fn crc_table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut place: u32 = 0;
    while place < 256 {
        let mut sum = place;
        let mut bit = 0;
        while bit < 8 {
            sum = if sum & 1 == 1 { 0xedb8_8320 ^ (sum >> 1) } else { sum >> 1 };
            bit += 1;
        }
        table[place as usize] = sum;
        place += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::crc32;

    #[test]
    fn the_check_sum_is_the_known_one() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }
}

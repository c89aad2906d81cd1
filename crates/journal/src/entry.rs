//! What the journal keeps: entries, the drafts they are made from, and the hash that chains them.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::error::{JournalError, Result};

/// The most drafts one append may carry.
pub const MAX_BATCH: usize = 4096;
/// The most bytes of bodies one append may carry.
pub const MAX_BATCH_BYTES: usize = 64 << 20;
/// The most bytes one body may have.
pub const MAX_BODY_BYTES: usize = 4 << 20;
/// The most subjects one entry may name.
pub const MAX_SUBJECTS: usize = 512;
/// The most bytes of an actor, workstation, kind or subject.
pub const MAX_NAME_BYTES: usize = 256;

/// Separates the hash of an entry from every other use of SHA-256.
const ENTRY_DOMAIN: &[u8] = b"lifeline.journal.entry.v1";

/// A SHA-256 digest; written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// What the first entry has for a previous hash: SHA-256 of `lifeline.journal.genesis.v1`.
    pub const GENESIS: Self = Self([
        0x13, 0xce, 0x3e, 0xb4, 0x4b, 0x0e, 0x0f, 0xd3, 0x9c, 0x0d, 0x9a, 0xaa, 0x85, 0xc7, 0xf5,
        0x19, 0xdf, 0x54, 0x3f, 0x57, 0x8d, 0x57, 0xbb, 0x9e, 0xff, 0x81, 0xc0, 0x66, 0xa9, 0xe5,
        0xff, 0xa2,
    ]);

    /// The digest of some bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    pub(crate) fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Reads 64 hexadecimal digits.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_hex(&text)
            .ok_or_else(|| serde::de::Error::custom("a hash is 64 hexadecimal digits"))
    }
}

/// The end of the chain: how many entries there are and the hash of the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Sequence number of the last entry; 0 in an empty journal.
    pub seq: u64,
    /// Hash of the last entry; [`Hash::GENESIS`] in an empty journal.
    pub hash: Hash,
}

impl Head {
    /// The head of an empty journal.
    pub const EMPTY: Self = Self {
        seq: 0,
        hash: Hash::GENESIS,
    };
}

/// A fact on its way into the journal: an [`Entry`] without its place in the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// When it happened: milliseconds since 1970-01-01 UTC.
    pub at_ms: i64,
    /// Who did it: a person's or device's id.
    pub actor: String,
    /// Where it was done: the workstation's or device link's id.
    pub workstation: String,
    /// The command that caused it; the same command never has two outcomes.
    pub command: Uuid,
    /// What sort of fact it is, e.g. `unit.received`.
    pub kind: String,
    /// Version of the body's form within its kind.
    pub version: u16,
    /// The fact itself as JSON text. The journal keeps it byte for byte and never reads it.
    pub body: String,
    /// What it concerns, e.g. `unit:W000024123456`, `patient:17`.
    pub subjects: Vec<String>,
}

impl Draft {
    /// Whether both databases can keep this draft byte for byte, within the bounds of this module.
    ///
    /// # Errors
    /// [`JournalError::Invalid`] saying which field is at fault.
    pub fn check(&self) -> Result<()> {
        check_name("actor", &self.actor)?;
        check_name("workstation", &self.workstation)?;
        check_name("kind", &self.kind)?;
        if self.kind.is_empty() {
            return Err(JournalError::invalid("kind is empty"));
        }
        if self.body.len() > MAX_BODY_BYTES {
            return Err(JournalError::invalid(format!(
                "body has {} bytes, at most {MAX_BODY_BYTES} are kept",
                self.body.len()
            )));
        }
        // PostgreSQL's text cannot hold U+0000; JSON escapes it, so no JSON text is refused here.
        if self.body.contains('\0') {
            return Err(JournalError::invalid("body contains U+0000"));
        }
        if self.subjects.len() > MAX_SUBJECTS {
            return Err(JournalError::invalid(format!(
                "{} subjects, at most {MAX_SUBJECTS} are kept",
                self.subjects.len()
            )));
        }
        for subject in &self.subjects {
            check_name("subject", subject)?;
            if subject.is_empty() {
                return Err(JournalError::invalid("subject is empty"));
            }
        }
        Ok(())
    }
}

fn check_name(field: &str, name: &str) -> Result<()> {
    if name.len() > MAX_NAME_BYTES {
        return Err(JournalError::invalid(format!(
            "{field} has {} bytes, at most {MAX_NAME_BYTES} are kept",
            name.len()
        )));
    }
    if name.chars().any(char::is_control) {
        return Err(JournalError::invalid(format!(
            "{field} contains a control character"
        )));
    }
    Ok(())
}

/// A fact in the journal, in its place in the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Place in the journal: 1, 2, 3 … without gaps.
    pub seq: u64,
    /// When it happened: milliseconds since 1970-01-01 UTC. Not necessarily ascending: clocks jump.
    pub at_ms: i64,
    /// Who did it: a person's or device's id.
    pub actor: String,
    /// Where it was done: the workstation's or device link's id.
    pub workstation: String,
    /// The command that caused it.
    pub command: Uuid,
    /// What sort of fact it is, e.g. `unit.received`.
    pub kind: String,
    /// Version of the body's form within its kind.
    pub version: u16,
    /// The fact itself as JSON text, byte for byte as it was written.
    pub body: String,
    /// What it concerns, in the order it was written.
    pub subjects: Vec<String>,
    /// Hash of the entry before; [`Hash::GENESIS`] for the first.
    pub prev_hash: Hash,
    /// Hash of this entry, see [`Entry::computed_hash`].
    pub hash: Hash,
}

impl Entry {
    /// Gives a draft its place after `head`.
    #[must_use]
    pub fn seal(draft: Draft, head: Head) -> Self {
        let mut entry = Self {
            seq: head.seq + 1,
            at_ms: draft.at_ms,
            actor: draft.actor,
            workstation: draft.workstation,
            command: draft.command,
            kind: draft.kind,
            version: draft.version,
            body: draft.body,
            subjects: draft.subjects,
            prev_hash: head.hash,
            hash: Hash::GENESIS,
        };
        entry.hash = entry.computed_hash();
        entry
    }

    /// The hash this entry must have.
    ///
    /// SHA-256 over the domain name, then each field as a 32-bit big-endian length and its bytes, in this order:
    /// previous hash, seq (u64 BE), at_ms (i64 BE), actor, workstation, command (16 bytes), kind, version (u16 BE),
    /// body, number of subjects (u32 BE), each subject. Text is UTF-8. This never changes; a new form gets a new domain.
    #[must_use]
    pub fn computed_hash(&self) -> Hash {
        let mut digest = Sha256::new();
        field(&mut digest, ENTRY_DOMAIN);
        field(&mut digest, &self.prev_hash.0);
        field(&mut digest, &self.seq.to_be_bytes());
        field(&mut digest, &self.at_ms.to_be_bytes());
        field(&mut digest, self.actor.as_bytes());
        field(&mut digest, self.workstation.as_bytes());
        field(&mut digest, self.command.as_bytes());
        field(&mut digest, self.kind.as_bytes());
        field(&mut digest, &self.version.to_be_bytes());
        field(&mut digest, self.body.as_bytes());
        field(&mut digest, &length(self.subjects.len()));
        for subject in &self.subjects {
            field(&mut digest, subject.as_bytes());
        }
        Hash(digest.finalize().into())
    }

    /// The head of a journal that ends with this entry.
    #[must_use]
    pub fn as_head(&self) -> Head {
        Head {
            seq: self.seq,
            hash: self.hash,
        }
    }

    /// The entry without its place in the chain.
    #[must_use]
    pub fn into_draft(self) -> Draft {
        Draft {
            at_ms: self.at_ms,
            actor: self.actor,
            workstation: self.workstation,
            command: self.command,
            kind: self.kind,
            version: self.version,
            body: self.body,
            subjects: self.subjects,
        }
    }
}

fn field(digest: &mut Sha256, bytes: &[u8]) {
    digest.update(length(bytes.len()));
    digest.update(bytes);
}

/// The bounds above keep every length far below 2³².
fn length(len: usize) -> [u8; 4] {
    u32::try_from(len).unwrap_or(u32::MAX).to_be_bytes()
}

/// Proof that a draft is durably in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Sequence number it was given.
    pub seq: u64,
    /// Its hash.
    pub hash: Hash,
}

/// Checks a batch against the bounds and gives every draft its place after `head`.
pub(crate) fn seal_batch(head: Head, drafts: Vec<Draft>) -> Result<Vec<Entry>> {
    if drafts.len() > MAX_BATCH {
        return Err(JournalError::invalid(format!(
            "batch has {} drafts, at most {MAX_BATCH} fit",
            drafts.len()
        )));
    }
    if drafts.iter().map(|draft| draft.body.len()).sum::<usize>() > MAX_BATCH_BYTES {
        return Err(JournalError::invalid(format!(
            "bodies of the batch exceed {MAX_BATCH_BYTES} bytes"
        )));
    }
    let mut head = head;
    drafts
        .into_iter()
        .map(|draft| {
            draft.check()?;
            let entry = Entry::seal(draft, head);
            head = entry.as_head();
            Ok(entry)
        })
        .collect()
}

pub(crate) fn receipts(entries: &[Entry]) -> Vec<Receipt> {
    entries
        .iter()
        .map(|entry| Receipt {
            seq: entry.seq,
            hash: entry.hash,
        })
        .collect()
}

/// Key of a subject in the subject index: the first 8 bytes of its SHA-256, big-endian. Two subjects may share a key,
/// so a reader checks the entry's own subjects as well.
pub(crate) fn subject_key(subject: &str) -> i64 {
    let [a, b, c, d, e, f, g, h, ..] = Hash::of(subject.as_bytes()).0;
    i64::from_be_bytes([a, b, c, d, e, f, g, h])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn genesis_is_the_digest_of_its_name() {
        assert_eq!(Hash::GENESIS, Hash::of(b"lifeline.journal.genesis.v1"));
    }

    #[test]
    fn hex_round_trips_and_refuses_nonsense() {
        assert_eq!(
            Hash::from_hex(&Hash::GENESIS.to_string()),
            Some(Hash::GENESIS)
        );
        assert_eq!(Hash::from_hex("7e"), None);
        assert_eq!(Hash::from_hex(&"+1".repeat(32)), None);
    }
}

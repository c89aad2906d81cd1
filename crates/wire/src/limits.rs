//! The bounds every decoder keeps.

/// Bytes one message may have by default. The largest capture known (base64 images inside) stays under 100 kB.
pub const MAX_MESSAGE_BYTES: usize = 4 * 1024 * 1024;
/// Records or segments one input may have by default.
pub const MAX_RECORDS: usize = 100_000;
/// Fields one input may have by default, over all records.
pub const MAX_FIELDS: usize = 1_000_000;
/// Notes kept per message; further ones are counted, not kept.
pub const MAX_NOTES: usize = 1_000;

/// Bounds of one decode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the input.
    pub bytes: usize,
    /// Records (ASTM) or segments (HL7).
    pub records: usize,
    /// Fields over all records.
    pub fields: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: MAX_MESSAGE_BYTES,
            records: MAX_RECORDS,
            fields: MAX_FIELDS,
        }
    }
}

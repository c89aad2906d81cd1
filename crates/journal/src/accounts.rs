//! Secrets and sessions: kept beside the journal, never in it. They are not facts about patients, they may be
//! replaced and deleted, and no hash covers them.

use crate::{
    entry::Hash,
    error::{JournalError, Result},
};

/// The most bytes of a session's own data.
pub const MAX_SESSION_BYTES: usize = 16 << 10;
/// The most bytes of a stored credential (a PHC string).
pub const MAX_CREDENTIAL_BYTES: usize = 1024;

/// Somebody signed in. Touch it at most once a minute: each touch is a durable write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Digest of the token the browser holds; the token itself is never stored.
    pub token_hash: Hash,
    /// Who signed in.
    pub user: String,
    /// When: milliseconds since 1970-01-01 UTC.
    pub created_ms: i64,
    /// When last used: milliseconds since 1970-01-01 UTC.
    pub touched_ms: i64,
    /// When it ends at the latest: milliseconds since 1970-01-01 UTC.
    pub expires_ms: i64,
    /// Whatever the server keeps with it, as text.
    pub data: String,
}

impl Session {
    pub(crate) fn check(&self) -> Result<()> {
        check_text("user", &self.user, crate::entry::MAX_NAME_BYTES)?;
        check_text("session data", &self.data, MAX_SESSION_BYTES)
    }
}

pub(crate) fn check_text(what: &str, text: &str, max: usize) -> Result<()> {
    if text.len() > max || text.contains('\0') {
        return Err(JournalError::invalid(format!(
            "{what} must have at most {max} bytes and no U+0000"
        )));
    }
    Ok(())
}

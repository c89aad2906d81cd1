use std::sync::LazyLock;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;
use tokio::task::JoinError;

/// The fewest characters of a password.
pub const PASSWORD_LEAST: usize = 8;
/// The most characters of a password: more would only cost time.
pub const PASSWORD_MOST: usize = 128;

/// Why a password cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too short or too long.
    #[error("a password has {PASSWORD_LEAST} to {PASSWORD_MOST} characters")]
    Length,
    /// The digest could not be made or read (a fault of ours).
    #[error("password digest: {0}")]
    Digest(String),
}

/// How many digests are computed at once: half the processors, at least one. Each takes 19 MiB and a processor for tens of
/// milliseconds; without a bound, many signatures at once (or one guesser) would leave nothing for the desk and the pages.
static TURNS: LazyLock<Semaphore> = LazyLock::new(|| {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    Semaphore::new((processors / 2).max(1))
});

/// Does slow work on passwords off the async threads, in order of asking, [`TURNS`] at once.
///
/// # Errors
/// The work panicked (a fault of ours).
pub async fn in_turn<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, JoinError> {
    // The semaphore is never closed; without a turn the work would merely not be bounded.
    let turn = TURNS.acquire().await.ok();
    let done = tokio::task::spawn_blocking(move || {
        let done = work();
        drop(turn);
        done
    });
    done.await
}

/// The Argon2id digest of a new password. Takes tens of milliseconds: call it off the async threads.
///
/// # Errors
/// See [`PasswordError`].
pub fn digest(password: &str) -> Result<String, PasswordError> {
    if !(PASSWORD_LEAST..=PASSWORD_MOST).contains(&password.chars().count()) {
        return Err(PasswordError::Length);
    }
    let digest: PasswordHash = Argon2::default()
        .hash_password(password.as_bytes())
        .map_err(|error| PasswordError::Digest(error.to_string()))?;
    Ok(digest.to_string())
}

/// Whether the password is the one digested. Takes as long when there is no digest, so that time tells nobody which logins exist.
pub fn verify(password: &str, digest: Option<&str>) -> bool {
    // Argon2id of a random text nobody knows, with the parameters of `digest`.
    const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5c3NhbHQxMjM0NQ$wXZ5PjBzFvQ0kq0wWQx0H5F0nK3m8d3zQb8o7k1l2mA";
    let long = password.chars().count() > PASSWORD_MOST;
    let known = digest.is_some();
    let right = PasswordHash::new(digest.unwrap_or(NOBODY)).is_ok_and(|digest| {
        Argon2::default()
            .verify_password(password.as_bytes(), &digest)
            .is_ok()
    });
    right && known && !long
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn no_more_digests_than_turns_are_computed_at_once() {
        static NOW: AtomicUsize = AtomicUsize::new(0);
        static MOST: AtomicUsize = AtomicUsize::new(0);
        let turns = TURNS.available_permits();
        let mut asked = tokio::task::JoinSet::new();
        for _ in 0..turns * 8 {
            asked.spawn(in_turn(|| {
                MOST.fetch_max(NOW.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::sleep(std::time::Duration::from_millis(2));
                NOW.fetch_sub(1, Ordering::SeqCst);
            }));
        }
        assert_eq!(asked.join_all().await.len(), turns * 8);
        assert!((1..=turns).contains(&MOST.load(Ordering::SeqCst)));
    }

    #[test]
    fn only_the_right_password_opens() {
        let digest = digest("correct horse").unwrap();
        assert!(verify("correct horse", Some(&digest)));
        assert!(!verify("correct horse ", Some(&digest)));
        assert!(!verify("correct horse", Some("$rubbish")));
        assert!(!verify("correct horse", None));
        assert_eq!(super::digest("short"), Err(PasswordError::Length));
    }
}

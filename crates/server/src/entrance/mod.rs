//! Who comes in: passwords, throttling, sessions.

mod keeper;
mod password;

pub use keeper::{Keeper, SESSION_COOKIE, SESSION_LONGEST, SignInError};
pub use password::{PASSWORD_LEAST, PASSWORD_MOST, PasswordError, digest, in_turn, verify};

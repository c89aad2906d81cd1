//! Who works here and what each role may do.

mod accounts;
mod action;

pub use accounts::{NAME_MOST, NotePassword, NoteSignIn, SaveUser, SetUserActive, SignInResult};
pub use action::Action;

use std::collections::BTreeSet;
use std::sync::Arc;

use imbl::OrdMap;
use serde::{Deserialize, Serialize};

use crate::hospital::{Hospital, Stamp};
use crate::id::{LocationId, UserId};
use crate::subject::Subject;

/// A role. What it may do is the policy `people.grants`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Bench technologist.
    Technologist,
    /// Senior technologist.
    Senior,
    /// Head of department.
    Head,
    /// Doctor on the clinical side.
    Clinician,
    /// Ward nurse.
    Nurse,
    /// Quality officer.
    Quality,
    /// Equipment officer.
    Equipment,
    /// Auditor: reads all, changes nothing.
    Auditor,
    /// Administrator of accounts and set-up; no clinical rights.
    Administrator,
    /// A device link or a job of the program itself.
    Device,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 10] = [
        Self::Technologist,
        Self::Senior,
        Self::Head,
        Self::Clinician,
        Self::Nurse,
        Self::Quality,
        Self::Equipment,
        Self::Auditor,
        Self::Administrator,
        Self::Device,
    ];

    /// The word in policies, commands and message keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Technologist => "technologist",
            Self::Senior => "senior",
            Self::Head => "head",
            Self::Clinician => "clinician",
            Self::Nurse => "nurse",
            Self::Quality => "quality",
            Self::Equipment => "equipment",
            Self::Auditor => "auditor",
            Self::Administrator => "administrator",
            Self::Device => "device",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text.trim())
    }
}

/// A person, or a device link acting under its own name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Login and badge text.
    pub id: UserId,
    /// Name as written in Chinese, or as the person writes it.
    pub name: String,
    /// Name in Latin letters.
    pub latin: String,
    /// What the person is.
    pub roles: BTreeSet<Role>,
    /// The ward or bench they belong to.
    pub location: Option<LocationId>,
    /// False once the account was closed; the record stays.
    pub active: bool,
    /// The journal entry that last changed this.
    pub changed: Stamp,
}

/// Facts about people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeopleEvent {
    /// An account was opened.
    UserAdded {
        /// Login.
        user: UserId,
        /// Name in the person's own writing.
        name: String,
        /// Name in Latin letters.
        latin: String,
        /// Roles.
        roles: BTreeSet<Role>,
        /// Ward or bench.
        location: Option<LocationId>,
    },
    /// Names, roles or place changed.
    UserChanged {
        /// Login.
        user: UserId,
        /// Name in the person's own writing.
        name: String,
        /// Name in Latin letters.
        latin: String,
        /// Roles from now on.
        roles: BTreeSet<Role>,
        /// Ward or bench.
        location: Option<LocationId>,
    },
    /// The account was closed.
    UserDisabled {
        /// Login.
        user: UserId,
    },
    /// The account was opened again.
    UserEnabled {
        /// Login.
        user: UserId,
    },
    /// The password was set; the secret itself is kept outside the journal.
    PasswordSet {
        /// Whose.
        user: UserId,
    },
    /// Somebody signed in.
    SignedIn {
        /// Who.
        user: UserId,
    },
    /// A sign-in or a second signature failed.
    SignInFailed {
        /// The login that was tried.
        user: UserId,
        /// Whether too many failures have locked the login for a while.
        throttled: bool,
    },
    /// Somebody signed out, or the session lapsed.
    SignedOut {
        /// Who.
        user: UserId,
    },
}

kinds!(PeopleEvent, "people" {
    UserAdded => "user_added", UserChanged => "user_changed", UserDisabled => "user_disabled",
    UserEnabled => "user_enabled", PasswordSet => "password_set", SignedIn => "signed_in",
    SignInFailed => "sign_in_failed", SignedOut => "signed_out",
});

impl PeopleEvent {
    /// What the fact is about.
    pub fn subjects(&self) -> Vec<Subject> {
        match self {
            Self::UserAdded { user, .. }
            | Self::UserChanged { user, .. }
            | Self::UserDisabled { user }
            | Self::UserEnabled { user }
            | Self::PasswordSet { user }
            | Self::SignedIn { user }
            | Self::SignInFailed { user, .. }
            | Self::SignedOut { user } => vec![user.clone().into()],
        }
    }
}

/// Everybody, by login.
pub type People = OrdMap<UserId, Arc<User>>;

/// Carries a fact into the state.
pub fn apply(hospital: &mut Hospital, stamp: &Stamp, event: &PeopleEvent) {
    match event {
        PeopleEvent::UserAdded {
            user,
            name,
            latin,
            roles,
            location,
        }
        | PeopleEvent::UserChanged {
            user,
            name,
            latin,
            roles,
            location,
        } => {
            let active = hospital.people.get(user).is_none_or(|old| old.active);
            hospital.people.insert(
                user.clone(),
                Arc::new(User {
                    id: user.clone(),
                    name: name.clone(),
                    latin: latin.clone(),
                    roles: roles.clone(),
                    location: location.clone(),
                    active,
                    changed: stamp.clone(),
                }),
            );
        }
        PeopleEvent::UserDisabled { user } => set_active(hospital, stamp, user, false),
        PeopleEvent::UserEnabled { user } => set_active(hospital, stamp, user, true),
        PeopleEvent::PasswordSet { .. }
        | PeopleEvent::SignedIn { .. }
        | PeopleEvent::SignInFailed { .. }
        | PeopleEvent::SignedOut { .. } => {}
    }
}

fn set_active(hospital: &mut Hospital, stamp: &Stamp, user: &UserId, active: bool) {
    if let Some(user) = hospital.people.get_mut(user).map(Arc::make_mut) {
        user.active = active;
        user.changed = stamp.clone();
    }
}

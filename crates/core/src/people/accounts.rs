use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Action, PeopleEvent, Role};
use crate::command::{Checks, Context, Decide, Decision, authorised, working};
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::{LocationId, UserId};
use crate::subject::Subject;
use crate::unit::delivery::left;

/// The most characters of a person's name.
pub const NAME_MOST: usize = 60;

/// Opens an account, or changes the names, roles and place of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaveUser {
    /// Login.
    pub user: UserId,
    /// Whether the account must be new or must exist.
    pub new: bool,
    /// Name in the person's own writing.
    pub name: String,
    /// Name in Latin letters.
    pub latin: String,
    /// Roles.
    pub roles: BTreeSet<Role>,
    /// Ward or bench.
    pub location: Option<LocationId>,
}

impl Decide for SaveUser {
    fn action(&self) -> Action {
        Action::UserManage
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.user.clone().into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        let known = hospital.people.get(&self.user);
        match (self.new, known) {
            (true, Some(_)) => {
                checks.find(Finding::new(Rule::AlreadyExists).with("subject", self.user.clone()))
            }
            (false, None) => checks.find(Finding::not_found(self.user.clone())),
            _ => {}
        }
        checks.text("name", &self.name, 1, NAME_MOST);
        checks.text("latin", &self.latin, 1, NAME_MOST);
        checks.require(!self.roles.is_empty(), || {
            Finding::bad_value("roles", "why-none-chosen")
        });
        let loses = known.is_some_and(|old| {
            old.roles.contains(&Role::Administrator) && !self.roles.contains(&Role::Administrator)
        });
        checks.require(
            !loses || another_administrator(hospital, &self.user),
            || Finding::bad_value("roles", "why-last-administrator"),
        );
        checks.settle()?;
        let Self {
            user,
            new,
            name,
            latin,
            roles,
            location,
        } = self.clone();
        let (name, latin) = (name.trim().to_owned(), latin.trim().to_owned());
        Ok(vec![if new {
            PeopleEvent::UserAdded {
                user,
                name,
                latin,
                roles,
                location,
            }
            .into()
        } else {
            PeopleEvent::UserChanged {
                user,
                name,
                latin,
                roles,
                location,
            }
            .into()
        }])
    }
}

/// Closes an account, or opens it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetUserActive {
    /// Whose.
    pub user: UserId,
    /// Open or closed.
    pub active: bool,
}

impl Decide for SetUserActive {
    fn action(&self) -> Action {
        Action::UserManage
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.user.clone().into()]
    }

    fn decide(&self, hospital: &Hospital, _: &Context) -> Decision {
        let user = self.user.clone();
        let Some(known) = hospital.people.get(&user) else {
            return Err(Finding::not_found(user).into());
        };
        if known.active == self.active {
            return Ok(Vec::new());
        }
        if known.roles.contains(&Role::Administrator)
            && !self.active
            && !another_administrator(hospital, &user)
        {
            return Err(Finding::bad_value("user", "why-last-administrator").into());
        }
        Ok(vec![if self.active {
            PeopleEvent::UserEnabled { user }.into()
        } else {
            PeopleEvent::UserDisabled { user }.into()
        }])
    }
}

/// Without an administrator nobody could ever open an account again.
fn another_administrator(hospital: &Hospital, besides: &UserId) -> bool {
    hospital
        .people
        .values()
        .any(|user| user.id != *besides && user.active && user.roles.contains(&Role::Administrator))
}

/// Records that a password was set. The secret itself never enters the journal. Everybody may set their own; somebody else's takes
/// the right to manage accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotePassword {
    /// Whose.
    pub user: UserId,
}

impl Decide for NotePassword {
    fn action(&self) -> Action {
        Action::UserManage
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.user.clone().into()]
    }

    fn permit(&self, hospital: &Hospital, context: &Context) -> Result<(), Finding> {
        let person = working(hospital, &context.actor)?;
        if person.id == self.user {
            return Ok(());
        }
        authorised(hospital, &context.actor, self.action(), context.at).map(|_| ())
    }

    fn decide(&self, hospital: &Hospital, _: &Context) -> Decision {
        match hospital.people.get(&self.user) {
            Some(_) => Ok(vec![
                PeopleEvent::PasswordSet {
                    user: self.user.clone(),
                }
                .into(),
            ]),
            None => Err(Finding::not_found(self.user.clone()).into()),
        }
    }
}

/// How a sign-in or sign-out went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInResult {
    /// Signed in.
    In,
    /// Wrong name or password.
    Failed,
    /// Wrong once more; the login now waits.
    Throttled,
    /// Signed out, or the session lapsed.
    Out,
}

/// Records a sign-in, a failure, or a sign-out. Given by the program under its own account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteSignIn {
    /// The login that was used; it need not exist.
    pub user: UserId,
    /// How it went.
    pub result: SignInResult,
}

impl Decide for NoteSignIn {
    fn action(&self) -> Action {
        Action::SystemRun
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.user.clone().into()]
    }

    fn decide(&self, hospital: &Hospital, _: &Context) -> Decision {
        let user = self.user.clone();
        // Whoever leaves is no longer at the bags their checker signed for.
        let leaves = self.result == SignInResult::Out;
        let left = leaves.then(|| left(hospital, &user)).flatten();
        let noted = match self.result {
            SignInResult::In => PeopleEvent::SignedIn { user },
            SignInResult::Failed => PeopleEvent::SignInFailed {
                user,
                throttled: false,
            },
            SignInResult::Throttled => PeopleEvent::SignInFailed {
                user,
                throttled: true,
            },
            SignInResult::Out => PeopleEvent::SignedOut { user },
        };
        Ok(left.into_iter().chain([noted.into()]).collect())
    }
}

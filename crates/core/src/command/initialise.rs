use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Checks, Context, Decide, Decision};
use crate::event::Event;
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::UserId;
use crate::people::{Action, NAME_MOST, PeopleEvent, Role};
use crate::policy::{Entry, PolicyEvent};
use crate::subject::Subject;

/// Sets up a new installation: the policies it comes with, the program's own account, and the first administrator.
/// Possible once, while nobody exists who could be asked for permission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Initialise {
    /// Policies of the program.
    pub policies: Vec<Entry>,
    /// The account under which the program's own jobs and links act.
    pub system: UserId,
    /// The first administrator.
    pub administrator: UserId,
    /// The administrator's name.
    pub name: String,
    /// The same in Latin letters, for English pages.
    pub latin: String,
}

impl Decide for Initialise {
    fn action(&self) -> Action {
        Action::SystemRun
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.administrator.clone().into()]
    }

    /// Nobody exists yet who could have been granted anything; a second time the rule below refuses.
    fn permit(&self, _: &Hospital, _: &Context) -> Result<(), Finding> {
        Ok(())
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        // A refusal before it is on record and leaves nobody behind; the hospital may still be set up.
        if !hospital.people.is_empty() {
            return Err(Finding::new(Rule::AlreadyExists)
                .with("subject", "hospital")
                .into());
        }
        if self.system == self.administrator {
            return Err(Finding::bad_value("administrator", "why-system-account").into());
        }
        let mut checks = Checks::new(hospital, context);
        checks.text("name", &self.name, 1, NAME_MOST);
        checks.text("latin", &self.latin, 1, NAME_MOST);
        checks.settle()?;
        if let Some(bad) = self
            .policies
            .iter()
            .find(|entry| entry.value.shape() != entry.key.shape())
        {
            return Err(Finding::bad_value("policy", "why-wrong-shape")
                .with("policy", bad.key.name())
                .into());
        }
        let account = |user: &UserId, name: &str, latin: &str, role| -> Event {
            PeopleEvent::UserAdded {
                user: user.clone(),
                name: name.into(),
                latin: latin.into(),
                roles: BTreeSet::from([role]),
                location: None,
            }
            .into()
        };
        let mut events: Vec<Event> = vec![
            account(
                &self.system,
                self.system.as_str(),
                self.system.as_str(),
                Role::Device,
            ),
            account(
                &self.administrator,
                &self.name,
                &self.latin,
                Role::Administrator,
            ),
        ];
        events.extend(self.policies.iter().map(|entry| {
            PolicyEvent::Adopted {
                entry: entry.clone(),
            }
            .into()
        }));
        Ok(events)
    }
}

//! What every handler works with, and the one way a form becomes a command.

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use lifeline_core::command::{Command, Seen, authorised};
use lifeline_core::event::Event;
use lifeline_core::finding::{Reason, Refusal, Rule};
use lifeline_core::hospital::{Hospital, Stamp};
use lifeline_core::id::{UserId, WorkstationId};
use lifeline_core::people::Action;

use crate::desk::{Desk, DeskError, Outcome, Submission};
use crate::entrance::{Keeper, SignInError};
use crate::links::{Lines, Profiles};
use crate::web::frame::{Site, Visit, assemble};
use crate::web::pages::DemoLogin;
use crate::web::{Form, Frame, PageError};

/// The account under which jobs and links of the program act, unless the configuration names another.
pub const SYSTEM_USER: &str = "lifeline";

/// Everything a handler may use.
#[derive(Clone, Debug)]
pub struct App {
    /// The single writer and the published state.
    pub desk: Desk,
    /// Passwords and sessions.
    pub keeper: Keeper,
    /// The installation.
    pub site: Arc<Site>,
    /// Logins shown on the sign-in page of a demonstration: login, password.
    pub demo_logins: Arc<[(String, String)]>,
    /// The program's own account.
    pub system: UserId,
    /// The dialect profiles of machines.
    pub profiles: Profiles,
    /// How the lines to machines stand.
    pub lines: Lines,
}

impl FromRef<App> for Desk {
    fn from_ref(app: &App) -> Self {
        app.desk.clone()
    }
}

/// What came of a form.
#[derive(Debug)]
pub enum Done {
    /// Carried out; the facts.
    Accepted(Arc<[(Stamp, Event)]>),
    /// Refused; show the findings on the form's page.
    Refused(Refusal),
    /// A field of the form is wrong (the second person's password); the form says so.
    Wrong,
}

impl App {
    /// The published state.
    pub fn state(&self) -> Arc<Hospital> {
        self.desk.state()
    }

    /// Where a browser sits. Until workstations are registered this is the person's own session.
    pub fn workstation(&self, visit: &Visit) -> Result<WorkstationId, PageError> {
        WorkstationId::parse(&format!("web:{}", visit.person.id)).map_err(PageError::internal)
    }

    /// Who is asking, as the core names them.
    pub fn actor(&self, visit: &Visit) -> Result<UserId, PageError> {
        UserId::parse(&visit.person.id).map_err(PageError::internal)
    }

    /// Whether the visitor may do an action now: for hiding what would be refused. The desk decides again.
    pub fn may(&self, visit: &Visit, action: Action) -> bool {
        UserId::parse(&visit.person.id).is_ok_and(|user| {
            authorised(&self.state(), &user, action, self.desk.clock().now()).is_ok()
        })
    }

    /// Lets only those look who are granted the action.
    ///
    /// # Errors
    /// [`PageError::Forbidden`].
    pub fn look(&self, visit: &Visit, action: Action) -> Result<(), PageError> {
        if self.may(visit, action) {
            Ok(())
        } else {
            Err(PageError::Forbidden)
        }
    }

    /// Hands a form in as a command: idempotency key, second signature (`second_name`, `second_password`), reasons
    /// (`reason.RULE-CODE`), and what the form had seen, all come from the form.
    ///
    /// # Errors
    /// The desk cannot take it; nothing was recorded.
    pub async fn carry_out(
        &self,
        frame: &Frame,
        visit: &Visit,
        form: &mut Form,
        command: impl Into<Command>,
    ) -> Result<Done, PageError> {
        let command = command.into();
        let workstation = self.workstation(visit)?;
        let second = match form.value("second_name").to_owned() {
            name if name.is_empty() => None,
            name => {
                let password = form.value("second_password").to_owned();
                match self.keeper.prove(&name, &password, &workstation).await {
                    Ok(user) => Some(user),
                    Err(error) => {
                        form.refuse("second_password", sign_in_words(frame, &error)?);
                        return Ok(Done::Wrong);
                    }
                }
            }
        };
        let reasons = form
            .posted()
            .below("reason.")
            .filter_map(|(code, text)| {
                let rule = Rule::ALL.iter().copied().find(|rule| rule.code() == code)?;
                Some(Reason {
                    rule,
                    text: text.to_owned(),
                })
            })
            .collect();
        let seen = match form.seen {
            Some(seq) => command
                .subjects()
                .into_iter()
                .map(|subject| Seen { subject, seq })
                .collect(),
            None => Vec::new(),
        };
        let actor = self.actor(visit)?;
        let submission = Submission {
            id: form.command,
            command,
            actor,
            workstation,
            second,
            reasons,
            seen,
        };
        match self.desk.submit(submission).await {
            Ok(Outcome::Accepted { facts }) => Ok(Done::Accepted(facts)),
            Ok(Outcome::Refused(mut refusal)) => {
                if let Some(seq) = form.seen {
                    crate::pages::timeline::name_changes(self, frame, &mut refusal, seq).await;
                }
                // The same id would answer the same refusal; the mended form is another attempt.
                form.command = uuid::Uuid::now_v7();
                Ok(Done::Refused(refusal))
            }
            Err(error) => Err(desk_error(error)),
        }
    }
}

/// The words for a failed sign-in or signature, or the fault behind it.
///
/// # Errors
/// The database or the desk does not answer.
pub fn sign_in_words(frame: &Frame, error: &SignInError) -> Result<String, PageError> {
    match error {
        SignInError::Wrong => Ok(frame.t.m("sign-in-wrong")),
        SignInError::Wait(until) => Ok(frame
            .t
            .a("sign-in-wait", &[("until", &frame.moment(until).text)])),
        SignInError::Journal(_) | SignInError::Desk(_) => {
            tracing::error!(%error, "sign-in");
            Err(PageError::Unavailable)
        }
        SignInError::Fault(fault) => Err(PageError::internal(fault)),
    }
}

/// A desk error as a page or API answer.
pub fn desk_error(error: DeskError) -> PageError {
    match error {
        DeskError::Journal(_) | DeskError::Following | DeskError::Closed => {
            tracing::error!(%error, "desk");
            PageError::Unavailable
        }
        DeskError::TooLarge(_) => PageError::TooLarge,
        DeskError::IdTaken(_) => PageError::IdTaken,
        DeskError::Encoding(_) => PageError::internal(error),
    }
}

/// The whole site.
pub fn site(app: App) -> Router {
    let site = Site::clone(&app.site);
    let keeper = app.keeper.clone();
    let routes = crate::pages::routes().merge(crate::api::routes());
    assemble(routes.with_state(app), site, keeper)
}

/// A demonstration's logins in the page's language.
pub fn demo_logins(app: &App, frame: &Frame) -> Vec<DemoLogin> {
    let hospital = app.state();
    app.demo_logins
        .iter()
        .filter_map(|(login, password)| {
            let person = hospital.people.get(&UserId::parse(login).ok()?)?;
            let role = person.roles.iter().next()?.as_str();
            let name = if frame.lang() == crate::web::Lang::En {
                &person.latin
            } else {
                &person.name
            };
            Some(DemoLogin {
                login: login.clone(),
                password: password.clone(),
                role: role.into(),
                words: frame.t.a(
                    "sign-in-demo-line",
                    &[
                        ("name", name),
                        ("role", &frame.t.m(&format!("role-{role}"))),
                    ],
                ),
            })
        })
        .collect()
}

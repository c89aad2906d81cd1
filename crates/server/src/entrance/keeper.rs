use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::header::ACCEPT;
use jiff::{SignedDuration, Timestamp};
use lifeline_core::command::authorised;
use lifeline_core::hospital::Hospital;
use lifeline_core::id::{UserId, WorkstationId};
use lifeline_core::people::{Action, NoteSignIn, Role, SignInResult};
use lifeline_core::policy::Key;
use lifeline_journal::{Hash, JournalError, Session};

use super::password::{in_turn, verify};
use crate::desk::{Desk, DeskError, Submission};
use crate::web::frame::{Doorkeeper, Person, Visit};
use crate::web::guard::secret;
use crate::web::{PageError, Room};

/// The cookie that holds a session's token.
pub const SESSION_COOKIE: &str = "session";
/// A session ends after this long, used or not.
pub const SESSION_LONGEST: SignedDuration = SignedDuration::from_hours(13);
/// How often a session in use is written down again.
const SESSION_SAVE: SignedDuration = SignedDuration::from_secs(60);
/// Sessions remembered without asking the database; beyond it, the memory is emptied and filled anew.
const REMEMBERED: usize = 10_000;
/// Logins whose failures are counted at a time.
const COUNTED: usize = 10_000;
/// Used while the policy `people.session_idle` is missing: the strictest that can be worked with.
const IDLE_WITHOUT_POLICY: SignedDuration = SignedDuration::from_mins(5);

/// Why somebody was not let in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Wrong name, wrong password, closed account: which of them is not told.
    #[error("name or password is wrong")]
    Wrong,
    /// Too many failures; wait.
    #[error("too many failures; wait until {0}")]
    Wait(Timestamp),
    /// The database does not answer.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The desk does not answer.
    #[error(transparent)]
    Desk(#[from] DeskError),
    /// A fault of ours.
    #[error("{0}")]
    Fault(String),
}

#[derive(Clone)]
struct Remembered {
    user: UserId,
    csrf: Arc<str>,
    touched: Timestamp,
    saved: Timestamp,
    expires: Timestamp,
}

#[derive(Default)]
struct Memory {
    sessions: HashMap<Hash, Remembered>,
    failures: HashMap<UserId, (u32, Timestamp)>,
}

/// Knows the sessions and checks passwords.
#[derive(Clone)]
pub struct Keeper {
    desk: Desk,
    system: UserId,
    memory: Arc<Mutex<Memory>>,
    alarms: crate::alarms::Watch,
}

impl std::fmt::Debug for Keeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keeper").finish_non_exhaustive()
    }
}

impl Keeper {
    /// A keeper at a desk; `system` is the program's own account, under which sign-ins are noted.
    pub fn new(desk: Desk, system: UserId) -> Self {
        Self {
            desk,
            system,
            memory: Arc::default(),
            alarms: crate::alarms::Watch::default(),
        }
    }

    fn memory<T>(&self, work: impl FnOnce(&mut Memory) -> T) -> T {
        // What a panicking thread left behind is counters and copies of rows: still true.
        work(&mut self.memory.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn note(
        &self,
        user: &UserId,
        result: SignInResult,
        workstation: &WorkstationId,
    ) -> Result<(), DeskError> {
        let command = NoteSignIn {
            user: user.clone(),
            result,
        };
        self.desk
            .submit(Submission::new(
                command,
                self.system.clone(),
                workstation.clone(),
            ))
            .await
            .map(|_| ())
    }

    /// Checks a person's password, counting failures. Used for signing in and for second signatures alike.
    ///
    /// # Errors
    /// See [`SignInError`]; every failure is noted in the journal.
    pub async fn prove(
        &self,
        login: &str,
        password: &str,
        workstation: &WorkstationId,
    ) -> Result<UserId, SignInError> {
        let now = self.desk.clock().now();
        let user = UserId::parse(login).map_err(|_| SignInError::Wrong)?;
        let hospital = self.desk.state();
        let most = hospital
            .policies
            .count(Key::SignInAttempts, now)
            .unwrap_or(1);
        let wait = hospital
            .policies
            .span(Key::SignInWait, now)
            .unwrap_or(IDLE_WITHOUT_POLICY);
        let most = u32::try_from(most.max(1)).unwrap_or(u32::MAX);
        if let Some(until) = self.memory(|memory| {
            let (count, last) = memory.failures.get(&user).copied()?;
            (count >= most && now < last + wait).then(|| last + wait)
        }) {
            return Err(SignInError::Wait(until));
        }
        let digest = self.desk.journal().credential(user.as_str()).await?;
        let password = password.to_owned();
        let right = in_turn(move || verify(&password, digest.as_deref()))
            .await
            .map_err(|error| SignInError::Fault(error.to_string()))?;
        // The program's own account and device links never sign in.
        let welcome = hospital
            .people
            .get(&user)
            .is_some_and(|person| person.active && !person.roles.contains(&Role::Device));
        if right && welcome {
            self.memory(|memory| memory.failures.remove(&user));
            return Ok(user);
        }
        let count = self.memory(|memory| {
            if memory.failures.len() >= COUNTED {
                memory.failures.retain(|_, (_, last)| now < *last + wait);
            }
            let (count, last) = memory.failures.entry(user.clone()).or_insert((0, now));
            *count = if now < *last + wait {
                count.saturating_add(1)
            } else {
                1
            };
            *last = now;
            *count
        });
        let result = if count >= most {
            SignInResult::Throttled
        } else {
            SignInResult::Failed
        };
        self.note(&user, result, workstation).await?;
        Err(SignInError::Wrong)
    }

    /// Signs somebody in; the answer is the token for the cookie.
    ///
    /// # Errors
    /// See [`SignInError`].
    pub async fn sign_in(
        &self,
        login: &str,
        password: &str,
        workstation: &WorkstationId,
    ) -> Result<Arc<str>, SignInError> {
        let user = self.prove(login, password, workstation).await?;
        let fault = |error: PageError| SignInError::Fault(format!("{error:?}"));
        let (token, csrf) = (secret().map_err(fault)?, secret().map_err(fault)?);
        let now = self.desk.clock().now();
        let session = Remembered {
            user: user.clone(),
            csrf: csrf.clone(),
            touched: now,
            saved: now,
            expires: now + SESSION_LONGEST,
        };
        let token_hash = Hash::of(token.as_bytes());
        self.desk
            .journal()
            .put_session(row(token_hash, &session))
            .await?;
        self.note(&user, SignInResult::In, workstation).await?;
        self.memory(|memory| remember(memory, token_hash, session));
        Ok(token)
    }

    /// Ends a session.
    ///
    /// # Errors
    /// The database or the desk does not answer.
    pub async fn sign_out(
        &self,
        headers: &HeaderMap,
        workstation: &WorkstationId,
    ) -> Result<(), SignInError> {
        let Some(token) = crate::web::frame::cookie(headers, SESSION_COOKIE) else {
            return Ok(());
        };
        let token_hash = Hash::of(token.as_bytes());
        let Some(session) = self.session(token_hash).await? else {
            return Ok(());
        };
        self.memory(|memory| memory.sessions.remove(&token_hash));
        self.desk.journal().end_session(token_hash).await?;
        self.note(&session.user, SignInResult::Out, workstation)
            .await?;
        Ok(())
    }

    /// Ends every session of a person: the password changed, or the account was closed.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn end_all(&self, user: &UserId) -> Result<(), JournalError> {
        self.memory(|memory| memory.sessions.retain(|_, session| session.user != *user));
        self.desk
            .journal()
            .end_sessions_of(user.as_str())
            .await
            .map(|_| ())
    }

    async fn session(&self, token_hash: Hash) -> Result<Option<Remembered>, JournalError> {
        if let Some(session) = self.memory(|memory| memory.sessions.get(&token_hash).cloned()) {
            return Ok(Some(session));
        }
        let Some(row) = self.desk.journal().session(token_hash).await? else {
            return Ok(None);
        };
        let (Ok(user), Ok(touched), Ok(expires)) = (
            UserId::parse(&row.user),
            Timestamp::from_millisecond(row.touched_ms),
            Timestamp::from_millisecond(row.expires_ms),
        ) else {
            return Ok(None);
        };
        let session = Remembered {
            user,
            csrf: row.data.into(),
            touched,
            saved: touched,
            expires,
        };
        self.memory(|memory| remember(memory, token_hash, session.clone()));
        Ok(Some(session))
    }

    async fn current(&self, headers: &HeaderMap) -> Result<Option<Visit>, JournalError> {
        let Some(token) = crate::web::frame::cookie(headers, SESSION_COOKIE) else {
            return Ok(None);
        };
        let token_hash = Hash::of(token.as_bytes());
        let Some(mut session) = self.session(token_hash).await? else {
            return Ok(None);
        };
        let now = self.desk.clock().now();
        let hospital = self.desk.state();
        let idle = hospital
            .policies
            .span(Key::SessionIdle, now)
            .unwrap_or(IDLE_WITHOUT_POLICY);
        let person = hospital
            .people
            .get(&session.user)
            .filter(|person| person.active);
        let (Some(person), true) = (
            person,
            now < session.expires && now < session.touched + idle,
        ) else {
            self.memory(|memory| memory.sessions.remove(&token_hash));
            self.desk.journal().end_session(token_hash).await?;
            return Ok(None);
        };
        if !unattended(headers) {
            session.touched = now;
        }
        if now >= session.saved + SESSION_SAVE {
            session.saved = now;
            self.desk
                .journal()
                .put_session(row(token_hash, &session))
                .await?;
        }
        self.memory(|memory| remember(memory, token_hash, session.clone()));
        Ok(Some(Visit {
            person: Person {
                id: person.id.as_str().into(),
                name: person.name.as_str().into(),
                latin: person.latin.as_str().into(),
                roles: person.roles.iter().copied().collect(),
            },
            csrf: session.csrf,
            rooms: rooms(&hospital, &person.id, now),
            shift: None,
            alarms: self.alarms.count_for(&hospital, &person.id, now),
            idle_limit: Duration::from_secs(idle.as_secs().unsigned_abs()),
        }))
    }
}

/// The header with which a page says that it asks by itself and nobody touched it.
pub const UNATTENDED_HEADER: &str = "x-unattended";

/// Whether a page asks by itself: a live stream, or a fragment fetched anew. That is no sign that somebody is there.
fn unattended(headers: &HeaderMap) -> bool {
    headers.contains_key(UNATTENDED_HEADER)
        || headers
            .get(ACCEPT)
            .is_some_and(|accept| accept.as_bytes() == b"text/event-stream")
}

fn remember(memory: &mut Memory, token_hash: Hash, session: Remembered) {
    if memory.sessions.len() >= REMEMBERED {
        memory.sessions.clear();
    }
    memory.sessions.insert(token_hash, session);
}

fn row(token_hash: Hash, session: &Remembered) -> Session {
    Session {
        token_hash,
        user: session.user.as_str().into(),
        created_ms: (session.expires - SESSION_LONGEST).as_millisecond(),
        touched_ms: session.touched.as_millisecond(),
        expires_ms: session.expires.as_millisecond(),
        data: session.csrf.to_string(),
    }
}

/// The action that opens a room.
pub fn opened_by(room: Room) -> &'static [Action] {
    match room {
        Room::Board => &[Action::ViewBoard],
        Room::Receipt => &[Action::UnitReceive],
        Room::Stock => &[Action::ViewStock],
        Room::Samples => &[Action::SampleReceive],
        Room::Bench => &[Action::TestRecord, Action::LotManage],
        Room::Crossmatch => &[Action::ViewCrossmatch],
        Room::Issue => &[Action::UnitIssue, Action::EmergencyDeclare],
        Room::Ward => &[Action::UnitFate],
        Room::Eqa => &[Action::ViewAssessment],
        Room::Quality => &[Action::ViewQuality],
        Room::NearMisses => &[Action::NearMissReport, Action::ViewGovernance],
        Room::Reactions | Room::Region => &[],
        Room::Governance => &[Action::ViewGovernance],
        Room::Equipment => &[Action::ViewDevice],
        Room::Clinical => &[Action::RequestPlace],
        Room::People => &[Action::ViewPeople],
        Room::Journal => &[Action::ViewJournal],
        Room::Policy => &[Action::ViewPolicy],
    }
}

fn rooms(hospital: &Hospital, user: &UserId, at: Timestamp) -> Vec<Room> {
    Room::ALL
        .into_iter()
        .filter(|room| {
            opened_by(*room)
                .iter()
                .any(|action| authorised(hospital, user, *action, at).is_ok())
        })
        .collect()
}

impl Doorkeeper for Keeper {
    async fn visit(&self, headers: &HeaderMap) -> Option<Visit> {
        self.current(headers).await.unwrap_or_else(|error| {
            tracing::error!(%error, "sessions cannot be read");
            None
        })
    }

    fn now(&self) -> Timestamp {
        self.desk.clock().now()
    }
}

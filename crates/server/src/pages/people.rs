//! The people room: accounts, roles, passwords; and everybody's own page.

use std::collections::BTreeSet;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use lifeline_core::id::{LocationId, UserId};
use lifeline_core::people::{Action, NotePassword, Role, SaveUser, SetUserActive, User};
use lifeline_core::subject::Subject;
use lifeline_journal::{Filter, Seek};

use crate::app::{App, Done, sign_in_words};
use crate::entrance::{PASSWORD_LEAST, PASSWORD_MOST};
use crate::pages::timeline;
use crate::serve::hashed;
use crate::web::words::{address, refusal};
use crate::web::{
    Banner, Form, Frame, PageError, Posted, Room, TimelineEntry, Tone, Visit, render,
};

/// What a person did last, shown on their page.
const DEEDS: usize = 30;

/// The routes of these pages.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/people", get(list))
        .route("/people/new", get(blank).post(save_new))
        .route("/people/{user}", get(show).post(save))
        .route("/people/{user}/active", post(set_active))
        .route("/people/{user}/password", post(set_password))
        .route("/me", get(me).post(change_own))
}

struct Line {
    href: String,
    id: String,
    name: String,
    latin: String,
    roles: String,
    place: String,
    tone: Tone,
    state: String,
}

#[derive(Template)]
#[template(path = "people/list.html")]
struct ListPage {
    lines: Vec<Line>,
    may_manage: bool,
    frame: Frame,
}

fn role_names(frame: &Frame, user: &User) -> String {
    let names: Vec<String> = user
        .roles
        .iter()
        .map(|role| frame.t.m(&format!("role-{}", role.as_str())))
        .collect();
    names.join(&frame.t.m("list-separator"))
}

fn state(frame: &Frame, user: &User) -> (Tone, String) {
    if user.active {
        (Tone::Good, frame.t.m("people-open"))
    } else {
        (Tone::Warn, frame.t.m("people-closed"))
    }
}

async fn list(State(app): State<App>, frame: Frame, visit: Visit) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewPeople)?;
    let hospital = app.state();
    let mut people: Vec<&User> = hospital.people.values().map(|user| &**user).collect();
    people.sort_by_key(|user| (!user.active, user.roles.iter().next().copied()));
    let lines = people.into_iter().map(|user| {
        let (tone, state) = state(&frame, user);
        Line {
            href: address(&Subject::from(user.id.clone())),
            id: user.id.to_string(),
            name: user.name.clone(),
            latin: user.latin.clone(),
            roles: role_names(&frame, user),
            place: user
                .location
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            tone,
            state,
        }
    });
    Ok(render(&ListPage {
        lines: lines.collect(),
        may_manage: app.may(&visit, Action::UserManage),
        frame: frame.clone(),
    }))
}

#[derive(Template)]
#[template(path = "people/person.html")]
struct PersonPage {
    user: Option<Known>,
    roles: Vec<(String, String)>,
    may_manage: bool,
    banner: Option<Banner>,
    deeds: Vec<TimelineEntry>,
    about: Vec<TimelineEntry>,
    form: Form,
    frame: Frame,
}

struct Known {
    id: String,
    name: String,
    latin: String,
    roles: String,
    place: String,
    active: bool,
    tone: Tone,
    state: String,
    path: String,
}

fn all_roles(frame: &Frame) -> Vec<(String, String)> {
    Role::ALL
        .into_iter()
        .filter(|role| *role != Role::Device)
        .map(|role| {
            let code = role.as_str();
            (code.to_owned(), frame.t.m(&format!("role-{code}")))
        })
        .collect()
}

/// A person's page, or the page of a new account.
async fn page(
    app: &App,
    mut frame: Frame,
    visit: &Visit,
    user: Option<&UserId>,
    form: Form,
    banner: Option<Banner>,
) -> Result<Response, PageError> {
    frame.room = Some(Room::People);
    let hospital = app.state();
    let mut deeds = Vec::new();
    let mut about = Vec::new();
    let user = match user {
        None => None,
        Some(id) => {
            let user = hospital.people.get(id).ok_or(PageError::NotFound)?;
            if app.may(visit, Action::ViewJournal) {
                let filter = Filter {
                    actor: Some(id.to_string()),
                    ..Filter::default()
                };
                let found = app
                    .desk
                    .journal()
                    .read_filtered(filter, Seek::NEWEST, DEEDS)
                    .await
                    .map_err(|error| {
                        tracing::error!(%error, "people");
                        PageError::Unavailable
                    })?;
                deeds = found
                    .entries
                    .iter()
                    .map(|entry| timeline::line(&frame, &hospital, entry))
                    .collect();
            }
            about = timeline::of(app, &frame, &[Subject::from(id.clone())]).await?;
            about.truncate(DEEDS);
            let (tone, state) = state(&frame, user);
            Some(Known {
                id: id.to_string(),
                name: user.name.clone(),
                latin: user.latin.clone(),
                roles: role_names(&frame, user),
                place: user
                    .location
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
                active: user.active,
                tone,
                state,
                path: address(&Subject::from(id.clone())),
            })
        }
    };
    let status = if banner.is_some() || !form.is_ok() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let page = PersonPage {
        user,
        roles: all_roles(&frame),
        may_manage: app.may(visit, Action::UserManage),
        banner,
        deeds,
        about,
        form,
        frame,
    };
    let mut answer = render(&page);
    if answer.status() == StatusCode::OK {
        *answer.status_mut() = status;
    }
    Ok(answer)
}

async fn blank(State(app): State<App>, frame: Frame, visit: Visit) -> Result<Response, PageError> {
    app.look(&visit, Action::UserManage)?;
    let form = Form::blank(&frame);
    page(&app, frame, &visit, None, form, None).await
}

/// The form filled with what is on file.
fn filled(frame: &Frame, user: &User) -> Form {
    let place = user
        .location
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default();
    let fields = [
        ("name", user.name.as_str()),
        ("latin", user.latin.as_str()),
        ("place", place.as_str()),
    ];
    let roles = user.roles.iter().map(|role| ("roles", role.as_str()));
    Form::filled(frame, Posted::of(fields.into_iter().chain(roles))).seeing(user.changed.seq)
}

fn known(app: &App, text: &str) -> Result<UserId, PageError> {
    let id = UserId::parse(text).map_err(|_| PageError::NotFound)?;
    if app.state().people.contains_key(&id) {
        Ok(id)
    } else {
        Err(PageError::NotFound)
    }
}

async fn show(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(user): Path<String>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewPeople)?;
    let id = known(&app, &user)?;
    let form = match app.state().people.get(&id) {
        Some(user) => filled(&frame, user),
        None => return Err(PageError::NotFound),
    };
    page(&app, frame, &visit, Some(&id), form, None).await
}

fn read(frame: &Frame, form: &mut Form, user: Option<UserId>, new: bool) -> Option<SaveUser> {
    let user = match user {
        Some(user) => Some(user),
        None => form.read("user", UserId::parse, |_| frame.t.m("people-bad-login")),
    };
    let location = form.read_optional("place", LocationId::parse, |_| frame.t.m("place-wrong"));
    let roles: BTreeSet<Role> = form.posted().all("roles").filter_map(Role::parse).collect();
    if !form.is_ok() {
        return None;
    }
    Some(SaveUser {
        user: user?,
        new,
        name: form.value("name").to_owned(),
        latin: form.value("latin").to_owned(),
        roles,
        location,
    })
}

async fn save_new(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::UserManage)?;
    let mut form = Form::sent(&frame, posted)?;
    let Some(command) = read(&frame, &mut form, None, true) else {
        return page(&app, frame, &visit, None, form, None).await;
    };
    let target = address(&Subject::from(command.user.clone()));
    match app.carry_out(&frame, &visit, &mut form, command).await? {
        Done::Accepted(_) => Ok(Redirect::to(&target).into_response()),
        Done::Refused(refused) => {
            let banner = refusal(&frame, &refused);
            page(&app, frame, &visit, None, form, Some(banner)).await
        }
        Done::Wrong => page(&app, frame, &visit, None, form, None).await,
    }
}

async fn save(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(user): Path<String>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewPeople)?;
    let id = known(&app, &user)?;
    let mut form = Form::sent(&frame, posted)?;
    let Some(command) = read(&frame, &mut form, Some(id.clone()), false) else {
        return page(&app, frame, &visit, Some(&id), form, None).await;
    };
    let done = app.carry_out(&frame, &visit, &mut form, command).await?;
    answer(&app, frame, &visit, &id, form, done).await
}

async fn answer(
    app: &App,
    frame: Frame,
    visit: &Visit,
    id: &UserId,
    form: Form,
    done: Done,
) -> Result<Response, PageError> {
    match done {
        Done::Accepted(_) => Ok(Redirect::to(&address(&Subject::from(id.clone()))).into_response()),
        Done::Refused(refused) => {
            let banner = refusal(&frame, &refused);
            page(app, frame, visit, Some(id), form, Some(banner)).await
        }
        Done::Wrong => page(app, frame, visit, Some(id), form, None).await,
    }
}

async fn set_active(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(user): Path<String>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewPeople)?;
    let id = known(&app, &user)?;
    let mut form = Form::sent(&frame, posted)?;
    let active = form.value("active") == "yes";
    let command = SetUserActive {
        user: id.clone(),
        active,
    };
    let done = app.carry_out(&frame, &visit, &mut form, command).await?;
    if matches!(done, Done::Accepted(_)) && !active {
        app.keeper.end_all(&id).await.map_err(stored)?;
    }
    answer(&app, frame, &visit, &id, form, done).await
}

fn stored(error: lifeline_journal::JournalError) -> PageError {
    tracing::error!(%error, "passwords");
    PageError::Unavailable
}

/// The new password, typed twice; what is wrong stands at its field.
fn new_password(frame: &Frame, form: &mut Form) -> Option<String> {
    let password = form.value("password").to_owned();
    if !(PASSWORD_LEAST..=PASSWORD_MOST).contains(&password.chars().count()) {
        let words = frame.t.a(
            "people-password-length",
            &[("least", &PASSWORD_LEAST), ("most", &PASSWORD_MOST)],
        );
        form.refuse("password", words);
    } else if password != form.value("again") {
        form.refuse("again", frame.t.m("people-password-differs"));
    }
    form.is_ok().then_some(password)
}

/// Records that the password is set, sets it, and ends every session of the person.
async fn store_password(
    app: &App,
    frame: &Frame,
    visit: &Visit,
    form: &mut Form,
    id: &UserId,
    password: &str,
) -> Result<Done, PageError> {
    let digest = hashed(password).await.map_err(PageError::internal)?;
    let command = NotePassword { user: id.clone() };
    let done = app.carry_out(frame, visit, form, command).await?;
    if matches!(done, Done::Accepted(_)) {
        let journal = app.desk.journal();
        journal
            .set_credential(id.as_str(), &digest)
            .await
            .map_err(stored)?;
        app.keeper.end_all(id).await.map_err(stored)?;
    }
    Ok(done)
}

async fn set_password(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(user): Path<String>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::UserManage)?;
    let id = known(&app, &user)?;
    let mut form = Form::sent(&frame, posted)?;
    let Some(password) = new_password(&frame, &mut form) else {
        let form = again(&app, &frame, &id, form);
        return page(&app, frame, &visit, Some(&id), form, None).await;
    };
    let done = store_password(&app, &frame, &visit, &mut form, &id, &password).await?;
    answer(&app, frame, &visit, &id, form, done).await
}

/// The password form was wrong: the other form of the page keeps what is on file, and no password is sent back.
fn again(app: &App, frame: &Frame, id: &UserId, wrong: Form) -> Form {
    let mut form = match app.state().people.get(id) {
        Some(user) => filled(frame, user),
        None => Form::blank(frame),
    };
    for name in ["password", "again"] {
        if !wrong.error(name).is_empty() {
            form.refuse(name, wrong.error(name));
        }
    }
    form
}

#[derive(Template)]
#[template(path = "people/me.html")]
struct MePage {
    name: String,
    roles: String,
    place: String,
    banner: Option<Banner>,
    form: Form,
    frame: Frame,
}

fn own(app: &App, frame: Frame, visit: &Visit, form: Form, banner: Option<Banner>) -> Response {
    let hospital = app.state();
    let user = UserId::parse(&visit.person.id)
        .ok()
        .and_then(|id| hospital.people.get(&id).cloned());
    let bad = banner.is_some() || !form.is_ok();
    let mut answer = render(&MePage {
        name: user
            .as_ref()
            .map(|user| format!("{} · {}", user.name, user.latin))
            .unwrap_or_default(),
        roles: frame.role_names(),
        place: user
            .and_then(|user| user.location.as_ref().map(ToString::to_string))
            .unwrap_or_default(),
        banner,
        form,
        frame,
    });
    if bad && answer.status() == StatusCode::OK {
        *answer.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    answer
}

async fn me(State(app): State<App>, frame: Frame, visit: Visit) -> Response {
    let form = Form::blank(&frame);
    own(&app, frame, &visit, form, None)
}

/// Everybody changes their own password after proving the old one; then they sign in with the new one.
async fn change_own(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    posted: Posted,
) -> Result<Response, PageError> {
    let mut form = Form::sent(&frame, posted)?;
    let id = app.actor(&visit)?;
    let workstation = app.workstation(&visit)?;
    let old = form.value("old").to_owned();
    let proof = app.keeper.prove(id.as_str(), &old, &workstation).await;
    if let Err(error) = proof {
        form.refuse("old", sign_in_words(&frame, &error)?);
    }
    let Some(password) = new_password(&frame, &mut form) else {
        return Ok(own(&app, frame, &visit, form, None));
    };
    match store_password(&app, &frame, &visit, &mut form, &id, &password).await? {
        Done::Accepted(_) => Ok(Redirect::to("/sign-in?next=/me").into_response()),
        Done::Refused(refused) => {
            let banner = refusal(&frame, &refused);
            Ok(own(&app, frame, &visit, form, Some(banner)))
        }
        Done::Wrong => Ok(own(&app, frame, &visit, form, None)),
    }
}

//! Accounts and sign-ins.

use lifeline_core::people::{
    NotePassword, NoteSignIn, Role, SaveUser, SetUserActive, SignInResult,
};

use crate::world::{Draft, World, id};

pub(super) fn save(world: &mut World) -> Option<Draft> {
    let new = world.one_in(2);
    let user = if new {
        let n = world.hired.len();
        id(&format!("extra{n}"))?
    } else {
        world.pick(|w| &w.hired, 20, |_, _| true)?
    };
    let role = *world.one(&Role::ALL)?;
    // The people of the opening keep their roles, so that the work goes on.
    let known = world.staff.iter().find(|(login, _)| *login == user);
    let role = known.map_or(role, |(_, role)| *role);
    world.draft(SaveUser {
        user,
        new,
        name: "张三".into(),
        latin: "Zhang San".into(),
        roles: [role].into(),
        location: None,
    })
}

pub(super) fn set_active(world: &mut World) -> Option<Draft> {
    let disabled = world
        .hospital
        .people
        .values()
        .find(|user| !user.active)
        .map(|user| user.id.clone());
    let (user, active) = match disabled {
        Some(user) if !world.one_in(12) => (user, true),
        _ => (world.pick(|w| &w.hired, 40, |_, _| true)?, false),
    };
    world.draft(SetUserActive { user, active })
}

pub(super) fn note_password(world: &mut World) -> Option<Draft> {
    let user = world.pick(|w| &w.hired, 40, |_, _| true)?;
    world.draft(NotePassword { user })
}

pub(super) fn note_sign_in(world: &mut World) -> Option<Draft> {
    let user = world.pick(|w| &w.hired, 40, |_, _| true)?;
    let result = *world.one(&[
        SignInResult::In,
        SignInResult::Failed,
        SignInResult::Throttled,
        SignInResult::Out,
    ])?;
    world.draft(NoteSignIn { user, result })
}

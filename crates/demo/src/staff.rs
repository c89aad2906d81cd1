//! Invented staff, one login a role and a few more for second signatures.

use std::collections::BTreeSet;

use lifeline_core::id::{LocationId, UserId};
use lifeline_core::people::{NotePassword, Role, SaveUser};
use lifeline_server::desk::{Desk, Submission};
use lifeline_server::serve::hashed;

use crate::{carry_out, workstation};

/// The password of every login of a demonstration.
pub const PASSWORD: &str = "lifeline-demo";

/// The logins shown on the sign-in page, in the order of the work.
pub const LOGINS: [&str; 10] = [
    "chen", "wang", "zhao", "liu", "sun", "he", "qian", "gu", "admin", "shen",
];

const STAFF: [(&str, &str, &str, Role, &str); 11] = [
    ("chen", "陈静", "Chen Jing", Role::Technologist, "lab"),
    ("wang", "王磊", "Wang Lei", Role::Technologist, "lab"),
    ("zhao", "赵敏", "Zhao Min", Role::Senior, "lab"),
    ("liu", "刘建国", "Liu Jianguo", Role::Head, "lab"),
    ("sun", "孙悦", "Sun Yue", Role::Clinician, "ward-surgery"),
    ("he", "何芳", "He Fang", Role::Nurse, "ward-surgery"),
    ("lin", "林晓", "Lin Xiao", Role::Nurse, "ward-icu"),
    ("qian", "钱文", "Qian Wen", Role::Quality, "lab"),
    ("gu", "顾强", "Gu Qiang", Role::Equipment, "lab"),
    ("shen", "沈正", "Shen Zheng", Role::Auditor, "office"),
    ("xu", "徐莉", "Xu Li", Role::Clinician, "ward-icu"),
];

/// Opens every account with the demonstration's password.
///
/// # Errors
/// A command was refused, or the database failed.
pub async fn hire(desk: &Desk) -> anyhow::Result<()> {
    let admin = UserId::parse("admin")?;
    let digest = hashed(PASSWORD).await?;
    // Set-up knows one name; the English pages show this one.
    let named = SaveUser {
        user: admin.clone(),
        new: false,
        name: "系统管理员".into(),
        latin: "System administrator".into(),
        roles: BTreeSet::from([Role::Administrator]),
        location: None,
    };
    carry_out(desk, Submission::new(named, admin.clone(), workstation()?)).await?;
    for (login, name, latin, role, location) in STAFF {
        let user = UserId::parse(login)?;
        let command = SaveUser {
            user: user.clone(),
            new: true,
            name: name.into(),
            latin: latin.into(),
            roles: BTreeSet::from([role]),
            location: Some(LocationId::parse(location)?),
        };
        carry_out(
            desk,
            Submission::new(command, admin.clone(), workstation()?),
        )
        .await?;
        desk.journal()
            .set_credential(user.as_str(), &digest)
            .await?;
        carry_out(
            desk,
            Submission::new(NotePassword { user }, admin.clone(), workstation()?),
        )
        .await?;
    }
    Ok(())
}

//! The demonstration hospital: invented staff, wards, patients, units and analysers, made through the same door as everything else.

mod staff;

use std::sync::Arc;

use lifeline_core::id::WorkstationId;
use lifeline_server::app::App;
use lifeline_server::desk::{Desk, Outcome, Submission};
use lifeline_server::serve::{initialise, zone};
use lifeline_server::web::frame::Site;

pub use staff::PASSWORD;

/// Furnishes an empty hospital and turns the app into a demonstration.
///
/// # Errors
/// The hospital is not empty, or a command was refused: a fault of ours.
pub async fn furnish(mut app: App) -> anyhow::Result<App> {
    initialise(&app.desk, "admin", "系统管理员", PASSWORD).await?;
    staff::hire(&app.desk).await?;
    app.demo_logins = staff::LOGINS
        .iter()
        .map(|login| ((*login).to_owned(), PASSWORD.to_owned()))
        .collect();
    app.site = Arc::new(Site {
        demo: true,
        zone: zone(&app.desk),
        ..Site::clone(&app.site)
    });
    Ok(app)
}

/// Hands in a command and insists that it is carried out.
pub(crate) async fn carry_out(desk: &Desk, submission: Submission) -> anyhow::Result<()> {
    let name = submission.command.name();
    match desk.submit(submission).await? {
        Outcome::Accepted { .. } => Ok(()),
        Outcome::Refused(refusal) => anyhow::bail!("{name} was refused: {refusal:?}"),
    }
}

/// Where the demonstration's own commands come from.
pub(crate) fn workstation() -> anyhow::Result<WorkstationId> {
    Ok(WorkstationId::parse("demo")?)
}

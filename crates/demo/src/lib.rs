//! The demonstration hospital: invented staff, wards, patients, units and analysers, made through the same door as everything else.

mod analyser;
mod antibodies;
mod assessment;
mod bench;
mod clinic;
mod decisions;
mod governance;
mod measured;
mod patients;
mod quality;
mod staff;
mod stock;

use std::sync::Arc;

use lifeline_core::command::Command;
use lifeline_core::event::Event;
use lifeline_core::hospital::Stamp;
use lifeline_core::id::{UserId, WorkstationId};
use lifeline_server::app::App;
use lifeline_server::desk::{Desk, Outcome, Submission};
use lifeline_server::serve::{initialise, zone};
use lifeline_server::web::frame::Site;
use rand::SeedableRng;
use rand::rngs::StdRng;

pub use analyser::{Analysers, start as start_analysers};
pub use staff::PASSWORD;

/// The same demonstration every time.
const SEED: u64 = 20_261_122;

/// Furnishes an empty hospital and turns the app into a demonstration.
///
/// # Errors
/// The hospital is not empty, or a command was refused: a fault of ours.
pub async fn furnish(mut app: App) -> anyhow::Result<App> {
    let mut random = StdRng::seed_from_u64(SEED);
    let clock = app.desk.clock();
    let before = clock.now();
    clock.advance(-quality::MONTH);
    let shifted = clock.now() < before;
    let name = ("系统管理员", "System administrator");
    initialise(&app.desk, "admin", name, PASSWORD).await?;
    staff::hire(&app.desk).await?;
    let house = House {
        desk: app.desk.clone(),
    };
    bench::equip(&house).await?;
    quality::prepare(&house).await?;
    governance::before(&house).await?;
    quality::month(&house, &mut random, shifted).await?;
    bench::restock(&house).await?;
    quality::today(&house).await?;
    stock::fill(&house, &mut random).await?;
    let patients = patients::admit(&house).await?;
    measured::furnish(&house, shifted).await?;
    antibodies::identify(&house).await?;
    clinic::order(&house, &patients).await?;
    decisions::furnish(&house, &patients).await?;
    assessment::assess(&house).await?;
    governance::record(&house).await?;
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

/// Gives the chart of one control so many points more, to see how a long one is drawn.
///
/// # Errors
/// A command was refused: a fault of the demonstration.
pub async fn lengthen_chart(app: &App, points: u32) -> anyhow::Result<()> {
    let house = House {
        desk: app.desk.clone(),
    };
    quality::crowd(&house, points / 2).await
}

/// The hospital being furnished.
#[derive(Clone)]
pub(crate) struct House {
    pub desk: Desk,
}

pub(crate) type Facts = Arc<[(Stamp, Event)]>;

impl House {
    /// Now.
    pub fn now(&self) -> jiff::Timestamp {
        self.desk.clock().now()
    }

    /// Has a command carried out by one person.
    ///
    /// # Errors
    /// It was refused: a fault of the demonstration.
    pub async fn by(&self, actor: &str, command: impl Into<Command>) -> anyhow::Result<Facts> {
        self.signed(actor, None, command).await
    }

    /// Has a command carried out by one person and signed by another.
    ///
    /// # Errors
    /// It was refused: a fault of the demonstration.
    pub async fn signed(
        &self,
        actor: &str,
        second: Option<&str>,
        command: impl Into<Command>,
    ) -> anyhow::Result<Facts> {
        let mut submission = Submission::new(command, UserId::parse(actor)?, workstation()?);
        submission.second = second.map(UserId::parse).transpose()?;
        carry_out(&self.desk, submission).await
    }
}

/// Hands in a command and insists that it is carried out.
pub(crate) async fn carry_out(desk: &Desk, submission: Submission) -> anyhow::Result<Facts> {
    let name = submission.command.name();
    match desk.submit(submission).await? {
        Outcome::Accepted { facts } => Ok(facts),
        Outcome::Refused(refusal) => anyhow::bail!("{name} was refused: {refusal:?}"),
    }
}

/// Where the demonstration's own commands come from.
pub(crate) fn workstation() -> anyhow::Result<WorkstationId> {
    Ok(WorkstationId::parse("demo")?)
}

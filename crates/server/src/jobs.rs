//! What happens by itself: the jobs sleep until something falls due and then give a command like anybody else.

use std::time::Duration;

use lifeline_core::Timestamp;
use lifeline_core::crossmatch::LapseReservations;
use lifeline_core::due::{DueKind, due};
use lifeline_core::id::{UserId, WorkstationId};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::sleep;

use crate::desk::{Desk, Standing, Submission};

/// The longest sleep: a clock that was set, or a missed wake-up, costs no more than this.
const LONGEST: Duration = Duration::from_secs(60);
/// The shortest sleep: what cannot be done now is not tried in a circle.
const SHORTEST: Duration = Duration::from_millis(500);

/// Keeps doing what falls due while this server writes.
pub async fn run(desk: Desk, system: UserId, workstation: WorkstationId) {
    let mut published = desk.listen();
    loop {
        if desk.standing() == Standing::Writing {
            let now = desk.clock().now();
            if lapses(&desk, now) {
                let command =
                    Submission::new(LapseReservations {}, system.clone(), workstation.clone());
                if let Err(error) = desk.submit(command).await {
                    tracing::warn!(%error, "reservations did not lapse; tried again");
                }
            }
        }
        tokio::select! {
            () = sleep(pause(&desk)) => {}
            heard = published.recv() => if matches!(heard, Err(RecvError::Closed)) { return },
        }
    }
}

/// The pause between two rounds of carrying facts into the reporting tables: a burst of work is carried over together.
const REPORTS_PAUSE: Duration = Duration::from_secs(1);
/// The pause after the reporting tables could not be written.
const REPORTS_RETRY: Duration = Duration::from_secs(30);

/// Keeps the reporting tables up to date while this server writes. They lag a little behind on purpose: nobody waits for them.
pub async fn keep_reports(desk: Desk) {
    let mut published = desk.listen();
    loop {
        let mut pause = REPORTS_PAUSE;
        if desk.standing() == Standing::Writing
            && let Err(error) = lifeline_reports::update(desk.journal(), &desk.state()).await
        {
            tracing::warn!(%error, "the reporting tables lag behind");
            pause = REPORTS_RETRY;
        }
        sleep(pause).await;
        // What was published during the pause counts as heard; a missed one is as good as one.
        if let Err(RecvError::Closed) = published.recv().await {
            return;
        }
        while published.try_recv().is_ok() {}
    }
}

/// Whether a reservation has run out.
fn lapses(desk: &Desk, now: Timestamp) -> bool {
    due(&desk.state(), now)
        .iter()
        .any(|due| due.kind == DueKind::ReservationLapses && due.at <= now)
}

/// Until the next thing falls due.
fn pause(desk: &Desk) -> Duration {
    let now = desk.clock().now();
    let wait = due(&desk.state(), now).first().map_or(LONGEST, |due| {
        Duration::try_from(due.at.duration_since(now)).unwrap_or(Duration::ZERO)
    });
    wait.clamp(SHORTEST, LONGEST)
}

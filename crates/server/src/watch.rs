//! The two channels side by side: what the day's plan proposes is set before the gate, and a disagreement becomes an incident
//! without anybody having to meet it.

use std::sync::Arc;
use std::time::Duration;

use lifeline_core::Timestamp;
use lifeline_core::blood::UnitId;
use lifeline_core::command::Seen;
use lifeline_core::crossmatch::{DisputeProposal, undisputed};
use lifeline_core::hospital::Hospital;
use lifeline_core::id::{RequestId, UserId, WorkstationId};
use lifeline_decisions::proposal;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::sleep;

use crate::desk::{Desk, DeskError, Outcome, Standing, Submission};

/// The pause between two rounds: planning a day costs up to a tenth of a second of one core.
const PAUSE: Duration = Duration::from_secs(20);
/// Disagreements reported in one round at most; the next round reports the rest.
const A_ROUND_MOST: usize = 50;

/// A bag proposed for a request.
pub type Proposed = (RequestId, UnitId);

/// What the plan of this state proposes; nothing where there can be no plan.
pub fn proposed(hospital: &Hospital, at: Timestamp) -> Vec<Proposed> {
    match proposal::plan(hospital, at) {
        Ok(plan) => plan.pairs().collect(),
        // The pages say why; an installation without the tables is no disagreement.
        Err(_) => Vec::new(),
    }
}

/// Reports every proposal made on this state that the gate stops, each rule once for a request and bag; how many were reported.
///
/// # Errors
/// The desk does not take commands.
pub async fn report(
    desk: &Desk,
    system: &UserId,
    workstation: &WorkstationId,
    (state, at): (&Hospital, Timestamp),
    proposed: &[Proposed],
) -> Result<usize, DeskError> {
    let mut reported = 0;
    let disputed = proposed
        .iter()
        .filter(|(request, unit)| !undisputed(state, unit, *request, at).is_empty());
    for (request, unit) in disputed.take(A_ROUND_MOST) {
        let patient = state.requests.get(*request).map(|request| request.patient);
        let mut submission = Submission::new(
            DisputeProposal {
                unit: *unit,
                request: *request,
            },
            system.clone(),
            workstation.clone(),
        );
        // What changed since the plan was made is no disagreement about the same facts.
        let about = [
            Some((*unit).into()),
            Some((*request).into()),
            patient.map(Into::into),
        ];
        submission.seen = about
            .into_iter()
            .flatten()
            .map(|subject| Seen {
                subject,
                seq: state.seq,
            })
            .collect();
        if let Outcome::Accepted { .. } = desk.submit(submission).await? {
            tracing::warn!(%request, %unit, "proposal and gate disagree");
            reported += 1;
        }
    }
    Ok(reported)
}

/// Keeps the two side by side while this server writes.
pub async fn run(desk: Desk, system: UserId, workstation: WorkstationId) {
    let mut published = desk.listen();
    loop {
        if desk.standing() == Standing::Writing {
            let (state, at) = (desk.state(), desk.clock().now());
            let planned = Arc::clone(&state);
            let found = tokio::task::spawn_blocking(move || proposed(&planned, at)).await;
            match found {
                Ok(found) => {
                    let done = report(&desk, &system, &workstation, (&state, at), &found).await;
                    if let Err(error) = done {
                        tracing::warn!(%error, "a disagreement was not reported; tried again");
                    }
                }
                Err(error) => tracing::error!(%error, "the day's plan could not be computed"),
            }
        }
        sleep(PAUSE).await;
        // What was published during the pause counts as heard; a missed one is as good as one.
        if let Err(RecvError::Closed) = published.recv().await {
            return;
        }
        while published.try_recv().is_ok() {}
    }
}

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::event::Told;
use super::receive::{known, stands};
use super::{AssessmentEvent, Measure, Round, RoundState, TEXT_MOST, Target, score};
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::Finding;
use crate::hospital::Hospital;
use crate::id::RoundId;
use crate::people::Action;
use crate::subject::Subject;

/// Enters the provider's report: what the right answers were. The score follows from the grading table and the statistics; it
/// is never typed in. A round that was not sent is scored as absent once its deadline has passed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordReport {
    /// Which round.
    pub round: RoundId,
    /// The provider's number of it.
    pub reference: String,
    /// One for every sample and item.
    pub targets: Vec<Told>,
}

impl Decide for RecordReport {
    fn action(&self) -> Action {
        Action::AssessmentManage
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.round.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let round = known(hospital, self.round)?;
        let mut checks = Checks::new(hospital, context);
        let corrected = round
            .appeals
            .last()
            .and_then(|appeal| appeal.settled.as_ref())
            .is_some_and(|(upheld, _, stamp)| {
                let since = round.reports.last().map_or(0, |report| report.stamp.seq);
                *upheld && stamp.seq > since
            });
        let absent = round.submission.is_none() && context.at > round.deadline;
        let open = corrected && round.closed.is_none();
        let unreported = absent && round.reports.is_empty();
        if !open && !unreported {
            stands(&mut checks, round, &[RoundState::Submitted]);
        }
        checks.text("reference", &self.reference, 1, TEXT_MOST);
        let mut targets = BTreeMap::new();
        for told in &self.targets {
            target(&mut checks, round, told);
            let key = (told.code.trim().to_owned(), told.item.clone());
            let twice = targets.insert(key, told.target.clone()).is_some();
            checks.require(!twice, || {
                Finding::bad_value("targets", "why-listed-twice").with("value", told.code.as_str())
            });
        }
        for (code, item) in round
            .samples
            .iter()
            .flat_map(|sample| round.items.iter().map(move |item| (&sample.code, item)))
        {
            let given = targets.contains_key(&(code.clone(), item.code.clone()));
            checks.require(given, || {
                Finding::bad_value("targets", "why-target-missing")
                    .with("sample", code.as_str())
                    .with("item", item.code.as_str())
            });
        }
        checks.settle()?;
        let outcome = score::score(hospital, round, &targets)?;
        let event = AssessmentEvent::ReportRecorded {
            round: self.round,
            reference: self.reference.trim().into(),
            targets: self.targets.clone(),
            outcome,
        };
        Ok(vec![event.into()])
    }
}

fn target(checks: &mut Checks<'_>, round: &Round, told: &Told) {
    let code = told.code.trim();
    checks.text("code", code, 1, TEXT_MOST);
    // A panel that never came has no samples here; the report names them.
    let listed = round.samples.is_empty() || round.samples.iter().any(|known| known.code == code);
    checks.require(listed, || {
        Finding::bad_value("code", "why-not-in-panel").with("value", code)
    });
    let Some(item) = round.item(&told.item) else {
        return checks
            .find(Finding::bad_value("item", "why-not-listed").with("value", told.item.as_str()));
    };
    match (&item.measure, &told.target) {
        (_, Target::NotGraded) => {}
        (Measure::Graded, Target::Expected(expected)) => {
            checks.text("targets", expected, 1, TEXT_MOST);
        }
        (
            Measure::Measured { .. },
            Target::Assigned {
                sigma_pt, u_x_pt, ..
            },
        ) => {
            checks.require(sigma_pt.is_positive(), || {
                Finding::bad_value("sigma_pt", "why-not-positive").with("value", code)
            });
            let sound = u_x_pt.is_none_or(|u| u.mantissa() >= 0);
            checks.require(sound, || {
                Finding::bad_value("u_x_pt", "why-not-positive").with("value", code)
            });
        }
        _ => checks.find(Finding::bad_value("targets", "why-wrong-shape").with("value", code)),
    }
}

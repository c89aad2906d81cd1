use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{CrossmatchEvent, Outcome, Proof, Side, held_for, valid_until};
use crate::blood::{Grade, UnitId};
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Rule, Severity};
use crate::hospital::Hospital;
use crate::id::{CrossmatchId, IssueId, LotId, RequestId, SampleId};
use crate::issue::{IssueEvent, Purpose, gate};
use crate::people::Action;
use crate::policy::Key;
use crate::quality;
use crate::request::Urgency;
use crate::subject::Subject;
use crate::testing::Origin;
use crate::unit::{Unit, UnitEvent};

/// A serological crossmatch as read. The result follows from the grades; nobody types it. For a unit that left in an
/// emergency this is the retrospective crossmatch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordCrossmatch {
    /// Which unit.
    pub unit: UnitId,
    /// For which request.
    pub request: RequestId,
    /// On which of the patient's samples.
    pub sample: SampleId,
    /// Method, a word of `crossmatch.methods` or, in an emergency, of `crossmatch.methods_igm`.
    pub method: String,
    /// Patient plasma with donor cells.
    pub major: Side,
    /// Donor plasma with patient cells.
    pub minor: Side,
    /// Reagents and cards used; at least one.
    pub lots: BTreeSet<LotId>,
}

/// The most lots one crossmatch may name.
const LOTS_MOST: usize = 20;

/// What the grades say. Any reaction on the major side is incompatible. A reaction on the minor side is expected where the
/// donor's plasma meets an ABO antigen; where unit and patient are of one ABO type it is not, and counts.
pub fn outcome(major: Side, minor: Side, same_abo: bool) -> Outcome {
    let clean = |side| matches!(side, Side::Read(Grade::Negative));
    let minor_reacts = matches!(minor, Side::Read(grade) if grade != Grade::Negative);
    if clean(major) && !(same_abo && minor_reacts) {
        Outcome::Compatible
    } else {
        Outcome::Incompatible
    }
}

/// The hand-over of a unit on this request that still waits for its crossmatch.
fn waiting(hospital: &Hospital, unit: &Unit, request: RequestId) -> Option<IssueId> {
    let issue = hospital.issues.get(unit.issue?)?;
    (issue.request == request && issue.retrospective_due.is_some()).then_some(issue.id)
}

impl RecordCrossmatch {
    fn method(
        &self,
        checks: &mut Checks<'_>,
        hospital: &Hospital,
        late: bool,
        at: jiff::Timestamp,
    ) {
        let full = checks.take(hospital.policies.words(Key::CrossmatchMethods, at));
        let igm = checks.take(hospital.policies.words(Key::CrossmatchMethodsIgm, at));
        let (Some(full), Some(igm)) = (full, igm) else {
            return;
        };
        if full.contains(&self.method) {
            return;
        }
        let why = if igm.contains(&self.method) {
            let emergency = hospital
                .requests
                .get(self.request)
                .is_some_and(|request| request.order.urgency == Urgency::Emergency);
            if emergency && !late {
                return;
            }
            "why-method-igm"
        } else {
            "why-method-unknown"
        };
        checks
            .find(Finding::bad_value("method", why).with("policy", Key::CrossmatchMethods.name()));
    }

    fn sides(&self, checks: &mut Checks<'_>, hospital: &Hospital, at: jiff::Timestamp) {
        let unread = |side, word: &str| {
            (side == Side::NotRead)
                .then(|| Finding::new(Rule::WellMissing).word("well", format!("well-{word}")))
        };
        checks.findings.extend(unread(self.major, "xm_major"));
        if checks.take(hospital.policies.flag(Key::CrossmatchMinor, at)) == Some(true) {
            checks.findings.extend(unread(self.minor, "xm_minor"));
        }
    }

    fn lots(&self, checks: &mut Checks<'_>, hospital: &Hospital, at: jiff::Timestamp) {
        checks.require((1..=LOTS_MOST).contains(&self.lots.len()), || {
            Finding::bad_value("lots", "why-lot-needed")
        });
        for id in self.lots.iter().take(LOTS_MOST) {
            let usable = hospital.lots.get(id).is_some_and(|lot| lot.usable(at));
            checks.require(usable, || {
                Finding::new(Rule::LotUnusable).with("lot", id.clone())
            });
        }
    }
}

impl Decide for RecordCrossmatch {
    fn action(&self) -> Action {
        Action::CrossmatchRecord
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![
            self.unit.into(),
            self.request.into(),
            self.sample.clone().into(),
        ]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let number = hospital.next.crossmatch;
        self.facts(hospital, context, number, Origin::Bench, None)
    }
}

impl RecordCrossmatch {
    /// The facts of recording it under this number, by eye or from a device, whose own verdict must not contradict the reactions.
    pub(crate) fn facts(
        &self,
        hospital: &Hospital,
        context: &Context,
        crossmatch: CrossmatchId,
        origin: Origin,
        stated: Option<Outcome>,
    ) -> Decision {
        let mut checks = Checks::new(hospital, context);
        let at = context.at;
        let unit = hospital.units.get(&self.unit);
        let late = unit.and_then(|unit| waiting(hospital, unit, self.request));
        if late.is_none() {
            let stops = gate(hospital, &self.unit, self.request, Purpose::Reserve, at);
            checks.findings.extend(stops.into_iter().filter(|finding| {
                finding.severity == Severity::Stop && finding.rule != Rule::CrossmatchIncompatible
            }));
            held_for(&mut checks, hospital, &self.unit, self.request);
        }
        if let Some(unit) = unit {
            checks.require(unit.component.carries_red_cells(), || {
                Finding::new(Rule::WrongState)
                    .with("subject", Subject::from(unit.id))
                    .word("state", format!("component-{}", unit.component.as_str()))
            });
        }
        self.method(&mut checks, hospital, late.is_some(), at);
        self.sides(&mut checks, hospital, at);
        self.lots(&mut checks, hospital, at);
        // A retrospective crossmatch answers for a bag that is out at once, so its controls are asked for here; any other is
        // asked for them at its review.
        if late.is_some() {
            let place = quality::Place::of(&origin);
            let cover = quality::serological_cover(hospital, &self.method, &place, &self.lots, at);
            checks.findings.extend(quality::findings(cover, None));
        }
        let validity = checks.take(valid_until(hospital, self.request, Some(&self.sample), at));
        checks.settle()?;
        let (Some(unit), Some((sample, patient, expires))) = (unit, validity) else {
            return Ok(Vec::new());
        };
        let same_abo = hospital
            .record_of(patient)
            .and_then(|record| record.group(at).group())
            .is_some_and(|group| group.abo == unit.group.abo);
        let outcome = outcome(self.major, self.minor, same_abo);
        if let Some(stated) = stated.filter(|stated| *stated != outcome) {
            return Err(Finding::new(Rule::InterpretationDiffers)
                .word("stated", stated.word())
                .word("derived", outcome.word())
                .into());
        }
        let mut events = vec![
            CrossmatchEvent::Recorded {
                crossmatch,
                unit: self.unit,
                patient,
                sample,
                request: self.request,
                proof: Proof::Serological {
                    method: self.method.clone(),
                    major: self.major,
                    minor: self.minor,
                    lots: self.lots.clone(),
                    origin,
                },
                outcome,
                expires,
                retrospective: late.is_some(),
                review: true,
            }
            .into(),
        ];
        let compatible = outcome == Outcome::Compatible;
        match late {
            Some(issue) => events.push(
                IssueEvent::RetrospectiveClosed {
                    issue,
                    unit: self.unit,
                    patient,
                    crossmatch,
                    compatible,
                }
                .into(),
            ),
            // Somebody else may still be helped by it.
            None if !compatible => events.push(
                UnitEvent::ReservationEnded {
                    unit: self.unit,
                    request: self.request,
                    lapsed: false,
                }
                .into(),
            ),
            None => {}
        }
        Ok(events)
    }
}

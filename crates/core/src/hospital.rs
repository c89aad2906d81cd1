//! The whole live state as one plain value. It changes only by [`Hospital::apply`], which cannot fail.

use jiff::Timestamp;
use jiff::tz::Offset;
use serde::{Deserialize, Serialize};

use crate::event::Event;
use crate::id::*;
use crate::{
    assessment, crossmatch, device, governance, identification, issue, measured, near_miss,
    patient, people, policy, quality, request, sample, shift, testing, unit,
};

/// Which journal entry, when, by whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// The entry's number.
    pub seq: u64,
    /// When the command was decided.
    pub at: Timestamp,
    /// Who gave the command.
    pub by: UserId,
}

/// The next number of each counted thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Next {
    /// Patients.
    pub patient: PatientId,
    /// Requests.
    pub request: RequestId,
    /// Tests.
    pub test: TestId,
    /// Measured results.
    pub measurement: MeasurementId,
    /// Work-ups of group discrepancies.
    pub discrepancy: DiscrepancyId,
    /// Crossmatches.
    pub crossmatch: CrossmatchId,
    /// Hand-overs.
    pub issue: IssueId,
    /// Messages.
    pub message: MessageId,
    /// Rounds of external assessment.
    pub round: RoundId,
    /// Policy proposals.
    pub proposal: ProposalId,
    /// Near misses.
    pub near_miss: NearMissId,
    /// Antibody identifications.
    pub workup: WorkupId,
    /// Control runs.
    pub run: RunId,
    /// Controls that went out.
    pub case: CaseId,
    /// Nonconformities.
    pub nonconformity: NonconformityId,
    /// Audits and reviews.
    pub review: ReviewId,
    /// Comparisons.
    pub comparison: ComparisonId,
    /// Deliveries.
    pub delivery: DeliveryId,
    /// Shifts handed over.
    pub shift: ShiftId,
}

impl Default for Next {
    fn default() -> Self {
        Self {
            patient: PatientId(1),
            request: RequestId(1),
            test: TestId(1),
            measurement: MeasurementId(1),
            discrepancy: DiscrepancyId(1),
            crossmatch: CrossmatchId(1),
            issue: IssueId(1),
            message: MessageId(1),
            round: RoundId(1),
            proposal: ProposalId(1),
            near_miss: NearMissId(1),
            workup: WorkupId(1),
            run: RunId(1),
            case: CaseId(1),
            nonconformity: NonconformityId(1),
            review: ReviewId(1),
            comparison: ComparisonId(1),
            delivery: DeliveryId(1),
            shift: ShiftId(1),
        }
    }
}

/// The transfusion department, complete. A copy costs a few pointers.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Hospital {
    /// The number of the last journal entry carried in; 0 for none.
    pub seq: u64,
    /// Counters.
    pub next: Next,
    /// Thresholds and who may do what.
    pub policies: policy::Policies,
    /// Everybody.
    pub people: people::People,
    /// Bags.
    pub units: unit::Units,
    /// Patients.
    pub patients: patient::Patients,
    /// Sample tubes.
    pub samples: sample::Samples,
    /// Results.
    pub tests: testing::Tests,
    /// Measured results.
    pub measurements: measured::Measurements,
    /// Work-ups of group discrepancies.
    pub discrepancies: testing::discrepancy::Discrepancies,
    /// Reagent, cell and card lots.
    pub lots: testing::Lots,
    /// Requests.
    pub requests: request::Requests,
    /// Crossmatches.
    pub crossmatches: crossmatch::Crossmatches,
    /// Hand-overs.
    pub issues: issue::Issues,
    /// Antigrams and antibody identifications.
    pub identifications: identification::Identifications,
    /// Machines and their messages.
    pub devices: device::Devices,
    /// External assessment.
    pub assessments: assessment::Assessments,
    /// Near misses.
    pub near_misses: near_miss::NearMisses,
    /// Controls.
    pub quality: quality::Quality,
    /// Documents, nonconformities, competence, comparisons, reviews.
    pub governance: governance::Governance,
    /// Shifts handed over.
    pub shifts: shift::Shifts,
}

impl Hospital {
    /// The form of a serialised state. Raised when the shape of any state changes; snapshots of another form are ignored.
    pub const FORMAT: u32 = 3;

    /// Carries one fact into the state. Total: a fact that names something unknown changes nothing.
    pub fn apply(&mut self, stamp: &Stamp, event: &Event) {
        self.seq = stamp.seq;
        match event {
            Event::People(event) => people::apply(self, stamp, event),
            Event::Policy(event) => policy::apply(self, stamp, event),
            Event::Unit(event) => unit::apply(self, stamp, event),
            Event::Patient(event) => patient::apply(self, stamp, event),
            Event::Sample(event) => sample::apply(self, stamp, event),
            Event::Test(event) => testing::apply(self, stamp, event),
            Event::Measured(event) => measured::apply(self, stamp, event),
            Event::Discrepancy(event) => testing::discrepancy::apply(self, stamp, event),
            Event::Lot(event) => testing::apply_lot(self, stamp, event),
            Event::Request(event) => request::apply(self, stamp, event),
            Event::Crossmatch(event) => crossmatch::apply(self, stamp, event),
            Event::Issue(event) => issue::apply(self, stamp, event),
            Event::Identification(event) => identification::apply(self, stamp, event),
            Event::Device(event) => device::apply(self, stamp, event),
            Event::Assessment(event) => assessment::apply(self, stamp, event),
            Event::NearMiss(event) => near_miss::apply(self, stamp, event),
            Event::Quality(event) => quality::apply(self, stamp, event),
            Event::Governance(event) => governance::apply(self, stamp, event),
            Event::Shift(event) => shift::apply(self, stamp, event),
            Event::Audit(_) => {}
        }
    }

    /// The offset the hospital's clocks show; UTC until the policy `site.utc_offset` is in force.
    pub fn offset(&self, at: Timestamp) -> Offset {
        self.policies
            .span(policy::Key::SiteOffset, at)
            .ok()
            .and_then(|span| i32::try_from(span.as_secs()).ok())
            .and_then(|seconds| Offset::from_seconds(seconds).ok())
            .unwrap_or(Offset::UTC)
    }

    /// The civil date at a moment, where the hospital stands.
    pub fn today(&self, at: Timestamp) -> jiff::civil::Date {
        self.offset(at).to_datetime(at).date()
    }
}

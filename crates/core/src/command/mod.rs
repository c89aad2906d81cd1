//! Commands: the things a person or a device does. [`decide`] is the one door into the rules.

mod checks;
mod initialise;
mod note_export;

pub use checks::Checks;
pub use initialise::Initialise;
pub use note_export::NoteExport;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::{AuditEvent, Event};
use crate::finding::{Finding, Reason, Refusal, Rule};
use crate::hospital::{Hospital, Stamp};
use crate::id::UserId;
use crate::people::{self, Action, User};
use crate::subject::Subject;
use crate::{
    assessment, crossmatch, device, governance, identification, issue, measured, near_miss,
    patient, policy, quality, request, sample, shift, testing, unit,
};

/// The version of a thing that a form was opened on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The thing.
    pub subject: Subject,
    /// The journal entry that had last changed it then.
    pub seq: u64,
}

/// Everything a decision may depend on beside the state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// Now.
    pub at: Timestamp,
    /// Who gives the command.
    pub actor: UserId,
    /// The second person, already re-authenticated at the edge.
    pub second: Option<UserId>,
    /// Reasons for going on past warnings.
    pub reasons: Vec<Reason>,
    /// What the form had seen.
    pub seen: Vec<Seen>,
}

impl Context {
    /// A context with neither second person, reasons nor versions.
    pub fn new(at: Timestamp, actor: UserId) -> Self {
        Self {
            at,
            actor,
            second: None,
            reasons: Vec::new(),
            seen: Vec::new(),
        }
    }
}

/// Facts, or every finding that stands against them.
pub type Decision = Result<Vec<Event>, Refusal>;

/// What a command is able to say of itself.
pub trait Decide {
    /// The action that must be granted to the actor.
    fn action(&self) -> Action;
    /// What the command is about, for the record of a refusal.
    fn subjects(&self) -> Vec<Subject>;
    /// Whether the actor may give this command at all: granted its action, unless the command knows a right nobody has to grant.
    fn permit(&self, hospital: &Hospital, context: &Context) -> Result<(), Finding> {
        authorised(hospital, &context.actor, self.action(), context.at).map(|_| ())
    }
    /// The rules. Never changes state; the actor is already authorised.
    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision;
}

macro_rules! commands {
    ($($variant:ident($type:ty) = $name:literal,)*) => {
        /// Every command.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        pub enum Command {
            $(
                #[doc = concat!("See [`", stringify!($type), "`].")]
                #[serde(rename = $name)]
                $variant($type),
            )*
        }

        impl Command {
            /// The names of all commands.
            pub const NAMES: &'static [&'static str] = &[$($name),*];

            /// The command's name in the API and in refusals.
            pub fn name(&self) -> &'static str {
                match self { $(Self::$variant(_) => $name),* }
            }

            fn inner(&self) -> &dyn Decide {
                match self { $(Self::$variant(command) => command),* }
            }
        }

        $(impl From<$type> for Command {
            fn from(command: $type) -> Self {
                Self::$variant(command)
            }
        })*
    };
}

commands! {
    Initialise(Initialise) = "initialise",
    SaveUser(people::SaveUser) = "save-user",
    SetUserActive(people::SetUserActive) = "set-user-active",
    ProposePolicy(policy::ProposePolicy) = "propose-policy",
    ActivatePolicy(policy::ActivatePolicy) = "activate-policy",
    WithdrawPolicy(policy::WithdrawPolicy) = "withdraw-policy",
    NotePassword(people::NotePassword) = "note-password",
    NoteSignIn(people::NoteSignIn) = "note-sign-in",
    RegisterDevice(device::RegisterDevice) = "register-device",
    SetDeviceService(device::SetDeviceService) = "set-device-service",
    StoreMessage(device::StoreMessage) = "store-message",
    StorePart(device::StorePart) = "store-part",
    FileMessage(device::FileMessage) = "file-message",
    DismissMessage(device::DismissMessage) = "dismiss-message",
    OpenDelivery(unit::OpenDelivery) = "open-delivery",
    EndDelivery(unit::EndDelivery) = "end-delivery",
    ReceiveUnit(unit::ReceiveUnit) = "receive-unit",
    HoldUnit(unit::HoldUnit) = "hold-unit",
    LiftHold(unit::LiftHold) = "lift-hold",
    MoveUnits(unit::MoveUnits) = "move-units",
    ModifyUnit(unit::ModifyUnit) = "modify-unit",
    DiscardUnit(unit::DiscardUnit) = "discard-unit",
    ReturnUnitToStation(unit::ReturnUnitToStation) = "return-unit-to-station",
    RecallDonation(unit::RecallDonation) = "recall-donation",
    WithdrawRecall(unit::WithdrawRecall) = "withdraw-recall",
    LoseUnit(unit::LoseUnit) = "lose-unit",
    FindUnit(unit::FindUnit) = "find-unit",
    TypeUnitAntigens(unit::TypeUnitAntigens) = "type-unit-antigens",

    RegisterPatient(patient::RegisterPatient) = "register-patient",
    AmendPatient(patient::AmendPatient) = "amend-patient",
    RecordAntibody(patient::RecordAntibody) = "record-antibody",
    TypePatientAntigen(patient::TypePatientAntigen) = "type-patient-antigen",
    RecordPlateletAntibodies(patient::RecordPlateletAntibodies) = "record-platelet-antibodies",
    RecordRhdGenotype(patient::RecordRhdGenotype) = "record-rhd-genotype",
    RaiseNeed(patient::RaiseNeed) = "raise-need",
    EndNeed(patient::EndNeed) = "end-need",
    StateExposure(patient::StateExposure) = "state-exposure",
    RecordConsent(patient::RecordConsent) = "record-consent",
    RecordHistoricGroup(patient::RecordHistoricGroup) = "record-historic-group",
    WithdrawHistoricGroup(patient::WithdrawHistoricGroup) = "withdraw-historic-group",
    MergePatients(patient::MergePatients) = "merge-patients",
    UnmergePatients(patient::UnmergePatients) = "unmerge-patients",

    ReceiveSample(sample::ReceiveSample) = "receive-sample",
    RejectSample(sample::RejectSample) = "reject-sample",
    EndSample(sample::EndSample) = "end-sample",
    StoreSample(sample::StoreSample) = "store-sample",
    SettleSuspicion(sample::SettleSuspicion) = "settle-suspicion",

    RecordTest(testing::RecordTest) = "record-test",
    VerifyTest(testing::VerifyTest) = "verify-test",
    CorrectTest(testing::CorrectTest) = "correct-test",
    InvalidateTest(testing::InvalidateTest) = "invalidate-test",
    RecordMeasurements(measured::RecordMeasurements) = "record-measurements",
    VerifyMeasurement(measured::VerifyMeasurement) = "verify-measurement",
    CorrectMeasurement(measured::CorrectMeasurement) = "correct-measurement",
    InvalidateMeasurement(measured::InvalidateMeasurement) = "invalidate-measurement",
    OpenDiscrepancy(testing::discrepancy::OpenDiscrepancy) = "open-discrepancy",
    RecordDiscrepancyStep(testing::discrepancy::RecordDiscrepancyStep) = "record-discrepancy-step",
    ConcludeDiscrepancy(testing::discrepancy::ConcludeDiscrepancy) = "conclude-discrepancy",
    VerifyDiscrepancy(testing::discrepancy::VerifyDiscrepancy) = "verify-discrepancy",
    ReopenDiscrepancy(testing::discrepancy::ReopenDiscrepancy) = "reopen-discrepancy",
    ReceiveLot(testing::ReceiveLot) = "receive-lot",
    AcceptLot(testing::AcceptLot) = "accept-lot",
    ChangePacks(testing::ChangePacks) = "change-packs",
    OpenLot(testing::OpenLot) = "open-lot",
    BlockLot(testing::BlockLot) = "block-lot",
    UnblockLot(testing::UnblockLot) = "unblock-lot",
    PlaceRequest(request::PlaceRequest) = "place-request",
    AmendRequest(request::AmendRequest) = "amend-request",
    AcceptRequest(request::AcceptRequest) = "accept-request",
    ReturnRequest(request::ReturnRequest) = "return-request",
    CancelRequest(request::CancelRequest) = "cancel-request",
    CloseRequest(request::CloseRequest) = "close-request",
    DeclareEmergency(request::DeclareEmergency) = "declare-emergency",
    ReserveUnit(crossmatch::ReserveUnit) = "reserve-unit",
    DisputeProposal(crossmatch::DisputeProposal) = "dispute-proposal",
    EndReservation(crossmatch::EndReservation) = "end-reservation",
    LapseReservations(crossmatch::LapseReservations) = "lapse-reservations",
    RecordCrossmatch(crossmatch::RecordCrossmatch) = "record-crossmatch",
    ReviewCrossmatch(crossmatch::ReviewCrossmatch) = "review-crossmatch",
    VoidCrossmatch(crossmatch::VoidCrossmatch) = "void-crossmatch",
    GrantElectronicCrossmatch(crossmatch::GrantElectronicCrossmatch) = "grant-electronic-crossmatch",
    IssueUnit(issue::IssueUnit) = "issue-unit",
    ReturnIssue(issue::ReturnIssue) = "return-issue",
    ReceiveOnWard(issue::ReceiveOnWard) = "receive-on-ward",
    StartTransfusion(issue::StartTransfusion) = "start-transfusion",
    RecordFate(issue::RecordFate) = "record-fate",
    RecordResponse(issue::RecordResponse) = "record-response",
    AskLeastIncompatible(crossmatch::AskLeastIncompatible) = "ask-least-incompatible",
    AgreeLeastIncompatible(crossmatch::AgreeLeastIncompatible) = "agree-least-incompatible",
    ApproveLeastIncompatible(crossmatch::ApproveLeastIncompatible) = "approve-least-incompatible",
    LinkPatients(patient::LinkPatients) = "link-patients",
    UnlinkPatients(patient::UnlinkPatients) = "unlink-patients",
    AnswerRejection(sample::AnswerRejection) = "answer-rejection",
    ReportNearMiss(near_miss::ReportNearMiss) = "report-near-miss",
    NoteExport(NoteExport) = "note-export",
    CloseNearMiss(near_miss::CloseNearMiss) = "close-near-miss",
    AcknowledgeIncompatible(issue::AcknowledgeIncompatible) = "acknowledge-incompatible",

    SaveProgramme(assessment::SaveProgramme) = "save-programme",
    OpenRound(assessment::OpenRound) = "open-round",
    CarryOverRound(assessment::CarryOverRound) = "carry-over-round",
    ReceivePanel(assessment::ReceivePanel) = "receive-panel",
    EnterResults(assessment::EnterResults) = "enter-results",
    TakeResults(assessment::TakeResults) = "take-results",
    SubmitRound(assessment::SubmitRound) = "submit-round",
    RecordAbsence(assessment::RecordAbsence) = "record-absence",
    RecordReport(assessment::RecordReport) = "record-report",
    AppealRound(assessment::AppealRound) = "appeal-round",
    SettleAppeal(assessment::SettleAppeal) = "settle-appeal",
    TakeStep(assessment::TakeStep) = "take-step",
    CloseRound(assessment::CloseRound) = "close-round",
    FileAntigram(identification::FileAntigram) = "file-antigram",
    OpenIdentification(identification::OpenIdentification) = "open-identification",
    RecordPanel(identification::RecordPanel) = "record-panel",
    ConcludeIdentification(identification::ConcludeIdentification) = "conclude-identification",
    ReopenIdentification(identification::ReopenIdentification) = "reopen-identification",
    VerifyIdentification(identification::VerifyIdentification) = "verify-identification",
    EndIdentification(identification::EndIdentification) = "end-identification",
    FileRegistry(identification::FileRegistry) = "file-registry",
    WithdrawAntibody(patient::WithdrawAntibody) = "withdraw-antibody",
    RecordControlRun(quality::RecordControlRun) = "record-control-run",
    AnnotateRun(quality::AnnotateRun) = "annotate-run",
    RecordChange(quality::RecordChange) = "record-change",
    SetTarget(quality::SetTarget) = "set-target",
    AdoptTarget(quality::AdoptTarget) = "adopt-target",
    WaiveControl(quality::WaiveControl) = "waive-control",
    CorrectCase(quality::CorrectCase) = "correct-case",
    DecideAffected(quality::DecideAffected) = "decide-affected",
    CloseCase(quality::CloseCase) = "close-case",
    PublishDocument(governance::PublishDocument) = "publish-document",
    SignDocument(governance::SignDocument) = "sign-document",
    RetireDocument(governance::RetireDocument) = "retire-document",
    ReportNonconformity(governance::ReportNonconformity) = "report-nonconformity",
    AnalyseNonconformity(governance::AnalyseNonconformity) = "analyse-nonconformity",
    PlanAction(governance::PlanAction) = "plan-action",
    CompleteAction(governance::CompleteAction) = "complete-action",
    JudgeEffectiveness(governance::JudgeEffectiveness) = "judge-effectiveness",
    RecordCompetence(governance::RecordCompetence) = "record-competence",
    RecordComparison(governance::RecordComparison) = "record-comparison",
    RecordReview(governance::RecordReview) = "record-review",
    HandOverShift(shift::HandOverShift) = "hand-over-shift",
}

impl Command {
    /// The action that must be granted to the actor.
    pub fn action(&self) -> Action {
        self.inner().action()
    }

    /// What the command is about.
    pub fn subjects(&self) -> Vec<Subject> {
        self.inner().subjects()
    }

    /// The fact that this command was refused.
    pub fn refused(&self, refusal: &Refusal) -> Event {
        AuditEvent::Refused {
            command: self.name().into(),
            subjects: self.subjects(),
            findings: refusal.findings.clone(),
        }
        .into()
    }
}

/// Turns a command into facts or into a refusal. Pure: the same state, command and context always give the same answer.
pub fn decide(hospital: &Hospital, command: &Command, context: &Context) -> Decision {
    let inner = command.inner();
    inner.permit(hospital, context)?;
    fresh(hospital, context)?;
    inner.decide(hospital, context)
}

/// The person, if active and granted the action at the moment. Default deny.
pub fn authorised<'a>(
    hospital: &'a Hospital,
    user: &UserId,
    action: Action,
    at: Timestamp,
) -> Result<&'a User, Finding> {
    let person = working(hospital, user)?;
    if person
        .roles
        .iter()
        .any(|role| hospital.policies.grants(*role, action, at))
    {
        Ok(person)
    } else {
        Err(Finding::new(Rule::NotPermitted)
            .with("user", user.as_str())
            .word(
                "action",
                format!("action-{}", action.name().replace('.', "-")),
            ))
    }
}

/// The person, if their account is open.
pub fn working<'a>(hospital: &'a Hospital, user: &UserId) -> Result<&'a User, Finding> {
    hospital
        .people
        .get(user)
        .filter(|person| person.active)
        .map(|person| &**person)
        .ok_or_else(|| Finding::new(Rule::PersonUnknown).with("user", user.as_str()))
}

/// Refuses a form that was opened before somebody else changed the thing.
fn fresh(hospital: &Hospital, context: &Context) -> Result<(), Refusal> {
    let findings: Vec<Finding> = context
        .seen
        .iter()
        .filter_map(|seen| {
            let changed = hospital.changed(&seen.subject)?;
            (changed.seq > seen.seq).then(|| {
                Finding::new(Rule::StaleForm)
                    .with("subject", seen.subject.clone())
                    .with("by", changed.by.clone())
                    .with("at", changed.at)
            })
        })
        .collect();
    if findings.is_empty() {
        Ok(())
    } else {
        Err(Refusal { findings })
    }
}

impl Hospital {
    /// The journal entry that last changed a thing, where the state keeps it.
    pub fn changed(&self, subject: &Subject) -> Option<&Stamp> {
        Some(match subject {
            Subject::Unit(id) => &self.units.get(id)?.changed,
            Subject::Patient(id) => &self.patients.get(*id)?.changed,
            Subject::Sample(id) => &self.samples.get(id)?.changed,
            Subject::Request(id) => &self.requests.get(*id)?.changed,
            Subject::Test(id) => &self.tests.get(*id)?.changed,
            Subject::Measurement(id) => &self.measurements.get(*id)?.changed,
            Subject::Discrepancy(id) => &self.discrepancies.get(*id)?.changed,
            Subject::Crossmatch(id) => &self.crossmatches.get(*id)?.changed,
            Subject::Issue(id) => &self.issues.get(*id)?.changed,
            Subject::Lot(id) => &self.lots.get(id)?.changed,
            Subject::Workup(id) => &self.identifications.get(*id)?.changed,
            Subject::Device(id) => &self.devices.all.get(id)?.changed,
            Subject::Message(id) => &self.devices.message(*id)?.changed,
            Subject::Programme(id) => &self.assessments.programmes.get(id)?.changed,
            Subject::Round(id) => &self.assessments.round(*id)?.changed,
            Subject::User(id) => &self.people.get(id)?.changed,
            Subject::NearMiss(id) => &self.near_misses.get(*id)?.changed,
            Subject::Proposal(id) => &self.policies.proposals.get(id)?.stamp,
            Subject::Run(id) => &self.quality.run(*id)?.changed,
            Subject::Case(id) => &self.quality.case(*id)?.changed,
            Subject::Document(id) => &self.governance.documents.get(id)?.changed,
            Subject::Nonconformity(id) => &self.governance.nonconformities.get(id)?.changed,
            Subject::Review(id) => &self.governance.reviews.get(id)?.recorded,
            Subject::Comparison(id) => &self.governance.comparisons.get(id)?.recorded,
            Subject::Delivery(id) => &self.units.delivery(*id)?.changed,
            Subject::Shift(id) => &self.shifts.get(*id)?.signed,
            Subject::Policy(_) | Subject::Donation(_) | Subject::Control(_) => return None,
        })
    }
}

//! What a gate found. A refusal is a value that lists every finding, never an error.

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::blood::LabelGroup;
use crate::people::Action;
use crate::subject::Subject;

/// How heavily a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Goes on only with a coded reason by a person who holds the privilege the rule names.
    Warning,
    /// Nobody can go on.
    Stop,
}

macro_rules! rules {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $severity:ident $(, by $privilege:ident)?;)*) => {
        /// Every rule a gate can find broken. The words for people are in the message files under `rule-CODE`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Rule {
            $($(#[$doc])* #[serde(rename = $code)] $variant,)*
        }

        impl Rule {
            /// Every rule.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The stable code.
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),* }
            }

            /// How heavily the rule weighs.
            pub fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity),* }
            }

            /// The privilege that may go on past a warning; `None` for stops.
            pub fn overridden_by(self) -> Option<Action> {
                match self { $(Self::$variant => rules!(@by $($privilege)?)),* }
            }
        }
    };
    (@by) => { None };
    (@by $privilege:ident) => { Some(Action::$privilege) };
}

rules! {
    // Who may do what
    /// The person's roles do not grant this action today.
    NotPermitted = "not-permitted", Stop;
    /// No such person, or the account is disabled.
    PersonUnknown = "person-unknown", Stop;
    /// A second person must sign.
    SecondPersonNeeded = "second-person-needed", Stop;
    /// The second person is the first.
    SecondPersonSame = "second-person-same", Stop;
    /// The second person's roles do not allow the signature.
    SecondPersonNotPermitted = "second-person-not-permitted", Stop;
    /// Somebody changed the thing after this form was opened.
    StaleForm = "stale-form", Stop;
    /// The named thing does not exist.
    NotFound = "not-found", Stop;
    /// The named thing exists already.
    AlreadyExists = "already-exists", Stop;
    /// A value is missing or impossible.
    BadValue = "bad-value", Stop;
    /// The thing is not in a state that allows this.
    WrongState = "wrong-state", Stop;
    /// No policy is in force for something a rule needs.
    PolicyMissing = "policy-missing", Stop;
    /// A proposed policy contradicts what no policy may change.
    PolicyForbidden = "policy-forbidden", Stop;

    // Units
    /// The product code is not in the local product list.
    ProductUnknown = "product-unknown", Stop;
    /// This bag was received before.
    UnitDuplicate = "unit-duplicate", Stop;
    /// The unit's life-cycle does not allow this step.
    UnitTransition = "unit-transition", Stop;
    /// Past its expiry.
    UnitExpired = "unit-expired", Stop;
    /// Held in quarantine.
    UnitQuarantined = "unit-quarantined", Stop;
    /// The unit's own group was not confirmed on receipt.
    UnitGroupUnconfirmed = "unit-group-unconfirmed", Stop;
    /// The unit's tested group differs from its label.
    UnitGroupMismatch = "unit-group-mismatch", Stop;
    /// Reserved for somebody else.
    UnitReservedElsewhere = "unit-reserved-elsewhere", Stop;
    /// The unit is not held for the request; it is reserved first.
    UnitNotHeld = "unit-not-held", Stop;
    /// The gate has nothing against the proposed bag, so there is no disagreement to report.
    ProposalAgreed = "proposal-agreed", Stop;
    /// Autologous or directed for another patient.
    UnitLocked = "unit-locked", Stop;
    /// Expires within the near-expiry band.
    UnitNearExpiry = "unit-near-expiry", Warning, by OverrideStock;
    /// Keyed by hand, so a second person must have checked it.
    UnitKeyed = "unit-keyed", Stop;
    /// A frozen component must be thawed first.
    UnitNotThawed = "unit-not-thawed", Stop;
    /// The bag is out of the department on a hand-over; its fate is recorded there.
    UnitOut = "unit-out", Stop;
    /// The delivery's signature no longer serves: it ended, its time is over, or another receiver opened it.
    DeliveryOver = "delivery-over", Stop;
    /// More waits than the page of the hand-over showed.
    ShiftChanged = "shift-changed", Stop;
    /// The unit is already in that place.
    UnitThere = "unit-there", Stop;
    /// The policy in force does not know this modification of this component.
    ModificationUnlisted = "modification-unlisted", Stop;
    /// The unit is too old for this modification, or its collection time is not known.
    ModificationTooOld = "modification-too-old", Stop;
    /// What is to be pooled differs in component, ABO type, patient or reservation.
    PoolMismatch = "pool-mismatch", Stop;

    // Patients and samples
    /// The record was merged into another.
    PatientMerged = "patient-merged", Stop;
    /// Somebody with this name and no different date of birth is on file already.
    PatientDuplicate = "patient-duplicate", Warning, by PatientRegister;
    /// Two records to be merged have different ABO types on file.
    MergeDiscordant = "merge-discordant", Stop;
    /// No valid group on file.
    PatientGroupUnknown = "patient-group-unknown", Stop;
    /// Group determinations on file disagree.
    PatientGroupDiscordant = "patient-group-discordant", Stop;
    /// The wells of a group test disagree: only group O red cells and AB plasma until a verified work-up has settled it.
    PatientGroupUnsettled = "patient-group-unsettled", Stop;
    /// Only one sample has been grouped; a second independent one is needed.
    PatientGroupSingle = "patient-group-single", Stop;
    /// No accepted sample in date.
    SampleMissing = "sample-missing", Stop;
    /// The sample has run out.
    SampleExpired = "sample-expired", Stop;
    /// The sample was rejected at reception.
    SampleRejected = "sample-rejected", Stop;
    /// This sample's group differs from the patient's history: wrong blood in tube until shown otherwise.
    SampleWrongBlood = "sample-wrong-blood", Stop;
    /// The sample belongs to another patient.
    SampleWrongPatient = "sample-wrong-patient", Stop;
    /// Transfusion and pregnancy history is not known, so the shorter validity applies.
    HistoryUnknown = "history-unknown", Warning, by OverrideClinical;

    // Tests
    /// The lot is unknown, not opened, blocked or expired.
    LotUnusable = "lot-unusable", Stop;
    /// A well the test needs was not read.
    WellMissing = "well-missing", Stop;
    /// The wells do not give one group.
    TestDiscrepant = "test-discrepant", Stop;
    /// The stated interpretation is not what the wells say.
    InterpretationDiffers = "interpretation-differs", Stop;
    /// The control reacted, so the test is not valid.
    ControlReactive = "control-reactive", Stop;
    /// A step of the work-up was not taken.
    DiscrepancyStepOpen = "discrepancy-step-open", Stop;
    /// Nothing that was found explains the discrepancy, so it proves no group.
    DiscrepancyUnexplained = "discrepancy-unexplained", Stop;
    /// The group found differs from the one on file.
    DiscrepancyAgainstFile = "discrepancy-against-file", Stop;
    /// Whoever entered a result cannot verify it.
    VerifierIsEnterer = "verifier-is-enterer", Stop;
    /// Only the newest version of a result can be acted on.
    VersionSuperseded = "version-superseded", Stop;
    /// Nothing of this name is measured here.
    AssayUnknown = "assay-unknown", Stop;
    /// The device is out of service.
    DeviceOutOfService = "device-out-of-service", Stop;

    // Antibody identification
    /// A cell of the antigram carries neither of two antithetical antigens.
    AntigramImpossible = "antigram-impossible", Stop;
    /// A column of the antigram contradicts the cell's Rh label.
    AntigramDoubtful = "antigram-doubtful", Stop;
    /// The antigram of the lot is not on file.
    AntigramMissing = "antigram-missing", Stop;
    /// The lot has no cell of this name.
    CellUnknown = "cell-unknown", Stop;
    /// No cell was tested.
    NothingTested = "nothing-tested", Stop;
    /// The patient was typed positive for the antigen the antibody is against.
    AntibodyOwnAntigen = "antibody-own-antigen", Warning, by OverrideClinical;
    /// No cell with the antigen reacted.
    AntibodyUnsupported = "antibody-unsupported", Warning, by OverrideClinical;
    /// Cells reacted that carry none of the antigens.
    ReactionUnexplained = "reaction-unexplained", Warning, by OverrideClinical;
    // Controls
    /// A control that covers this result has no accepted run that is new enough and still valid.
    ControlUncovered = "control-uncovered", Stop;
    /// The control plan holds no control for this test in this place.
    ControlUnplanned = "control-unplanned", Stop;
    /// The result was made under a control that went out, and nobody has decided about it yet.
    ResultHeld = "result-held", Stop;
    /// The run does not give every level of its control.
    ControlLevelMissing = "control-level-missing", Stop;
    /// The control stands out; another run of it is a repeat and says why.
    ControlRepeatUnexplained = "control-repeat-unexplained", Stop;
    /// The case still lacks something that closing it needs.
    CaseOpen = "case-open", Stop;
    /// Whoever ran the control or recorded the correction cannot close the case.
    CaseOwnWork = "case-own-work", Stop;

    // Compatibility
    /// The donor cells carry an ABO antigen the patient has an antibody against. Nobody can override this.
    AboIncompatible = "abo-incompatible", Stop;
    /// Outside the compatibility table in force.
    GroupNotInTable = "group-not-in-table", Stop;
    /// Allowed by the table only under a condition such as a low titre or shortage.
    GroupConditional = "group-conditional", Warning, by OverrideClinical;
    /// RhD positive red cells for an RhD negative patient.
    RhdIncompatible = "rhd-incompatible", Warning, by OverrideRhd;
    /// RhD positive red cells where it is forbidden: anti-D, girls and women who may bear children.
    RhdForbidden = "rhd-forbidden", Stop;
    /// RhD positive platelets for an RhD negative or unknown patient: anti-D immunoglobulin is to be considered.
    RhdAdvised = "rhd-advised", Warning, by OverrideClinical;
    /// The unit's RhD is not stated.
    RhdUnknown = "rhd-unknown", Stop;
    /// The unit carries an antigen the patient has or had an antibody against.
    AntigenPositive = "antigen-positive", Stop;
    /// The unit was not typed for an antigen the patient has or had an antibody against.
    AntigenUntyped = "antigen-untyped", Stop;
    /// A special requirement is not met.
    NeedNotMet = "need-not-met", Stop;
    /// No crossmatch is on file for this unit and patient.
    CrossmatchMissing = "crossmatch-missing", Stop;
    /// The crossmatch is incompatible.
    CrossmatchIncompatible = "crossmatch-incompatible", Stop;
    /// The crossmatch is incompatible, and two doctors and the head of department have answered for this bag in spite of it.
    CrossmatchLeast = "crossmatch-least", Warning, by OverrideClinical;
    /// The crossmatch was not reviewed by a second person.
    CrossmatchUnreviewed = "crossmatch-unreviewed", Stop;
    /// The crossmatch has run out.
    CrossmatchExpired = "crossmatch-expired", Stop;
    /// No current antibody screen.
    ScreenMissing = "screen-missing", Stop;
    /// The antibody screen is positive and not resolved.
    ScreenPositive = "screen-positive", Stop;
    /// A criterion of the electronic crossmatch is not met.
    ElectronicNotEligible = "electronic-not-eligible", Stop;

    // Requests and issue
    /// The request is closed, cancelled or returned.
    RequestClosed = "request-closed", Stop;
    /// The unit is of another component than was asked for.
    RequestComponent = "request-component", Stop;
    /// More than was asked for.
    RequestExceeded = "request-exceeded", Warning, by OverrideClinical;
    /// No informed consent on file.
    ConsentMissing = "consent-missing", Warning, by OverrideClinical;
    /// Something a request must state is missing.
    RequestIncomplete = "request-incomplete", Stop;
    /// The bag's appearance was not accepted at issue.
    AppearanceBad = "appearance-bad", Stop;
    /// The compatibility label on the bag is for another unit or patient.
    LabelMismatch = "label-mismatch", Stop;
    /// The wristband is not that of the patient the bag was handed over for. Nobody can override this.
    WrongPatient = "wrong-patient", Stop;
    /// Out of storage longer than may be put back.
    OutTooLong = "out-too-long", Stop;
    /// The bag came back opened, damaged or warm.
    ReturnUnfit = "return-unfit", Stop;
    /// The group may not be released at this emergency level.
    EmergencyGroup = "emergency-group", Stop;
    /// The emergency level was named, but what it asks for was not done; a lower level may be chosen.
    EmergencyUnmet = "emergency-unmet", Stop;
    /// Released before crossmatch in an emergency; a crossmatch must follow.
    EmergencyUncrossmatched = "emergency-uncrossmatched", Warning, by OverrideEmergency;
    /// Released on one grouped sample, or none, in an emergency.
    EmergencyGroupUnproven = "emergency-group-unproven", Warning, by OverrideEmergency;

    // External assessment
    /// Who tests would know which sample it is: the label is the provider's, or the tester unpacked the panel.
    AssessmentNotBlind = "assessment-not-blind", Stop;
    /// The same person tested one of the last rounds; the staff take turns.
    AssessmentRotation = "assessment-rotation", Warning, by AssessmentManage;
    /// A result is still wanted.
    AssessmentIncomplete = "assessment-incomplete", Stop;
    /// The deadline has passed: sent now, the round scores nothing.
    AssessmentLate = "assessment-late", Warning, by AssessmentSubmit;
    /// Cause, correction or proof of effect is still wanted.
    AssessmentUnsolved = "assessment-unsolved", Stop;
    /// Whoever sent the results or worked on their errors cannot close the round.
    AssessmentCloserInvolved = "assessment-closer-involved", Stop;

    // Devices and messages
    /// The message cannot be acted on.
    MessageUnreadable = "message-unreadable", Stop;
    /// The named sample or unit is not known here.
    SubjectUnmatched = "subject-unmatched", Stop;
}

/// The value of a piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactValue {
    /// A text to be shown as it stands.
    Text(String),
    /// A key in the message files.
    Word(String),
    /// A count.
    Number(i64),
    /// A span in minutes.
    Minutes(i64),
    /// A moment.
    Time(Timestamp),
    /// A group.
    Group(LabelGroup),
    /// A thing in the hospital, shown as a link.
    Subject(Subject),
}

impl fmt::Display for FactValue {
    /// Symbols only, the same in every language.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) | Self::Word(text) => f.write_str(text),
            Self::Number(number) => number.fmt(f),
            Self::Minutes(minutes) => write!(f, "{minutes} min"),
            Self::Time(at) => at.fmt(f),
            Self::Group(group) => group.fmt(f),
            Self::Subject(subject) => subject.fmt(f),
        }
    }
}

/// One piece of evidence of a finding, by name; the rule's message uses the names as variables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// What the value is, for example `unit` or `expires`.
    pub name: Cow<'static, str>,
    /// The value.
    pub value: FactValue,
}

/// One thing a gate found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule that is not met.
    pub rule: Rule,
    /// How heavily it weighs here.
    pub severity: Severity,
    /// The evidence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<Fact>,
    /// Where the rule comes from: a standard, a guideline, the policy entry in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Cow<'static, str>>,
}

impl Finding {
    /// A finding with the severity the rule has by itself.
    pub fn new(rule: Rule) -> Self {
        Self {
            rule,
            severity: rule.severity(),
            facts: Vec::new(),
            source: None,
        }
    }

    /// Adds evidence.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<FactValue>) -> Self {
        self.facts.push(Fact {
            name: name.into(),
            value: value.into(),
        });
        self
    }

    /// Adds a word of the message files as evidence.
    #[must_use]
    pub fn word(self, name: &'static str, key: impl Into<String>) -> Self {
        self.with(name, FactValue::Word(key.into()))
    }

    /// Names the source.
    #[must_use]
    pub fn source(mut self, source: impl Into<Cow<'static, str>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// `BadValue` of a field, with the message key that says why.
    pub fn bad_value(field: &'static str, why: &'static str) -> Self {
        Self::new(Rule::BadValue)
            .word("field", format!("field-{field}"))
            .word("why", why)
    }

    /// `NotFound` of a thing.
    pub fn not_found(subject: impl Into<Subject>) -> Self {
        Self::new(Rule::NotFound).with("subject", subject.into())
    }
}

macro_rules! fact_from {
    ($($from:ty => $variant:ident),* $(,)?) => {
        $(impl From<$from> for FactValue {
            fn from(value: $from) -> Self {
                Self::$variant(value.into())
            }
        })*
    };
}

fact_from! {
    String => Text, &str => Text, i64 => Number, u32 => Number,
    Timestamp => Time, LabelGroup => Group, crate::blood::BloodGroup => Group, Subject => Subject,
    crate::blood::UnitId => Subject, crate::blood::Din => Subject, crate::id::PatientId => Subject, crate::id::SampleId => Subject,
    crate::id::RequestId => Subject, crate::id::TestId => Subject, crate::id::MeasurementId => Subject, crate::id::DiscrepancyId => Subject, crate::id::UserId => Subject,
    crate::id::LotId => Subject, crate::id::DeviceId => Subject, crate::id::CrossmatchId => Subject,
    crate::id::IssueId => Subject,
    crate::id::MessageId => Subject,
    crate::id::NearMissId => Subject,
    crate::id::ProposalId => Subject,
    crate::id::ProgrammeId => Subject,
    crate::id::RoundId => Subject,
    crate::id::WorkupId => Subject,
    crate::id::ControlCode => Subject, crate::id::RunId => Subject,
    crate::id::CaseId => Subject,
}

/// Why a command was not carried out: every finding, never only the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// At least one finding, at least one of them not settled.
    pub findings: Vec<Finding>,
}

impl fmt::Display for Finding {
    /// The rule's code and the evidence, for a terminal and a log; pages have words: `bad-value (field = field-name, why = why-missing)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.rule.code())?;
        for (place, fact) in self.facts.iter().enumerate() {
            let before = if place == 0 { " (" } else { ", " };
            write!(f, "{before}{} = {}", fact.name, fact.value)?;
        }
        if self.facts.is_empty() {
            Ok(())
        } else {
            f.write_str(")")
        }
    }
}

impl fmt::Display for Refusal {
    /// Every finding, parted by semicolons.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, finding) in self.findings.iter().enumerate() {
            let before = if place == 0 { "" } else { "; " };
            write!(f, "{before}{finding}")?;
        }
        Ok(())
    }
}

impl From<Finding> for Refusal {
    fn from(finding: Finding) -> Self {
        Self {
            findings: vec![finding],
        }
    }
}

/// A person's reason for going on past a warning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The warning it answers.
    pub rule: Rule,
    /// The reason in words, at least [`Reason::LEAST`] characters.
    pub text: String,
}

impl Reason {
    /// The fewest characters that count as a reason.
    pub const LEAST: usize = 2;
    /// The most characters kept.
    pub const MOST: usize = 500;
}

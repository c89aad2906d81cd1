use serde::{Deserialize, Serialize};

macro_rules! actions {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),* $(,)?) => {
        /// One thing a role can be granted: a command, a room to look into, or the privilege to go on past a kind of warning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Action {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)*
        }

        impl Action {
            /// Every action.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name in the grants policy.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// Reads the name.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|action| action.name() == text)
            }
        }
    };
}

actions! {
    /// Look at the board.
    ViewBoard = "view.board",
    /// Look at stock and units.
    ViewStock = "view.stock",
    /// Look at patients, samples, tests.
    ViewPatient = "view.patient",
    /// Look at requests.
    ViewRequest = "view.request",
    /// Look into the crossmatch room: what is found for which request.
    ViewCrossmatch = "view.crossmatch",
    /// Look at devices and messages.
    ViewDevice = "view.device",
    /// Look at the journal.
    ViewJournal = "view.journal",
    /// Take a copy of the journal away.
    ExportJournal = "journal.export",
    /// Look at policies.
    ViewPolicy = "view.policy",
    /// Look at accounts.
    ViewPeople = "view.people",

    /// Receive units.
    UnitReceive = "unit.receive",
    /// Sign a receipt or a keyed entry as the second person.
    UnitCheck = "unit.check",
    /// Move units between places.
    UnitMove = "unit.move",
    /// Put a unit in quarantine.
    UnitHold = "unit.hold",
    /// Lift a quarantine.
    UnitRelease = "unit.release",
    /// Thaw, irradiate, wash, split, pool.
    UnitModify = "unit.modify",
    /// Discard a unit or send it back to the station.
    UnitDiscard = "unit.discard",
    /// Sign a discard as the second person.
    UnitDiscardCheck = "unit.discard_check",
    /// Recall a donation.
    UnitRecall = "unit.recall",

    /// Register and amend patients.
    PatientRegister = "patient.register",
    /// Merge and unmerge records.
    PatientMerge = "patient.merge",
    /// Record antibodies, antigens, history, special requirements.
    PatientHistory = "patient.history",
    /// Take in or reject samples.
    SampleReceive = "sample.receive",

    /// Enter test results.
    TestRecord = "test.record",
    /// Verify test results.
    TestVerify = "test.verify",
    /// Correct or invalidate results.
    TestCorrect = "test.correct",
    /// Take in, open and block reagent lots.
    LotManage = "lot.manage",

    /// Look at controls and their charts.
    ViewQuality = "view.quality",
    /// Run controls, record corrections.
    ControlRun = "control.run",
    /// Set targets and limits.
    ControlTarget = "control.target",
    /// Decide about results under a control that went out, and close the case.
    CaseDecide = "case.decide",
    /// Waive a control.
    ControlWaive = "control.waive",
    /// Sign a waiver as the second person.
    ControlWaiveCheck = "control.waive_check",

    /// Place, amend and cancel requests.
    RequestPlace = "request.place",
    /// Accept or return requests in the department.
    RequestReview = "request.review",
    /// Reserve units.
    UnitReserve = "unit.reserve",
    /// Report a proposal that the gate stops.
    ProposalDispute = "proposal.dispute",
    /// Record a crossmatch.
    CrossmatchRecord = "crossmatch.record",
    /// Review a crossmatch.
    CrossmatchReview = "crossmatch.review",
    /// Issue units.
    UnitIssue = "unit.issue",
    /// Sign a hand-over as the second person.
    UnitIssueCheck = "unit.issue_check",
    /// Take units back.
    UnitReturn = "unit.return",
    /// Record receipt on the ward and final fate.
    UnitFate = "unit.fate",
    /// Declare an emergency.
    EmergencyDeclare = "emergency.declare",
    /// Release before the tests are done.
    EmergencyRelease = "emergency.release",

    /// Look at external assessment.
    ViewAssessment = "view.assessment",
    /// Plan rounds, take panels in, enter reports, work on errors.
    AssessmentManage = "assessment.manage",
    /// Enter results of a panel.
    AssessmentEnter = "assessment.enter",
    /// Send results to the provider, as the first or second person.
    AssessmentSubmit = "assessment.submit",
    /// Close a round.
    AssessmentClose = "assessment.close",
    /// Answer for the ward: that it has read what the department sent back.
    WardAnswer = "ward.answer",
    /// Ask, as a doctor, for a bag in spite of its incompatible crossmatch, or agree to it.
    LeastAsk = "least.ask",
    /// Approve, as head of department, a bag in spite of its incompatible crossmatch.
    LeastApprove = "least.approve",
    /// Report a near miss.
    NearMissReport = "near_miss.report",
    /// Look into a near miss and close it.
    NearMissClose = "near_miss.close",
    /// Look at documents, nonconformities and their records.
    ViewGovernance = "view.governance",
    /// Publish and retire documents, record audits and reviews.
    DocumentManage = "document.manage",
    /// Approve a document, a retirement or a review as the second person.
    DocumentApprove = "document.approve",
    /// Find causes, plan and complete actions.
    NonconformityHandle = "nonconformity.handle",
    /// Judge whether actions helped.
    NonconformityClose = "nonconformity.close",
    /// Assess people's competence.
    CompetenceAssess = "competence.assess",
    /// Record comparisons between instruments, people and methods.
    ComparisonRecord = "comparison.record",

    /// Hand a shift over, or take one over.
    ShiftHandOver = "shift.hand_over",

    /// Register devices, take them out of service.
    DeviceManage = "device.manage",
    /// File messages from devices (device links).
    MessageFile = "message.file",
    /// Replay or dismiss messages in the error queue.
    MessageHandle = "message.handle",

    /// Open and close accounts.
    UserManage = "user.manage",
    /// Propose a policy.
    PolicyPropose = "policy.propose",
    /// Activate a policy somebody else proposed.
    PolicyActivate = "policy.activate",
    /// Run the program's own jobs.
    SystemRun = "system.run",

    /// Go on past a stock warning.
    OverrideStock = "override.stock",
    /// Go on past a clinical warning.
    OverrideClinical = "override.clinical",
    /// Give RhD positive to RhD negative where the policy allows it.
    OverrideRhd = "override.rhd",
    /// Go on past what an emergency allows to be done later.
    OverrideEmergency = "override.emergency",
}

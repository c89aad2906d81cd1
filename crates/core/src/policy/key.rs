use serde::{Deserialize, Serialize};

/// What kind of value a key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A span in minutes.
    Minutes,
    /// A whole number.
    Count,
    /// On or off.
    Flag,
    /// A list of words.
    Words,
    /// Temperature ranges by component.
    Ranges,
    /// Compatibility tables by component.
    Compatibility,
    /// Roles and what they may do.
    Grants,
    /// The local product list.
    Products,
    /// What may be done to which component.
    Modifications,
    /// How external assessment grades.
    GradingTables,
    /// Special requirements that are raised by themselves.
    NeedRules,
    /// Names in Chinese and English.
    Names,
    /// The control plan.
    Controls,
    /// Rule profiles of controls.
    RuleProfiles,
    /// How a year's evidence is scored.
    ScoringSheets,
    /// What a comparison may differ, by item.
    ComparisonLimits,
    /// What is measured in patients' samples.
    Assays,
    /// How patients' values are followed.
    PatientMonitors,
}

macro_rules! keys {
    ($($(#[$doc:meta])* $variant:ident = $name:literal: $shape:ident,)*) => {
        /// Every threshold the rules ask for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Key {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)*
        }

        impl Key {
            /// Every key.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name in policy files and message keys.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// What kind of value it holds.
            pub fn shape(self) -> Shape {
                match self { $(Self::$variant => Shape::$shape),* }
            }

            /// Reads the name.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|key| key.name() == text)
            }
        }
    };
}

keys! {
    /// Minutes east of UTC that the hospital's clocks show.
    SiteOffset = "site.utc_offset": Minutes,
    /// Who may do what.
    Grants = "people.grants": Grants,
    /// A session locks after this much idleness.
    SessionIdle = "people.session_idle": Minutes,
    /// Wrong passwords before a login is throttled.
    SignInAttempts = "people.sign_in_attempts": Count,
    /// How long a throttled login waits.
    SignInWait = "people.sign_in_wait": Minutes,

    /// What product codes mean here.
    Products = "unit.products": Products,
    /// What may be done to units and how long they last afterwards.
    Modifications = "unit.modifications": Modifications,
    /// Container temperature accepted at receipt, by component.
    ReceiptTemperature = "unit.receipt_temperature": Ranges,
    /// Container temperature accepted at receipt of what is deep-frozen, by component.
    ReceiptTemperatureFrozen = "unit.receipt_temperature_frozen": Ranges,
    /// How long the signature under an opened delivery serves for its bags.
    ReceiptSignature = "unit.receipt_signature": Minutes,
    /// Storage temperature by component.
    StorageTemperature = "unit.storage_temperature": Ranges,
    /// Regroup ABO of red-cell units before they become available.
    RegroupRequired = "unit.regroup_required": Flag,
    /// Regroup RhD of units labelled RhD negative.
    RegroupRhdNegative = "unit.regroup_rhd_negative": Flag,
    /// Units this close to their expiry are shown as near expiry.
    NearExpiry = "unit.near_expiry": Minutes,
    /// Coded reasons for discarding a unit.
    DiscardReasons = "unit.discard_reasons": Words,
    /// Coded reasons for returning a unit to the station.
    StationReturnReasons = "unit.station_return_reasons": Words,
    /// Coded reasons for putting a unit in quarantine.
    HoldReasons = "unit.hold_reasons": Words,

    /// Sample validity after draw when the patient was transfused or pregnant lately, or the history is unknown.
    SampleValidityAtRisk = "sample.validity_at_risk": Minutes,
    /// Sample validity after draw otherwise.
    SampleValidity = "sample.validity": Minutes,
    /// How far back transfusion or pregnancy shortens the validity.
    SampleRiskWindow = "sample.risk_window": Minutes,
    /// Coded reasons for rejecting a sample.
    SampleRejectReasons = "sample.reject_reasons": Words,
    /// Two independent samples must be grouped before anything but group O red cells is issued.
    TwoSamples = "sample.two_samples": Flag,
    /// Two samples count as independent when drawn at least this far apart or by different people.
    TwoSamplesApart = "sample.two_samples_apart": Minutes,
    /// Patients younger than this many minutes are grouped on cells only.
    NewbornAge = "group.newborn_age": Minutes,
    /// Weak D patients are transfused as RhD negative.
    WeakDRecipientNegative = "group.weak_d_recipient_negative": Flag,
    /// Weak D units count as RhD positive.
    WeakDUnitPositive = "group.weak_d_unit_positive": Flag,
    /// The weakest forward reaction accepted without work-up, as a grade from 1 to 4.
    ForwardLeast = "group.forward_least": Count,
    /// The weakest anti-D reaction read as positive without a weak-D test, as a grade from 1 to 4.
    AntiDLeast = "group.anti_d_least": Count,

    /// RHD alleles of weak D whose carriers are transfused as RhD positive.
    RhdPositiveGenotypes = "group.rhd_positive_genotypes": Words,
    /// Carriers of Asian-type DEL (c.1227G>A) are transfused as RhD positive; off until the hospital's medical sign-off.
    AsianDelPositive = "group.asian_del_positive": Flag,

    /// ABO and RhD tables by component.
    Compatibility = "compatibility.tables": Compatibility,
    /// Women younger than this many years get no RhD positive red cells when RhD negative.
    ChildBearingYears = "compatibility.child_bearing_years": Count,
    /// A crossmatch is valid this long at most (never longer than its sample).
    CrossmatchValidity = "crossmatch.validity": Minutes,
    /// A reservation lapses after this long.
    ReservationHold = "crossmatch.reservation": Minutes,
    /// Crossmatch methods that detect incomplete antibodies; at least one is needed.
    CrossmatchMethods = "crossmatch.methods": Words,
    /// Crossmatch methods that detect IgM only and do not suffice alone.
    CrossmatchMethodsIgm = "crossmatch.methods_igm": Words,
    /// The minor side must be read too.
    CrossmatchMinor = "crossmatch.minor_required": Flag,
    /// The electronic crossmatch is allowed.
    ElectronicCrossmatch = "crossmatch.electronic": Flag,

    /// Two doctors and the head of department may answer for a bag in spite of an incompatible crossmatch.
    LeastIncompatible = "crossmatch.least_incompatible": Flag,
    /// Special requirements raised by age, sex, diagnosis, ward and history.
    NeedRules = "patient.need_rules": NeedRules,
    /// The wards of the hospital.
    Wards = "site.wards": Names,
    /// Coded kinds of near misses.
    NearMissKinds = "quality.near_miss_kinds": Words,

    /// A unit that was out of storage longer than this is not put back.
    ReturnWithin = "issue.return_within": Minutes,
    /// Transfusion should have started this long after issue.
    StartWithin = "issue.start_within": Minutes,
    /// What became of a unit should be on record this long after issue.
    FateWithin = "issue.fate_within": Minutes,
    /// Consent must be on file before routine issue.
    ConsentRequired = "issue.consent_required": Flag,
    /// Coded indications a request may state.
    Indications = "request.indications": Words,
    /// A retrospective crossmatch is due this long after an emergency release.
    RetrospectiveDue = "emergency.retrospective_due": Minutes,
    /// Target from emergency request to first unit issued.
    EmergencyFirstUnit = "emergency.first_unit": Minutes,
    /// ABO groups of red cells that may be released uncrossmatched to a patient of unknown group.
    EmergencyRedCells = "emergency.red_cells": Words,
    /// ABO groups of plasma that may be released to a patient of unknown group.
    EmergencyPlasma = "emergency.plasma": Words,

    /// First alert before the deadline of a round of external assessment.
    AssessmentFirstAlert = "assessment.first_alert": Minutes,
    /// Second alert.
    AssessmentSecondAlert = "assessment.second_alert": Minutes,
    /// Last alert.
    AssessmentLastAlert = "assessment.last_alert": Minutes,
    /// Who tested one of so many last rounds of a programme should not test the next.
    AssessmentRotation = "assessment.rotation": Count,
    /// Pass mark of measured items, per cent.
    AssessmentMeasuredPass = "assessment.measured_pass": Count,
    /// How programmes grade, dated.
    AssessmentTables = "assessment.tables": GradingTables,
    /// Whose weights and shares the matching uses.
    MatchingPopulation = "matching.population": Words,
    /// What giving an antigen to a patient who lacks it weighs, by population: `han E=0.35`.
    MatchingWeights = "matching.weights": Words,
    /// Share of people by group and of donors positive for an antigen, by population.
    MatchingShares = "matching.shares": Words,
    /// Mandatory antigens and weight factor by kind of patient.
    MatchingKinds = "matching.kinds": Words,
    /// Cumulative incidence of an antibody by number of antigen-positive bags.
    MatchingIncidence = "matching.incidence": Words,
    /// The other numbers of the matching costs.
    MatchingNumbers = "matching.numbers": Words,
    /// Rh and other haplotypes: antigens inherited together, with their share, by population.
    MatchingHaplotypes = "matching.haplotypes": Words,
    /// Platelets for a refractory patient: fluorescence, costs, increments that count as success.
    PlateletNumbers = "platelets.numbers": Words,
    /// Days of cover below which a supply phase begins, by component: pre-amber, amber, red.
    StockLevels = "stock.levels": Words,
    /// Share of review periods without shortage that an order aims at, by component.
    StockService = "stock.service": Words,
    /// From one order to the arrival of the next.
    StockReview = "stock.review": Minutes,
    /// Public holidays, as `first/last` dates.
    StockHolidays = "stock.holidays": Words,
    /// Which control covers which test, in which place, how often, and what is expected of it.
    Controls = "quality.controls": Controls,
    /// The multi-rules that judge measured controls, by name.
    RuleProfiles = "quality.rule_profiles": RuleProfiles,
    /// A control read at most this long after a sample belongs to the same batch and covers it.
    ControlBatch = "quality.batch_within": Minutes,
    /// A device's clock may run ahead by this much; a control it dates later is not taken.
    ClockAhead = "quality.clock_ahead": Minutes,
    /// When the shifts begin, as `HH:MM` on the hospital's clocks.
    Shifts = "quality.shifts": Words,
    /// A waiver lasts this long at most.
    WaiverMost = "quality.waiver_most": Minutes,
    /// So many first values of a material give its limits.
    InitialValues = "quality.initial_values": Count,
    /// On at least so many days before somebody signs them.
    InitialDays = "quality.initial_days": Count,
    /// So many values of a parallel run give a new lot its mean.
    ParallelValues = "quality.parallel_values": Count,
    /// The uncertainty within the laboratory rests on so many days.
    UncertaintyDays = "quality.uncertainty_days": Count,
    /// Coded causes of a control that went out.
    CaseCauses = "quality.causes": Words,
    /// A well weaker than its target in this many runs in a row is a warning.
    DriftRuns = "quality.drift_runs": Count,
    /// The fewest samples of a comparison.
    ComparisonSamplesLeast = "quality.comparison_samples": Count,
    /// Kinds of lots that must pass an acceptance test before use.
    LotAcceptance = "lot.acceptance": Words,
    /// The fewest samples of an acceptance test.
    LotAcceptanceSamples = "lot.acceptance_samples": Count,
    /// Steps of reaction a new lot may differ.
    LotAcceptanceSteps = "lot.acceptance_steps": Count,
    /// Minutes an opened vial lasts, as `product=minutes` or `kind=minutes`.
    LotOpenLife = "lot.open_life": Words,
    /// Packs at which a product is ordered, as `product=packs` or `kind=packs`.
    LotReorder = "lot.reorder": Words,
    /// A lot in use that ends within this span is shown.
    LotNearEnd = "lot.near_end": Minutes,
    /// What a comparison may differ, by item.
    ComparisonLimits = "quality.comparison_limits": ComparisonLimits,
    /// What is measured in patients' samples: unit, limits, and the controls that cover it.
    Assays = "quality.assays": Assays,
    /// How patients' measured values are followed beside the controls.
    PatientMonitors = "quality.patient_monitors": PatientMonitors,

    /// What the national indicator of compatibility testing under control counts.
    EvidenceItems = "evidence.items": Words,
    /// What the providers of external assessment offer, as `PROGRAMME item`; empty where only our own enrolment is known.
    EvidenceOffered = "evidence.offered": Words,
    /// How a year's evidence is scored, dated.
    EvidenceScoring = "evidence.scoring": ScoringSheets,
}

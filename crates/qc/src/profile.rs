//! Rule profiles: which rules judge a control, and every choice that changes a verdict, as stored fields with a version.

use serde::{Deserialize, Serialize};

use crate::shifts::{CusumRule, EwmaRule};
use crate::{Rule, RuleSet, Scope};

/// What follows from a violation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Look closer; results may go out.
    Warning,
    /// Out of control.
    Reject,
}

/// One rule of a profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleUse {
    /// The rule.
    pub rule: Rule,
    /// What a violation means.
    pub severity: Severity,
    /// Where it is applied; a subset of [`Rule::scopes`].
    pub scopes: Vec<Scope>,
}

impl RuleUse {
    /// A rule at its usual severity (1-2s warns, every other rejects) in all its scopes.
    pub fn usual(rule: Rule) -> Self {
        Self {
            rule,
            severity: match rule {
                Rule::OneTwoS => Severity::Warning,
                _ => Severity::Reject,
            },
            scopes: rule.scopes().to_vec(),
        }
    }
}

/// Whether a point exactly on a limit has passed it (B1). The mean is no limit: see [`OnMean`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Boundary {
    /// No, as the rules' texts say ("exceeds").
    #[default]
    Strict,
    /// Yes, as some published examples and programs have it.
    Inclusive,
}

/// What a point exactly on the mean does to a row of points on one side (B2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnMean {
    /// It ends the row.
    #[default]
    Breaks,
    /// It is passed over: the row goes on behind it. Some vendors do this.
    Neutral,
}

/// How R-4s is read (B3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum R4s {
    /// One point beyond +2 SD and another beyond −2 SD.
    #[default]
    Strict,
    /// Two points more than 4 SD apart, wherever they lie.
    Range,
}

/// Over what R-4s reaches (B4). Only one answer is right: between runs a jump is a shift, not scatter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum R4sReach {
    /// The points of one run.
    #[default]
    OneRun,
}

/// In which order the points of one run follow each other across materials (B5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunOrder {
    /// By level, whatever order they were measured in.
    #[default]
    Levels,
    /// As handed in.
    AsGiven,
}

/// At which points of a run the rules that look over several runs are asked across materials (B5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AcrossAt {
    /// At every point, so a window may begin and end in the middle of a run.
    #[default]
    EveryPoint,
    /// At a run's last point only.
    LastOfRun,
}

/// Which points of one run make a 2-2s across materials (B6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pairing {
    /// Two that follow each other.
    #[default]
    Adjacent,
    /// Any two.
    AnyPair,
    /// All levels of the run.
    AllLevels,
}

/// How much of the look-back a change ends (B7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reset {
    /// Nothing: the streams go on.
    #[default]
    Keep,
    /// The rows that show a systematic error: one side of the mean, beyond 1 SD, rising or falling.
    Systematic,
    /// Everything.
    All,
}

/// What may change under a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// A new lot of the control material.
    ControlLot,
    /// A new mean or SD.
    Limits,
    /// A calibration.
    Calibration,
    /// A new lot of the reagent.
    ReagentLot,
    /// Maintenance.
    Maintenance,
    /// Another instrument.
    Instrument,
    /// A corrective action that closes an out-of-control event. Always ends everything.
    CorrectiveAction,
}

/// What each change does to the look-back (B7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Resets {
    /// On a new lot of the control material.
    pub control_lot: Reset,
    /// On a new mean or SD.
    pub limits: Reset,
    /// On a calibration.
    pub calibration: Reset,
    /// On a new lot of the reagent.
    pub reagent_lot: Reset,
    /// On maintenance.
    pub maintenance: Reset,
    /// On another instrument.
    pub instrument: Reset,
}

impl Default for Resets {
    /// New limits, a new control lot and another instrument end everything; the rest ends nothing unless configured.
    fn default() -> Self {
        Self {
            control_lot: Reset::All,
            limits: Reset::All,
            calibration: Reset::Keep,
            reagent_lot: Reset::Keep,
            maintenance: Reset::Keep,
            instrument: Reset::All,
        }
    }
}

impl Resets {
    pub(crate) const fn on(self, change: Change) -> Reset {
        match change {
            Change::ControlLot => self.control_lot,
            Change::Limits => self.limits,
            Change::Calibration => self.calibration,
            Change::ReagentLot => self.reagent_lot,
            Change::Maintenance => self.maintenance,
            Change::Instrument => self.instrument,
            Change::CorrectiveAction => Reset::All,
        }
    }
}

/// Whether rejected points stay in the look-back (B8). They never enter mean, SD or monthly figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rejected {
    /// Until a corrective action closes the event ([`Change::CorrectiveAction`]).
    #[default]
    StayUntilClosed,
    /// They leave at once.
    Leave,
}

/// What a run without one of its levels means to the rules across materials (B9). Coverage fails separately.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingLevel {
    /// The points present are judged.
    #[default]
    EvaluatePresent,
}

/// What a repeated control is (B10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Repeats {
    /// A point of its own beside the first, which stays.
    #[default]
    OwnPoint,
}

/// What a row longer than its window does (B11). A violation is always reported at its newest point with all points of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Streaks {
    /// Every further point is a violation.
    #[default]
    KeepFiring,
    /// Only the point that fills the window first is one.
    FirstOnly,
}

/// On which digits verdicts are taken (B12).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// On those reported, exactly.
    #[default]
    AsReported,
}

/// Whether the rules are asked only once a point of the run lies beyond 2 SD.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    /// They are always asked: what computers do.
    #[default]
    None,
    /// 1-2s is asked first of all points of the run. None beyond: accepted unasked. Some, and no other rule broken: accepted with a
    /// warning. A run must then be handed in whole.
    OneTwoS,
}

/// A named, versioned choice of rules. Never edited in place: a change is a new version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleProfile {
    /// Name in use, `modern-n2`.
    pub name: String,
    /// Version of that name, from 1.
    pub version: u32,
    /// The rules, each at most once.
    pub rules: Vec<RuleUse>,
    /// The gate in front of them.
    #[serde(default)]
    pub gate: Gate,
    /// B1.
    #[serde(default)]
    pub boundary: Boundary,
    /// B2.
    #[serde(default)]
    pub on_mean: OnMean,
    /// B3.
    #[serde(default)]
    pub r4s: R4s,
    /// B4.
    #[serde(default)]
    pub r4s_reach: R4sReach,
    /// B5, the order.
    #[serde(default)]
    pub run_order: RunOrder,
    /// B5, the place.
    #[serde(default)]
    pub across_at: AcrossAt,
    /// B6.
    #[serde(default)]
    pub pairing: Pairing,
    /// B7.
    #[serde(default)]
    pub resets: Resets,
    /// B8.
    #[serde(default)]
    pub rejected: Rejected,
    /// B9.
    #[serde(default)]
    pub missing_level: MissingLevel,
    /// B10.
    #[serde(default)]
    pub repeats: Repeats,
    /// B11.
    #[serde(default)]
    pub streaks: Streaks,
    /// B12.
    #[serde(default)]
    pub precision: Precision,
    /// A CUSUM beside the rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cusum: Option<CusumRule>,
    /// A moving average beside the rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ewma: Option<EwmaRule>,
}

/// Why a profile cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// Its name is empty.
    #[error("a profile needs a name")]
    Nameless,
    /// It has no rule, so everything would be accepted.
    #[error("a profile needs at least one rule")]
    NoRule,
    /// No rule of it rejects, so nothing would ever be rejected.
    #[error("no rule of the profile rejects")]
    NothingRejects,
    /// A rule stands in it twice.
    #[error("{0} stands in the profile twice")]
    Twice(Rule),
    /// A rule is applied nowhere.
    #[error("{0} has no scope")]
    NoScope(Rule),
    /// A CUSUM or EWMA whose figures mean nothing.
    #[error("the figures of the {0} mean nothing")]
    Figures(&'static str),
    /// A rule is asked for where it has no meaning.
    #[error("{0} cannot be applied {1:?}")]
    Scope(Rule, Scope),
}

impl RuleProfile {
    /// Version 1 of a profile with these rules at their usual severity and scopes and every choice at its default.
    pub fn usual(name: &str, rules: impl IntoIterator<Item = Rule>) -> Self {
        Self {
            name: name.to_owned(),
            version: 1,
            rules: rules.into_iter().map(RuleUse::usual).collect(),
            gate: Gate::default(),
            boundary: Boundary::default(),
            on_mean: OnMean::default(),
            r4s: R4s::default(),
            r4s_reach: R4sReach::default(),
            run_order: RunOrder::default(),
            across_at: AcrossAt::default(),
            pairing: Pairing::default(),
            resets: Resets::default(),
            rejected: Rejected::default(),
            missing_level: MissingLevel::default(),
            repeats: Repeats::default(),
            streaks: Streaks::default(),
            precision: Precision::default(),
            cusum: None,
            ewma: None,
        }
    }

    /// Whether a person may put it in force.
    ///
    /// # Errors
    /// See [`ProfileError`]. Rules that only warn are an error here; an evaluation on the command line may still ask for them.
    pub fn check(&self) -> Result<(), ProfileError> {
        if self.name.trim().is_empty() {
            return Err(ProfileError::Nameless);
        }
        if self.rules.is_empty() {
            return Err(ProfileError::NoRule);
        }
        let mut seen = RuleSet::EMPTY;
        for RuleUse { rule, scopes, .. } in &self.rules {
            if seen.contains(*rule) {
                return Err(ProfileError::Twice(*rule));
            }
            seen.0 |= rule.bit();
            if scopes.is_empty() {
                return Err(ProfileError::NoScope(*rule));
            }
            if let Some(scope) = scopes.iter().find(|scope| !rule.scopes().contains(scope)) {
                return Err(ProfileError::Scope(*rule, *scope));
            }
        }
        self.check_sums()?;
        if !self.sums_reject()
            && self
                .rules
                .iter()
                .all(|used| used.severity == Severity::Warning)
        {
            return Err(ProfileError::NothingRejects);
        }
        Ok(())
    }

    /// The profiles that the program comes with. To change one, give the changed one another name or version.
    ///
    /// Sources: Westgard, Barry, Hunt, Groth 1981 (classic, with the 1-2s gate); Westgard's pages on computerised multirules and on
    /// the Sigma Rules (modern and sigma).
    pub fn presets() -> Vec<Self> {
        use Rule::{
            EightX, FourOneS, NineX, OneThreeS, R4s, SixX, TenX, ThreeOneS, TwoOfThreeTwoS, TwoTwoS,
        };
        let gated = |mut profile: Self| {
            profile.gate = Gate::OneTwoS;
            profile
        };
        let n3 = [OneThreeS, TwoOfThreeTwoS, R4s, ThreeOneS, SixX];
        let mut nine = n3;
        nine[4] = NineX;
        vec![
            gated(Self::usual(
                "classic-n2",
                [OneThreeS, TwoTwoS, R4s, FourOneS, TenX],
            )),
            Self::usual("modern-n2", [OneThreeS, TwoTwoS, R4s, FourOneS, EightX]),
            gated(Self::usual("classic-n3", n3)),
            Self::usual("modern-n3", n3),
            Self::usual("sigma-6-n2", [OneThreeS]),
            Self::usual("sigma-5-n2", [OneThreeS, TwoTwoS, R4s]),
            Self::usual("sigma-4-n2", [OneThreeS, TwoTwoS, R4s, FourOneS]),
            Self::usual("sigma-3-n2", [OneThreeS, TwoTwoS, R4s, FourOneS, EightX]),
            Self::usual("sigma-6-n3", [OneThreeS]),
            Self::usual("sigma-5-n3", [OneThreeS, TwoOfThreeTwoS, R4s]),
            Self::usual("sigma-4-n3", [OneThreeS, TwoOfThreeTwoS, R4s, ThreeOneS]),
            Self::usual("sigma-3-n3", n3),
            Self::usual("sigma-3-n3-r3", nine),
        ]
    }

    /// The preset of a name.
    pub fn preset(name: &str) -> Option<Self> {
        Self::presets()
            .into_iter()
            .find(|profile| profile.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_may_be_put_in_force_and_survives_storage() {
        let presets = RuleProfile::presets();
        for (place, profile) in presets.iter().enumerate() {
            assert_eq!(profile.check(), Ok(()), "{}", profile.name);
            assert!(
                presets
                    .iter()
                    .skip(place + 1)
                    .all(|other| other.name != profile.name)
            );
            let text = serde_json::to_string(profile).unwrap();
            assert_eq!(
                serde_json::from_str::<RuleProfile>(&text).unwrap(),
                *profile
            );
        }
        assert!(RuleProfile::preset("classic-n2").is_some_and(|p| p.gate == Gate::OneTwoS));
        assert!(RuleProfile::preset("classic-N2").is_none());
    }

    #[test]
    fn a_profile_that_protects_nothing_is_refused() {
        let check = |rules: &[Rule]| RuleProfile::usual("x", rules.iter().copied()).check();
        assert_eq!(check(&[]), Err(ProfileError::NoRule));
        assert_eq!(check(&[Rule::OneTwoS]), Err(ProfileError::NothingRejects));
        assert_eq!(
            check(&[Rule::TenX, Rule::TenX]),
            Err(ProfileError::Twice(Rule::TenX))
        );
        let mut profile = RuleProfile::usual("x", [Rule::R4s]);
        profile.rules[0].scopes = vec![Scope::AcrossMaterials];
        let refused = ProfileError::Scope(Rule::R4s, Scope::AcrossMaterials);
        assert_eq!(profile.check(), Err(refused));
        profile.rules[0].scopes.clear();
        assert_eq!(profile.check(), Err(ProfileError::NoScope(Rule::R4s)));
        profile.name = " ".into();
        assert_eq!(profile.check(), Err(ProfileError::Nameless));
    }
}

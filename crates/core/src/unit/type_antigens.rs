use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::UnitEvent;
use super::guard::{in_house, known};
use crate::blood::{AntigenProfile, PlateletAntigen, Typing, UnitId};
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::Finding;
use crate::hospital::Hospital;
use crate::identification::impossible;
use crate::people::Action;
use crate::subject::Subject;

/// Platelet antigens of a donor: HLA class I and HPA. Few bags have them, so that they stand apart.
pub type PlateletTyping = Option<Box<BTreeSet<PlateletAntigen>>>;

/// Puts antigens of a bag on file that were typed here or reported after it came. A bag called negative can reach a patient with
/// the antibody, so a second person signs; what contradicts an earlier typing is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypeUnitAntigens {
    /// Which bag.
    pub unit: UnitId,
    /// Red-cell antigens that are known now; what is not named stays as it was.
    pub antigens: AntigenProfile,
    /// All platelet antigens of the donor, where they were typed.
    pub platelet: PlateletTyping,
    /// The test or report it rests on.
    pub report: String,
}

impl TypeUnitAntigens {
    /// The most platelet antigens of one donor.
    pub const PLATELET_MOST: usize = 60;
}

impl Decide for TypeUnitAntigens {
    fn action(&self) -> Action {
        Action::TestRecord
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.unit.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.told("report", &self.report);
        let second = checks.second(Action::UnitCheck);
        checks.require(
            !self.antigens.is_empty() || self.platelet.as_ref().is_some_and(|all| !all.is_empty()),
            || Finding::bad_value("antigens", "why-none-chosen"),
        );
        let few = self
            .platelet
            .as_ref()
            .is_none_or(|all| all.len() <= Self::PLATELET_MOST);
        checks.require(few, || {
            Finding::bad_value("platelet", "why-too-many").with("most", Self::PLATELET_MOST as i64)
        });
        let mut antigens = AntigenProfile::default();
        if let Some(unit) = checks.take(known(hospital, self.unit)) {
            in_house(&mut checks, hospital, unit);
            antigens = unit.antigens;
            for (antigen, typing) in self.antigens.typed() {
                let before = antigens.typing(antigen);
                checks.require(before == Typing::NotTested || before == typing, || {
                    Finding::bad_value("antigens", "why-typed-otherwise")
                        .with("value", antigen.name())
                });
                antigens.set(antigen, typing);
            }
            if let Some((one, other)) = impossible("", &antigens) {
                checks.find(
                    Finding::bad_value("antigens", "why-impossible-phenotype")
                        .with("value", format!("{} {}", one.name(), other.name())),
                );
            }
        }
        checks.settle()?;
        Ok(vec![
            UnitEvent::AntigensTyped {
                unit: self.unit,
                antigens,
                platelet: self.platelet.clone(),
                report: self.report.trim().into(),
                second,
            }
            .into(),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blood::Antigen;
    use crate::testkit::{Trial, by};

    fn profile(list: &[(Antigen, Typing)]) -> AntigenProfile {
        let mut profile = AntigenProfile::default();
        for (antigen, typing) in list {
            profile.set(*antigen, *typing);
        }
        profile
    }

    fn typed(unit: UnitId, list: &[(Antigen, Typing)]) -> TypeUnitAntigens {
        TypeUnitAntigens {
            unit,
            antigens: profile(list),
            platelet: None,
            report: "抗体鉴定室 26-118".into(),
        }
    }

    #[test]
    fn a_typing_is_signed_by_two_and_never_contradicts_what_stands() {
        use Typing::{Negative, Positive};
        let mut trial = Trial::new();
        let unit = trial.bag(1, crate::blood::Component::RedCells, "A+");
        let e_negative = typed(unit, &[(Antigen::BigE, Negative)]);
        assert_eq!(
            trial.refused(by("technologist"), e_negative.clone()),
            ["second-person-needed"]
        );
        let two = || by("technologist").with("technologist2");
        trial.run(two(), e_negative);
        let known = trial.hospital.units.get(&unit).unwrap().antigens;
        assert_eq!(known.typing(Antigen::BigE), Negative);
        for wrong in [
            &[(Antigen::BigE, Positive)][..],
            &[(Antigen::LittleE, Negative)],
            &[(Antigen::BigC, Negative), (Antigen::LittleC, Negative)],
            &[],
        ] {
            assert_eq!(trial.refused(two(), typed(unit, wrong)), ["bad-value"]);
        }
        trial.run(two(), typed(unit, &[(Antigen::Jka, Positive)]));
        let known = trial.hospital.units.get(&unit).unwrap().antigens;
        assert_eq!(known.typing(Antigen::BigE), Negative);
        assert_eq!(known.typing(Antigen::Jka), Positive);
    }
}

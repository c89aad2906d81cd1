//! RhD as transfusion treats it: serology, then genotype, then policy; anti-D above all.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{PatientEvent, Record, Specificity};
use crate::blood::{Antigen, BloodGroup, RhD, RhdAllele, RhdGenotype};
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::PatientId;
use crate::people::Action;
use crate::policy::{Key, Policies};
use crate::subject::Subject;

/// Why a patient is treated as RhD positive or negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RhdReason {
    /// By serology.
    Serology,
    /// Weak D, by the policy for weak D of unknown genotype.
    WeakPolicy,
    /// Weak D of a genotype that makes no anti-D.
    WeakGenotype,
    /// Asian-type DEL, released by the hospital's policy.
    AsianDel,
    /// Anti-D on file: nothing else counts.
    AntiD,
}

impl RhdReason {
    /// The key in the message files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Serology => "rhd-reason-serology",
            Self::WeakPolicy => "rhd-reason-weak-policy",
            Self::WeakGenotype => "rhd-reason-weak-genotype",
            Self::AsianDel => "rhd-reason-asian-del",
            Self::AntiD => "rhd-reason-anti-d",
        }
    }

    /// The policy the reason rests on.
    pub fn key(self) -> Option<Key> {
        match self {
            Self::WeakPolicy => Some(Key::WeakDRecipientNegative),
            Self::WeakGenotype => Some(Key::RhdPositiveGenotypes),
            Self::AsianDel => Some(Key::AsianDelPositive),
            Self::Serology | Self::AntiD => None,
        }
    }
}

/// RhD as a recipient, positive or negative and nothing between. Without a policy the stricter answer.
pub fn managed(
    policies: &Policies,
    serology: RhD,
    genotype: Option<&RhdGenotype>,
    anti_d: bool,
    at: Timestamp,
) -> (RhD, RhdReason) {
    if anti_d {
        return (RhD::Negative, RhdReason::AntiD);
    }
    if serology == RhD::Positive {
        return (RhD::Positive, RhdReason::Serology);
    }
    if let Some(genotype) = genotype {
        let listed = policies
            .words(Key::RhdPositiveGenotypes, at)
            .unwrap_or_default();
        let harmless = |allele: RhdAllele| listed.iter().any(|word| word == allele.as_str());
        if serology == RhD::Weak && genotype.only(harmless) {
            return (RhD::Positive, RhdReason::WeakGenotype);
        }
        let released = policies.flag(Key::AsianDelPositive, at).unwrap_or(false);
        if released && genotype.only(|allele| allele == RhdAllele::AsianDel) {
            return (RhD::Positive, RhdReason::AsianDel);
        }
    }
    match serology {
        RhD::Weak => {
            let negative = policies
                .flag(Key::WeakDRecipientNegative, at)
                .unwrap_or(true);
            let rhd = if negative {
                RhD::Negative
            } else {
                RhD::Positive
            };
            (rhd, RhdReason::WeakPolicy)
        }
        other => (other, RhdReason::Serology),
    }
}

impl Record<'_> {
    /// The RHD genotype on file. Records that contradict each other count as none.
    pub fn rhd_genotype(&self) -> Option<&RhdGenotype> {
        let mut found = self.parts().filter_map(|part| part.rhd_genotype.as_ref());
        let first = found.next()?;
        found
            .all(|other| other.alleles == first.alleles)
            .then_some(first)
    }

    /// Whether anti-D was ever found.
    pub fn has_anti_d(&self) -> bool {
        self.antibodies()
            .any(|antibody| antibody.specificity == Specificity::Antigen(Antigen::D))
    }

    /// How RhD is managed where serology found `serology`, and why.
    pub fn rhd_managed(&self, serology: RhD, at: Timestamp) -> (RhD, RhdReason) {
        managed(
            self.policies(),
            serology,
            self.rhd_genotype(),
            self.has_anti_d(),
            at,
        )
    }

    /// A group as transfusion treats it.
    pub fn transfuse_as(&self, group: BloodGroup, at: Timestamp) -> BloodGroup {
        BloodGroup::new(group.abo, self.rhd_managed(group.rhd, at).0)
    }
}

/// Puts the RHD genotype a laboratory reported on file, or takes it back. It can let RhD positive red cells through, so a second
/// person signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordRhdGenotype {
    /// Which patient.
    pub patient: PatientId,
    /// Both alleles and the report; `None` takes back what is on file.
    pub genotype: Option<RhdGenotype>,
}

impl Decide for RecordRhdGenotype {
    fn action(&self) -> Action {
        Action::PatientHistory
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.patient.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        let patient = checks.take(hospital.patients.standing(self.patient));
        match &self.genotype {
            Some(genotype) => {
                checks.told("report", &genotype.report);
                checks.second(Action::PatientHistory);
            }
            None => {
                let on_file = patient.is_none_or(|patient| patient.rhd_genotype.is_some());
                checks.require(on_file, || {
                    Finding::new(Rule::BadValue)
                        .word("field", "field-genotype")
                        .word("why", "why-missing")
                });
            }
        }
        checks.settle()?;
        Ok(vec![
            PatientEvent::RhdGenotyped {
                patient: self.patient,
                genotype: self.genotype.clone().map(|genotype| {
                    let mut alleles = genotype.alleles;
                    alleles.sort_unstable();
                    RhdGenotype {
                        alleles,
                        report: genotype.report.trim().into(),
                    }
                }),
            }
            .into(),
        ])
    }
}

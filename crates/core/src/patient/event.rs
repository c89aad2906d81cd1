use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Antibody, Demographics, Determination, Exposure, LinkKind, Need, NeedKind, NumberKind, Patient,
    PlateletAntibodies, Specificity,
};
use crate::blood::{Antigen, AntigenProfile, BloodGroup, PlateletAntigen, RhdGenotype, Typing};
use crate::hospital::{Hospital, Stamp};
use crate::id::{PatientId, PatientNumber, SampleId, TestId, UserId, WorkupId};
use crate::subject::Subject;

/// Facts about patients.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PatientEvent {
    /// A record was opened.
    Registered {
        /// Our number.
        patient: PatientId,
        /// Numbers of other systems.
        numbers: BTreeMap<PatientNumber, NumberKind>,
        /// Who they are.
        demographics: Demographics,
        /// Brought in unidentified.
        unidentified: bool,
    },
    /// Demographics or numbers changed.
    Amended {
        /// Which.
        patient: PatientId,
        /// Numbers from now on.
        numbers: BTreeMap<PatientNumber, NumberKind>,
        /// Who they are from now on.
        demographics: Demographics,
        /// Whether the person is still unidentified.
        unidentified: bool,
    },
    /// A verified test established the group once more.
    GroupDetermined {
        /// Which.
        patient: PatientId,
        /// What was found.
        group: BloodGroup,
        /// From which sample.
        sample: Option<SampleId>,
        /// By which test.
        test: Option<TestId>,
        /// When it was drawn.
        drawn: Timestamp,
        /// Whether a person changed an analyser's reading.
        edited: bool,
    },
    /// A determination was withdrawn because its test was invalidated or corrected.
    GroupWithdrawn {
        /// Which.
        patient: PatientId,
        /// The test that no longer counts.
        test: TestId,
    },
    /// A group carried over from elsewhere was found to be wrong.
    HistoricGroupWithdrawn {
        /// Which.
        patient: PatientId,
        /// Why.
        reason: String,
    },
    /// An antibody was put on file.
    AntibodyRecorded {
        /// Which.
        patient: PatientId,
        /// Against what.
        specificity: Specificity,
        /// Clinically significant.
        significant: bool,
        /// By which test.
        test: Option<TestId>,
        /// By which identification.
        #[serde(default)]
        workup: Option<WorkupId>,
    },
    /// An antibody put on file by mistake was taken back.
    AntibodyWithdrawn {
        /// Which.
        patient: PatientId,
        /// Against what.
        specificity: Specificity,
        /// Why it was never there.
        reason: String,
        /// The second person.
        second: UserId,
    },
    /// The patient's own antigen was typed.
    AntigenTyped {
        /// Which.
        patient: PatientId,
        /// Antigen.
        antigen: Antigen,
        /// Result.
        typing: Typing,
    },
    /// The RHD genotype was put on file, or taken back.
    RhdGenotyped {
        /// Which.
        patient: PatientId,
        /// Both alleles and the report; `None` where it was taken back.
        genotype: Option<RhdGenotype>,
    },
    /// A laboratory's report on antibodies against platelets was put on file; it stands in the place of the one before.
    PlateletAntibodiesFiled {
        /// Which.
        patient: PatientId,
        /// Mean fluorescence by antigen; empty where none was found.
        antibodies: BTreeMap<PlateletAntigen, u32>,
        /// The laboratory and the number of its report.
        report: String,
    },
    /// A special requirement was raised.
    NeedRaised {
        /// Which.
        patient: PatientId,
        /// What.
        kind: NeedKind,
        /// From.
        from: Timestamp,
        /// Until.
        until: Option<Timestamp>,
        /// Why.
        reason: String,
        /// The rule of the policy that raised it; `None` where a person did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rule: Option<String>,
    },
    /// Linked to another patient.
    Linked {
        /// Who.
        patient: PatientId,
        /// Is what.
        kind: LinkKind,
        /// Of whom.
        other: PatientId,
    },
    /// A link was wrong.
    Unlinked {
        /// Who.
        patient: PatientId,
        /// Was said to be what.
        kind: LinkKind,
        /// Of whom.
        other: PatientId,
        /// Why it was wrong.
        reason: String,
    },
    /// A special requirement ended.
    NeedEnded {
        /// Which.
        patient: PatientId,
        /// What.
        kind: NeedKind,
        /// When.
        until: Timestamp,
        /// Why.
        reason: String,
    },
    /// Transfusion and pregnancy history was taken.
    ExposureStated {
        /// Which.
        patient: PatientId,
        /// What was said.
        exposure: Exposure,
    },
    /// Consent to transfusion was put on file.
    ConsentRecorded {
        /// Which.
        patient: PatientId,
        /// Signed at.
        signed: Timestamp,
        /// The form's reference.
        reference: String,
    },
    /// One record was merged into another.
    Merged {
        /// The record that ends.
        from: PatientId,
        /// The record that stays.
        into: PatientId,
        /// Why.
        reason: String,
    },
    /// A merge was undone.
    Unmerged {
        /// The record that stands again.
        from: PatientId,
        /// The record it had been merged into.
        into: PatientId,
        /// Why.
        reason: String,
    },
}

kinds!(PatientEvent, "patient" {
    Registered => "registered", Amended => "amended", GroupDetermined => "group_determined",
    GroupWithdrawn => "group_withdrawn", HistoricGroupWithdrawn => "historic_group_withdrawn", AntibodyRecorded => "antibody_recorded",
    AntigenTyped => "antigen_typed",
    RhdGenotyped => "rhd_genotyped", PlateletAntibodiesFiled => "platelet_antibodies_filed",
    NeedRaised => "need_raised",
    NeedEnded => "need_ended",
    AntibodyWithdrawn => "antibody_withdrawn",
    ExposureStated => "exposure_stated", ConsentRecorded => "consent_recorded", Merged => "merged",
    Unmerged => "unmerged", Linked => "linked", Unlinked => "unlinked",
});

impl PatientEvent {
    /// What the fact is about.
    pub fn subjects(&self) -> Vec<Subject> {
        match self {
            Self::GroupDetermined {
                patient,
                sample,
                test,
                ..
            } => {
                let mut subjects = vec![Subject::from(*patient)];
                subjects.extend(sample.clone().map(Subject::from));
                subjects.extend(test.map(Subject::from));
                subjects
            }
            Self::GroupWithdrawn { patient, test } => vec![(*patient).into(), (*test).into()],
            Self::AntibodyRecorded {
                patient,
                test,
                workup,
                ..
            } => {
                let mut subjects = vec![Subject::from(*patient)];
                subjects.extend(test.map(Subject::from));
                subjects.extend(workup.map(Subject::from));
                subjects
            }
            Self::Registered { patient, .. }
            | Self::Amended { patient, .. }
            | Self::HistoricGroupWithdrawn { patient, .. }
            | Self::AntibodyWithdrawn { patient, .. }
            | Self::AntigenTyped { patient, .. }
            | Self::RhdGenotyped { patient, .. }
            | Self::PlateletAntibodiesFiled { patient, .. }
            | Self::NeedRaised { patient, .. }
            | Self::NeedEnded { patient, .. }
            | Self::ExposureStated { patient, .. }
            | Self::ConsentRecorded { patient, .. } => vec![(*patient).into()],
            Self::Linked { patient, other, .. } | Self::Unlinked { patient, other, .. } => {
                vec![(*patient).into(), (*other).into()]
            }
            Self::Merged { from, into, .. } | Self::Unmerged { from, into, .. } => {
                vec![(*from).into(), (*into).into()]
            }
        }
    }
}

/// Carries a fact into the state.
pub fn apply(hospital: &mut Hospital, stamp: &Stamp, event: &PatientEvent) {
    let patients = &mut hospital.patients;
    match event {
        PatientEvent::Registered {
            patient,
            numbers,
            demographics,
            unidentified,
        } => {
            hospital.next.patient = patient.next();
            for number in numbers.keys() {
                patients.numbers.insert(number.clone(), *patient);
            }
            patients.names.insert((demographics.name.clone(), *patient));
            patients.all.insert(
                *patient,
                Arc::new(Patient {
                    id: *patient,
                    numbers: numbers.clone(),
                    demographics: demographics.clone(),
                    former_names: BTreeSet::new(),
                    unidentified: *unidentified,
                    determinations: Vec::new(),
                    antibodies: Vec::new(),
                    antigens: AntigenProfile::default(),
                    rhd_genotype: None,
                    platelet_antibodies: None,
                    needs: Vec::new(),
                    exposure: Exposure::Unknown,
                    transfused: None,
                    consent: None,
                    links: BTreeSet::new(),
                    merged_into: None,
                    absorbed: BTreeSet::new(),
                    changed: stamp.clone(),
                }),
            );
        }
        PatientEvent::Amended {
            patient,
            numbers,
            demographics,
            unidentified,
        } => {
            if let Some(old) = patients.all.get(patient) {
                let gone: Vec<PatientNumber> = old
                    .numbers
                    .keys()
                    .filter(|number| !numbers.contains_key(*number))
                    .cloned()
                    .collect();
                let name = old.demographics.name.clone();
                for number in gone {
                    patients.numbers.remove(&number);
                }
                patients.names.remove(&(name, *patient));
                patients.names.insert((demographics.name.clone(), *patient));
            }
            for number in numbers.keys() {
                patients.numbers.insert(number.clone(), *patient);
            }
            patients.change(*patient, stamp, |record| {
                if record.demographics.name != demographics.name {
                    record.former_names.insert(record.demographics.name.clone());
                }
                record.numbers = numbers.clone();
                record.demographics = demographics.clone();
                record.unidentified = *unidentified;
            });
        }
        PatientEvent::GroupDetermined {
            patient,
            group,
            sample,
            test,
            drawn,
            edited,
        } => {
            patients.change(*patient, stamp, |record| {
                record.determinations.push(Determination {
                    group: *group,
                    sample: sample.clone(),
                    test: *test,
                    drawn: *drawn,
                    edited: *edited,
                    stamp: stamp.clone(),
                });
            });
        }
        PatientEvent::GroupWithdrawn { patient, test } => {
            patients.change(*patient, stamp, |record| {
                record
                    .determinations
                    .retain(|determination| determination.test != Some(*test));
            });
        }
        PatientEvent::HistoricGroupWithdrawn { patient, .. } => {
            patients.change(*patient, stamp, |record| {
                record
                    .determinations
                    .retain(|determination| determination.sample.is_some());
            });
        }
        PatientEvent::AntibodyRecorded {
            patient,
            specificity,
            significant,
            test,
            workup,
        } => {
            patients.change(*patient, stamp, |record| {
                record.antibodies.push(Antibody {
                    specificity: specificity.clone(),
                    significant: *significant,
                    test: *test,
                    workup: *workup,
                    stamp: stamp.clone(),
                });
            });
        }
        PatientEvent::AntibodyWithdrawn {
            patient,
            specificity,
            ..
        } => {
            patients.change(*patient, stamp, |record| {
                record
                    .antibodies
                    .retain(|antibody| antibody.specificity != *specificity);
            });
        }
        PatientEvent::AntigenTyped {
            patient,
            antigen,
            typing,
        } => {
            patients.change(*patient, stamp, |record| {
                record.antigens.set(*antigen, *typing)
            });
        }
        PatientEvent::RhdGenotyped { patient, genotype } => {
            patients.change(*patient, stamp, |record| {
                record.rhd_genotype.clone_from(genotype);
            });
        }
        PatientEvent::PlateletAntibodiesFiled {
            patient,
            antibodies,
            report,
        } => {
            patients.change(*patient, stamp, |record| {
                record.platelet_antibodies = Some(PlateletAntibodies {
                    mfi: antibodies.clone(),
                    report: report.clone(),
                    stamp: stamp.clone(),
                });
            });
        }
        PatientEvent::NeedRaised {
            patient,
            kind,
            from,
            until,
            reason,
            rule,
        } => {
            patients.change(*patient, stamp, |record| {
                record.needs.push(Need {
                    kind: *kind,
                    from: *from,
                    until: *until,
                    reason: reason.clone(),
                    rule: rule.clone(),
                    ended: false,
                    stamp: stamp.clone(),
                });
            });
        }
        PatientEvent::Linked {
            patient,
            kind,
            other,
        } => {
            patients.change(*patient, stamp, |record| {
                record.links.insert((*kind, *other));
            });
            patients.change(*other, stamp, |record| {
                record.links.insert((kind.reverse(), *patient));
            });
        }
        PatientEvent::Unlinked {
            patient,
            kind,
            other,
            ..
        } => {
            patients.change(*patient, stamp, |record| {
                record.links.remove(&(*kind, *other));
            });
            patients.change(*other, stamp, |record| {
                record.links.remove(&(kind.reverse(), *patient));
            });
        }
        PatientEvent::NeedEnded {
            patient,
            kind,
            until,
            ..
        } => {
            patients.change(*patient, stamp, |record| {
                for need in record.needs.iter_mut().filter(|need| need.kind == *kind) {
                    let open = need.until.is_none_or(|old| old > *until);
                    need.ended |= open;
                    need.until = Some(need.until.map_or(*until, |old| old.min(*until)));
                }
            });
        }
        PatientEvent::ExposureStated { patient, exposure } => {
            patients.change(*patient, stamp, |record| record.exposure = exposure.clone());
        }
        PatientEvent::ConsentRecorded {
            patient,
            signed,
            reference,
        } => {
            patients.change(*patient, stamp, |record| {
                record.consent = Some((*signed, reference.clone()))
            });
        }
        PatientEvent::Merged { from, into, .. } => {
            patients.change(*from, stamp, |record| record.merged_into = Some(*into));
            patients.change(*into, stamp, |record| {
                record.absorbed.insert(*from);
            });
        }
        PatientEvent::Unmerged { from, into, .. } => {
            patients.change(*from, stamp, |record| record.merged_into = None);
            patients.change(*into, stamp, |record| {
                record.absorbed.remove(from);
            });
        }
    }
}

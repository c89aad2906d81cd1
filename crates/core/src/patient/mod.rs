//! Patients: who they are, what is known of their blood, for life.

mod amend;
mod antibody;
mod antigen;
mod automatic;
mod consent;
mod event;
mod exposure;
mod historic;
mod link;
mod merge;
mod need;
mod platelets;
mod record;
mod register;
mod rhd;
mod withdraw_antibody;

pub use amend::AmendPatient;
pub use antibody::RecordAntibody;
pub use antigen::TypePatientAntigen;
pub(crate) use automatic::{Facts, raised};
pub use consent::RecordConsent;
pub use event::{PatientEvent, apply};
pub use exposure::{Said, StateExposure};
pub use historic::{RecordHistoricGroup, WithdrawHistoricGroup};
pub use link::{LinkKind, LinkPatients, UnlinkPatients};
pub use merge::{MergePatients, UnmergePatients};
pub use need::{EndNeed, RaiseNeed};
pub use platelets::{PlateletAntibodies, RecordPlateletAntibodies};
pub use record::{GroupOnFile, Record, Risk};
pub use register::RegisterPatient;
pub use rhd::{RecordRhdGenotype, RhdReason, managed};
pub use withdraw_antibody::WithdrawAntibody;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use imbl::{OrdMap, OrdSet};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::blood::{Abo, Antigen, AntigenProfile, Attribute, BloodGroup, RhdGenotype};
use crate::finding::{Finding, Rule};
use crate::hospital::Stamp;
use crate::id::{PatientId, PatientNumber, SampleId, TestId, WorkupId};

/// What a patient number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberKind {
    /// The hospital's own number.
    Hospital,
    /// National identity number.
    National,
    /// Given in an emergency until the person is known.
    Temporary,
    /// Another hospital's or an old number.
    Other,
}

impl NumberKind {
    /// The word in commands and message keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hospital => "hospital",
            Self::National => "national",
            Self::Temporary => "temporary",
            Self::Other => "other",
        }
    }
}

/// Sex as the rules need it. Not known is its own answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sex {
    /// Female.
    Female,
    /// Male.
    Male,
    /// Not known.
    Unknown,
}

impl Sex {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Female, Self::Male, Self::Unknown];

    /// The word in commands and message keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Female => "female",
            Self::Male => "male",
            Self::Unknown => "unknown",
        }
    }
}

/// What names a patient to people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Demographics {
    /// Name as written.
    pub name: String,
    /// Sex.
    pub sex: Sex,
    /// Date of birth; `None` is not known.
    pub birth: Option<Date>,
    /// Ward or clinic.
    pub ward: Option<String>,
    /// Bed.
    pub bed: Option<String>,
    /// Address.
    pub address: Option<String>,
    /// Telephone.
    pub phone: Option<String>,
    /// Diagnosis in words.
    pub diagnosis: Option<String>,
}

/// One verified determination of the group from one sample.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Determination {
    /// What was found.
    pub group: BloodGroup,
    /// From which sample; `None` for a group carried over from an older system.
    pub sample: Option<SampleId>,
    /// By which test.
    pub test: Option<TestId>,
    /// When the sample was drawn.
    pub drawn: Timestamp,
    /// Whether a person changed an analyser's reading.
    pub edited: bool,
    /// The journal entry.
    pub stamp: Stamp,
}

/// What an antibody is directed against.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Specificity {
    /// A known red-cell antigen.
    Antigen(Antigen),
    /// Anything else, in words (autoantibody, unidentified, high-prevalence).
    Other(String),
}

/// An antibody on file. It stays for life: not detectable today is not gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Antibody {
    /// Against what.
    pub specificity: Specificity,
    /// Clinically significant, so that antigen-negative cells are needed.
    pub significant: bool,
    /// First seen by the test, where there was one here.
    pub test: Option<TestId>,
    /// First identified here, where it was.
    pub workup: Option<WorkupId>,
    /// The journal entry.
    pub stamp: Stamp,
}

/// A special requirement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    /// The attribute a cellular unit must have, or the antigen it must lack.
    pub kind: NeedKind,
    /// From.
    pub from: Timestamp,
    /// Until; `None` is for good.
    pub until: Option<Timestamp>,
    /// Why.
    pub reason: String,
    /// The rule of the policy that raised it; `None` for one that a person raised.
    pub rule: Option<String>,
    /// Ended by a person and not by the clock.
    pub ended: bool,
    /// The journal entry.
    pub stamp: Stamp,
}

/// What a special requirement asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NeedKind {
    /// Units must have the attribute (irradiated, washed, CMV negative, HLA matched).
    Attribute(Attribute),
    /// Red cells must be typed negative for the antigen.
    Lacks(Antigen),
}

/// What is known of transfusion and pregnancy in the months before a sample.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exposure {
    /// Nobody asked: counts as exposed.
    Unknown,
    /// Neither transfused nor pregnant, as stated on the date.
    None {
        /// When it was stated.
        stated: Timestamp,
    },
    /// Last transfused or pregnant on the date, here or elsewhere.
    Last {
        /// When.
        at: Timestamp,
        /// When it was stated.
        stated: Timestamp,
    },
}

/// A patient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Patient {
    /// Our number.
    pub id: PatientId,
    /// Every number other systems know them by.
    pub numbers: BTreeMap<PatientNumber, NumberKind>,
    /// Who they are.
    pub demographics: Demographics,
    /// Names they had before.
    pub former_names: BTreeSet<String>,
    /// Brought in unidentified; cleared when the person is known.
    pub unidentified: bool,
    /// Every verified determination, oldest first.
    pub determinations: Vec<Determination>,
    /// Antibodies, for life.
    pub antibodies: Vec<Antibody>,
    /// The patient's own antigens.
    pub antigens: AntigenProfile,
    /// RHD genotype, as a laboratory reported it.
    pub rhd_genotype: Option<RhdGenotype>,
    /// Antibodies against platelets, as a laboratory last reported them.
    pub platelet_antibodies: Option<PlateletAntibodies>,
    /// Special requirements.
    pub needs: Vec<Need>,
    /// Transfusion and pregnancy history.
    pub exposure: Exposure,
    /// Last time red cells, platelets or plasma went in here.
    pub transfused: Option<Timestamp>,
    /// Consent to transfusion: signed at, by the form's reference.
    pub consent: Option<(Timestamp, String)>,
    /// Mother, child, partner, as far as somebody linked them.
    pub links: BTreeSet<(LinkKind, PatientId)>,
    /// The record this one was merged into.
    pub merged_into: Option<PatientId>,
    /// Records merged into this one.
    pub absorbed: BTreeSet<PatientId>,
    /// The journal entry that last changed it.
    pub changed: Stamp,
}

impl Patient {
    /// ABO types on file, for merge checks.
    pub fn abo_on_file(&self) -> BTreeSet<Abo> {
        self.determinations
            .iter()
            .map(|determination| determination.group.abo)
            .collect()
    }

    /// Requirements in force at a moment.
    pub fn needs_at(&self, at: Timestamp) -> impl Iterator<Item = &Need> {
        self.needs
            .iter()
            .filter(move |need| need.from <= at && need.until.is_none_or(|until| at < until))
    }

    /// Age in whole years on a date.
    pub fn years_on(&self, today: Date) -> Option<i16> {
        let birth = self.demographics.birth?;
        let had_birthday = (today.month(), today.day()) >= (birth.month(), birth.day());
        Some(today.year() - birth.year() - i16::from(!had_birthday))
    }
}

/// All patients, with the index of their numbers.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Patients {
    pub(crate) all: OrdMap<PatientId, Arc<Patient>>,
    pub(crate) numbers: OrdMap<PatientNumber, PatientId>,
    /// By name, for search and for finding duplicates.
    pub(crate) names: OrdSet<(String, PatientId)>,
}

impl Patients {
    /// One record, also when it was merged away.
    pub fn get(&self, id: PatientId) -> Option<&Arc<Patient>> {
        self.all.get(&id)
    }

    /// The record that stands for a patient now, following merges.
    pub fn current(&self, id: PatientId) -> Option<&Arc<Patient>> {
        let mut patient = self.all.get(&id)?;
        // Merges cannot form a ring, but a bound costs nothing.
        for _ in 0..64 {
            match patient.merged_into {
                Some(into) => patient = self.all.get(&into)?,
                None => return Some(patient),
            }
        }
        None
    }

    /// A record that may be changed: it exists and was not merged away.
    pub fn standing(&self, id: PatientId) -> Result<&Arc<Patient>, Finding> {
        let patient = self.get(id).ok_or_else(|| Finding::not_found(id))?;
        match patient.merged_into {
            None => Ok(patient),
            Some(into) => Err(Finding::new(Rule::PatientMerged)
                .with("patient", id)
                .with("into", into)),
        }
    }

    /// Who bears a number.
    pub fn by_number(&self, number: &PatientNumber) -> Option<&Arc<Patient>> {
        self.numbers.get(number).and_then(|id| self.current(*id))
    }

    /// Records with exactly this name.
    pub fn named(&self, name: &str) -> impl Iterator<Item = &Arc<Patient>> {
        self.names
            .range((name.to_owned(), PatientId(0))..=(name.to_owned(), PatientId(u64::MAX)))
            .filter_map(|(_, id)| self.all.get(id))
    }

    /// Records whose present name begins with a text, by name.
    pub fn by_name<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a Arc<Patient>> {
        self.names
            .range((prefix.to_owned(), PatientId(0))..)
            .take_while(move |(name, _)| name.starts_with(prefix))
            .filter_map(|(_, id)| self.all.get(id))
    }

    /// Numbers that begin with a text, and whose they are.
    pub fn by_number_prefix<'a>(
        &'a self,
        prefix: &'a PatientNumber,
    ) -> impl Iterator<Item = &'a Arc<Patient>> {
        self.numbers
            .range(prefix.clone()..)
            .take_while(move |(number, _)| number.as_str().starts_with(prefix.as_str()))
            .filter_map(|(_, id)| self.all.get(id))
    }

    /// Every record.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Patient>> {
        self.all.values()
    }

    /// How many records.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(crate) fn change(
        &mut self,
        id: PatientId,
        stamp: &Stamp,
        change: impl FnOnce(&mut Patient),
    ) {
        if let Some(patient) = self.all.get_mut(&id).map(Arc::make_mut) {
            change(patient);
            patient.changed = stamp.clone();
        }
    }
}

#[cfg(test)]
mod tests;

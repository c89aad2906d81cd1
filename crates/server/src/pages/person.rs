//! The strip that keeps a patient's identity in sight, and the words for what is known of their blood.

use lifeline_core::Date;
use lifeline_core::hospital::Hospital;
use lifeline_core::id::PatientId;
use lifeline_core::patient::{GroupOnFile, NeedKind, Patient, Record, Specificity};

use crate::web::components::{GroupMark, Tone};
use crate::web::{Frame, PageError};

/// What of a patient is always in sight.
#[derive(Clone, Debug)]
pub struct Strip {
    /// The record's number.
    pub id: String,
    /// The record's page.
    pub href: String,
    /// Name.
    pub name: String,
    /// Brought in unidentified.
    pub unidentified: bool,
    /// Sex, age and date of birth.
    pub person: String,
    /// Every number.
    pub numbers: Vec<String>,
    /// The group, as far as it is proven.
    pub mark: GroupMark,
    /// How loud the proof is.
    pub proof_tone: Tone,
    /// How it is proven.
    pub proof: String,
    /// Antibodies on file.
    pub antibodies: Vec<String>,
    /// Special requirements in force.
    pub needs: Vec<String>,
}

impl Strip {
    /// Of a person's whole record.
    pub fn of(frame: &Frame, hospital: &Hospital, record: &Record<'_>) -> Self {
        let patient = record.standing();
        let (mark, proof_tone, proof) = proof(frame, record);
        let list = |words: Vec<String>| {
            let mut words = words;
            words.sort();
            words.dedup();
            words
        };
        Self {
            id: patient.id.to_string(),
            href: address(patient.id),
            name: patient.demographics.name.clone(),
            unidentified: patient.unidentified,
            person: person(frame, patient, hospital.today(frame.now)),
            numbers: record
                .numbers()
                .keys()
                .map(|number| number.to_string())
                .collect(),
            mark,
            proof_tone,
            proof,
            antibodies: list(
                record
                    .antibodies()
                    .map(|antibody| specificity(frame, &antibody.specificity))
                    .collect(),
            ),
            needs: list(
                record
                    .needs(frame.now)
                    .map(|one| need(frame, one.kind))
                    .collect(),
            ),
        }
    }

    /// Of the person who has this record, or had it before a merge.
    ///
    /// # Errors
    /// [`PageError::NotFound`].
    pub fn find(frame: &Frame, hospital: &Hospital, patient: PatientId) -> Result<Self, PageError> {
        let record = hospital.record_of(patient).ok_or(PageError::NotFound)?;
        Ok(Self::of(frame, hospital, &record))
    }
}

/// The address of a patient's record.
pub fn address(patient: PatientId) -> String {
    format!("/patients/{patient}")
}

/// The group as a mark, with how it is proven.
pub fn proof(frame: &Frame, record: &Record<'_>) -> (GroupMark, Tone, String) {
    let on_file = record.group(frame.now);
    let words = frame.t.m(&format!("proof-{}", on_file.as_str()));
    let (mark, tone) = match on_file {
        GroupOnFile::Unknown => (GroupMark::UNKNOWN, Tone::Warn),
        // A carried-over group is told in words and never set as the patient's group.
        GroupOnFile::Historic(group) => {
            let told = GroupMark::from(group).words(&frame.t);
            let words = frame.t.a("proof-historic-of", &[("group", &told)]);
            return (GroupMark::UNKNOWN, Tone::Warn, words);
        }
        GroupOnFile::Once(group) => (group.into(), Tone::Warn),
        GroupOnFile::Twice(group) => (group.into(), Tone::Good),
        GroupOnFile::Discordant | GroupOnFile::Unsettled(_) => (GroupMark::UNKNOWN, Tone::Stop),
    };
    (mark, tone, words)
}

/// Sex, age and date of birth in one line.
pub fn person(frame: &Frame, patient: &Patient, today: Date) -> String {
    let sex = frame
        .t
        .m(&format!("sex-{}", patient.demographics.sex.as_str()));
    let age = match (patient.demographics.birth, patient.years_on(today)) {
        (Some(birth), Some(years)) if years >= 2 => frame.t.a(
            "age-years",
            &[("years", &i64::from(years)), ("birth", &birth.to_string())],
        ),
        (Some(birth), _) => {
            let days = birth.until(today).map_or(0, |span| span.get_days());
            frame.t.a(
                "age-days",
                &[("days", &i64::from(days)), ("birth", &birth.to_string())],
            )
        }
        (None, _) => frame.t.m("age-unknown"),
    };
    format!("{sex} · {age}")
}

/// An antibody: `anti-E`, or the words on file.
pub fn specificity(frame: &Frame, specificity: &Specificity) -> String {
    match specificity {
        Specificity::Antigen(antigen) => {
            frame.t.a("antibody-anti", &[("antigen", &antigen.name())])
        }
        Specificity::Other(words) => words.clone(),
    }
}

/// A special requirement in words.
pub fn need(frame: &Frame, kind: NeedKind) -> String {
    match kind {
        NeedKind::Attribute(attribute) => frame.t.m(&format!("attribute-{}", attribute.as_str())),
        NeedKind::Lacks(antigen) => frame.t.a("need-lacks", &[("antigen", &antigen.name())]),
    }
}

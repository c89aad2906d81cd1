use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Demographics, Facts, NumberKind, PatientEvent, raised};
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::{PatientId, PatientNumber};
use crate::people::Action;
use crate::subject::Subject;

/// The most numbers one record may bear.
pub const NUMBERS_MOST: usize = 12;
/// The most characters of a name.
pub const NAME_MOST: usize = 80;
/// The most characters of the other texts about a person.
pub const TEXT_MOST: usize = 200;
/// The most possible duplicates a warning lists.
pub const DUPLICATES_MOST: usize = 8;

/// Opens a patient's record. Somebody brought in unidentified may come without number and name and gets a temporary one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterPatient {
    /// Numbers other systems know them by.
    pub numbers: BTreeMap<PatientNumber, NumberKind>,
    /// Who they are.
    pub demographics: Demographics,
    /// Brought in unidentified.
    pub unidentified: bool,
}

impl RegisterPatient {
    /// The temporary number an unidentified patient gets.
    pub(crate) fn temporary(id: PatientId) -> Option<PatientNumber> {
        PatientNumber::parse(&format!("TMP-{id}")).ok()
    }
}

impl Decide for RegisterPatient {
    fn action(&self) -> Action {
        Action::PatientRegister
    }

    fn subjects(&self) -> Vec<Subject> {
        Vec::new()
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        let id = hospital.next.patient;
        let mut numbers = self.numbers.clone();
        let mut demographics = cleaned(&self.demographics);
        if self.unidentified && numbers.is_empty() {
            numbers.extend(Self::temporary(id).map(|number| (number, NumberKind::Temporary)));
        }
        if self.unidentified
            && demographics.name.is_empty()
            && let Some(number) = numbers.keys().next()
        {
            demographics.name = number.as_str().into();
        }
        check(
            &mut checks,
            hospital,
            context,
            None,
            &numbers,
            &demographics,
        );
        if !self.unidentified {
            duplicates(&mut checks, hospital, &demographics);
        }
        let facts = Facts {
            demographics: &demographics,
            diagnosis: "",
            ward: "",
        };
        let needs = checks.take(raised(hospital, id, &facts, context.at));
        checks.settle()?;
        let mut events = vec![
            PatientEvent::Registered {
                patient: id,
                numbers,
                demographics,
                unidentified: self.unidentified,
            }
            .into(),
        ];
        events.extend(needs.unwrap_or_default());
        Ok(events)
    }
}

/// The same, with blanks trimmed and empty texts left out.
pub(super) fn cleaned(demographics: &Demographics) -> Demographics {
    let some = |text: &Option<String>| {
        text.as_deref()
            .map(str::trim)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    Demographics {
        name: demographics.name.trim().into(),
        sex: demographics.sex,
        birth: demographics.birth,
        ward: some(&demographics.ward),
        bed: some(&demographics.bed),
        address: some(&demographics.address),
        phone: some(&demographics.phone),
        diagnosis: some(&demographics.diagnosis),
    }
}

/// What holds for a new record and for a changed one.
pub(super) fn check(
    checks: &mut Checks<'_>,
    hospital: &Hospital,
    context: &Context,
    own: Option<PatientId>,
    numbers: &BTreeMap<PatientNumber, NumberKind>,
    demographics: &Demographics,
) {
    checks.text("name", &demographics.name, 1, NAME_MOST);
    for (field, text) in [
        ("ward", &demographics.ward),
        ("bed", &demographics.bed),
        ("address", &demographics.address),
        ("phone", &demographics.phone),
        ("diagnosis", &demographics.diagnosis),
    ] {
        checks.text(field, text.as_deref().unwrap_or_default(), 0, TEXT_MOST);
    }
    let today = hospital.today(context.at);
    checks.require(
        demographics.birth.is_none_or(|birth| birth <= today),
        || Finding::bad_value("birth", "why-in-the-future"),
    );
    checks.require(!numbers.is_empty(), || {
        Finding::bad_value("number", "why-missing")
    });
    checks.require(numbers.len() <= NUMBERS_MOST, || {
        Finding::bad_value("number", "why-too-many")
    });
    for number in numbers.keys() {
        if let Some(holder) = hospital.patients.numbers.get(number)
            && own != Some(*holder)
        {
            checks.find(
                Finding::new(Rule::AlreadyExists)
                    .with("subject", Subject::from(*holder))
                    .with("number", number.as_str()),
            );
        }
    }
}

/// A warning that names everybody it could be: the same name, and no different date of birth.
fn duplicates(checks: &mut Checks<'_>, hospital: &Hospital, demographics: &Demographics) {
    let candidates: Vec<PatientId> = hospital
        .patients
        .named(&demographics.name)
        .filter(|other| other.merged_into.is_none())
        .filter(|other| {
            let births = (demographics.birth, other.demographics.birth);
            !matches!(births, (Some(one), Some(other)) if one != other)
        })
        .map(|other| other.id)
        .take(DUPLICATES_MOST)
        .collect();
    if !candidates.is_empty() {
        let finding = Finding::new(Rule::PatientDuplicate).with("name", &*demographics.name);
        checks.find(
            candidates
                .into_iter()
                .fold(finding, |finding, id| finding.with("candidate", id)),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patient::{AmendPatient, Sex};
    use crate::testkit::{Trial, by};

    fn person(number: &str, name: &str, birth: Option<&str>) -> RegisterPatient {
        RegisterPatient {
            numbers: [(PatientNumber::parse(number).unwrap(), NumberKind::Hospital)].into(),
            demographics: Demographics {
                name: name.into(),
                sex: Sex::Female,
                birth: birth.map(|birth| birth.parse().unwrap()),
                ward: None,
                bed: None,
                address: None,
                phone: None,
                diagnosis: None,
            },
            unidentified: false,
        }
    }

    #[test]
    fn a_number_belongs_to_one_record_only() {
        let mut trial = Trial::new();
        trial.run(by("technologist"), person("H1", "王芳", Some("1980-01-02")));
        let again = person("H1", "李娜", Some("1990-01-02"));
        assert_eq!(trial.refused(by("technologist"), again), ["already-exists"]);
    }

    #[test]
    fn the_same_name_without_another_birth_date_is_asked_about() {
        let mut trial = Trial::new();
        trial.run(by("technologist"), person("H1", "王芳", Some("1980-01-02")));
        for birth in [Some("1980-01-02"), None] {
            let again = person("H2", " 王芳 ", birth);
            assert_eq!(
                trial.refused(by("technologist"), again.clone()),
                ["patient-duplicate"]
            );
            let told = by("technologist").because(Rule::PatientDuplicate, "同名不同人");
            assert!(trial.decide(&told, again).is_ok());
        }
        let other = person("H2", "王芳", Some("1980-01-03"));
        assert!(trial.decide(&by("technologist"), other).is_ok());
    }

    #[test]
    fn nonsense_is_refused_field_by_field() {
        let trial = Trial::new();
        let mut bad = person("H1", "  ", Some("2090-01-01"));
        bad.numbers.clear();
        bad.demographics.ward = Some("w".repeat(TEXT_MOST + 1));
        assert_eq!(trial.findings(by("technologist"), bad).len(), 4);
    }

    #[test]
    fn an_unidentified_patient_gets_a_number_and_later_a_name_without_losing_the_record() {
        let mut trial = Trial::new();
        let mut unknown = person("H1", "", None);
        unknown.numbers.clear();
        unknown.unidentified = true;
        trial.run(by("technologist"), unknown);
        let record = trial.hospital.patients.get(PatientId(1)).unwrap();
        assert_eq!(record.demographics.name, "TMP-P000001");
        let known = person("H7", "赵敏", Some("1999-09-09"));
        let mut numbers = known.numbers;
        numbers.extend(record.numbers.clone());
        trial.run(
            by("technologist"),
            AmendPatient {
                patient: PatientId(1),
                numbers,
                demographics: known.demographics,
                unidentified: false,
            },
        );
        let number = PatientNumber::parse("TMP-P000001").unwrap();
        let record = trial.hospital.patients.by_number(&number).unwrap();
        assert_eq!(record.demographics.name, "赵敏");
        assert!(record.former_names.contains("TMP-P000001"));
        assert!(trial.hospital.patients.by_name("TMP").next().is_none());
        assert_eq!(trial.replayed(), trial.hospital);
    }
}

//! Special requirements that the policy raises by itself, from age, sex, diagnosis, ward and history (PAT-05).

use jiff::Timestamp;
use jiff::civil::Date;

use super::{Demographics, Need, PatientEvent, Record};
use crate::event::Event;
use crate::finding::Finding;
use crate::hospital::Hospital;
use crate::id::PatientId;
use crate::issue::Fate;
use crate::policy::NeedRule;

/// What is known of a person at the moment the rules are asked.
pub(crate) struct Facts<'a> {
    /// Who they are.
    pub demographics: &'a Demographics,
    /// What the request says they have, where there is one.
    pub diagnosis: &'a str,
    /// The ward that asks, where there is one.
    pub ward: &'a str,
}

/// The requirements the policy raises for a person now that were not raised, or ended by somebody, before. Nobody has to
/// remember them; somebody may end them, with a reason, and then they stay ended.
pub(crate) fn raised(
    hospital: &Hospital,
    patient: PatientId,
    facts: &Facts<'_>,
    at: Timestamp,
) -> Result<Vec<Event>, Finding> {
    let record = hospital.record_of(patient);
    let given = record.as_ref().map_or(0, transfusions);
    let today = hospital.today(at);
    let known: Vec<&Need> = record
        .iter()
        .flat_map(Record::parts)
        .flat_map(|part| part.needs.iter())
        .collect();
    let mut events = Vec::new();
    for rule in hospital.policies.need_rules(at)? {
        if !applies(rule, facts, given, today) {
            continue;
        }
        let until = outgrown(hospital, rule, facts.demographics.birth, at);
        let covered = known
            .iter()
            .filter(|need| need.rule.as_deref() == Some(rule.code.as_str()))
            .any(|need| {
                need.ended
                    || need
                        .until
                        .is_none_or(|old| until.is_some_and(|new| new <= old))
            });
        if !covered {
            events.push(
                PatientEvent::NeedRaised {
                    patient,
                    kind: rule.kind,
                    from: at,
                    until,
                    reason: format!("{} · {}", rule.zh, rule.en),
                    rule: Some(rule.code.clone()),
                }
                .into(),
            );
        }
    }
    Ok(events)
}

/// Bags given here, by their recorded fate.
fn transfusions(record: &Record<'_>) -> u32 {
    let given = record
        .issues()
        .into_iter()
        .filter(|issue| matches!(issue.fate, Some((_, Fate::Transfused { .. }))))
        .count();
    u32::try_from(given).unwrap_or(u32::MAX)
}

/// Every condition the rule states holds. An age that is not known meets no condition about age.
fn applies(rule: &NeedRule, facts: &Facts<'_>, given: u32, today: Date) -> bool {
    let who = facts.demographics;
    let young = rule.younger_than_days.is_none_or(|days| {
        who.birth
            .and_then(|birth| today.since(birth).ok())
            .is_some_and(|age| i64::from(age.get_days()) < i64::from(days))
    });
    let sex = rule.sex.is_none_or(|sex| sex == who.sex);
    let often = rule
        .transfusions_at_least
        .is_none_or(|least| given >= least);
    let on_file = who.diagnosis.as_deref().unwrap_or_default().to_lowercase();
    let asked = facts.diagnosis.to_lowercase();
    let ill = rule.diagnoses.is_empty()
        || rule.diagnoses.iter().any(|word| {
            let word = word.to_lowercase();
            on_file.contains(&word) || asked.contains(&word)
        });
    let lies_in = |ward: &String| who.ward.as_ref() == Some(ward) || facts.ward == ward;
    let there = rule.wards.is_empty() || rule.wards.iter().any(lies_in);
    young && sex && often && ill && there
}

/// When the person outgrows the rule, where it is one about age: the first moment of that day where the hospital stands.
fn outgrown(
    hospital: &Hospital,
    rule: &NeedRule,
    birth: Option<Date>,
    at: Timestamp,
) -> Option<Timestamp> {
    let days = rule.younger_than_days?;
    let day = birth?
        .checked_add(jiff::Span::new().try_days(i64::from(days)).ok()?)
        .ok()?;
    hospital.offset(at).to_timestamp(day.at(0, 0, 0, 0)).ok()
}

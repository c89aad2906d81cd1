use super::{Case, patient::rhd};
use crate::blood::{Component, LabelGroup};
use crate::finding::{FactValue, Finding, Rule};
use crate::hospital::Hospital;
use crate::id::PatientId;
use crate::issue::compat::judge;
use crate::patient::Record;
use crate::policy::Key;
use crate::request::EmergencyLevel;

/// What an emergency puts off until after the bag has left: it must follow, and it is on the record.
const PUT_OFF: &[Rule] = &[
    Rule::SampleMissing,
    Rule::SampleExpired,
    Rule::SampleRejected,
    Rule::ScreenMissing,
    Rule::ScreenPositive,
    Rule::CrossmatchMissing,
    Rule::CrossmatchUnreviewed,
    Rule::CrossmatchExpired,
    Rule::ElectronicNotEligible,
    Rule::AntigenUntyped,
    Rule::NeedNotMet,
    Rule::ConsentMissing,
    Rule::RequestExceeded,
    Rule::RhdAdvised,
    Rule::GroupConditional,
];

/// What is not yet proven of the patient's group; the allowed groups make up for it.
const UNPROVEN: &[Rule] = &[
    Rule::PatientGroupUnknown,
    Rule::PatientGroupDiscordant,
    Rule::PatientGroupUnsettled,
    Rule::PatientGroupSingle,
    Rule::SampleWrongBlood,
];

/// Whether the unit's group may be released at this level. Ungrouped patients get what anybody can have; a patient grouped
/// on a sample in date gets what the table allows.
pub(super) fn group(case: &Case<'_>, level: EmergencyLevel, findings: &mut Vec<Finding>) {
    let unit_group = case.unit_group();
    let known = case.patient_group();
    let judged = |recipient: Option<LabelGroup>| {
        judge(
            &case.hospital.policies,
            case.unit.component,
            recipient,
            unit_group,
            case.at,
        )
        .findings
    };
    let specific =
        level != EmergencyLevel::Uncrossmatched && grouped_on_sample_in_date(&case.record, case.at);
    if specific {
        findings.extend(judged(known).into_iter().map(|finding| rhd(case, finding)));
        return;
    }
    match allowed(case) {
        Ok(list) => {
            let listed = list.iter().any(|group| {
                group.abo == unit_group.abo && (group.rhd.is_none() || group.rhd == unit_group.rhd)
            });
            if !listed {
                let names: Vec<String> = list.iter().map(ToString::to_string).collect();
                findings.push(
                    case.sourced(
                        case.about(Rule::EmergencyGroup)
                            .with("unit_group", case.unit.group)
                            .with("allowed", FactValue::Text(names.join(" ")))
                            .word("level", format!("emergency-level-{}", level.as_str())),
                        key(case.unit.component).unwrap_or(Key::Compatibility),
                    ),
                );
            }
        }
        Err(missing) => findings.push(missing),
    }
    // The list decides on RhD for a patient of unknown group; lethal cells and an unstated RhD it can't allow.
    let beyond_any_list = |finding: &Finding| {
        matches!(
            finding.rule,
            Rule::AboIncompatible | Rule::RhdUnknown | Rule::PolicyMissing
        )
    };
    let positive_for_known = |finding: &Finding| {
        known.is_some() && matches!(finding.rule, Rule::RhdIncompatible | Rule::RhdAdvised)
    };
    findings.extend(
        judged(known)
            .into_iter()
            .filter(|finding| beyond_any_list(finding) || positive_for_known(finding))
            .map(|finding| rhd(case, finding)),
    );
}

/// Whether a verified group rests on a sample that is in date.
pub(super) fn grouped_on_sample_in_date(record: &Record<'_>, at: jiff::Timestamp) -> bool {
    record.group(at).group().is_some()
        && record
            .determinations()
            .iter()
            .filter_map(|determination| determination.sample.as_ref())
            .filter_map(|sample| record.sample(sample))
            .any(|sample| record.sample_in_date(sample, at).is_ok())
}

/// The level that testing has reached for a patient now: what the emergency page proposes.
pub fn emergency_level(
    hospital: &Hospital,
    patient: PatientId,
    at: jiff::Timestamp,
) -> EmergencyLevel {
    match hospital.record_of(patient) {
        Some(record) if grouped_on_sample_in_date(&record, at) => EmergencyLevel::TypeSpecific,
        _ => EmergencyLevel::Uncrossmatched,
    }
}

fn key(component: Component) -> Option<Key> {
    match component {
        Component::RedCells => Some(Key::EmergencyRedCells),
        Component::Plasma => Some(Key::EmergencyPlasma),
        _ => None,
    }
}

/// The groups an ungrouped patient may get: the policy's list, or the table's row for unknown recipients.
fn allowed(case: &Case<'_>) -> Result<Vec<LabelGroup>, Finding> {
    emergency_groups(&case.hospital.policies, case.unit.component, case.at)
}

/// The groups of a component that a patient of unknown group may get in an emergency.
pub fn emergency_groups(
    policies: &crate::policy::Policies,
    component: Component,
    at: jiff::Timestamp,
) -> Result<Vec<LabelGroup>, Finding> {
    match key(component) {
        Some(key) => Ok(policies
            .words(key, at)?
            .iter()
            .filter_map(|word| LabelGroup::parse(word).ok())
            .collect()),
        None => Ok(policies
            .compatibility(component, at)?
            .unknown
            .iter()
            .map(|abo| LabelGroup {
                abo: *abo,
                rhd: None,
            })
            .collect()),
    }
}

/// Turns what may follow later into one recorded warning each, naming everything it stands for. Whatever is in neither
/// list stays as it was: identity, expiry, quarantine, recall, and every incompatibility that is positively known.
pub(super) fn ease(case: &Case<'_>, level: EmergencyLevel, findings: &mut Vec<Finding>) {
    let mut gather = |rules: &[Rule], into: Rule| {
        let (taken, rest): (Vec<Finding>, Vec<Finding>) = std::mem::take(findings)
            .into_iter()
            .partition(|finding| rules.contains(&finding.rule));
        *findings = rest;
        if taken.is_empty() {
            return;
        }
        let mut warning = case
            .about(into)
            .with("request", case.request.id)
            .word("level", format!("emergency-level-{}", level.as_str()));
        for finding in taken {
            warning = warning.word("open", format!("rule-{}", finding.rule.code()));
        }
        findings.push(warning);
    };
    gather(PUT_OFF, Rule::EmergencyUncrossmatched);
    gather(UNPROVEN, Rule::EmergencyGroupUnproven);
}

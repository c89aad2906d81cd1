use super::{Case, Purpose, emergency};
use crate::blood::{Antigen, Attribute, Component, LabelGroup, RhD, Typing};
use crate::finding::{Finding, Rule, Severity};
use crate::issue::compat::judge;
use crate::patient::{GroupOnFile, LinkKind, NeedKind, Sex, Specificity};
use crate::policy::Key;
use crate::sample::SampleState;

/// The patient: one standing record, a proven group that the unit suits, antibodies and special requirements.
pub(super) fn check(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let asked = case.request.patient;
    // In an emergency an unidentified person may be recognised while blood is running: the request follows the merge.
    if asked != case.record.id() && !matches!(case.purpose, Purpose::Emergency(_)) {
        findings.push(
            Finding::new(Rule::PatientMerged)
                .with("patient", asked)
                .with("into", case.record.id()),
        );
    }
    group(case, findings);
    match case.purpose {
        Purpose::Emergency(level) => emergency::group(case, level, findings),
        Purpose::Reserve | Purpose::Issue => {
            let recipient = case.patient_group();
            let judged = judge(
                &case.hospital.policies,
                case.unit.component,
                recipient,
                case.unit_group(),
                case.at,
            );
            // Where the group is not known at all that already stops; a mere warning beside it says nothing. While it is being worked up
            // the bag may go, and the warning counts.
            let counts = recipient.is_some()
                || matches!(case.record.group(case.at), GroupOnFile::Unsettled(_));
            findings.extend(
                judged
                    .findings
                    .into_iter()
                    .filter(|finding| counts || finding.severity == Severity::Stop)
                    .map(|finding| rhd(case, finding)),
            );
        }
    }
    if case.unit.component.carries_red_cells() {
        antibodies(case, findings);
    }
    needs(case, findings);
}

fn group(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let patient = case.record.id();
    let about = |rule| Finding::new(rule).with("patient", patient);
    match case.record.group(case.at) {
        GroupOnFile::Unknown => findings.push(about(Rule::PatientGroupUnknown)),
        GroupOnFile::Historic(group) => {
            findings.push(about(Rule::PatientGroupUnknown).with("historic", group));
        }
        GroupOnFile::Discordant => {
            findings.push(about(Rule::PatientGroupDiscordant));
            for sample in case.record.samples() {
                if let SampleState::Suspect(test) = sample.state {
                    findings.push(
                        about(Rule::SampleWrongBlood)
                            .with("sample", sample.id.clone())
                            .with("test", test),
                    );
                }
            }
        }
        GroupOnFile::Unsettled(test) if !for_anybody(case) => findings.push(
            about(Rule::PatientGroupUnsettled)
                .with("test", test)
                .with("unit_group", case.unit.group),
        ),
        GroupOnFile::Unsettled(_) => {}
        GroupOnFile::Once(group) => single(case, group.into(), findings),
        GroupOnFile::Twice(_) => {}
    }
}

/// Until a second independent sample agrees, only what a recipient of unknown group could get.
fn single(case: &Case<'_>, group: LabelGroup, findings: &mut Vec<Finding>) {
    if !case.handing_over() || !case.flag(Key::TwoSamples, findings) {
        return;
    }
    if !for_anybody(case) {
        findings.push(
            case.sourced(
                Finding::new(Rule::PatientGroupSingle)
                    .with("patient", case.record.id())
                    .with("patient_group", group)
                    .with("unit_group", case.unit.group),
                Key::TwoSamples,
            ),
        );
    }
}

/// Whether the unit's ABO is what a recipient of unknown group may get.
fn for_anybody(case: &Case<'_>) -> bool {
    case.hospital
        .policies
        .compatibility(case.unit.component, case.at)
        .is_ok_and(|table| table.unknown.contains(&case.unit.group.abo))
}

/// Positive red cells for a negative patient: forbidden where they would do lasting harm, otherwise a warning.
pub(super) fn rhd(case: &Case<'_>, finding: Finding) -> Finding {
    if finding.rule != Rule::RhdIncompatible {
        return finding;
    }
    let why = if case.record.has_anti_d() {
        "why-anti-d"
    } else if may_bear_children(case) {
        // To die for want of blood is worse than to be immunised: in an emergency the privilege decides.
        if matches!(case.purpose, Purpose::Emergency(_)) {
            return finding.word("why", "why-may-bear-children");
        }
        "why-may-bear-children"
    } else {
        return finding;
    };
    Finding {
        rule: Rule::RhdForbidden,
        severity: Rule::RhdForbidden.severity(),
        ..case.sourced(finding.word("why", why), Key::ChildBearingYears)
    }
}

/// Unknown sex, unknown age and a missing policy all count as possible.
fn may_bear_children(case: &Case<'_>) -> bool {
    let patient = case.record.standing();
    let years = patient.years_on(case.hospital.today(case.at));
    let limit = case
        .hospital
        .policies
        .count(Key::ChildBearingYears, case.at);
    patient.demographics.sex != Sex::Male
        && match (years, limit) {
            (Some(years), Ok(limit)) => i64::from(years) < limit,
            _ => true,
        }
}

/// What is known of an antigen on the unit's cells; for D the label speaks where nothing was typed.
fn typing(case: &Case<'_>, antigen: Antigen) -> Typing {
    match (case.unit.antigens.typing(antigen), antigen) {
        (Typing::NotTested, Antigen::D) => match case.unit_group().rhd {
            Some(RhD::Positive | RhD::Weak) => Typing::Positive,
            Some(RhD::Negative) => Typing::Negative,
            None => Typing::NotTested,
        },
        (typing, _) => typing,
    }
}

/// The mother of a newborn: her antibodies are in the child's blood. An age that is not known counts as new.
fn mother<'a>(case: &Case<'a>) -> Option<crate::patient::Record<'a>> {
    let mother = case.record.linked(LinkKind::ChildOf).first().copied()?;
    let born = case.record.standing().demographics.birth;
    let limit = case.hospital.policies.span(Key::NewbornAge, case.at);
    let grown = match (born, limit) {
        (Some(born), Ok(limit)) => case
            .hospital
            .offset(case.at)
            .to_timestamp(born.at(0, 0, 0, 0))
            .is_ok_and(|born| case.at.duration_since(born) >= limit),
        _ => false,
    };
    if grown {
        None
    } else {
        case.hospital.record_of(mother)
    }
}

/// An antibody once found is for life: not detectable today is not gone.
fn antibodies(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let mut seen = std::collections::BTreeSet::new();
    let mother = mother(case);
    let of_mother = mother.iter().flat_map(crate::patient::Record::antibodies);
    for antibody in case
        .record
        .antibodies()
        .chain(of_mother)
        .filter(|a| a.significant)
    {
        let Specificity::Antigen(antigen) = antibody.specificity else {
            continue;
        };
        if !seen.insert(antigen) {
            continue;
        }
        let rule = match typing(case, antigen) {
            Typing::Negative => continue,
            Typing::Positive => Rule::AntigenPositive,
            Typing::NotTested => Rule::AntigenUntyped,
        };
        findings.push(
            case.about(rule)
                .with("antigen", antigen.name())
                .with("patient", case.record.id())
                .with("since", antibody.stamp.at),
        );
    }
}

/// Where a requirement makes sense: cells can be irradiated, plasma can't.
fn applies(attribute: Attribute, component: Component) -> bool {
    use Component::{Cryo, Granulocytes, Plasma, Platelets, RedCells, WholeBlood};
    let cellular = !matches!(component, Plasma | Cryo);
    match attribute {
        Attribute::Irradiated | Attribute::CmvNegative => cellular,
        Attribute::Leukoreduced => cellular && component != Granulocytes,
        Attribute::Washed => matches!(component, RedCells | WholeBlood | Platelets),
        Attribute::HlaMatched | Attribute::Apheresis => {
            matches!(component, Platelets | Granulocytes)
        }
        Attribute::VirusInactivated => matches!(component, Plasma | Cryo),
        Attribute::LowTitre => matches!(component, WholeBlood | Platelets | Plasma),
        Attribute::VolumeReduced => matches!(component, RedCells | Platelets),
        Attribute::Frozen | Attribute::Thawed | Attribute::Pooled | Attribute::Split => true,
    }
}

fn needs(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let mut seen = std::collections::BTreeSet::new();
    for need in case.record.needs(case.at) {
        if !seen.insert(need.kind) {
            continue;
        }
        let about = || {
            case.about(Rule::NeedNotMet)
                .with("patient", case.record.id())
                .with("reason", need.reason.as_str())
        };
        match need.kind {
            NeedKind::Attribute(attribute) => {
                if applies(attribute, case.unit.component) && !case.unit.attributes.has(attribute) {
                    findings
                        .push(about().word("need", format!("attribute-{}", attribute.as_str())));
                }
            }
            NeedKind::Lacks(antigen) => {
                let negative = typing(case, antigen) == Typing::Negative;
                if case.unit.component.carries_red_cells() && !negative {
                    findings.push(
                        about()
                            .word("need", "need-antigen-negative")
                            .with("antigen", antigen.name()),
                    );
                }
            }
        }
    }
}

use serde::{Deserialize, Serialize};

use super::{Criterion, CrossmatchEvent, Outcome, Proof};
use crate::blood::{Component, UnitId};
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Fact, FactValue, Finding, Rule, Severity};
use crate::hospital::Hospital;
use crate::id::RequestId;
use crate::issue::{Purpose, Serology, Verdict, beneath_electronic, gate, judge};
use crate::patient::{GroupOnFile, NeedKind};
use crate::people::Action;
use crate::policy::Key;
use crate::sample::{Sample, SampleState};
use crate::subject::Subject;
use crate::testing::{Call, Interpretation, TestKind};
use crate::unit::{EntryPath, Regroup};

/// Asks for an electronic crossmatch. Whether it is granted is computed from facts on file; nobody can choose it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantElectronicCrossmatch {
    /// Which unit; must be held for the request.
    pub unit: UnitId,
    /// For which request.
    pub request: RequestId,
}

struct List(Vec<Criterion>);

impl List {
    fn put(&mut self, code: &str, met: bool, evidence: Vec<Fact>) {
        self.0.push(Criterion {
            code: code.into(),
            met,
            evidence,
        });
    }
}

fn fact(name: &'static str, value: impl Into<FactValue>) -> Fact {
    Fact {
        name: name.into(),
        value: value.into(),
    }
}

/// Every criterion of the electronic crossmatch, met or not, with its evidence. The order is that of the preconditions of
/// BSH and AABB (section B6 of the feature sheet); what only some guidelines ask for is asked for as well.
pub fn criteria(
    hospital: &Hospital,
    unit: &UnitId,
    request: RequestId,
    at: jiff::Timestamp,
) -> Result<Vec<Criterion>, Finding> {
    let bag = hospital
        .units
        .get(unit)
        .ok_or_else(|| Finding::not_found(*unit))?;
    let asked = hospital
        .requests
        .get(request)
        .ok_or_else(|| Finding::not_found(request))?;
    let record = hospital
        .record_of(asked.patient)
        .ok_or_else(|| Finding::not_found(asked.patient))?;
    let policies = &hospital.policies;
    let mut list = List(Vec::new());

    let switch = policies.flag(Key::ElectronicCrossmatch, at) == Ok(true);
    let source = policies.source(Key::ElectronicCrossmatch, at);
    list.put(
        "switched-on",
        switch,
        source
            .map(|text| fact("source", text))
            .into_iter()
            .collect(),
    );
    list.put(
        "red-cells",
        bag.component == Component::RedCells,
        vec![fact(
            "component",
            FactValue::Word(format!("component-{}", bag.component.as_str())),
        )],
    );

    let sample = record.current_sample(at);
    list.put("sample-current", sample.is_ok(), sample_facts(&sample));
    let group = record.group(at);
    let on_file: Vec<Fact> = record
        .determinations()
        .iter()
        .flat_map(|d| {
            let group = fact("group", d.group);
            std::iter::once(group).chain(d.sample.clone().map(|sample| fact("sample", sample)))
        })
        .collect();
    list.put(
        "two-groups",
        matches!(group, GroupOnFile::Twice(_)),
        on_file,
    );
    let on_current = sample.as_ref().ok().is_some_and(|sample| {
        record
            .determinations()
            .iter()
            .any(|d| d.sample.as_ref() == Some(&sample.id))
    });
    list.put("group-current", on_current, sample_facts(&sample));
    let suspected = record
        .samples()
        .iter()
        .any(|sample| matches!(sample.state, SampleState::Suspect(_)));
    list.put(
        "group-concordant",
        group != GroupOnFile::Discordant && !suspected,
        vec![fact(
            "group",
            FactValue::Word(format!("proof-{}", group.as_str())),
        )],
    );

    let screen = Serology::of(hospital, &record, at);
    let screen_evidence = match screen {
        Serology::Positive(test) => vec![fact("test", test)],
        Serology::Negative | Serology::Missing => Vec::new(),
    };
    list.put(
        "screen-negative",
        screen == Serology::Negative,
        screen_evidence,
    );
    let antibodies: Vec<Fact> = record
        .antibodies()
        .map(|antibody| match &antibody.specificity {
            crate::patient::Specificity::Antigen(antigen) => fact("antibody", antigen.name()),
            crate::patient::Specificity::Other(text) => fact("antibody", text.as_str()),
        })
        .collect();
    list.put("no-antibody-ever", antibodies.is_empty(), antibodies);
    let matching: Vec<Fact> = record
        .needs(at)
        .filter_map(|need| match need.kind {
            NeedKind::Lacks(antigen) => Some(fact("antigen", antigen.name())),
            NeedKind::Attribute(_) => None,
        })
        .collect();
    list.put("no-antigen-matching", matching.is_empty(), matching);
    let (edited, direct) = touched(hospital, sample.as_ref().ok().copied());
    list.put("not-edited", edited.is_empty(), edited);
    list.put("dat-not-positive", direct.is_empty(), direct);
    list.put("not-newborn", grown(hospital, &record, at), Vec::new());
    list.put(
        "record-single",
        record.id() == asked.patient,
        vec![fact("patient", record.id())],
    );

    let confirmed = match &bag.regroup {
        Regroup::Confirmed(test) => Some(*test),
        _ => None,
    };
    list.put(
        "unit-group-confirmed",
        confirmed.is_some(),
        confirmed
            .map(|test| fact("test", test))
            .into_iter()
            .collect(),
    );
    list.put(
        "unit-entered-safely",
        bag.entry == EntryPath::Scanned || bag.checked_by.is_some(),
        vec![fact("unit", bag.id)],
    );
    let suits = group.group().is_some_and(|group| {
        let recipient = record.transfuse_as(group, at).into();
        judge(policies, bag.component, Some(recipient), bag.group, at).verdict
            == Verdict::Compatible
    });
    list.put("group-suits", suits, vec![fact("unit_group", bag.group)]);
    let refused: Vec<Fact> = gate(hospital, unit, request, Purpose::Reserve, at)
        .into_iter()
        .filter(|finding| finding.severity == Severity::Stop)
        .map(|finding| {
            fact(
                "finding",
                FactValue::Word(format!("rule-{}", finding.rule.code())),
            )
        })
        .collect();
    let lacking: Vec<Fact> = beneath_electronic(hospital, &record, bag, at)
        .into_iter()
        .flat_map(|finding| finding.facts)
        .filter(|fact| matches!(fact.name.as_ref(), "result" | "control" | "case"))
        .collect();
    list.put("controls-in-order", lacking.is_empty(), lacking);
    list.put("nothing-else-stops", refused.is_empty(), refused);
    Ok(list.0)
}

fn sample_facts(sample: &Result<&Sample, Finding>) -> Vec<Fact> {
    match sample {
        Ok(sample) => vec![
            fact("sample", sample.id.clone()),
            fact("expires", sample.expires),
        ],
        Err(finding) => vec![fact(
            "finding",
            FactValue::Word(format!("rule-{}", finding.rule.code())),
        )],
    }
}

/// Group and screen results on the sample that a hand has changed, and direct antiglobulin tests that are positive.
fn touched(hospital: &Hospital, sample: Option<&Sample>) -> (Vec<Fact>, Vec<Fact>) {
    let (mut edited, mut direct) = (Vec::new(), Vec::new());
    let tests = sample
        .map(|sample| sample.tests.as_slice())
        .unwrap_or_default();
    for test in tests.iter().filter_map(|id| hospital.tests.get(*id)) {
        let Some(version) = test.standing() else {
            continue;
        };
        if version.interpretation == Interpretation::Dat(Call::Positive) {
            direct.push(fact("test", test.id));
        }
        if version.origin.edited() && test.kind != TestKind::Dat {
            edited.push(fact("test", test.id));
        }
    }
    (edited, direct)
}

/// Older than the age at which only the mother's antibodies count; an unknown birth date is no proof.
fn grown(hospital: &Hospital, record: &crate::patient::Record<'_>, at: jiff::Timestamp) -> bool {
    let Some(birth) = record.standing().demographics.birth else {
        return false;
    };
    let (Ok(born), Ok(age)) = (
        hospital
            .offset(at)
            .to_timestamp(birth.to_datetime(jiff::civil::Time::midnight())),
        hospital.policies.span(Key::NewbornAge, at),
    ) else {
        return false;
    };
    at.duration_since(born) >= age
}

/// One finding for each criterion that is not met.
pub(crate) fn unmet(
    hospital: &Hospital,
    unit: &UnitId,
    request: RequestId,
    at: jiff::Timestamp,
) -> Vec<Finding> {
    match criteria(hospital, unit, request, at) {
        Ok(all) => refusals(&all),
        Err(missing) => vec![missing],
    }
}

fn refusals(all: &[Criterion]) -> Vec<Finding> {
    all.iter()
        .filter(|criterion| !criterion.met)
        .map(|criterion| {
            let mut finding = Finding::new(Rule::ElectronicNotEligible)
                .word("criterion", format!("electronic-{}", criterion.code));
            finding.facts.extend(criterion.evidence.iter().cloned());
            finding
        })
        .collect()
}

impl Decide for GrantElectronicCrossmatch {
    fn action(&self) -> Action {
        Action::CrossmatchRecord
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.unit.into(), self.request.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        let at = context.at;
        let listed = checks.take(criteria(hospital, &self.unit, self.request, at));
        super::held_for(&mut checks, hospital, &self.unit, self.request);
        if let Some(listed) = &listed {
            checks.findings.extend(refusals(listed));
        }
        let validity = checks.take(super::valid_until(hospital, self.request, None, at));
        checks.settle()?;
        let (Some(criteria), Some((sample, patient, expires))) = (listed, validity) else {
            return Ok(Vec::new());
        };
        Ok(vec![
            CrossmatchEvent::Recorded {
                crossmatch: hospital.next.crossmatch,
                unit: self.unit,
                patient,
                sample,
                request: self.request,
                proof: Proof::Electronic { criteria },
                outcome: Outcome::Compatible,
                expires,
                retrospective: false,
                review: false,
            }
            .into(),
        ])
    }
}

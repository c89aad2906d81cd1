//! The one place where a gate's findings become words: the rule's message, its evidence, what to do, where the rule comes from.

use lifeline_core::finding::{Fact, FactValue, Finding, Refusal, Severity};
use lifeline_core::subject::Subject;

use super::components::{Banner, FindingLine, GroupMark, Tone};
use super::frame::Frame;

/// One finding in words. The first thing named in the evidence becomes the link.
pub fn finding(frame: &Frame, finding: &Finding) -> FindingLine {
    let t = &frame.t;
    let code = finding.rule.code();
    let tone = match finding.severity {
        Severity::Stop => Tone::Stop,
        Severity::Warning => Tone::Warn,
    };
    let why = finding
        .facts
        .iter()
        .map(|fact| pair(frame, fact))
        .collect::<Vec<_>>();
    let href = finding.facts.iter().find_map(|fact| match &fact.value {
        FactValue::Subject(subject) => Some(address(subject)),
        _ => None,
    });
    FindingLine {
        why: why.join(&t.m("fact-separator")),
        todo: t.m(&format!("rule-{code}-do")),
        source: match &finding.source {
            Some(source) => format!("{code} · {source}"),
            None => code.to_owned(),
        },
        href: href.unwrap_or_default(),
        ..FindingLine::new(tone, t.m(&format!("rule-{code}")))
    }
}

/// The address of a thing of the hospital, written `word:identifier`; a text that is none goes to the search.
pub fn subject_address(subject: &str) -> String {
    match subject.parse() {
        Ok(subject) => address(&subject),
        Err(_) => format!("/find?q={}", encoded(subject)),
    }
}

/// The one place that knows where each thing has its page.
pub fn address(subject: &Subject) -> String {
    let room = match subject {
        Subject::Unit(_) => "units",
        Subject::Donation(_) => "donations",
        Subject::Patient(_) => "patients",
        Subject::Sample(_) => "samples",
        Subject::Request(_) => "requests",
        Subject::Test(_) => "tests",
        Subject::Measurement(_) => "measurements",
        Subject::Discrepancy(_) => "bench/discrepancies",
        Subject::Crossmatch(_) => "crossmatches",
        Subject::Issue(_) => "issues",
        Subject::Lot(_) => "lots",
        Subject::Device(_) => "devices",
        Subject::Message(_) => "messages",
        Subject::Programme(_) => "eqa/programmes",
        Subject::Round(_) => "eqa/rounds",
        Subject::Workup(_) => "identifications",
        Subject::Document(_) => "documents",
        Subject::Nonconformity(_) => "nonconformities",
        Subject::Review(_) => return "/governance#reviews".into(),
        Subject::Comparison(_) => "comparisons",
        Subject::User(_) => "people",
        Subject::NearMiss(_) => "near-misses",
        Subject::Policy(_) => "policy",
        Subject::Proposal(id) => return format!("/policy#{id}"),
        Subject::Control(_) => "qc/controls",
        Subject::Run(_) => "qc/runs",
        Subject::Case(_) => "qc/cases",
        Subject::Delivery(_) => "deliveries",
        Subject::Shift(_) => "shifts",
    };
    format!("/{room}/{}", encoded(&subject.identifier()))
}

/// A text as a part of an address.
pub fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// A refusal as the banner a page shows above its form: stops first; amber when every finding may be answered with a reason.
pub fn refusal(frame: &Frame, refusal: &Refusal) -> Banner {
    let mut found: Vec<&Finding> = refusal.findings.iter().collect();
    found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let stopped = found
        .first()
        .is_none_or(|worst| worst.severity == Severity::Stop);
    let (tone, title) = if stopped {
        (Tone::Stop, frame.t.m("verdict-stop"))
    } else {
        (Tone::Warn, frame.t.m("verdict-needs-reason"))
    };
    let findings = found
        .into_iter()
        .map(|one| self::finding(frame, one))
        .collect();
    Banner {
        tone,
        title,
        findings,
    }
}

/// Evidence in one line: `sample: S1; expires: 2026-11-25 08:00`.
pub fn facts(frame: &Frame, facts: &[Fact]) -> String {
    let pairs: Vec<String> = facts.iter().map(|fact| pair(frame, fact)).collect();
    pairs.join(&frame.t.m("fact-separator"))
}

fn pair(frame: &Frame, fact: &Fact) -> String {
    let name = frame.t.m(&format!("fact-{}", fact.name));
    frame.t.a(
        "fact-pair",
        &[("name", &name), ("value", &value(frame, &fact.value))],
    )
}

fn value(frame: &Frame, value: &FactValue) -> String {
    match value {
        FactValue::Text(text) => text.clone(),
        FactValue::Word(key) => frame.t.m(key),
        FactValue::Number(number) => number.to_string(),
        FactValue::Minutes(minutes) => frame.t.a("fact-minutes", &[("minutes", minutes)]),
        FactValue::Time(at) => frame.moment(at).text,
        FactValue::Group(group) => GroupMark::from(*group).words(&frame.t),
        FactValue::Subject(subject) => subject.identifier(),
    }
}

#[cfg(test)]
mod tests {
    use lifeline_core::blood::Component;
    use lifeline_core::device::Trouble;
    use lifeline_core::finding::Rule;
    use lifeline_core::people::{Action, Role};
    use lifeline_core::policy::Modification;
    use lifeline_core::testing::{TestKind, Well};
    use lifeline_core::unit::Status;

    use crate::web::{Lang, Text};

    #[test]
    fn every_rule_and_code_of_the_core_has_words_in_both_languages() {
        let mut missing = Vec::new();
        for t in Lang::ALL.map(Text::new) {
            let rules = Rule::ALL.iter().flat_map(|rule| {
                [
                    format!("rule-{}", rule.code()),
                    format!("rule-{}-do", rule.code()),
                ]
            });
            let roles = Role::ALL
                .iter()
                .map(|role| format!("role-{}", role.as_str()));
            let units = Status::ALL.iter().map(|status| status.word());
            let components = Component::ALL
                .iter()
                .map(|component| format!("component-{}", component.as_str()));
            let modifications = Modification::ALL
                .iter()
                .map(|kind| format!("modification-{}", kind.as_str()));
            let actions = Action::ALL
                .iter()
                .map(|action| format!("action-{}", action.name().replace('.', "-")));
            let wells = Well::ALL.iter().map(|well| well.word().to_owned());
            let kinds = TestKind::ALL.iter().map(|kind| kind.word().to_owned());
            let troubles = Trouble::WORDS.iter().map(|word| (*word).to_owned());
            let codes = roles
                .chain(units)
                .chain(components)
                .chain(modifications)
                .chain(actions)
                .chain(wells)
                .chain(kinds)
                .chain(troubles);
            missing.extend(rules.chain(codes).filter(|key| !t.has(key)));
        }
        assert_eq!(missing, Vec::<String>::new());
    }
}

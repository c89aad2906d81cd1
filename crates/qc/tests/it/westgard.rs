//! Every verdict beside PyPI `westgard-python` (strict): a fixed sample always, as many windows as `tests/oracles/westgard` makes when
//! it calls this test.

use std::collections::BTreeSet;

use lifeline_qc::series::Judged;
use lifeline_qc::{Rule, Scope};

use crate::vectors::{profile, runs};

const SAMPLE: &str = include_str!("../data/westgard.tsv");

/// Rules by name, each to fire at least once in the sample, so that silence is no agreement.
const RULES: [Rule; 13] = [
    Rule::OneTwoS,
    Rule::OneThreeS,
    Rule::TwoTwoS,
    Rule::R4s,
    Rule::FourOneS,
    Rule::EightX,
    Rule::TenX,
    Rule::TwelveX,
    Rule::TwoOfThreeTwoS,
    Rule::ThreeOneS,
    Rule::SixX,
    Rule::NineX,
    Rule::SevenT,
];

fn named(text: &str) -> BTreeSet<&str> {
    text.split(',').filter(|name| !name.is_empty()).collect()
}

fn found(judged: &[Judged], wanted: impl Fn(Rule, Scope) -> bool) -> BTreeSet<&'static str> {
    let all = judged.iter().flat_map(|judged| &judged.violations);
    let some = all.filter(|found| wanted(found.rule, found.scope));
    some.map(|found| found.rule.code()).collect()
}

#[test]
fn westgard_python_agrees_on_every_window() {
    let other = std::env::var("LIFELINE_QC_WINDOWS").ok();
    let other = other.map(|path| std::fs::read_to_string(path).unwrap());
    let profile = profile(&RULES);
    let mut fired = BTreeSet::new();
    let mut windows = 0;
    for line in other
        .as_deref()
        .unwrap_or(SAMPLE)
        .lines()
        .filter(|line| !line.starts_with('#'))
    {
        let mut fields = line.split('\t');
        let mut field = || fields.next().unwrap();
        let hundredths: Vec<Vec<String>> = field()
            .split(';')
            .map(|run| run.split(',').map(|value| format!("{value}e-2")).collect())
            .collect();
        let texts: Vec<Vec<&str>> = hundredths
            .iter()
            .map(|run| run.iter().map(String::as_str).collect())
            .collect();
        let slices: Vec<&[&str]> = texts.iter().map(Vec::as_slice).collect();
        let judged = runs(&profile, &slices);
        let last = judged.len() - texts.last().unwrap().len();
        let run = &judged[last..];
        for (point, expected) in run.iter().zip(field().split(';')) {
            let single = |rule: Rule, scope| {
                scope == Scope::WithinMaterial || scope == Scope::Run && rule != Rule::R4s
            };
            assert_eq!(
                found(std::slice::from_ref(point), single),
                named(expected),
                "within: {line}"
            );
        }
        let across = field();
        let newest = &judged[judged.len() - 1..];
        assert_eq!(
            found(newest, |_, scope| scope == Scope::AcrossMaterials),
            named(across),
            "across: {line}"
        );
        assert_eq!(
            found(run, |rule, _| rule == Rule::R4s),
            named(field()),
            "run: {line}"
        );
        fired.extend(
            judged
                .iter()
                .flat_map(|judged| &judged.violations)
                .map(|found| (found.rule, found.scope)),
        );
        windows += 1;
    }
    for rule in RULES {
        for scope in rule.scopes() {
            assert!(
                fired.contains(&(rule, *scope)),
                "{rule} never fires in {scope:?}"
            );
        }
    }
    assert!(windows >= 3000, "{windows}");
    println!("{windows} windows, no difference");
}

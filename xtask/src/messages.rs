//! Both languages have the same files, keys and variables; every key that is used exists; a key that nobody uses is told.

use std::collections::{BTreeMap, BTreeSet};

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
use fluent_syntax::parser;

use crate::Findings;
use crate::sources::File;

const FOLDER: &str = "web/messages/";
const LANGUAGES: [&str; 2] = ["zh-CN", "en"];

/// Key → variables, of one file.
type Messages = BTreeMap<String, BTreeSet<String>>;

/// A place where a message is asked for by a literal key.
#[derive(Debug, PartialEq, Eq)]
struct Use {
    key: String,
    with_variables: bool,
    line: usize,
}

pub fn check(files: &[File], findings: &mut Findings) {
    let [first, second] = LANGUAGES.map(|language| read(files, language, findings));
    for (from, to, one, other) in [
        (LANGUAGES[0], LANGUAGES[1], &first, &second),
        (LANGUAGES[1], LANGUAGES[0], &second, &first),
    ] {
        for (file, messages) in one {
            let Some(twin) = other.get(file) else {
                findings.problem(format!("{FOLDER}{from}/{file} has no twin in {to}"));
                continue;
            };
            for (key, variables) in messages {
                match twin.get(key) {
                    None => findings.problem(format!(
                        "{FOLDER}{to}/{file}: `{key}` is missing; {from} has it"
                    )),
                    Some(others) if from == LANGUAGES[0] && others != variables => {
                        findings.problem(format!("{file}: `{key}` has variables {variables:?} in {from} and {others:?} in {to}"));
                    }
                    Some(_) => {}
                }
            }
        }
    }
    let known: Messages = first.into_values().flatten().collect();
    check_uses(files, &known, findings);
}

fn check_uses(files: &[File], known: &Messages, findings: &mut Findings) {
    let asking: Vec<&File> = files.iter().filter(|file| may_ask(&file.path)).collect();
    for file in &asking {
        for place in uses(&file.text) {
            match known.get(&place.key) {
                None => findings.problem(format!(
                    "{}:{}: no message `{}`",
                    file.path, place.line, place.key
                )),
                Some(variables) if !place.with_variables && !variables.is_empty() => {
                    findings.problem(format!(
                        "{}:{}: `{}` needs {variables:?}",
                        file.path, place.line, place.key
                    ));
                }
                Some(_) => {}
            }
        }
    }
    for file in asking.iter().filter(|file| is_rule_file(&file.path)) {
        for (line, key) in said_by_core(&file.text) {
            if !known.contains_key(&key) {
                findings.problem(format!("{}:{line}: no message `{key}`", file.path));
            }
        }
    }
    let literals: BTreeSet<&str> = asking
        .iter()
        .flat_map(|file| file.text.split('"'))
        .collect();
    // `format!("role-{role}")` and `concat!("well-", …)` ask for every key that starts so.
    let prefixes: Vec<&str> = literals
        .iter()
        .map(|literal| {
            literal
                .split_once('{')
                .map_or(*literal, |(prefix, _)| prefix)
        })
        .filter(|prefix| prefix.len() > 2 && prefix.ends_with('-'))
        .collect();
    // A file with `format!("{prefix}-{code}")` asks by each of its literals that is the beginning of a key.
    let begins: BTreeSet<&str> = asking
        .iter()
        .filter(|file| file.text.contains("\"{prefix}-{"))
        .flat_map(|file| file.text.split('"'))
        .collect();
    for key in known.keys() {
        if key
            .match_indices('-')
            .any(|(at, _)| begins.contains(&key[..at]))
        {
            continue;
        }
        if !literals.contains(key.as_str())
            && !prefixes.iter().any(|prefix| key.starts_with(prefix))
        {
            // Words may land a little before their page, so this is told and does not fail.
            findings.warning(format!("message `{key}` is used nowhere"));
        }
    }
}

/// A file of the core that is not a test, where `.with(…)` always names evidence.
fn is_rule_file(path: &str) -> bool {
    path.starts_with("crates/core/src/")
        && !["/tests/", "/tests.rs", "testkit"]
            .iter()
            .any(|test| path.contains(test))
}

/// What the core says only by key: `why-…` literals, the field of `bad_value(…)`, the names of evidence in `.with(…)` and `.word(…)`.
fn said_by_core(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    // Tests beside the rules may name what they like.
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    for (call, prefix) in [
        ("bad_value(", "field-"),
        (".with(", "fact-"),
        (".word(", "fact-"),
        ("\"why-", "why-"),
    ] {
        for (at, _) in text.match_indices(call) {
            let after = &text[at + call.len()..];
            let word = if prefix == "why-" {
                Some(after)
            } else {
                after.trim_start().strip_prefix('"')
            };
            if let Some((word, _)) = word.and_then(|word| word.split_once('"')) {
                found.push((
                    text[..at].matches('\n').count() + 1,
                    format!("{prefix}{word}"),
                ));
            }
        }
    }
    found
}

fn may_ask(path: &str) -> bool {
    path.starts_with("web/templates/") || (path.starts_with("crates/") && path.ends_with(".rs"))
}

/// Every file of one language with its messages.
fn read(files: &[File], language: &str, findings: &mut Findings) -> BTreeMap<String, Messages> {
    let folder = format!("{FOLDER}{language}/");
    let mut read = BTreeMap::new();
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    for file in files.iter().filter(|file| file.path.ends_with(".ftl")) {
        let Some(name) = file.path.strip_prefix(&folder) else {
            continue;
        };
        let resource = match parser::parse(file.text.as_str()) {
            Ok(resource) => resource,
            Err((resource, errors)) => {
                findings.problem(format!(
                    "{}: {}",
                    file.path,
                    errors
                        .iter()
                        .map(ToString::to_string)
                        .collect::<Vec<_>>()
                        .join("; ")
                ));
                resource
            }
        };
        let mut messages = Messages::new();
        for entry in &resource.body {
            let Entry::Message(message) = entry else {
                continue;
            };
            let key = message.id.name.to_owned();
            if let Some(other) = seen.insert(key.clone(), name.to_owned()) {
                findings.problem(format!("{}: `{key}` is already in {other}", file.path));
            }
            let mut variables = BTreeSet::new();
            if let Some(pattern) = &message.value {
                in_pattern(pattern, &mut variables);
            }
            messages.insert(key, variables);
        }
        read.insert(name.to_owned(), messages);
    }
    read
}

fn in_pattern(pattern: &Pattern<&str>, variables: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        if let PatternElement::Placeable { expression } = element {
            in_expression(expression, variables);
        }
    }
}

fn in_expression(expression: &Expression<&str>, variables: &mut BTreeSet<String>) {
    match expression {
        Expression::Inline(inline) => in_inline(inline, variables),
        Expression::Select { selector, variants } => {
            in_inline(selector, variables);
            for variant in variants {
                in_pattern(&variant.value, variables);
            }
        }
    }
}

fn in_inline(inline: &InlineExpression<&str>, variables: &mut BTreeSet<String>) {
    match inline {
        InlineExpression::VariableReference { id } => {
            variables.insert(id.name.to_owned());
        }
        InlineExpression::Placeable { expression } => in_expression(expression, variables),
        InlineExpression::FunctionReference { arguments, .. } => {
            for argument in &arguments.positional {
                in_inline(argument, variables);
            }
        }
        _ => {}
    }
}

/// Every `.m("key")` and `.a("key", …)`, wherever the formatter has broken the line.
fn uses(text: &str) -> Vec<Use> {
    let mut found = Vec::new();
    for (call, with_variables) in [(".m(", false), (".a(", true)] {
        for (at, _) in text.match_indices(call) {
            let line_start = text[..at].rfind('\n').map_or(0, |at| at + 1);
            if text[line_start..].trim_start().starts_with("//") {
                continue;
            }
            let Some(literal) = text[at + call.len()..].trim_start().strip_prefix('"') else {
                continue;
            };
            let key = literal.split('"').next().unwrap_or_default().to_owned();
            found.push(Use {
                key,
                with_variables,
                line: text[..at].matches('\n').count() + 1,
            });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::Findings;
    use crate::sources::File;

    fn check(chinese: &str, english: &str, template: &str) -> Vec<String> {
        let file = |path: &str, text: &str| File {
            path: path.into(),
            text: text.into(),
        };
        let files = [
            file("web/messages/zh-CN/a.ftl", chinese),
            file("web/messages/en/a.ftl", english),
            file("web/templates/a.html", template),
        ];
        let mut findings = Findings::default();
        super::check(&files, &mut findings);
        findings.problems.extend(findings.warnings);
        findings.problems
    }

    #[test]
    fn twins_that_are_used_pass() {
        let english = "a = x\nb = { $n ->\n    [one] { $n } unit\n   *[other] { $n } units\n}\n";
        assert_eq!(
            check(
                "a = 甲\nb = { $n } 袋\n",
                english,
                "{{ t.m(\"a\") }}{{ t.a(\n  \"b\", [(\"n\", &n)]) }}"
            ),
            Vec::<String>::new()
        );
    }

    #[test]
    fn the_words_of_a_finding_are_asked_for() {
        let said = super::said_by_core(
            "Finding::bad_value(\"volume\", \"why-volume\");\nfinding.with(\n  \"unit\", id).word(\"state\", key)\n#[cfg(test)] bad_value(\"x\", \"y\")",
        );
        let keys: Vec<&str> = said.iter().map(|(_, key)| key.as_str()).collect();
        assert_eq!(
            keys,
            ["field-volume", "fact-unit", "fact-state", "why-volume"]
        );
        assert_eq!(said[1].0, 2);
    }

    #[test]
    fn each_difference_is_found() {
        for (chinese, english, template, what) in [
            (
                "a = 甲\n",
                "b = x\n",
                "{{ t.m(\"a\") }}\"b\"",
                "`a` is missing",
            ),
            (
                "a = { $n } 袋\n",
                "a = { $count } units\n",
                "{{ t.a(\"a\", [(\"n\", &n)]) }}",
                "variables",
            ),
            (
                "a = 甲\n",
                "a = x\n",
                "{{ t.m(\"a\") }}{{ t.m(\"zz\") }}",
                "no message `zz`",
            ),
            (
                "a = { $n } 袋\n",
                "a = { $n } units\n",
                "{{ t.m(\"a\") }}",
                "needs",
            ),
            ("a = 甲\n", "a = x\n", "", "used nowhere"),
            (
                "a = 甲\n= 乙\n",
                "a = x\n",
                "{{ t.m(\"a\") }}",
                "zh-CN/a.ftl",
            ),
            (
                "a = 甲\na = 乙\n",
                "a = x\n",
                "{{ t.m(\"a\") }}",
                "already in",
            ),
        ] {
            let problems = check(chinese, english, template);
            assert!(
                problems.iter().any(|problem| problem.contains(what)),
                "{what}: {problems:?}"
            );
        }
    }
}

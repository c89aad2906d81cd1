//! Values of policies: in words, as they are typed, and read back.

use lifeline_core::blood::{Abo, Component};
use lifeline_core::people::Action;
use lifeline_core::policy::{Compatibility, Key, Shape, Value};
use serde::de::DeserializeOwned;

use crate::pages::{blood, measured, timeline};
use crate::web::{Frame, Text};

/// Minutes of a day.
const DAY: i64 = 1440;

/// A span as people say it: `15 min`, `8 h`, `3 days`.
fn span(t: &Text, minutes: i64) -> String {
    let (count, key) = match minutes {
        m if m != 0 && m % DAY == 0 => (m / DAY, "policy-days"),
        m if m != 0 && m % 60 == 0 => (m / 60, "policy-hours"),
        m => (m, "policy-minutes"),
    };
    t.a(key, &[("count", &count)])
}

/// A word of a list, where the message files have it.
fn listed(frame: &Frame, key: Key, word: &str) -> String {
    let prefix = match key {
        Key::SampleRejectReasons => "sample-reject",
        Key::HoldReasons => "hold",
        Key::CrossmatchMethods | Key::CrossmatchMethodsIgm => "method",
        Key::Indications => "indication",
        _ => "reason",
    };
    timeline::worded(frame, &format!("{prefix}-{word}"), word)
}

/// A value in one line; a table by its size.
pub fn short(frame: &Frame, key: Key, value: &Value) -> String {
    let t = &frame.t;
    match value {
        Value::Minutes(minutes) if key == Key::SiteOffset => {
            let (sign, m) = if *minutes < 0 {
                ('−', -minutes)
            } else {
                ('+', *minutes)
            };
            format!("UTC{sign}{:02}:{:02}", m / 60, m % 60)
        }
        Value::Minutes(minutes) => span(t, *minutes),
        Value::Count(count) => count.to_string(),
        Value::Flag(flag) => t.m(if *flag { "yes" } else { "no" }),
        Value::Words(words) => {
            let words: Vec<String> = words.iter().map(|word| listed(frame, key, word)).collect();
            words.join(&t.m("list-separator"))
        }
        Value::Ranges(table) => lines(t, table.len()),
        Value::Compatibility(table) => lines(t, table.len()),
        Value::Grants(table) => lines(t, table.len()),
        Value::Products(table) => lines(t, table.len()),
        Value::Modifications(table) => lines(t, table.len()),
        Value::GradingTables(tables) => lines(t, tables.len()),
        Value::NeedRules(table) => lines(t, table.len()),
        Value::Names(table) => lines(t, table.len()),
        Value::Controls(table) => lines(t, table.len()),
        Value::RuleProfiles(table) => lines(t, table.len()),
        Value::ScoringSheets(table) => lines(t, table.len()),
        Value::ComparisonLimits(table) => lines(t, table.len()),
        Value::Assays(table) => lines(t, table.len()),
        Value::PatientMonitors(table) => lines(t, table.len()),
    }
}

/// A grading table: its name and day, then what it asks of each item and where that comes from.
fn grading(frame: &Frame, table: &lifeline_qc::eqa::GradingTable) -> (String, String) {
    let t = &frame.t;
    let title = match frame.lang() {
        crate::web::Lang::En => &table.en,
        crate::web::Lang::ZhCn => &table.zh,
    };
    let items: Vec<String> = table
        .items
        .iter()
        .map(|(item, rule)| {
            let name = timeline::worded(frame, &format!("eqa-item-{item}"), item);
            let mark = if rule.provisional { " *" } else { "" };
            format!("{name} ≥ {} %{mark}", rule.pass)
        })
        .collect();
    (
        format!("{} · {}", table.name, table.effective),
        format!(
            "{title} · {} · {}",
            items.join(&t.m("list-separator")),
            table.source
        ),
    )
}

fn lines(t: &Text, count: usize) -> String {
    t.a("policy-table", &[("count", &count)])
}

fn groups(types: &[Abo]) -> String {
    let words: Vec<&str> = types.iter().map(|abo| abo.as_str()).collect();
    if words.is_empty() {
        "—".to_owned()
    } else {
        words.join(" ")
    }
}

/// A table in rows, each a name and words; none for a plain value.
pub fn rows(frame: &Frame, key: Key, value: &Value) -> Vec<(String, String)> {
    let t = &frame.t;
    match value {
        Value::Minutes(_) | Value::Count(_) | Value::Flag(_) => Vec::new(),
        Value::Words(words) => words
            .iter()
            .map(|word| (word.clone(), listed(frame, key, word)))
            .collect(),
        Value::Ranges(ranges) => ranges
            .iter()
            .map(|(component, range)| {
                (
                    blood::component(frame, *component),
                    format!("{} – {} °C", range.low, range.high),
                )
            })
            .collect(),
        Value::Compatibility(tables) => tables
            .iter()
            .flat_map(|(component, table)| compatibility(frame, *component, table))
            .collect(),
        Value::Grants(grants) => grants
            .iter()
            .map(|(role, actions)| {
                let words: Vec<String> = actions
                    .iter()
                    .map(|action| action_words(t, *action))
                    .collect();
                (
                    t.m(&format!("role-{}", role.as_str())),
                    words.join(&t.m("list-separator")),
                )
            })
            .collect(),
        Value::Products(products) => products
            .iter()
            .map(|(code, product)| {
                let name = match frame.lang() {
                    crate::web::Lang::En => &product.en,
                    crate::web::Lang::ZhCn => &product.zh,
                };
                (
                    code.clone(),
                    format!(
                        "{name} · {} · {} · {} mL · {}",
                        blood::component(frame, product.component),
                        blood::amount(frame, product.amount),
                        product.volume.0,
                        blood::attributes(frame, product.attributes),
                    ),
                )
            })
            .collect(),
        Value::GradingTables(tables) => tables.iter().map(|table| grading(frame, table)).collect(),
        Value::NeedRules(rules) => rules
            .iter()
            .map(|rule| {
                let why = match frame.lang() {
                    crate::web::Lang::En => &rule.en,
                    crate::web::Lang::ZhCn => &rule.zh,
                };
                (why.clone(), need_rule(frame, rule))
            })
            .collect(),
        Value::Names(names) => names
            .iter()
            .map(|(chinese, english)| (chinese.clone(), english.clone()))
            .collect(),
        Value::Modifications(rules) => rules
            .iter()
            .map(|rule| {
                let lasts = match rule.lasts_minutes {
                    Some(minutes) => t.a("policy-lasts", &[("span", &span(t, minutes))]),
                    None => t.m("policy-keeps-expiry"),
                };
                let within = rule
                    .within_minutes
                    .map(|minutes| t.a("policy-within", &[("span", &span(t, minutes))]))
                    .unwrap_or_default();
                let product = rule.product.clone().unwrap_or_default();
                (
                    format!(
                        "{} · {}",
                        t.m(&format!("modification-{}", rule.kind.as_str())),
                        blood::component(frame, rule.component)
                    ),
                    [lasts, within, product]
                        .into_iter()
                        .filter(|part| !part.is_empty())
                        .collect::<Vec<_>>()
                        .join(" · "),
                )
            })
            .collect(),
        Value::Controls(controls) => controls
            .iter()
            .map(|control| {
                let tests: Vec<String> =
                    control.tests.iter().map(|item| t.m(item.word())).collect();
                let levels = control.levels().into_iter().filter_map(|level| {
                    let (zh, en) = control.level_names(level)?;
                    Some(named(frame, zh, en))
                });
                let parts = [
                    named(frame, &control.zh, &control.en),
                    tests.join(&t.m("list-separator")),
                    levels.collect::<Vec<_>>().join(&t.m("list-separator")),
                ];
                (control.code.to_string(), joined(parts))
            })
            .collect(),
        Value::RuleProfiles(profiles) => profiles
            .iter()
            .map(|profile| {
                let rules: Vec<&str> = profile.rules.iter().map(|used| used.rule.code()).collect();
                (
                    format!("{} v{}", profile.name, profile.version),
                    rules.join(" "),
                )
            })
            .collect(),
        Value::ScoringSheets(sheets) => sheets
            .iter()
            .flat_map(|sheet| {
                sheet
                    .criteria
                    .iter()
                    .map(move |criterion| scoring(frame, sheet, criterion))
            })
            .collect(),
        Value::ComparisonLimits(limits) => limits
            .iter()
            .map(|limit| (limit.item.clone(), comparison_limit(t, limit)))
            .collect(),
        Value::Assays(assays) => assays
            .iter()
            .map(|assay| (assay.code.to_string(), measured::described(frame, assay)))
            .collect(),
        Value::PatientMonitors(monitors) => monitors
            .iter()
            .map(|monitor| {
                let words = measured::monitor_words(frame, monitor);
                (monitor.assay.to_string(), joined(words))
            })
            .collect(),
    }
}

/// A line of a scoring sheet: what figure earns what.
fn scoring(
    frame: &Frame,
    sheet: &lifeline_core::evidence::ScoringSheet,
    criterion: &lifeline_core::evidence::Criterion,
) -> (String, String) {
    let mark = if criterion.provisional { " *" } else { "" };
    let steps = criterion.steps.iter().map(|step| {
        let least = if criterion.measure.counts() {
            step.least.to_string()
        } else {
            percent(step.least)
        };
        format!("≥ {least} → {}", step.points)
    });
    (
        format!("{} · {}{mark}", sheet.effective, criterion.code),
        joined([
            named(frame, &criterion.zh, &criterion.en),
            steps.collect::<Vec<_>>().join("; "),
        ]),
    )
}

/// Hundredths of a per cent as people write them.
pub(in crate::pages) fn percent(hundredths: u64) -> String {
    if hundredths.is_multiple_of(100) {
        format!("{} %", hundredths / 100)
    } else {
        format!("{}.{:02} %", hundredths / 100, hundredths % 100)
    }
}

/// Thousandths as per cent.
fn tenths(permille: i64) -> String {
    format!("{}.{}", permille / 10, permille % 10)
}

fn comparison_limit(t: &Text, limit: &lifeline_core::governance::ComparisonLimit) -> String {
    t.a(
        "policy-comparison-limit",
        &[
            ("agreement", &tenths(limit.agreement)),
            ("steps", &limit.steps),
            ("bias", &tenths(limit.bias)),
            ("each", &tenths(limit.each)),
            ("share", &tenths(limit.share)),
        ],
    )
}

/// What a rule asks for and of whom.
fn need_rule(frame: &Frame, rule: &lifeline_core::policy::NeedRule) -> String {
    let t = &frame.t;
    let mut parts = vec![crate::pages::person::need(frame, rule.kind)];
    if let Some(days) = rule.younger_than_days {
        parts.push(t.a("policy-need-younger", &[("count", &days)]));
    }
    if let Some(sex) = rule.sex {
        parts.push(t.m(&format!("sex-{}", sex.as_str())));
    }
    if let Some(least) = rule.transfusions_at_least {
        parts.push(t.a("policy-need-transfused", &[("count", &least)]));
    }
    parts.extend(rule.diagnoses.iter().chain(&rule.wards).cloned());
    parts.join(" · ")
}

/// A name in the reader's language.
pub(in crate::pages) fn named(frame: &Frame, zh: &str, en: &str) -> String {
    match frame.lang() {
        crate::web::Lang::En => en.to_owned(),
        crate::web::Lang::ZhCn => zh.to_owned(),
    }
}

fn joined(parts: impl IntoIterator<Item = String>) -> String {
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(" · ")
}

fn action_words(t: &Text, action: Action) -> String {
    t.m(&format!("action-{}", action.name().replace('.', "-")))
}

fn compatibility(
    frame: &Frame,
    component: Component,
    table: &Compatibility,
) -> Vec<(String, String)> {
    let t = &frame.t;
    let name = blood::component(frame, component);
    let mut rows: Vec<(String, String)> = Abo::ALL
        .into_iter()
        .map(|recipient| {
            let given = table.abo.get(&recipient).map(|types| groups(types));
            let under = table
                .conditional
                .get(&recipient)
                .filter(|types| !types.is_empty())
                .map(|types| t.a("policy-conditional", &[("groups", &groups(types))]))
                .unwrap_or_default();
            let given = given.unwrap_or_else(|| "—".into());
            (
                format!("{name} → {recipient}"),
                format!("{given}  {under}").trim().to_owned(),
            )
        })
        .collect();
    rows.push((
        format!("{name} → {}", t.m("group-abo-unknown")),
        groups(&table.unknown),
    ));
    let rhd = match table.rhd {
        lifeline_core::policy::Rhd::Match => "policy-rhd-match",
        lifeline_core::policy::Rhd::Ignore => "policy-rhd-ignore",
        lifeline_core::policy::Rhd::Advise => "policy-rhd-advise",
    };
    rows.push((format!("{name} · RhD"), t.m(rhd)));
    rows
}

/// The rows that differ, as `before → after`; what is new or gone stands alone.
pub fn changes(frame: &Frame, key: Key, from: &Value, to: &Value) -> Vec<(String, String)> {
    let (from, to) = (rows(frame, key, from), rows(frame, key, to));
    let mut changed = Vec::new();
    for (name, words) in &to {
        match from.iter().find(|(known, _)| known == name) {
            Some((_, before)) if before == words => {}
            Some((_, before)) => changed.push((name.clone(), format!("{before} → {words}"))),
            None => changed.push((name.clone(), format!("+ {words}"))),
        }
    }
    for (name, words) in &from {
        if to.iter().all(|(known, _)| known != name) {
            changed.push((name.clone(), format!("− {words}")));
        }
    }
    changed
}

/// The text a form starts with: a number, a word a line, or the table as JSON.
pub fn typed(value: &Value) -> String {
    let json = |value: serde_json::Result<String>| value.unwrap_or_default();
    match value {
        Value::Minutes(number) | Value::Count(number) => number.to_string(),
        Value::Flag(flag) => flag.to_string(),
        Value::Words(words) => words.join("\n"),
        Value::Ranges(table) => json(serde_json::to_string_pretty(table)),
        Value::Compatibility(table) => json(serde_json::to_string_pretty(table)),
        Value::Grants(table) => json(serde_json::to_string_pretty(table)),
        Value::Products(table) => json(serde_json::to_string_pretty(table)),
        Value::Modifications(table) => json(serde_json::to_string_pretty(table)),
        Value::GradingTables(tables) => json(serde_json::to_string_pretty(tables)),
        Value::NeedRules(table) => json(serde_json::to_string_pretty(table)),
        Value::Names(table) => json(serde_json::to_string_pretty(table)),
        Value::Controls(table) => json(serde_json::to_string_pretty(table)),
        Value::RuleProfiles(table) => json(serde_json::to_string_pretty(table)),
        Value::ScoringSheets(table) => json(serde_json::to_string_pretty(table)),
        Value::ComparisonLimits(table) => json(serde_json::to_string_pretty(table)),
        Value::Assays(table) => json(serde_json::to_string_pretty(table)),
        Value::PatientMonitors(table) => json(serde_json::to_string_pretty(table)),
    }
}

/// Why a text is no value of its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadError {
    /// No whole number.
    Number,
    /// Neither yes nor no.
    Flag,
    /// The table cannot be read: where and why, as the reader says.
    Table {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What the reader says.
        reason: String,
    },
}

impl ReadError {
    /// The error for the person.
    pub fn words(&self, t: &Text) -> String {
        match self {
            Self::Number => t.m("policy-bad-number"),
            Self::Flag => t.m("policy-bad-flag"),
            Self::Table {
                line,
                column,
                reason,
            } => t.a(
                "policy-bad-table",
                &[("line", line), ("column", column), ("reason", reason)],
            ),
        }
    }
}

fn table<T: DeserializeOwned>(text: &str) -> Result<T, ReadError> {
    serde_json::from_str(text).map_err(|error| ReadError::Table {
        line: error.line(),
        column: error.column(),
        reason: error.to_string(),
    })
}

/// Reads what was typed.
///
/// # Errors
/// See [`ReadError`].
pub fn read(key: Key, text: &str) -> Result<Value, ReadError> {
    let number = || text.trim().parse().map_err(|_| ReadError::Number);
    Ok(match key.shape() {
        Shape::Minutes => Value::Minutes(number()?),
        Shape::Count => Value::Count(number()?),
        Shape::Flag => Value::Flag(text.trim().parse().map_err(|_| ReadError::Flag)?),
        Shape::Words => Value::Words(
            text.lines()
                .map(str::trim)
                .filter(|line| !line.is_empty())
                .map(str::to_owned)
                .collect(),
        ),
        Shape::Ranges => Value::Ranges(table(text)?),
        Shape::Compatibility => Value::Compatibility(table(text)?),
        Shape::Grants => Value::Grants(table(text)?),
        Shape::Products => Value::Products(table(text)?),
        Shape::Modifications => Value::Modifications(table(text)?),
        Shape::GradingTables => Value::GradingTables(table(text)?),
        Shape::NeedRules => Value::NeedRules(table(text)?),
        Shape::Names => Value::Names(table(text)?),
        Shape::Controls => Value::Controls(table(text)?),
        Shape::RuleProfiles => Value::RuleProfiles(table(text)?),
        Shape::ScoringSheets => Value::ScoringSheets(table(text)?),
        Shape::ComparisonLimits => Value::ComparisonLimits(table(text)?),
        Shape::Assays => Value::Assays(table(text)?),
        Shape::PatientMonitors => Value::PatientMonitors(table(text)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_form_starts_with_reads_back_as_the_same_value() {
        for entry in lifeline_policy::builtin().unwrap() {
            assert_eq!(read(entry.key, &typed(&entry.value)), Ok(entry.value));
        }
    }

    #[test]
    fn what_is_wrong_with_a_table_is_said_with_its_place() {
        let Err(ReadError::Table { line, .. }) = read(Key::Grants, "{\n\"nobody\": []\n}") else {
            panic!("read")
        };
        assert_eq!(line, 2);
        assert_eq!(read(Key::SessionIdle, "1.5"), Err(ReadError::Number));
        assert_eq!(read(Key::TwoSamples, "maybe"), Err(ReadError::Flag));
    }
}

//! What no policy may change: biology, and that people can always be let in and policies always be put right.

use std::collections::BTreeSet;

use super::{Entry, Grants, Key, NeedRule, Value};
use crate::blood::Abo;
use crate::command::Checks;
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::UserId;
use crate::people::{Action, Role};
use crate::subject::PolicyName;

/// The longest span, in minutes: a hundred years. Longer ones would leave the calendar when added to a date.
const MINUTES_MOST: i64 = 52_560_000;
/// The largest count.
const COUNT_MOST: i64 = 1_000_000;
/// Most entries of a list or table.
const LINES_MOST: usize = 2_000;
/// The zones of the earth, in minutes east of UTC.
const OFFSETS: std::ops::RangeInclusive<i64> = -720..=840;
/// Grades a reaction can have, counted.
const GRADES: std::ops::RangeInclusive<i64> = 1..=4;

/// Adds everything that stands against an entry.
pub(super) fn check(checks: &mut Checks<'_>, hospital: &Hospital, entry: &Entry) {
    let key = entry.key;
    let bad = |why: &'static str| {
        Finding::bad_value("value", why)
            .with("policy", crate::subject::Subject::from(PolicyName(key)))
    };
    if entry.value.shape() != key.shape() {
        checks.find(bad("why-wrong-shape"));
        return;
    }
    match &entry.value {
        Value::Minutes(minutes) => {
            let fits = match key {
                Key::SiteOffset => OFFSETS.contains(minutes),
                Key::SessionIdle => (1..=MINUTES_MOST).contains(minutes),
                _ => (0..=MINUTES_MOST).contains(minutes),
            };
            checks.require(fits, || bad("why-out-of-range"));
        }
        Value::Count(count) => {
            let fits = match key {
                Key::ForwardLeast | Key::AntiDLeast => GRADES.contains(count),
                Key::SignInAttempts => (1..=COUNT_MOST).contains(count),
                _ => (0..=COUNT_MOST).contains(count),
            };
            checks.require(fits, || bad("why-out-of-range"));
        }
        Value::Flag(_) => {}
        Value::Words(words) => list(checks, key, words),
        Value::Ranges(ranges) => {
            checks.require(ranges.values().all(|range| range.low <= range.high), || {
                bad("why-range-upside-down")
            });
        }
        Value::Compatibility(tables) => {
            for (component, table) in tables {
                if !component.carries_red_cells() {
                    continue;
                }
                let listed = table.abo.iter().chain(&table.conditional);
                for (recipient, units) in listed {
                    for unit in units.iter().filter(|unit| unit.cells_lethal_to(*recipient)) {
                        checks.find(
                            lethal(key)
                                .word("component", format!("component-{}", component.as_str()))
                                .with("unit_group", unit.as_str())
                                .with("patient_group", recipient.as_str()),
                        );
                    }
                }
                for unit in table.unknown.iter().filter(|unit| **unit != Abo::O) {
                    checks.find(
                        lethal(key)
                            .word("component", format!("component-{}", component.as_str()))
                            .with("unit_group", unit.as_str())
                            .word("patient_group", "unknown"),
                    );
                }
            }
        }
        Value::Grants(grants) => self::grants(checks, hospital, grants),
        Value::Products(products) => {
            checks.require(products.len() <= LINES_MOST, || bad("why-too-many"));
            checks.require(!products.is_empty(), || bad("why-empty"));
            let named = |text: &str| !text.trim().is_empty();
            let whole = products.iter().all(|(code, product)| {
                code.len() == 5
                    && code.chars().all(|c| c.is_ascii_alphanumeric())
                    && named(&product.zh)
                    && named(&product.en)
            });
            checks.require(whole, || bad("why-product-incomplete"));
        }
        Value::GradingTables(tables) => {
            checks.require(tables.len() <= LINES_MOST, || bad("why-too-many"));
            let once: BTreeSet<_> = tables
                .iter()
                .map(|table| (&table.name, table.effective))
                .collect();
            checks.require(once.len() == tables.len(), || bad("why-listed-twice"));
            let sound = tables.iter().all(|table| {
                let percents = table
                    .items
                    .values()
                    .map(|item| item.pass)
                    .chain(table.overall);
                let weights = table.items.values().map(|item| item.weight);
                !table.name.trim().is_empty()
                    && !table.items.is_empty()
                    && percents.into_iter().all(|pass| pass <= 100)
                    && weights
                        .into_iter()
                        .all(|weight| (1..=1000).contains(&weight))
            });
            checks.require(sound, || bad("why-out-of-range"));
        }
        Value::NeedRules(rules) => {
            checks.require(rules.len() <= LINES_MOST, || bad("why-too-many"));
            let named = |text: &str| !text.trim().is_empty();
            let whole = rules.iter().all(|rule| {
                let words = rule.diagnoses.iter().chain(&rule.wards);
                [&rule.code, &rule.zh, &rule.en]
                    .into_iter()
                    .chain(words)
                    .all(|text| named(text))
            });
            checks.require(whole, || bad("why-empty"));
            checks.require(rules.iter().all(NeedRule::conditional), || {
                bad("why-no-condition")
            });
            let codes: BTreeSet<_> = rules.iter().map(|rule| &rule.code).collect();
            checks.require(codes.len() == rules.len(), || bad("why-listed-twice"));
        }
        Value::Names(names) => {
            checks.require(names.len() <= LINES_MOST, || bad("why-too-many"));
            let named = |text: &String| !text.trim().is_empty();
            checks.require(
                !names.is_empty() && names.iter().all(|(zh, en)| named(zh) && named(en)),
                || bad("why-empty"),
            );
        }
        Value::Modifications(rules) => {
            checks.require(rules.len() <= LINES_MOST, || bad("why-too-many"));
            let spans = rules
                .iter()
                .flat_map(|rule| [rule.lasts_minutes, rule.within_minutes])
                .flatten();
            let mut spans = spans;
            checks.require(spans.all(|span| (1..=MINUTES_MOST).contains(&span)), || {
                bad("why-out-of-range")
            });
            let pairs: BTreeSet<_> = rules
                .iter()
                .map(|rule| (rule.kind, rule.component))
                .collect();
            checks.require(pairs.len() == rules.len(), || bad("why-listed-twice"));
        }
        Value::Controls(controls) => {
            for (why, control) in crate::quality::unsound(controls) {
                checks.find(bad(why).with("control", control));
            }
        }
        Value::RuleProfiles(profiles) => {
            checks.require(profiles.len() <= LINES_MOST, || bad("why-too-many"));
            let names: BTreeSet<_> = profiles.iter().map(|profile| &profile.name).collect();
            checks.require(names.len() == profiles.len(), || bad("why-listed-twice"));
            for wrong in profiles.iter().filter(|profile| profile.check().is_err()) {
                checks.find(bad("why-profile-unsound").with("profile", wrong.name.as_str()));
            }
        }
        Value::ScoringSheets(sheets) => {
            for (why, criterion) in crate::evidence::unsound(sheets) {
                checks.find(bad(why).with("criterion", criterion));
            }
        }
        Value::ComparisonLimits(limits) => {
            for (why, item) in crate::governance::unsound(limits) {
                checks.find(bad(why).with("item", item));
            }
        }
        Value::Assays(assays) => {
            for (why, assay) in crate::measured::assays_unsound(assays) {
                checks.find(bad(why).with("assay", assay));
            }
        }
        Value::PatientMonitors(monitors) => {
            for (why, assay) in crate::measured::monitors_unsound(monitors) {
                checks.find(bad(why).with("assay", assay));
            }
        }
    }
}

fn lethal(key: Key) -> Finding {
    Finding::new(Rule::PolicyForbidden)
        .with("policy", crate::subject::Subject::from(PolicyName(key)))
        .word("why", "why-abo-lethal")
}

fn forbidden(why: &'static str) -> Finding {
    Finding::new(Rule::PolicyForbidden)
        .with(
            "policy",
            crate::subject::Subject::from(PolicyName(Key::Grants)),
        )
        .word("why", why)
}

fn list(checks: &mut Checks<'_>, key: Key, words: &[String]) {
    let bad = |why: &'static str| {
        Finding::bad_value("value", why)
            .with("policy", crate::subject::Subject::from(PolicyName(key)))
    };
    checks.require(words.len() <= LINES_MOST, || bad("why-too-many"));
    checks.require(words.iter().all(|word| !word.trim().is_empty()), || {
        bad("why-empty")
    });
    let once: BTreeSet<_> = words.iter().collect();
    checks.require(once.len() == words.len(), || bad("why-listed-twice"));
    if key == Key::Shifts {
        let times = words
            .iter()
            .all(|word| crate::quality::shift(word).is_some());
        checks.require(times && !words.is_empty(), || bad("why-not-a-time"));
    }
    if key == Key::EvidenceItems {
        let items = words
            .iter()
            .all(|word| crate::evidence::CompatibilityItem::parse(word).is_some());
        checks.require(items && !words.is_empty(), || bad("why-not-listed"));
    }
    if key == Key::LotAcceptance {
        let kinds = words.iter().all(|word| {
            let mut kinds = crate::testing::LotKind::ALL.into_iter();
            kinds.any(|kind| kind.as_str() == word)
        });
        checks.require(kinds, || bad("why-not-listed"));
    }
    if matches!(key, Key::LotOpenLife | Key::LotReorder) {
        let levels = words.iter().map(|word| crate::testing::level(word));
        let sound = levels.into_iter().all(|level| {
            let most = if key == Key::LotReorder {
                COUNT_MOST
            } else {
                MINUTES_MOST
            };
            level.is_some_and(|(_, number)| number <= most)
        });
        checks.require(sound, || bad("why-not-a-level"));
    }
    if key == Key::EvidenceOffered {
        let pairs = words
            .iter()
            .all(|word| word.split_whitespace().count() == 2);
        checks.require(pairs, || bad("why-not-a-pair"));
    }
    if matches!(key, Key::EmergencyRedCells | Key::EmergencyPlasma) {
        let groups: Vec<Option<Abo>> = words.iter().map(|word| Abo::parse(word)).collect();
        checks.require(groups.iter().all(Option::is_some), || {
            bad("why-not-a-group")
        });
        if key == Key::EmergencyRedCells {
            for group in groups.into_iter().flatten().filter(|abo| *abo != Abo::O) {
                checks.find(
                    lethal(key)
                        .with("unit_group", group.as_str())
                        .word("patient_group", "unknown"),
                );
            }
        }
    }
}

/// Who could still do what under these grants: there must be somebody to open accounts, two people to change a policy, and the
/// program's own jobs must run.
fn grants(checks: &mut Checks<'_>, hospital: &Hospital, grants: &Grants) {
    let able = |action: Action| -> BTreeSet<&UserId> {
        hospital
            .people
            .values()
            .filter(|person| person.active && !person.roles.contains(&Role::Device))
            .filter(|person| {
                person.roles.iter().any(|role| {
                    grants
                        .get(role)
                        .is_some_and(|actions| actions.contains(&action))
                })
            })
            .map(|person| &person.id)
            .collect()
    };
    checks.require(!able(Action::UserManage).is_empty(), || {
        forbidden("why-nobody-opens-accounts")
    });
    let (propose, activate) = (able(Action::PolicyPropose), able(Action::PolicyActivate));
    let two = propose
        .iter()
        .any(|one| activate.iter().any(|other| one != other));
    checks.require(two, || forbidden("why-nobody-changes-policies"));
    let device = grants.get(&Role::Device);
    let runs = [Action::SystemRun, Action::MessageFile]
        .iter()
        .all(|action| device.is_some_and(|actions| actions.contains(action)));
    checks.require(runs, || forbidden("why-program-cannot-run"));
}

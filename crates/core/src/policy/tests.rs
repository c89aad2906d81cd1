use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::*;
use crate::blood::{Abo, Component};
use crate::people::SetUserActive;
use crate::testkit::{Trial, by, user};

fn entry(trial: &Trial, key: Key, value: Value) -> ProposePolicy {
    ProposePolicy {
        entry: Entry {
            key,
            value,
            effective: trial.at,
            source: "Local decision 12".into(),
            standing: Standing::Verified,
        },
        reason: "committee of November".into(),
    }
}

fn current(trial: &Trial, key: Key) -> Value {
    trial
        .hospital
        .policies
        .at(key, trial.at)
        .unwrap()
        .entry
        .value
        .clone()
}

#[test]
fn a_change_takes_two_people_and_the_past_keeps_its_policy() {
    let mut trial = Trial::new();
    let before = current(&trial, Key::SessionIdle);
    let proposed_at = trial.at;
    let command = entry(&trial, Key::SessionIdle, Value::Minutes(7));
    trial.run(by("head"), command.clone());
    let proposal = ProposalId(1);
    assert_eq!(current(&trial, Key::SessionIdle), before, "only proposed");
    trial.pass(SignedDuration::from_mins(90));
    let activate = ActivatePolicy { proposal };
    assert_eq!(
        trial.refused(by("head"), activate.clone()),
        ["second-person-same"]
    );
    assert_eq!(
        trial.refused(by("technologist"), activate.clone()),
        ["not-permitted"]
    );
    trial.run(by("quality"), activate.clone());
    assert_eq!(current(&trial, Key::SessionIdle), Value::Minutes(7));
    let then = trial.hospital.policies.at(Key::SessionIdle, proposed_at);
    assert_eq!(then.unwrap().entry.value, before, "not from before now");
    let now = trial
        .hospital
        .policies
        .at(Key::SessionIdle, trial.at)
        .unwrap();
    assert_eq!(
        (&now.proposed_by, &now.activated_by),
        (&user("head"), &user("quality"))
    );
    assert_eq!(trial.refused(by("quality"), activate), ["not-found"]);
    assert_eq!(trial.replayed(), trial.hospital);
}

#[test]
fn a_proposal_waits_for_its_date_and_may_be_dropped() {
    let mut trial = Trial::new();
    let mut command = entry(&trial, Key::NearExpiry, Value::Minutes(2880));
    command.entry.effective = trial.minutes(1440);
    trial.run(by("senior"), command.clone());
    trial.run(
        by("head"),
        ActivatePolicy {
            proposal: ProposalId(1),
        },
    );
    assert_ne!(current(&trial, Key::NearExpiry), Value::Minutes(2880));
    command.entry.value = Value::Minutes(60);
    trial.run(by("senior"), command.clone());
    assert_eq!(
        trial.refused(
            by("head"),
            ActivatePolicy {
                proposal: ProposalId(2)
            }
        ),
        ["bad-value"],
        "two versions cannot begin at one moment"
    );
    let drop = WithdrawPolicy {
        proposal: ProposalId(2),
        reason: "a mistake".into(),
    };
    assert_eq!(
        trial.refused(by("auditor"), drop.clone()),
        ["not-permitted"]
    );
    trial.run(by("quality"), drop);
    assert!(trial.hospital.policies.proposals.is_empty());
    trial.pass(SignedDuration::from_hours(24));
    assert_eq!(current(&trial, Key::NearExpiry), Value::Minutes(2880));
}

#[test]
fn what_is_wrong_with_a_proposal_is_said_all_at_once() {
    let trial = Trial::new();
    let mut command = entry(&trial, Key::SessionIdle, Value::Flag(true));
    command.reason = " ".into();
    command.entry.source = String::new();
    command.entry.effective = trial.minutes(-61);
    let findings = trial.findings(by("head"), command);
    let fields: Vec<String> = findings
        .iter()
        .map(|finding| format!("{:?}", finding.facts[0].value))
        .collect();
    assert_eq!(fields.len(), 4, "{fields:?}");
    let same = current(&trial, Key::SessionIdle);
    let mut command = entry(&trial, Key::SessionIdle, same);
    let now = trial
        .hospital
        .policies
        .at(Key::SessionIdle, trial.at)
        .unwrap();
    command.entry.source = now.entry.source.clone();
    command.entry.standing = now.entry.standing;
    assert_eq!(trial.refused(by("head"), command), ["already-exists"]);
}

#[test]
fn values_that_mean_nothing_are_refused() {
    let trial = Trial::new();
    for (key, value) in [
        (Key::SessionIdle, Value::Minutes(0)),
        (Key::SiteOffset, Value::Minutes(900)),
        (Key::SampleValidity, Value::Minutes(-1)),
        (Key::SampleValidity, Value::Minutes(i64::MAX)),
        (Key::ForwardLeast, Value::Count(5)),
        (Key::SignInAttempts, Value::Count(0)),
        (
            Key::DiscardReasons,
            Value::Words(vec!["a".into(), "a".into()]),
        ),
        (Key::DiscardReasons, Value::Words(vec![" ".into()])),
        (Key::EmergencyPlasma, Value::Words(vec!["C".into()])),
        (Key::Products, Value::Products(BTreeMap::new())),
    ] {
        let refused = trial.refused(by("head"), entry(&trial, key, value.clone()));
        assert_eq!(refused, ["bad-value"], "{key:?} {value:?}");
    }
}

#[test]
fn no_table_may_let_abo_kill() {
    let trial = Trial::new();
    let Value::Compatibility(good) = current(&trial, Key::Compatibility) else {
        panic!("shape")
    };
    for component in Component::ALL {
        for recipient in Abo::ALL {
            for unit in Abo::ALL {
                for conditional in [false, true] {
                    let mut tables = good.clone();
                    let Some(table) = tables.get_mut(&component) else {
                        continue;
                    };
                    let rows = if conditional {
                        &mut table.conditional
                    } else {
                        &mut table.abo
                    };
                    rows.entry(recipient).or_default().push(unit);
                    let command = entry(&trial, Key::Compatibility, Value::Compatibility(tables));
                    let lethal = component.carries_red_cells()
                        && !matches!(
                            (recipient, unit),
                            (_, Abo::O) | (Abo::Ab, _) | (Abo::A, Abo::A) | (Abo::B, Abo::B)
                        );
                    match trial.decide(&by("head"), command) {
                        Ok(_) => assert!(!lethal, "{unit} into {recipient}, {component:?}"),
                        Err(refusal) => {
                            assert!(lethal, "{unit} into {recipient}, {component:?}");
                            assert!(
                                refusal
                                    .findings
                                    .iter()
                                    .all(|f| f.rule == Rule::PolicyForbidden)
                            );
                        }
                    }
                }
            }
        }
    }
    let mut tables = good;
    tables.get_mut(&Component::RedCells).unwrap().unknown = vec![Abo::A];
    for (key, value) in [
        (Key::Compatibility, Value::Compatibility(tables)),
        (
            Key::EmergencyRedCells,
            Value::Words(vec!["O".into(), "B".into()]),
        ),
    ] {
        assert_eq!(
            trial.refused(by("head"), entry(&trial, key, value)),
            ["policy-forbidden"]
        );
    }
}

#[test]
fn no_grants_may_lock_everybody_out() {
    let mut trial = Trial::new();
    let Value::Grants(good) = current(&trial, Key::Grants) else {
        panic!("shape")
    };
    let without = |lost: &[(Role, Action)]| {
        let mut grants = good.clone();
        for (role, action) in lost {
            grants.entry(*role).or_default().remove(action);
        }
        Value::Grants(grants)
    };
    let everywhere = |action: Action| {
        let mut grants = good.clone();
        for actions in grants.values_mut() {
            actions.remove(&action);
        }
        Value::Grants(grants)
    };
    for value in [
        everywhere(Action::UserManage),
        everywhere(Action::PolicyPropose),
        everywhere(Action::PolicyActivate),
        without(&[(Role::Device, Action::SystemRun)]),
        without(&[(Role::Device, Action::MessageFile)]),
        Value::Grants(BTreeMap::new()),
    ] {
        assert_eq!(
            trial.refused(by("head"), entry(&trial, Key::Grants, value)),
            ["policy-forbidden"]
        );
    }
    // One person alone who may do both is nobody to sign a second time.
    for login in [
        "head2",
        "quality",
        "quality2",
        "senior",
        "senior2",
        "administrator2",
    ] {
        trial.run(
            by("administrator"),
            SetUserActive {
                user: user(login),
                active: false,
            },
        );
    }
    let alone = without(&[(Role::Administrator, Action::PolicyPropose)]);
    assert_eq!(
        trial.refused(by("head"), entry(&trial, Key::Grants, alone)),
        ["policy-forbidden"]
    );
    let mut more = good.clone();
    more.insert(Role::Nurse, BTreeSet::from([Action::ViewBoard]));
    trial.run(by("head"), entry(&trial, Key::Grants, Value::Grants(more)));
}

//! What is entered wrongly, and rounds from before this program.

use super::*;

#[test]
fn bad_input_is_named() {
    let mut trial = trial();
    let odd = SaveProgramme {
        table: "nowhere".into(),
        ..programme()
    };
    assert_eq!(trial.refused(by("quality"), odd), ["bad-value"]);
    let mut odd = programme();
    odd.items[0].code = "glucose".into();
    assert_eq!(trial.refused(by("quality"), odd), ["bad-value"]);
    let mut odd = programme();
    odd.items = vec![odd.items[0].clone(), odd.items[0].clone()];
    assert_eq!(trial.refused(by("quality"), odd), ["bad-value"]);
    assert_eq!(trial.refused(by("nurse"), programme()), ["not-permitted"]);
    let round = open(&mut trial, "2026-3");
    let again = OpenRound {
        programme: programme_id(),
        label: "2026-3".into(),
        deadline: trial.minutes(-1),
        samples: 0,
    };
    let codes = trial.findings(by("quality"), again).len();
    assert_eq!(codes, 3, "label twice, deadline past, no samples");
    let mut few = panel(&trial, round);
    few.samples.truncate(4);
    few.received = trial.minutes(5);
    assert_eq!(trial.findings(by("quality"), few).len(), 2);
    let mut broken = panel(&trial, round);
    broken.intact = false;
    assert_eq!(trial.refused(by("quality"), broken), ["bad-value"]);
    trial.run(by("quality"), panel(&trial, round));
    let other = open(&mut trial, "2026-4");
    let mut reused = panel(&trial, other);
    reused.samples[0].tube = tube(round, "01");
    assert_eq!(trial.refused(by("quality"), reused), ["already-exists"]);
    let mut odd = found(&trial, round, "technologist");
    odd.results[0].tube = sample_id("Q9");
    odd.results[1].item = "glucose".into();
    odd.results[2].answer = Answer::Word("much".into());
    assert_eq!(trial.findings(by("technologist"), odd).len(), 3);
    trial.run(by("technologist"), found(&trial, round, "technologist"));
    trial.run(both(), send(round));
    let mut odd = told(round, GROUPS, "120.0");
    odd.targets.remove(0);
    if let Target::Assigned { sigma_pt, .. } = &mut odd.targets[1].target {
        *sigma_pt = number("0");
    }
    assert_eq!(trial.findings(by("quality"), odd).len(), 2);
}

#[test]
fn older_rounds_are_carried_over_by_two_and_join_the_trend() {
    let mut trial = trial();
    let carry = |trial: &Trial, label: &str, days: i64, acceptable| CarryOverRound {
        programme: programme_id(),
        label: label.into(),
        deadline: trial.minutes(-days * DAY),
        reference: "paper".into(),
        submitted: Submitted::OnTime,
        items: vec![
            Carried {
                item: "abo".into(),
                acceptable,
                challenges: 5,
            },
            Carried {
                item: "haemoglobin".into(),
                acceptable: 4,
                challenges: 5,
            },
        ],
    };
    let old = carry(&trial, "2024-1", 700, 4);
    assert_eq!(
        trial.refused(by("quality"), old.clone()),
        ["second-person-needed"]
    );
    let two = || by("quality").with("head");
    assert_eq!(
        trial.refused(two(), carry(&trial, "2024-1", -1, 4)),
        ["bad-value"]
    );
    assert_eq!(
        trial.refused(two(), carry(&trial, "2024-1", 1, 6)),
        ["bad-value"]
    );
    trial.run(two(), old.clone());
    assert_eq!(trial.refused(two(), old), ["already-exists"]);
    trial.run(two(), carry(&trial, "2024-2", 500, 4));
    trial.run(two(), carry(&trial, "2023-1", 900, 5));
    let points = trend(&trial.hospital, &programme_id(), Timestamp::MIN).unwrap();
    let labels: Vec<&str> = points.iter().map(|point| point.label.as_str()).collect();
    assert_eq!(labels, ["2023-1", "2024-1", "2024-2"]);
    let scores: Vec<u32> = points.iter().map(|point| point.score).collect();
    assert_eq!(scores, [9_000, 8_000, 8_000]);
    assert_eq!(points[2].standing, Performance::UnsuccessfulInARow);
    assert_eq!(trial.replayed(), trial.hospital);
}

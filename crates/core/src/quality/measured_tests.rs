//! Measured controls from their first value to the change of the lot.

use jiff::SignedDuration;
use lifeline_qc::shifts::CusumRule;
use lifeline_qc::{Decimal, Limits, Severity};

use super::*;
use crate::command::Command;
use crate::finding::Rule;
use crate::policy::{Key, Value};
use crate::testkit::{Trial, by, lot};

fn code(text: &str) -> ControlCode {
    ControlCode::parse(text).unwrap()
}

fn number(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

fn level(name: &str, material: &str, value: &str) -> Level {
    Level {
        level: code(name),
        material: lot(material),
        shown: Shown::Measured(number(value)),
    }
}

fn draft(trial: &Trial, control: &str, levels: Vec<Level>) -> RunDraft {
    RunDraft {
        control: code(control),
        place: Place::Bench,
        lots: Default::default(),
        levels,
        ran: trial.at,
        repeat: trial
            .hospital
            .quality
            .open_cases()
            .find(|case| case.control == code(control))
            .and_then(|case| case.runs.last().copied())
            .map(|run| (run, "换新支重做".into())),
    }
}

/// Runs one more value of the S/CO control, a day later.
fn next(trial: &mut Trial, material: &str, value: &str) -> JudgedLevel {
    trial.wait(SignedDuration::from_hours(12));
    let mut draft = draft(trial, "nat-ct", vec![level("low", material, value)]);
    draft.lots = [lot("CARD-1")].into();
    trial.run(by("technologist"), RecordControlRun { draft });
    trial.hospital.quality.runs().next_back().unwrap().levels[0].clone()
}

fn state(trial: &Trial) -> CoverState {
    let known = control(&trial.hospital, &code("nat-ct"), trial.at).unwrap();
    let cover = Cover {
        control: code("nat-ct"),
        place: Place::Bench,
        lot: Some(lot("CARD-1")),
        level: code("low"),
    };
    state_of(&trial.hospital, known, &cover, trial.at)
}

#[test]
fn the_instant_method_judges_from_the_third_value_and_drops_what_lies_apart() {
    let mut trial = Trial::with_card();
    let mut verdicts = Vec::new();
    // The vector of the instant method: the seventh value is out, and stays out of the next judgement.
    for value in [
        "2.31", "2.45", "2.38", "2.52", "2.29", "2.41", "2.95", "2.36", "2.44",
    ] {
        verdicts.push(next(&mut trial, "QC-1", value));
    }
    let words: Vec<&str> = verdicts.iter().map(|one| one.verdict.as_str()).collect();
    assert_eq!(
        words,
        [
            "establishing",
            "establishing",
            "accepted",
            "accepted",
            "accepted",
            "accepted",
            "rejected",
            "accepted",
            "accepted"
        ]
    );
    let Because::Instant {
        values,
        index,
        limit,
    } = &verdicts[6].because[0]
    else {
        panic!("{:?}", verdicts[6].because)
    };
    assert_eq!(
        (*values, index.as_str(), limit.as_str()),
        (7, "2.1235", "2.0973")
    );
    let known = control(&trial.hospital, &code("nat-ct"), trial.at).unwrap();
    let of = (&lot("QC-1"), &code("low"));
    assert_eq!(counted(&trial.hospital, known, of, trial.at).len(), 8);
    assert_eq!(trial.hospital.quality.open_cases().count(), 1);
}

#[test]
fn the_first_values_cover_nothing_and_the_third_does() {
    let mut trial = Trial::with_card();
    next(&mut trial, "QC-1", "34.1");
    assert!(matches!(
        state(&trial),
        CoverState::Lacking(Lacking::Establishing(_))
    ));
    next(&mut trial, "QC-1", "34.4");
    assert!(matches!(
        state(&trial),
        CoverState::Lacking(Lacking::Establishing(_))
    ));
    next(&mut trial, "QC-1", "34.2");
    assert!(matches!(state(&trial), CoverState::Run { .. }));
}

/// Twenty values of a lot over ten days, mean 34.0.
fn twenty(trial: &mut Trial, material: &str) {
    for turn in 0..20 {
        let value = ["33.8", "34.0", "34.2", "34.0"][turn % 4];
        next(trial, material, value);
    }
}

fn adopt(
    trial: &Trial,
    material: &str,
    basis: Basis,
) -> Result<AdoptTarget, crate::finding::Finding> {
    let known = control(&trial.hospital, &code("nat-ct"), trial.at).unwrap();
    let of = (&lot(material), &code("low"));
    let found = proposal(&trial.hospital, known, of, basis, trial.at)?;
    Ok(AdoptTarget {
        control: code("nat-ct"),
        material: lot(material),
        level: code("low"),
        basis,
        seen: found.limits,
        reason: "前20次测定值".into(),
    })
}

#[test]
fn twenty_values_give_limits_and_a_signature_puts_them_in_force() {
    let mut trial = Trial::with_card();
    for turn in 0..19 {
        next(
            &mut trial,
            "QC-1",
            ["33.8", "34.0", "34.2", "34.0"][turn % 4],
        );
    }
    let early = adopt(&trial, "QC-1", Basis::Initial).unwrap_err();
    assert_eq!(early.rule, Rule::BadValue);
    let last = next(&mut trial, "QC-1", "34.0");
    assert_eq!(
        last.limits, None,
        "the twentieth is still judged by the instant method"
    );
    // From the twenty-first on the limits of the first twenty hold, signed or not.
    let judged = next(&mut trial, "QC-1", "34.1");
    let limits = judged.limits.unwrap();
    assert_eq!(limits.mean().to_string(), "34.00");
    assert_eq!(limits.sd().to_string(), "0.145");
    assert_eq!(judged.z.as_deref(), Some("0.69"));
    let sign = adopt(&trial, "QC-1", Basis::Initial).unwrap();
    assert_eq!(sign.seen, limits, "the first twenty, not the twenty-first");
    let mut other = sign.clone();
    other.seen = Limits::new(number("34"), number("0.2")).unwrap();
    assert_eq!(trial.refused(by("quality"), other), [Rule::BadValue.code()]);
    trial.run(by("quality"), sign);
    let target = &trial
        .hospital
        .quality
        .targets(&code("nat-ct"), &lot("QC-1"), &code("low"))[0];
    assert_eq!((target.basis, target.values), (Basis::Initial, 20));
    // Out by the signed limits; the cumulative target leaves it out.
    let out = next(&mut trial, "QC-1", "34.6");
    assert_eq!(out.verdict, Verdict::Rejected);
    let cumulative = adopt(&trial, "QC-1", Basis::Cumulative).unwrap();
    assert_eq!(cumulative.seen.mean().to_string(), "34.00");
    trial.run(by("quality"), cumulative);
    let target = &trial
        .hospital
        .quality
        .targets(&code("nat-ct"), &lot("QC-1"), &code("low"))[1];
    assert_eq!(target.values, 21);
    assert_eq!(trial.replayed(), trial.hospital);
}

#[test]
fn values_of_one_day_are_not_signed() {
    let mut trial = Trial::with_card();
    for turn in 0..21 {
        trial.wait(SignedDuration::from_mins(10));
        let value = ["33.8", "34.0", "34.2", "34.0"][turn % 4];
        let mut draft = draft(&trial, "nat-ct", vec![level("low", "QC-1", value)]);
        draft.lots = [lot("CARD-1")].into();
        trial.run(by("technologist"), RecordControlRun { draft });
    }
    let refused = adopt(&trial, "QC-1", Basis::Initial).unwrap_err();
    assert!(
        format!("{refused:?}").contains("why-too-few-days"),
        "{refused:?}"
    );
}

#[test]
fn values_without_spread_give_no_limits_and_say_so() {
    let mut trial = Trial::with_card();
    for _ in 0..20 {
        let judged = next(&mut trial, "QC-1", "34.0");
        assert_ne!(judged.verdict, Verdict::Rejected);
    }
    trial.wait(SignedDuration::from_hours(12));
    let mut draft = draft(&trial, "nat-ct", vec![level("low", "QC-1", "34.0")]);
    draft.lots = [lot("CARD-1")].into();
    let command: Command = RecordControlRun { draft }.into();
    let findings = trial.findings(by("technologist"), command.clone());
    assert!(
        format!("{findings:?}").contains("why-sd-zero"),
        "{findings:?}"
    );
    // A target given by hand lets it be run.
    let set = |sd: &str| SetTarget {
        control: code("nat-ct"),
        material: lot("QC-1"),
        level: code("low"),
        mean: number("34.0"),
        sd: number(sd),
        basis: Basis::Assigned,
        values: 0,
        reason: "分辨率有限，按厂家SD".into(),
    };
    let zero = trial.findings(by("quality"), set("0"));
    assert!(format!("{zero:?}").contains("why-sd-zero"));
    trial.run(by("quality"), set("0.3"));
    trial.run(by("technologist"), command);
}

#[test]
fn a_new_lot_runs_beside_the_old_one_until_its_target_is_signed() {
    let mut trial = Trial::with_card();
    twenty(&mut trial, "QC-1");
    next(&mut trial, "QC-1", "34.0");
    let sign = adopt(&trial, "QC-1", Basis::Initial).unwrap();
    trial.run(by("quality"), sign);
    trial.control_lot("QC-2");
    assert!(
        adopt(&trial, "QC-2", Basis::Parallel).is_err(),
        "no value of it yet"
    );
    for turn in 0..10 {
        assert_eq!(next(&mut trial, "QC-1", "34.0").verdict, Verdict::Accepted);
        // At the same moment, the other lot: it neither covers nor takes the cover away.
        let value = if turn == 5 {
            "40.0"
        } else {
            ["30.1", "29.9", "30.0"][turn % 3]
        };
        let mut draft = draft(&trial, "nat-ct", vec![level("low", "QC-2", value)]);
        draft.lots = [lot("CARD-1")].into();
        trial.run(by("technologist"), RecordControlRun { draft });
        let run = trial.hospital.quality.runs().next_back().unwrap();
        assert_eq!(run.verdict(), Verdict::Establishing);
        assert_eq!(counts(&run.levels[0]), turn != 5, "turn {turn}");
        assert!(matches!(state(&trial), CoverState::Run { .. }));
    }
    assert_eq!(trial.hospital.quality.open_cases().count(), 0);
    assert!(
        adopt(&trial, "QC-2", Basis::Parallel).is_err(),
        "nine values"
    );
    next(&mut trial, "QC-2", "30.1");
    // Out with the old lot: a value of the new one beside it does not help.
    let out = next(&mut trial, "QC-1", "35.0");
    assert_eq!(out.verdict, Verdict::Rejected);
    trial.wait(SignedDuration::from_mins(5));
    let mut draft = draft(&trial, "nat-ct", vec![level("low", "QC-2", "30.0")]);
    draft.lots = [lot("CARD-1")].into();
    trial.run(by("technologist"), RecordControlRun { draft });
    assert!(matches!(
        state(&trial),
        CoverState::Lacking(Lacking::Out(_))
    ));
    // The new lot's own mean, the old lot's relative scatter.
    let sign = adopt(&trial, "QC-2", Basis::Parallel).unwrap();
    assert_eq!(sign.seen.mean().to_string(), "30.02");
    let cv = 100.0 * sign.seen.sd().to_f64() / sign.seen.mean().to_f64();
    let known = control(&trial.hospital, &code("nat-ct"), trial.at).unwrap();
    let old: Vec<Decimal> = counted(
        &trial.hospital,
        known,
        (&lot("QC-1"), &code("low")),
        trial.at,
    )
    .iter()
    .map(|one| one.value)
    .collect();
    let old = lifeline_qc::statistics::Moments::of(&old)
        .cv_percent()
        .unwrap();
    assert!((cv - old).abs() < 0.01, "{cv} {old}");
    trial.run(by("quality"), sign);
    let judged = next(&mut trial, "QC-2", "30.0");
    assert_eq!(judged.verdict, Verdict::Accepted);
    assert_eq!(trial.replayed(), trial.hospital);
}

/// A hospital whose profile `modern-n2` has a CUSUM besides.
fn with_cusum() -> Trial {
    let mut trial = Trial::with_card();
    let mut entry = trial
        .hospital
        .policies
        .at(Key::RuleProfiles, trial.at)
        .unwrap()
        .entry
        .clone();
    let Value::RuleProfiles(profiles) = &mut entry.value else {
        panic!("profiles")
    };
    for profile in profiles.iter_mut().filter(|one| one.name == "modern-n2") {
        profile.version = 2;
        profile.cusum = Some(CusumRule {
            k: number("1.0"),
            h: number("2.7"),
            severity: Severity::Reject,
        });
    }
    entry.effective = trial.at;
    trial.given(crate::policy::PolicyEvent::Adopted { entry });
    trial
}

#[test]
fn a_cusum_of_the_profile_finds_a_shift_and_a_correction_ends_it() {
    let mut trial = with_cusum();
    let set = SetTarget {
        control: code("nat-ct"),
        material: lot("QC-1"),
        level: code("low"),
        mean: number("34.0"),
        sd: number("0.2"),
        basis: Basis::Maker,
        values: 0,
        reason: "厂家靶值".into(),
    };
    trial.run(by("quality"), set);
    // 1.9 SD each, alternating with nothing: no rule of single limits speaks before the sum does.
    let mut judged = Vec::new();
    for value in ["34.38", "34.38", "33.98", "34.38", "34.38", "34.38"] {
        judged.push(next(&mut trial, "QC-1", value));
    }
    let words: Vec<&str> = judged.iter().map(|one| one.verdict.as_str()).collect();
    assert_eq!(words[..5], ["accepted"; 5], "{words:?}");
    let Because::Rule {
        rule,
        scope,
        points,
    } = &judged[5].because[0]
    else {
        panic!("{:?}", judged[5].because)
    };
    assert_eq!(
        (rule.as_str(), scope.as_str()),
        ("CUSUM 1.0/2.7", "within_material")
    );
    assert_eq!(
        points.len(),
        6,
        "the sum did not come back to nothing in between"
    );
    let run = trial.hospital.quality.runs().next_back().unwrap();
    assert_eq!(
        points.last().unwrap().0,
        run.id,
        "the run itself by its number"
    );
    assert_eq!(run.profile.as_ref().unwrap().0, "modern-n2 v2");
    let case = run.case.unwrap();
    // It goes on until something is done about it.
    assert_eq!(next(&mut trial, "QC-1", "34.38").verdict, Verdict::Rejected);
    let correct = CorrectCase {
        case,
        cause: "instrument".into(),
        action: "重新校准".into(),
    };
    trial.run(by("technologist"), correct);
    assert_eq!(next(&mut trial, "QC-1", "34.1").verdict, Verdict::Accepted);
}

#[test]
fn the_month_of_two_levels() {
    let mut trial = Trial::with_card();
    for (name, mean) in [("l1", "126.0"), ("l2", "162.0")] {
        let set = SetTarget {
            control: code("hb"),
            material: lot("QC-1"),
            level: code(name),
            mean: number(mean),
            sd: number("2"),
            basis: Basis::Maker,
            values: 0,
            reason: "厂家靶值".into(),
        };
        trial.run(by("quality"), set);
    }
    let begin = trial.at;
    for (one, two) in [
        ("126", "160"),
        ("128", "162"),
        ("124", "164"),
        ("134", "162"),
    ] {
        trial.wait(SignedDuration::from_hours(24));
        let levels = vec![level("l1", "QC-1", one), level("l2", "QC-1", two)];
        let draft = draft(&trial, "hb", levels);
        trial.run(by("technologist"), RecordControlRun { draft });
    }
    let lines = month(&trial.hospital, begin, trial.minutes(1)).unwrap();
    let of: Vec<&MonthLine> = lines
        .iter()
        .filter(|line| line.control == code("hb"))
        .collect();
    let [one, two] = of[..] else { panic!("{of:?}") };
    assert_eq!(
        (one.summary.points, one.summary.n, one.summary.rejected),
        (4, 3, 1)
    );
    assert_eq!((one.summary.mean, one.summary.sd), (Some(126.0), Some(2.0)));
    assert_eq!(one.summary.bias_percent, Some(0.0));
    assert_eq!(one.summary.in_control_percent, Some(75.0));
    assert_eq!(one.summary.u_rw, Some(2.0));
    assert_eq!(two.summary.n, 4);
    // The policy has an allowable error for haemoglobin: (TEa − |bias|) / CV.
    let cv = one.summary.cv_percent.unwrap();
    assert!((one.summary.sigma.unwrap() - 6.0 / cv).abs() < 1e-9);
    assert!(
        month(&trial.hospital, trial.minutes(1), trial.minutes(2))
            .unwrap()
            .is_empty()
    );
}

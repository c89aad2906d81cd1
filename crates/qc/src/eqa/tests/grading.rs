use super::*;

fn rule(pass: u32, matching: Matching) -> ItemRule {
    ItemRule {
        pass,
        weight: 1,
        matching,
        educational: false,
        provisional: false,
    }
}

fn table() -> GradingTable {
    GradingTable {
        name: "t".into(),
        effective: "2020-01-01".parse().unwrap(),
        zh: "表".into(),
        en: "Table".into(),
        source: "test".into(),
        provisional: false,
        items: [
            ("abo".to_owned(), rule(100, Matching::Exact)),
            ("screen".to_owned(), rule(100, Matching::Exact)),
            ("identification".to_owned(), rule(80, Matching::Antibodies)),
            ("titre".to_owned(), rule(80, Matching::Dilutions(1))),
        ]
        .into(),
        overall: None,
        unsuccessful: Streak {
            in_a_row: 2,
            some: 2,
            of: 3,
        },
        penalties: None,
    }
}

fn answers(item: &str, pairs: &[(&str, &str)]) -> Vec<Answered> {
    (1..)
        .zip(pairs)
        .map(|(number, (expected, reported)): (u32, _)| Answered {
            item: item.into(),
            sample: number.to_string(),
            expected: (*expected).into(),
            reported: (!reported.is_empty()).then(|| (*reported).into()),
        })
        .collect()
}

fn event(answers: Vec<Answered>) -> Event {
    Event {
        submitted: Submitted::OnTime,
        answers,
    }
}

#[test]
fn a_hundred_per_cent_item_forgives_nothing() {
    let good = [("A", "A"), ("B", "B"), ("O", "O"), ("AB", "AB"), ("A", "A")];
    let graded = grade(&table(), &event(answers("abo", &good))).unwrap();
    assert!(graded.satisfactory);
    assert_eq!(graded.items["abo"].score(), 10_000);
    let one = [("A", "A"), ("B", "B"), ("O", "O"), ("AB", "A"), ("A", "A")];
    let graded = grade(&table(), &event(answers("abo", &one))).unwrap();
    assert!(!graded.satisfactory);
    assert_eq!(graded.items["abo"].score(), 8_000);
    assert_eq!(graded.items["abo"].errors["4"], ErrorKind::Wrong);
}

#[test]
fn eighty_per_cent_of_five_is_four() {
    let four = [
        ("K", "anti-K"),
        ("D,C", "C + D"),
        ("none", "negative"),
        ("E", "E"),
        ("c", "C"),
    ];
    let graded = grade(&table(), &event(answers("identification", &four))).unwrap();
    assert!(graded.satisfactory, "C is not c, and four of five suffice");
    let three = [
        ("K", "k"),
        ("D", "D"),
        ("E", "E"),
        ("c", "C"),
        ("Fya", "Fya"),
    ];
    assert!(
        !grade(&table(), &event(answers("identification", &three)))
            .unwrap()
            .satisfactory
    );
}

#[test]
fn late_and_absent_score_nothing() {
    for submitted in [Submitted::Late, Submitted::Absent] {
        let all_right = Event {
            submitted,
            answers: answers("abo", &[("A", "A"), ("O", "O")]),
        };
        let graded = grade(&table(), &all_right).unwrap();
        assert_eq!((graded.score, graded.satisfactory), (0, false));
        assert_eq!(graded.items["abo"].acceptable, 0);
    }
}

#[test]
fn a_missing_answer_and_false_negatives_are_told_apart() {
    let given = [
        ("+", "阴性"),
        ("neg", "Positive"),
        ("+", ""),
        ("阳性", "+"),
        ("-", "−"),
    ];
    let graded = grade(&table(), &event(answers("screen", &given))).unwrap();
    let errors = &graded.items["screen"].errors;
    assert_eq!(errors["1"], ErrorKind::FalseNegative);
    assert_eq!(errors["2"], ErrorKind::FalsePositive);
    assert_eq!(errors["3"], ErrorKind::Missing);
    assert_eq!(graded.items["screen"].acceptable, 2);
    let missed = answers("identification", &[("K,E", "K"), ("K", "K,E"), ("K", "E")]);
    let graded = grade(&table(), &event(missed)).unwrap();
    let kinds: Vec<_> = graded.items["identification"]
        .errors
        .values()
        .copied()
        .collect();
    assert_eq!(
        kinds,
        [
            ErrorKind::FalseNegative,
            ErrorKind::FalsePositive,
            ErrorKind::Wrong
        ]
    );
}

#[test]
fn a_titre_may_be_one_dilution_off() {
    let given = [
        ("64", "1:128"),
        ("64", "32"),
        ("64", "16"),
        ("64", "64"),
        ("64", "256"),
    ];
    let graded = grade(&table(), &event(answers("titre", &given))).unwrap();
    assert_eq!(graded.items["titre"].acceptable, 3);
    assert_eq!(titre_median(&["16", "1:64", "32"]).unwrap(), 32.0);
    close(titre_median(&["32", "64"]).unwrap(), 45.254834, 1e-6);
    let bad = event(answers("titre", &[("64", "much")]));
    assert!(matches!(
        grade(&table(), &bad),
        Err(TableError::Titre { .. })
    ));
    assert!(same_answer(Matching::Dilutions(1), "45.254834", "64").unwrap());
}

#[test]
fn two_in_a_row_or_two_of_three() {
    let table = table();
    let stands = |history: &[bool]| {
        let events: Vec<_> = history.iter().map(|good| (*good, 0)).collect();
        performance(&table, &events)
    };
    assert_eq!(stands(&[]), Performance::Successful);
    assert_eq!(stands(&[false]), Performance::Successful);
    assert_eq!(stands(&[false, false]), Performance::UnsuccessfulInARow);
    assert_eq!(
        stands(&[false, true, false]),
        Performance::UnsuccessfulAmongLast
    );
    assert_eq!(
        stands(&[false, false, true]),
        Performance::UnsuccessfulAmongLast
    );
    assert_eq!(stands(&[false, false, true, true]), Performance::Successful);
    assert_eq!(stands(&[false, true, true, false]), Performance::Successful);
}

#[test]
fn penalties_add_up_over_exercises() {
    let mut table = table();
    let points = |kind, points| [(kind, points)].into();
    table.penalties = Some(Penalties {
        points: [
            ("abo".to_owned(), points(ErrorKind::Wrong, 100)),
            ("screen".to_owned(), points(ErrorKind::FalseNegative, 40)),
        ]
        .into(),
        absent: 50,
        threshold: 100,
        exercises: 3,
    });
    let missed = grade(&table, &event(answers("screen", &[("+", "-"), ("+", "+")]))).unwrap();
    assert_eq!((missed.points, missed.satisfactory), (40, true));
    let wrong = grade(&table, &event(answers("abo", &[("A", "B")]))).unwrap();
    assert_eq!((wrong.points, wrong.satisfactory), (100, false));
    let absent = Event {
        submitted: Submitted::Absent,
        answers: answers("abo", &[("A", "")]),
    };
    assert_eq!(grade(&table, &absent).unwrap().points, 50);
    let history = [(true, 40), (true, 40), (true, 40)];
    assert_eq!(performance(&table, &history), Performance::TooManyPoints);
    assert_eq!(performance(&table, &history[..2]), Performance::Successful);
    let old = [(true, 40), (true, 40), (true, 0), (true, 40)];
    assert_eq!(performance(&table, &old), Performance::Successful);
}

#[test]
fn the_table_of_the_day_is_taken() {
    let older = table();
    let newer = GradingTable {
        effective: "2025-01-01".parse().unwrap(),
        ..table()
    };
    let tables = [newer.clone(), older.clone()];
    let on = |day: &str| in_force(&tables, "t", day.parse().unwrap()).map(|t| t.effective);
    assert_eq!(on("2019-12-31"), None);
    assert_eq!(on("2024-12-31"), Some(older.effective));
    assert_eq!(on("2025-01-01"), Some(newer.effective));
    assert!(in_force(&tables, "u", newer.effective).is_none());
}

#[test]
fn what_the_table_does_not_know_is_refused() {
    assert_eq!(
        grade(&table(), &event(Vec::new())),
        Err(TableError::Nothing)
    );
    let unknown = event(answers("glucose", &[("1", "1")]));
    assert!(matches!(
        grade(&table(), &unknown),
        Err(TableError::UnknownItem { .. })
    ));
    let untold = event(answers("abo", &[("", "A")]));
    assert!(matches!(
        grade(&table(), &untold),
        Err(TableError::NoTarget { .. })
    ));
}

#[test]
fn mode_and_median_of_ordered_grades() {
    let found = ordinal(&[20, 18, 10, 2]).unwrap();
    assert_eq!((found.modes, found.median), (vec![1], (2, 2)));
    let split = ordinal(&[2, 0, 2]).unwrap();
    assert_eq!((split.modes, split.median), (vec![1, 3], (1, 3)));
    assert_eq!(ordinal(&[0, 0]), None);
}

#[test]
fn the_figures_of_a_programme_report() {
    // HPV programme, Shanghai 2020-22: 135 of 140 laboratories, 685 of 700 samples.
    let score = |acceptable, challenges| {
        ItemGrade {
            acceptable,
            challenges,
            pass: 80,
            satisfactory: true,
            provisional: false,
            points: 0,
            errors: Default::default(),
        }
        .score()
    };
    assert_eq!(score(135, 140), 9_643);
    assert_eq!(score(685, 700), 9_786);
}

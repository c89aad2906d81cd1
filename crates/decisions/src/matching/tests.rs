use std::path::{Path, PathBuf};

use serde_json::Value;

use super::synthetic::{Dice, Population, instance};
use super::*;

const NAMES: [&str; 5] = [
    "s00_tiny_bruteforce",
    "s01_small_eur",
    "s02_small_han",
    "s03_regional_eur",
    "s04_shortage",
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/samples/matching")
}

fn sample(name: &str) -> (String, Value) {
    let read = |file: String| std::fs::read_to_string(folder().join(file)).unwrap();
    let expected = serde_json::from_str(&read(format!("{name}.expected.json"))).unwrap();
    (read(format!("{name}.json")), expected)
}

fn effort(stop: &mut dyn FnMut() -> bool) -> Effort<'_> {
    Effort {
        exchanges: 2_000_000,
        bound_steps: 300,
        stop,
    }
}

#[test]
fn every_sample_reaches_its_optimum_of_model_t() {
    for name in NAMES {
        let (text, expected) = sample(name);
        let plan = Day::solve(Instance::from_json(&text).unwrap())
            .unwrap()
            .plan();
        let wanted = &expected["model_T"];
        assert_eq!(plan.level1, wanted["level1"].as_i64().unwrap(), "{name}");
        let level2 = wanted["level2"].as_f64().unwrap();
        assert!(
            (plan.level2 - level2).abs() < 1e-4,
            "{name}: {}",
            plan.level2
        );
        assert_eq!(plan.status, Status::Optimal);
    }
}

#[test]
fn every_sample_scores_in_model_z_and_its_bound_holds() {
    for name in NAMES {
        let (text, expected) = sample(name);
        let day = Day::solve(Instance::from_json(&text).unwrap()).unwrap();
        let plan = day.refine(&mut effort(&mut || false));
        let number = |at: &str, field: &str| expected[at][field].as_f64().unwrap();
        let best = number("model_Z", "level2_best_found");
        let fifo = number("baseline_fifo", "level2_Z");
        let level2 = (plan.level2 * 1e6).round() / 1e6;
        let score = (fifo - level2) / (fifo - best);
        assert_eq!(plan.level1, expected["model_Z"]["level1"].as_i64().unwrap());
        assert!((0.99..1.0000001).contains(&score), "{name}: {score}");
        assert!(plan.bound <= best + 1e-6, "{name}: {}", plan.bound);
        let span = fifo - best;
        assert!(plan.bound > best - 0.05 * span, "{name}: {}", plan.bound);
    }
}

#[test]
fn the_yardstick_of_every_score_is_what_the_samples_state() {
    for name in NAMES {
        let (text, expected) = sample(name);
        let day = Day::solve(Instance::from_json(&text).unwrap()).unwrap();
        let given = baseline::oldest_first(&day);
        let wanted = &expected["baseline_fifo"];
        let (level1, level2) = day.score(&given, Model::Z);
        assert_eq!(level1, wanted["level1"].as_i64().unwrap(), "{name}");
        let level2 = problem::cost_of(level2);
        let stated = wanted["level2_Z"].as_f64().unwrap();
        assert!((level2 - stated).abs() < 1e-5, "{name}: {level2}");
    }
}

#[test]
fn more_work_never_finds_less() {
    const COOLING: u64 = 60_000;
    let day = Day::solve(instance(Population::Han, 120, 85, 3).unwrap()).unwrap();
    let found = |exchanges: u64| {
        let mut effort = Effort {
            exchanges,
            bound_steps: 20,
            stop: &mut || false,
        };
        let plan = day.refined(&mut effort, COOLING);
        assert!(!plan.cut_short);
        plan.level2
    };
    let mut best = f64::INFINITY;
    // In parts of a cooling and of the next one.
    for exchanges in [COOLING, COOLING * 2, COOLING * 3, COOLING * 5, COOLING * 7] {
        let now = found(exchanges);
        assert!(now <= best, "{exchanges}: {now} after {best}");
        best = now;
    }
}

#[test]
fn plans_are_the_same_every_time() {
    let text = sample("s02_small_han").0;
    let plans: Vec<Plan> = (0..2)
        .map(|_| {
            let day = Day::solve(Instance::from_json(&text).unwrap()).unwrap();
            assert_eq!(day.plan(), day.plan());
            day.refine(&mut effort(&mut || false))
        })
        .collect();
    assert_eq!(plans[0], plans[1]);
}

/// Both levels of the best assignment by trying all.
fn brute(day: &Day, model: Model) -> (i64, i64) {
    fn deeper(
        day: &Day,
        model: Model,
        unit: usize,
        left: &mut Vec<u32>,
        given: &mut Vec<(u32, u32)>,
        best: &mut Option<(i64, i64)>,
    ) {
        if unit == day.instance().units.len() {
            let score = day.score(given, model);
            *best = Some(best.map_or(score, |known| known.min(score)));
            return;
        }
        deeper(day, model, unit + 1, left, given, best);
        let kinds = &day.problem().kinds;
        let kind = kinds
            .iter()
            .position(|k| k.contains(&(unit as u32)))
            .unwrap();
        for request in 0..left.len() {
            if left[request] > 0 && day.problem().possible(request, kind) {
                left[request] -= 1;
                given.push((unit as u32, request as u32));
                deeper(day, model, unit + 1, left, given, best);
                given.pop();
                left[request] += 1;
            }
        }
    }
    let mut best = None;
    let mut left = day.problem().wanted.clone();
    deeper(day, model, 0, &mut left, &mut Vec::new(), &mut best);
    best.unwrap()
}

#[test]
fn tiny_days_agree_with_trying_everything() {
    for seed in 0..60 {
        let population = [Population::Han, Population::European][seed as usize % 2];
        let day = Day::solve(instance(population, 7, 4, seed).unwrap()).unwrap();
        let plan = day.plan();
        let best = brute(&day, Model::T);
        assert_eq!(day.score(&plan.assignment, Model::T), best, "seed {seed}");
        let best = brute(&day, Model::Z);
        let refined = day.refine(&mut Effort {
            exchanges: 60_000,
            bound_steps: 100,
            stop: &mut || false,
        });
        assert_eq!(
            day.score(&refined.assignment, Model::Z),
            best,
            "seed {seed}"
        );
        assert!(
            refined.bound <= problem::cost_of(best.1) + 1e-9,
            "seed {seed}"
        );
    }
}

/// Any plan that random hands put together.
fn random_plan(day: &Day, dice: &mut Dice) -> Vec<(u32, u32)> {
    let mut left = day.problem().wanted.clone();
    let mut order: Vec<(u32, usize)> = Vec::new();
    for (kind, members) in day.problem().kinds.iter().enumerate() {
        order.extend(members.iter().map(|unit| (*unit, kind)));
    }
    for place in (1..order.len()).rev() {
        order.swap(place, dice.below(place as u32 + 1) as usize);
    }
    let mut plan = Vec::new();
    for (unit, kind) in order {
        let first = dice.below(left.len() as u32) as usize;
        let open = (0..left.len()).map(|step| (first + step) % left.len());
        let mut fits = open.filter(|request| day.problem().possible(*request, kind));
        if let Some(request) = fits.find(|request| left[*request] > 0) {
            left[request] -= 1;
            plan.push((unit, request as u32));
        }
    }
    plan
}

#[test]
fn no_plan_found_at_random_is_better() {
    let mut dice = Dice(7);
    for seed in 0..4 {
        let day = Day::solve(instance(Population::Han, 60, 40, seed).unwrap()).unwrap();
        let plan = day.plan();
        let best = day.score(&plan.assignment, Model::T);
        for _ in 0..500 {
            let other = random_plan(&day, &mut dice);
            assert!(day.score(&other, Model::T) >= best);
        }
    }
}

#[test]
fn one_request_more_equals_solving_the_day_again() {
    for seed in 0..20 {
        let whole = instance(Population::European, 50, 35, seed).unwrap();
        let mut fewer = whole.clone();
        let mut late = fewer.requests.pop().unwrap();
        late.lead = 0;
        let mut day = Day::solve(fewer.clone()).unwrap();
        let before = day.by_unit();
        let change = day.add(late.clone()).unwrap();
        // The same weights as the smaller day had: a request more that cannot be served keeps the scale.
        let after = day.by_unit();
        for (unit, from, to) in &change.moved {
            assert_eq!(before[*unit as usize], *from);
            assert_eq!(after[*unit as usize], *to);
            assert_ne!(from, to);
        }
        let differ = (0..before.len()).filter(|unit| before[*unit] != after[*unit]);
        assert!(differ.eq(change.moved.iter().map(|(unit, ..)| *unit as usize)));
        let mut parties: Vec<u32> = change.requests.clone();
        parties.retain(|request| {
            let party = Some(*request);
            change
                .moved
                .iter()
                .any(|(_, from, to)| *from == party || *to == party)
        });
        let named = change.moved.iter().flat_map(|(_, from, to)| [*from, *to]);
        assert!(named.flatten().all(|request| parties.contains(&request)));
        let plan = day.plan();
        let mut again = fewer;
        again.requests.insert(0, late);
        // A bag missing today weighs one more in the larger day, which no optimum of these days feels.
        let fresh = Day::solve(again).unwrap().plan();
        assert!((plan.level2 - fresh.level2).abs() < 1e-6, "seed {seed}");
        assert_eq!(plan.assignment.len(), fresh.assignment.len());
    }
}

#[test]
fn the_older_of_two_like_bags_goes_first() {
    let mut day = instance(Population::Han, 2, 1, 3).unwrap();
    let mut twin = day.units[0].clone();
    twin.id = "OLD".into();
    twin.age = day.units[0].age + 5;
    twin.phenotype = day.requests[0].phenotype;
    day.units[0].phenotype = twin.phenotype;
    day.units[0].age = 3;
    twin.age = 20;
    day.units = vec![day.units[0].clone(), twin];
    day.requests[0].wanted = 1;
    let day = Day::solve(day).unwrap();
    assert_eq!(day.plan().assignment, vec![(1, 0)]);
}

#[test]
fn an_antigen_that_was_not_tested_is_never_given_where_it_must_be_absent() {
    let mut today = instance(Population::Han, 40, 20, 5).unwrap();
    let e = today.bit("E");
    for unit in &mut today.units {
        unit.phenotype.negative &= !e;
    }
    let mut request = today.requests[0].clone();
    request.id = "anti-E".into();
    request.phenotype.positive &= !e;
    request.phenotype.negative |= e;
    request.antibodies = e;
    today.requests = vec![request];
    let plan = Day::solve(today).unwrap().plan();
    assert!(plan.assignment.is_empty());
}

#[test]
fn what_is_wrong_in_a_file_is_named() {
    let good: Value = serde_json::from_str(&sample("s01_small_eur").0).unwrap();
    let wrong = |change: &dyn Fn(&mut Value)| {
        let mut bad = good.clone();
        change(&mut bad);
        let error = Instance::from_json(&bad.to_string()).unwrap_err();
        format!("{error}")
    };
    type Case<'a> = (&'a dyn Fn(&mut Value), &'a str, &'a str);
    let cases: [Case<'_>; 14] = [
        (
            &|v| v["units"][3]["age"] = (-4).into(),
            "units[3] (U0003)",
            "\"age\"",
        ),
        (
            &|v| {
                v["units"][3].as_object_mut().unwrap().remove("age");
            },
            "units[3] (U0003)",
            "missing",
        ),
        (
            &|v| v["units"][5]["id"] = "U0002".into(),
            "units[5] (U0002)",
            "twice",
        ),
        (
            &|v| v["requests"][2]["id"] = "R0001".into(),
            "requests[2]",
            "twice",
        ),
        (
            // Neither C nor c.
            &|v| v["units"][0]["ag"] = "0110001011011101100".into(),
            "units[0]",
            "impossible phenotype",
        ),
        (
            &|v| v["units"][1]["ag"] = "01".into(),
            "units[1]",
            "2 signs",
        ),
        (
            &|v| v["units"][1]["ag"] = "x111101011011101100".into(),
            "units[1]",
            "'x'",
        ),
        (
            &|v| v["requests"][0]["antibodies"] = serde_json::json!(["k"]),
            "requests[0]",
            "contradictory",
        ),
        (
            &|v| v["requests"][0]["antibodies"] = serde_json::json!(["Q"]),
            "requests[0]",
            "no antigen",
        ),
        (
            &|v| v["requests"][0]["group"] = "NONE".into(),
            "requests[0]",
            "no group",
        ),
        (
            &|v| v["requests"][0]["units"] = 0.into(),
            "requests[0]",
            "\"units\"",
        ),
        (
            &|v| v["requests"][0]["lead"] = 1.5.into(),
            "requests[0]",
            "\"lead\"",
        ),
        (
            &|v| v["groups"]["OTHER"]["weight"]["E"] = (-1).into(),
            "groups.OTHER",
            "weight.E",
        ),
        (
            &|v| {
                v["usability"].as_object_mut().unwrap().remove("101");
            },
            "usability",
            "101",
        ),
    ];
    for (change, row, said) in cases {
        let text = wrong(change);
        assert!(text.contains(row) && text.contains(said), "{text}");
    }
    assert!(Instance::from_json("{").is_err());
}

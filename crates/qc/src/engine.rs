//! The engine: one pass over the points as they come, constant work and memory for each.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::limits::Deviation;
use crate::profile::{
    AcrossAt, Boundary, Change, Gate, OnMean, Pairing, R4s, Rejected, Resets, RuleProfile,
    RunOrder, Severity, Streaks,
};
use crate::rule::{Rule, RuleSet, Scope};
use crate::state::{AcrossState, Group, Lies, MaterialState, Sides};

/// A control point to be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Which material of the group, 0 for level 1.
    pub level: u8,
    /// Where it stands: [`crate::Limits::place`].
    pub at: Deviation,
}

/// What became of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// No rule of the profile is broken.
    Accept,
    /// A warning rule is.
    Warning,
    /// A rule that rejects is.
    Reject,
}

/// A broken rule and the points that broke it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// The rule.
    pub rule: Rule,
    /// Among which points.
    pub scope: Scope,
    /// What follows.
    pub severity: Severity,
    /// For R-4s, which reading of it fired: the strict one wherever it holds, the range only where it alone does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r4s: Option<R4s>,
    /// All points of the window, oldest first, by their numbers: in [`Scope::WithinMaterial`] those of the material's stream
    /// ([`Verdict::in_material`]), otherwise those of the group's ([`Verdict::in_group`]).
    pub window: Vec<u32>,
}

/// A point's verdict with everything that explains it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Standard deviations from the mean, for display.
    pub z: f64,
    /// Accept, warning, reject.
    pub status: Status,
    /// Every broken rule, none when accepted.
    pub violations: Vec<Violation>,
    /// The point's number in its material's stream, from 1, never begun anew by a reset. Under [`Rejected::Leave`] a rejected
    /// point gives its number to the next one, so a number means the latest point that had it.
    pub in_material: u32,
    /// The point's number in the group's stream.
    pub in_group: u32,
}

/// The broken rules of a point as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hits {
    /// Among points of its own material.
    pub within: RuleSet,
    /// Among points of several.
    pub across: RuleSet,
    /// In its run.
    pub run: RuleSet,
}

impl Hits {
    /// No rule broken.
    pub const fn is_empty(self) -> bool {
        self.within.0 | self.across.0 | self.run.0 == 0
    }
}

/// A rule profile made ready for judging. Cheap to make and to copy; holds no stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Engine {
    pub(crate) within: u16,
    across: u16,
    pub(crate) run: u16,
    warns: u16,
    pub(crate) gate: Gate,
    /// 1 where a point must pass a limit, 0 where reaching it is enough: distances are whole numbers.
    pub(crate) beyond: i64,
    pub(crate) neutral: bool,
    range: bool,
    by_level: bool,
    last_of_run: bool,
    pairing: Pairing,
    pub(crate) first_only: bool,
    pub(crate) rejected_leave: bool,
    resets: Resets,
}

const fn full(history: u16, points: u8) -> bool {
    let window = (1 << points) - 1;
    history & window == window
}

const fn two_of_three(history: u16) -> bool {
    (history & 0b111).count_ones() >= 2
}

/// A same-side rule of so many points in a row.
const ROWS: [(Rule, u8); 5] = [
    (Rule::SixX, 6),
    (Rule::EightX, 8),
    (Rule::NineX, 9),
    (Rule::TenX, 10),
    (Rule::TwelveX, 12),
];

impl Engine {
    /// The engine of a profile. What a profile asks for where it has no meaning ([`RuleProfile::check`]) is passed over.
    pub fn new(profile: &RuleProfile) -> Self {
        let mut engine = Self {
            within: 0,
            across: 0,
            run: 0,
            warns: 0,
            gate: profile.gate,
            beyond: match profile.boundary {
                Boundary::Strict => 1,
                Boundary::Inclusive => 0,
            },
            neutral: profile.on_mean == OnMean::Neutral,
            range: profile.r4s == R4s::Range,
            by_level: profile.run_order == RunOrder::Levels,
            last_of_run: profile.across_at == AcrossAt::LastOfRun,
            pairing: profile.pairing,
            first_only: profile.streaks == Streaks::FirstOnly,
            rejected_leave: profile.rejected == Rejected::Leave,
            resets: profile.resets,
        };
        for used in &profile.rules {
            let bit = used.rule.bit();
            for scope in used
                .scopes
                .iter()
                .filter(|scope| used.rule.scopes().contains(scope))
            {
                match scope {
                    Scope::WithinMaterial => engine.within |= bit,
                    Scope::AcrossMaterials => engine.across |= bit,
                    Scope::Run => engine.run |= bit,
                }
            }
            if used.severity == Severity::Warning {
                engine.warns |= bit;
            }
        }
        if profile.gate == Gate::OneTwoS && engine.run & Rule::OneTwoS.bit() == 0 {
            engine.run |= Rule::OneTwoS.bit();
            engine.warns |= Rule::OneTwoS.bit();
        }
        engine
    }

    /// Judges the points of one run, or some of them, in the order of their levels; the answers stand in the order of the readings.
    ///
    /// `run` is the caller's number of the run: points of the same number follow one another in one run, a different number begins
    /// the next. Handing a run in whole, in parts or point by point gives the same verdicts, except that a profile with the 1-2s gate
    /// or with [`AcrossAt::LastOfRun`] needs the run whole.
    pub fn step(&self, group: &mut Group, run: u32, readings: &[Reading]) -> Vec<Verdict> {
        let mut order: Vec<(usize, Reading)> = readings.iter().copied().enumerate().collect();
        if self.by_level {
            order.sort_by_key(|(_, reading)| reading.level);
        }
        self.open(&mut group.across, run);
        if self.gate == Gate::OneTwoS {
            let beyond = |reading: &Reading| {
                let lies = self.lies(reading.at);
                lies.above2 | lies.below2 != 0
            };
            group.across.gate_open |= readings.iter().any(beyond);
        }
        let last = order.len().saturating_sub(1);
        let mut verdicts: Vec<(usize, Verdict)> = Vec::with_capacity(order.len());
        for (turn, (place, reading)) in order.into_iter().enumerate() {
            verdicts.push((place, self.point(group, reading, turn == last)));
        }
        verdicts.sort_by_key(|(place, _)| *place);
        verdicts.into_iter().map(|(_, verdict)| verdict).collect()
    }

    /// Tells a group that something changed under its streams: under one material's, or under all.
    pub fn change(&self, group: &mut Group, change: Change, level: Option<u8>) {
        let reset = self.resets.on(change);
        match level {
            Some(level) => group.level(level).reset(reset),
            None => group
                .materials
                .iter_mut()
                .for_each(|material| material.reset(reset)),
        }
        group.across.reset(reset);
    }

    fn open(&self, across: &mut AcrossState, run: u32) {
        if across.run != run || across.run_points == 0 {
            across.run = run;
            across.run_points = 0;
            across.gate_open = false;
            across.high = Default::default();
            across.low = Default::default();
        }
    }

    fn point(&self, group: &mut Group, reading: Reading, last_of_step: bool) -> Verdict {
        let before = self
            .rejected_leave
            .then(|| (group.across.clone(), group.level(reading.level).clone()));
        let hits = self.judge(group, reading, last_of_step);
        let material = group.level(reading.level).clone();
        let verdict = self.explain(&group.across, &material, reading.at, hits);
        if let (Status::Reject, Some((across, material))) = (verdict.status, before) {
            group.across = across;
            *group.level(reading.level) = material;
        }
        verdict
    }

    /// Takes up one point and tells the broken rules, without the words. The run must be open.
    fn judge(&self, group: &mut Group, reading: Reading, last_of_step: bool) -> Hits {
        let lies = self.lies(reading.at);
        let within = self.within_material(group.level(reading.level), reading.at, lies);
        let across = &mut group.across;
        let mut run = self.single(reading.at, lies);
        if self.run & Rule::R4s.bit() != 0 && self.r4s(across, reading.at).is_some() {
            run |= Rule::R4s.bit();
        }
        let materials = group.materials.len();
        let across_hits = self.across_materials(across, reading, lies, materials, last_of_step);
        if self.gate == Gate::OneTwoS && !across.gate_open {
            return Hits::default();
        }
        Hits {
            within: RuleSet(within & self.within),
            across: RuleSet(across_hits & self.across),
            run: RuleSet(run & self.run),
        }
    }

    /// Takes up one point of a material that is judged alone and tells the broken rules: the same pass as [`Engine::step`] without
    /// the rules across materials, the gate and the words. For the re-evaluation of long streams.
    #[inline]
    pub fn push(&self, material: &mut MaterialState, at: Deviation) -> RuleSet {
        let lies = self.lies(at);
        let within = self.within_material(material, at, lies) & self.within;
        RuleSet(within | self.single(at, lies) & self.run)
    }

    #[inline]
    pub(crate) fn lies(&self, at: Deviation) -> Lies {
        let (distance, sd) = (at.distance, at.sd);
        let (up, down) = (distance - self.beyond, -distance - self.beyond);
        Lies {
            above: u16::from(distance > 0),
            below: u16::from(distance < 0),
            above1: u16::from(up >= sd),
            below1: u16::from(down >= sd),
            above2: u16::from(up >= 2 * sd),
            below2: u16::from(down >= 2 * sd),
        }
    }

    /// The rules of one point.
    #[inline]
    pub(crate) fn single(&self, at: Deviation, lies: Lies) -> u16 {
        if lies.above2 | lies.below2 == 0 {
            return 0;
        }
        let far = 2 * at.distance.abs() - self.beyond;
        let beyond = |halves: i64, rule: Rule| u16::from(far >= halves * at.sd) << rule as u16;
        Rule::OneTwoS.bit()
            | beyond(5, Rule::OneTwoHalfS)
            | beyond(6, Rule::OneThreeS)
            | beyond(7, Rule::OneThreeHalfS)
    }

    #[inline]
    fn within_material(&self, state: &mut MaterialState, at: Deviation, lies: Lies) -> u16 {
        let order = state
            .last
            .get()
            .map_or(Ordering::Equal, |last| at.cmp_z(last));
        state.rising = state.rising << 1 | u16::from(order == Ordering::Greater);
        state.falling = state.falling << 1 | u16::from(order == Ordering::Less);
        state.sides.note(lies, self.neutral);
        state.last = at.into();
        state.length = state.length.saturating_add(1);
        state.placed = state.placed.wrapping_add(1);
        state.on_mean = state.on_mean << 1 | u32::from(lies.on_mean());
        let sides = &state.sides;
        let mut hits = rows(sides, self.first_only);
        if !(self.neutral && lies.on_mean()) {
            hits |= sides_of_mean(sides, self.first_only);
        }
        let pair = |history: u16| two_of_three(history) && state.length >= 3;
        let earlier =
            |history: u16| self.first_only && state.length >= 4 && two_of_three(history >> 1);
        let is_pair = |history: u16| pair(history) && !earlier(history);
        hits |= u16::from(is_pair(sides.above2) || is_pair(sides.below2))
            << Rule::TwoOfThreeTwoS as u16;
        let trend = |history: u16| full(history, 6) && !(self.first_only && full(history >> 1, 6));
        hits | u16::from(trend(state.rising) || trend(state.falling)) << Rule::SevenT as u16
    }

    fn across_materials(
        &self,
        state: &mut AcrossState,
        Reading { level, at }: Reading,
        lies: Lies,
        materials: usize,
        last_of_step: bool,
    ) -> u16 {
        state.same = match state.last_level == level && state.same > 0 {
            true => state.same.saturating_add(1),
            false => 1,
        };
        state.last_level = level;
        let place = state.run_points;
        state.run_points = place.saturating_add(1);
        if state
            .high
            .get()
            .is_none_or(|high| at.cmp_z(high) == Ordering::Greater)
        {
            (state.high, state.high_at) = (at.into(), place);
        }
        if state
            .low
            .get()
            .is_none_or(|low| at.cmp_z(low) == Ordering::Less)
        {
            (state.low, state.low_at) = (at.into(), place);
        }
        state.placed = state.placed.wrapping_add(1);
        state.on_mean = state.on_mean << 1 | u16::from(lies.on_mean());
        state.sides.note(lies, self.neutral);
        if self.across == 0 || materials < 2 {
            return 0;
        }
        let sides = &state.sides;
        let in_run = |points: u16| state.run_points >= points;
        let mixed = |points: u8| state.same < points;
        let mut hits = 0;
        let mut note = |rule: Rule, hit: bool| hits |= u16::from(hit) << rule as u16;
        note(Rule::TwoTwoS, self.pair_in_run(state, lies, materials));
        let three = |history: u16| {
            two_of_three(history) && !(self.first_only && in_run(4) && two_of_three(history >> 1))
        };
        note(
            Rule::TwoOfThreeTwoS,
            in_run(3) && mixed(3) && (three(sides.above2) || three(sides.below2)),
        );
        let one = |history: u16| {
            full(history, 3) && !(self.first_only && in_run(4) && full(history >> 1, 3))
        };
        note(
            Rule::ThreeOneS,
            in_run(3) && mixed(3) && (one(sides.above1) || one(sides.below1)),
        );
        if !self.last_of_run || last_of_step {
            let long = rows(sides, self.first_only);
            note(Rule::FourOneS, mixed(4) && long & Rule::FourOneS.bit() != 0);
            if !(self.neutral && lies.on_mean()) {
                let long = sides_of_mean(sides, self.first_only);
                for (rule, points) in ROWS {
                    let points = self.span(u32::from(state.on_mean), points);
                    note(rule, mixed(points) && long & rule.bit() != 0);
                }
            }
        }
        hits
    }

    /// 2-2s among the points of the open run.
    fn pair_in_run(&self, state: &AcrossState, lies: Lies, materials: usize) -> bool {
        let run = match state.run_points {
            points @ 0..16 => (1 << points) - 1,
            _ => u16::MAX,
        };
        let sides = [
            (lies.above2, state.sides.above2),
            (lies.below2, state.sides.below2),
        ];
        let hit = |(newest, history): (u16, u16)| {
            newest != 0
                && match self.pairing {
                    Pairing::Adjacent => {
                        let three = self.first_only && full(history & run, 3);
                        full(history & run, 2) && state.same < 2 && !three
                    }
                    Pairing::AnyPair => {
                        let others = (history & run).count_ones() - 1;
                        (1..=if self.first_only { 1 } else { u32::MAX }).contains(&others)
                            && u32::from(state.same) < u32::from(state.run_points)
                    }
                    Pairing::AllLevels => {
                        usize::from(state.run_points) >= materials.max(2) && history & run == run
                    }
                }
        };
        sides.into_iter().any(hit)
    }

    /// R-4s between the newest point and those of its run before it: which reading holds, and the place in the run of the other point.
    fn r4s(&self, across: &AcrossState, at: Deviation) -> Option<(R4s, u16)> {
        let beyond =
            |point: Deviation, sign: i64| sign * point.distance - self.beyond >= 2 * point.sd;
        let (low, high) = (across.low.get(), across.high.get());
        if low.is_some_and(|low| beyond(at, 1) && beyond(low, -1)) {
            return Some((R4s::Strict, across.low_at));
        }
        if high.is_some_and(|high| beyond(at, -1) && beyond(high, 1)) {
            return Some((R4s::Strict, across.high_at));
        }
        if !self.range {
            return None;
        }
        let apart = |upper: Deviation, lower: Deviation| match upper.cmp_apart(lower, 4) {
            Ordering::Greater => true,
            Ordering::Equal => self.beyond == 0,
            Ordering::Less => false,
        };
        if low.is_some_and(|low| apart(at, low)) {
            return Some((R4s::Range, across.low_at));
        }
        high.is_some_and(|high| apart(high, at))
            .then_some((R4s::Range, across.high_at))
    }

    /// How many points back a row of so many on one side reaches, counting those on the mean that are passed over.
    fn span(&self, on_mean: u32, points: u8) -> u8 {
        if !self.neutral {
            return points;
        }
        let mut found = 0;
        for back in 0..32 {
            found += u8::from(on_mean >> back & 1 == 0);
            if found == points {
                return back + 1;
            }
        }
        32
    }

    fn explain(
        &self,
        across: &AcrossState,
        material: &MaterialState,
        at: Deviation,
        hits: Hits,
    ) -> Verdict {
        let mut verdict = Verdict {
            z: at.z(),
            status: Status::Accept,
            violations: Vec::new(),
            in_material: material.placed,
            in_group: across.placed,
        };
        if hits.is_empty() {
            return verdict;
        }
        for rule in Rule::ALL.iter().copied() {
            for (set, scope) in [
                (hits.run, Scope::Run),
                (hits.within, Scope::WithinMaterial),
                (hits.across, Scope::AcrossMaterials),
            ] {
                if set.contains(rule) {
                    verdict
                        .violations
                        .push(self.violation(across, material, at, rule, scope));
                }
            }
        }
        verdict.status = match verdict
            .violations
            .iter()
            .map(|violation| violation.severity)
            .max()
        {
            None => Status::Accept,
            Some(Severity::Warning) => Status::Warning,
            Some(Severity::Reject) => Status::Reject,
        };
        verdict
    }

    fn violation(
        &self,
        across: &AcrossState,
        material: &MaterialState,
        at: Deviation,
        rule: Rule,
        scope: Scope,
    ) -> Violation {
        let mut r4s = None;
        let window = match scope {
            Scope::WithinMaterial => self.window(rule, material.placed, material.on_mean),
            Scope::AcrossMaterials if rule == Rule::TwoTwoS => self.pair_window(across, at),
            Scope::AcrossMaterials => self.window(rule, across.placed, u32::from(across.on_mean)),
            Scope::Run if rule == Rule::R4s => {
                let found = self.r4s(across, at);
                r4s = found.map(|(reading, _)| reading);
                let other = found.map(|(_, place)| number_in_run(across, place));
                other.into_iter().chain([across.placed]).collect()
            }
            Scope::Run => vec![across.placed],
        };
        Violation {
            rule,
            scope,
            severity: if self.warns & rule.bit() != 0 {
                Severity::Warning
            } else {
                Severity::Reject
            },
            r4s,
            window,
        }
    }

    /// The numbers of a window's points, oldest first, the newest being `newest`.
    fn window(&self, rule: Rule, newest: u32, on_mean: u32) -> Vec<u32> {
        let points = rule.window();
        let passes = self.neutral && ROWS.iter().any(|(row, _)| *row == rule);
        let span = if passes {
            self.span(on_mean, points)
        } else {
            points
        };
        let back = (0..u32::from(span)).rev();
        back.filter(|back| !passes || on_mean >> back & 1 == 0)
            .map(|back| newest.wrapping_sub(back))
            .collect()
    }

    /// The points of a 2-2s across materials: the newest and those it pairs with.
    fn pair_window(&self, across: &AcrossState, at: Deviation) -> Vec<u32> {
        let history = if at.distance > 0 {
            across.sides.above2
        } else {
            across.sides.below2
        };
        let most = match self.pairing {
            Pairing::Adjacent => 2,
            Pairing::AnyPair | Pairing::AllLevels => across.run_points.min(16),
        };
        let back = (0..u32::from(most)).rev();
        back.filter(|back| history >> back & 1 == 1)
            .map(|back| across.placed.wrapping_sub(back))
            .collect()
    }
}

fn number_in_run(across: &AcrossState, place: u16) -> u32 {
    let back = across.run_points.saturating_sub(1).saturating_sub(place);
    across.placed.wrapping_sub(u32::from(back))
}

/// The rules of points in a row beyond one limit.
#[inline]
fn rows(sides: &Sides, first_only: bool) -> u16 {
    let row = |up: u16, down: u16, points: u8| {
        let hit =
            |history: u16| full(history, points) && !(first_only && full(history >> 1, points));
        u16::from(hit(up) || hit(down))
    };
    row(sides.above2, sides.below2, 2) << Rule::TwoTwoS as u16
        | row(sides.above1, sides.below1, 3) << Rule::ThreeOneS as u16
        | row(sides.above1, sides.below1, 4) << Rule::FourOneS as u16
}

/// The rules of points in a row on one side of the mean.
#[inline]
fn sides_of_mean(sides: &Sides, first_only: bool) -> u16 {
    let mut hits = 0;
    for (rule, points) in ROWS {
        let hit =
            |history: u16| full(history, points) && !(first_only && full(history >> 1, points));
        hits |= u16::from(hit(sides.above) || hit(sides.below)) << rule as u16;
    }
    hits
}

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use lifeline_qc::Limits;
use serde::{Deserialize, Serialize};

use super::{
    Affected, Basis, Case, Changed, ControlRun, Cover, JudgedLevel, Mark, Place, Quality, Ruling,
    Target,
};
use crate::hospital::{Hospital, Stamp};
use crate::id::{CaseId, ControlCode, LotId, RunId, UserId};
use crate::subject::Subject;
use crate::testing::Origin;

/// Facts about controls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QualityEvent {
    /// A control was run and judged.
    RunRecorded {
        /// Number.
        run: RunId,
        /// Which control.
        control: ControlCode,
        /// Where.
        place: Place,
        /// Reagents, cells and cards used.
        lots: BTreeSet<LotId>,
        /// Its levels, judged.
        levels: Vec<JudgedLevel>,
        /// When it was read.
        ran: Timestamp,
        /// From where.
        origin: Origin,
        /// Which run it repeats, and why.
        repeat: Option<(RunId, String)>,
        /// Which rule profile judged it, and the date of the policy entry it is from.
        profile: Option<(String, Timestamp)>,
        /// From when the plan was in force that said what was expected.
        plan: Timestamp,
    },
    /// A control went out: nothing is released on it until it is settled.
    CaseOpened {
        /// Number.
        case: CaseId,
        /// The run.
        run: RunId,
        /// Which control.
        control: ControlCode,
        /// Where.
        place: Place,
        /// The lots that were in it.
        lots: BTreeSet<LotId>,
        /// The levels that went out.
        levels: BTreeSet<ControlCode>,
        /// The last accepted run before.
        since: Option<Timestamp>,
        /// Every result since then.
        affected: Vec<Affected>,
    },
    /// A repeat belongs to an open case.
    CaseContinued {
        /// Which.
        case: CaseId,
        /// The repeat.
        run: RunId,
        /// Levels and lots that went out in it.
        levels: BTreeSet<ControlCode>,
        /// Results that were not in the list yet.
        affected: Vec<Affected>,
    },
    /// Somebody decided about an affected result.
    AffectedDecided {
        /// Which case.
        case: CaseId,
        /// Which result.
        result: Affected,
        /// What.
        ruling: Ruling,
        /// Why.
        reason: String,
    },
    /// Cause and corrective action.
    CaseCorrected {
        /// Which case.
        case: CaseId,
        /// Cause, a word of `quality.causes`.
        cause: String,
        /// What was done.
        action: String,
    },
    /// Another person closed the case.
    CaseClosed {
        /// Which case.
        case: CaseId,
        /// What they make of it.
        note: String,
    },
    /// Two people let a control stand in for itself for a while.
    Waived {
        /// Which control.
        control: ControlCode,
        /// Where.
        place: Place,
        /// For which lots; none for results that name no lot.
        lots: BTreeSet<LotId>,
        /// Which levels.
        levels: BTreeSet<ControlCode>,
        /// Until when.
        until: Timestamp,
        /// Why.
        reason: String,
        /// The second person.
        second: UserId,
    },
    /// Something changed after which controls are run anew.
    Changed {
        /// Where.
        place: Place,
        /// What was done, a word of [`super::change::KINDS`].
        kind: String,
        /// What exactly.
        note: String,
        /// When it was done.
        at: Timestamp,
    },
    /// Target and limits of a material's level were set.
    TargetSet {
        /// Which control.
        control: ControlCode,
        /// The lot of material.
        material: LotId,
        /// Which level.
        level: ControlCode,
        /// Mean and SD.
        limits: Limits,
        /// From what.
        basis: Basis,
        /// Over how many values.
        values: u32,
        /// Why.
        reason: String,
    },
    /// A remark on a run.
    Annotated {
        /// Which run.
        run: RunId,
        /// Of which control.
        control: ControlCode,
        /// Which level; the whole run otherwise.
        level: Option<ControlCode>,
        /// The remark.
        text: String,
    },
}

kinds!(QualityEvent, "quality" {
    RunRecorded => "run-recorded", CaseOpened => "case-opened", CaseContinued => "case-continued",
    AffectedDecided => "affected-decided", CaseCorrected => "case-corrected", CaseClosed => "case-closed",
    Waived => "waived", Changed => "changed", TargetSet => "target-set", Annotated => "annotated",
});

impl QualityEvent {
    /// What the fact is about.
    pub fn subjects(&self) -> Vec<Subject> {
        let mut subjects: Vec<Subject> = Vec::new();
        match self {
            Self::RunRecorded {
                run,
                control,
                place,
                lots,
                levels,
                origin,
                repeat,
                ..
            } => {
                subjects.extend([(*run).into(), control.clone().into()]);
                subjects.extend(place.device());
                subjects.extend(lots.iter().cloned().map(Subject::from));
                subjects.extend(levels.iter().map(|level| level.material.clone().into()));
                subjects.extend(repeat.iter().map(|(run, _)| (*run).into()));
                if let Origin::Device { message, .. } = origin {
                    subjects.push((*message).into());
                }
            }
            Self::CaseOpened {
                case,
                run,
                control,
                place,
                affected,
                ..
            } => {
                subjects.extend([(*case).into(), (*run).into(), control.clone().into()]);
                subjects.extend(place.device());
                subjects.extend(affected.iter().map(|result| result.subject()));
            }
            Self::CaseContinued {
                case,
                run,
                affected,
                ..
            } => {
                subjects.extend([(*case).into(), (*run).into()]);
                subjects.extend(affected.iter().map(|result| result.subject()));
            }
            Self::AffectedDecided { case, result, .. } => {
                subjects.extend([(*case).into(), result.subject()]);
            }
            Self::CaseCorrected { case, .. } | Self::CaseClosed { case, .. } => {
                subjects.push((*case).into());
            }
            Self::Waived {
                control,
                place,
                lots,
                ..
            } => {
                subjects.push(control.clone().into());
                subjects.extend(place.device());
                subjects.extend(lots.iter().cloned().map(Subject::from));
            }
            Self::Changed { place, .. } => subjects.extend(place.device()),
            Self::TargetSet {
                control, material, ..
            } => subjects.extend([control.clone().into(), material.clone().into()]),
            Self::Annotated { run, control, .. } => {
                subjects.extend([(*run).into(), control.clone().into()]);
            }
        }
        subjects
    }
}

impl Quality {
    /// Something changed at a moment: the controls that cover it are run anew.
    pub(crate) fn note_change(&mut self, what: Changed, at: Timestamp, kind: &str) {
        self.changes.insert((what, at), kind.into());
    }

    fn mark(
        &mut self,
        stamp: &Stamp,
        (control, place): (&ControlCode, &Place),
        level: &ControlCode,
        lots: &BTreeSet<LotId>,
        (at, mark): (Timestamp, &Arc<Mark>),
    ) {
        for lot in lots.iter().cloned().map(Some).chain([None]) {
            let cover = Cover {
                control: control.clone(),
                place: place.clone(),
                lot,
                level: level.clone(),
            };
            self.marks.insert((cover, at, stamp.seq), mark.clone());
        }
    }

    fn change_case(&mut self, stamp: &Stamp, id: CaseId, change: impl FnOnce(&mut Case)) {
        if let Some(case) = self.cases.get_mut(&id).map(Arc::make_mut) {
            change(case);
            case.changed = stamp.clone();
        }
    }

    fn change_run(&mut self, stamp: &Stamp, id: RunId, change: impl FnOnce(&mut ControlRun)) {
        if let Some(run) = self.runs.get_mut(&id).map(Arc::make_mut) {
            change(run);
            run.changed = stamp.clone();
        }
    }
}

/// Carries a fact into the state.
pub fn apply(hospital: &mut Hospital, stamp: &Stamp, event: &QualityEvent) {
    let quality = &mut hospital.quality;
    match event {
        QualityEvent::RunRecorded {
            run,
            control,
            place,
            lots,
            levels,
            ran,
            origin,
            repeat,
            profile,
            ..
        } => {
            hospital.next.run = run.next();
            for level in levels {
                let mark = Arc::new(Mark::Run(*run, level.verdict));
                quality.mark(stamp, (control, place), &level.level, lots, (*ran, &mark));
            }
            quality
                .by_stream
                .insert((control.clone(), place.clone(), *ran, *run));
            quality.runs.insert(
                *run,
                Arc::new(ControlRun {
                    id: *run,
                    control: control.clone(),
                    place: place.clone(),
                    lots: lots.clone(),
                    levels: levels.clone(),
                    ran: *ran,
                    origin: origin.clone(),
                    repeat: repeat.clone(),
                    profile: profile.clone(),
                    case: None,
                    notes: Vec::new(),
                    recorded: stamp.clone(),
                    changed: stamp.clone(),
                }),
            );
        }
        QualityEvent::CaseOpened {
            case,
            run,
            control,
            place,
            lots,
            levels,
            since,
            affected,
        } => {
            hospital.next.case = case.next();
            quality
                .held
                .extend(affected.iter().map(|result| (*result, *case)));
            quality.open.insert(*case);
            quality.cases.insert(
                *case,
                Arc::new(Case {
                    id: *case,
                    runs: vec![*run],
                    control: control.clone(),
                    place: place.clone(),
                    lots: lots.clone(),
                    levels: levels.clone(),
                    since: *since,
                    affected: affected.iter().map(|result| (*result, None)).collect(),
                    corrections: Vec::new(),
                    closed: None,
                    opened: stamp.clone(),
                    changed: stamp.clone(),
                }),
            );
            quality.change_run(stamp, *run, |run| run.case = Some(*case));
        }
        QualityEvent::CaseContinued {
            case,
            run,
            levels,
            affected,
        } => {
            quality
                .held
                .extend(affected.iter().map(|result| (*result, *case)));
            quality.change_case(stamp, *case, |case| {
                case.runs.push(*run);
                case.levels.extend(levels.iter().cloned());
                for result in affected {
                    case.affected.entry(*result).or_insert(None);
                }
            });
            quality.change_run(stamp, *run, |run| run.case = Some(*case));
        }
        QualityEvent::AffectedDecided {
            case,
            result,
            ruling,
            reason,
        } => {
            quality.held.remove(&(*result, *case));
            quality.change_case(stamp, *case, |case| {
                case.affected
                    .insert(*result, Some((*ruling, reason.clone(), stamp.clone())));
            });
        }
        QualityEvent::CaseCorrected {
            case,
            cause,
            action,
        } => quality.change_case(stamp, *case, |case| {
            case.corrections
                .push((cause.clone(), action.clone(), stamp.clone()));
        }),
        QualityEvent::CaseClosed { case, note } => {
            quality.open.remove(case);
            quality.change_case(stamp, *case, |case| {
                case.closed = Some((note.clone(), stamp.clone()));
            });
        }
        QualityEvent::Waived {
            control,
            place,
            lots,
            levels,
            until,
            reason,
            second,
        } => {
            let mark = Arc::new(Mark::Waived {
                until: *until,
                reason: reason.clone(),
                by: stamp.by.clone(),
                second: second.clone(),
            });
            for level in levels {
                quality.mark(stamp, (control, place), level, lots, (stamp.at, &mark));
            }
        }
        QualityEvent::Changed {
            place, at, kind, ..
        } => {
            quality.note_change(Changed::Place(place.clone()), *at, kind);
        }
        QualityEvent::TargetSet {
            control,
            material,
            level,
            limits,
            basis,
            values,
            reason,
        } => {
            let what = Changed::Material(material.clone(), level.clone());
            quality.note_change(what, stamp.at, "limits");
            quality
                .targets
                .entry((control.clone(), material.clone(), level.clone()))
                .or_default()
                .push(Target {
                    limits: *limits,
                    basis: *basis,
                    values: *values,
                    reason: reason.clone(),
                    set: stamp.clone(),
                });
        }
        QualityEvent::Annotated {
            run, level, text, ..
        } => quality.change_run(stamp, *run, |run| {
            run.notes.push((level.clone(), text.clone(), stamp.clone()));
        }),
    }
}

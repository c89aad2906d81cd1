use std::collections::BTreeSet;

use super::{Trial, by};
use crate::blood::Grade;
use crate::device::RegisterDevice;
use crate::id::{DeviceId, LotId};
use crate::quality::{
    Affected, Control, Cover, CoverState, Level, Place, Reads, RecordControlRun, RunDraft, Shown,
    plan, state_of,
};
use crate::testing::{AcceptLot, AcceptanceRow, LotKind, OpenLot, Reading, ReceiveLot};

/// A lot.
pub(crate) fn lot(text: &str) -> LotId {
    LotId::parse(text).unwrap()
}

/// What a control shows when everything is as it should be; measured controls are left to the tests that want them.
pub(crate) fn good(control: &Control, material: &str) -> Option<Vec<Level>> {
    let Reads::Graded(levels) = &control.reads else {
        return None;
    };
    Some(
        levels
            .iter()
            .map(|level| Level {
                level: level.level.clone(),
                material: lot(material),
                shown: Shown::Graded(
                    level
                        .wells
                        .iter()
                        .map(|well| Reading {
                            well: well.well,
                            grade: well.grade,
                        })
                        .collect(),
                ),
            })
            .collect(),
    )
}

impl Trial {
    /// Finds a lot as good as known samples.
    #[track_caller]
    pub(crate) fn accept_lot(&mut self, id: &str) {
        let row = |sample: &str, grade| AcceptanceRow {
            sample: sample.into(),
            expected: grade,
            found: grade,
        };
        let accept = AcceptLot {
            lot: lot(id),
            against: None,
            rows: vec![row("P", Grade::Three), row("N", Grade::Negative)],
            note: String::new(),
        };
        self.run(by("technologist").with("technologist2"), accept);
    }

    /// Takes in and opens a lot of control material for a year.
    #[track_caller]
    pub(crate) fn control_lot(&mut self, id: &str) {
        let receive = ReceiveLot {
            lot: lot(id),
            kind: LotKind::Control,
            name: "质控品".into(),
            expires: self.minutes(365 * 1440),
            packs: 4,
        };
        self.run(by("technologist"), receive);
        self.run(
            by("technologist"),
            OpenLot {
                lot: lot(id),
                until: None,
            },
        );
    }

    /// A faultless run of a control with every lot in use.
    pub(crate) fn control_run(&self, code: &str, place: Place) -> RunDraft {
        let control = plan(&self.hospital, self.at)
            .unwrap()
            .iter()
            .find(|control| control.code.as_str() == code)
            .unwrap();
        RunDraft {
            control: control.code.clone(),
            place,
            lots: self.reagents(),
            levels: good(control, "QC-1").unwrap(),
            ran: self.at,
            repeat: None,
        }
    }

    /// Every reagent lot that may be used now.
    fn reagents(&self) -> BTreeSet<LotId> {
        self.hospital
            .lots
            .values()
            .filter(|lot| lot.kind != LotKind::Control && lot.usable(self.at))
            .map(|lot| lot.id.clone())
            .collect()
    }

    /// The day's controls: every graded control that does not cover every lot in use is run, and is in control.
    #[track_caller]
    pub(crate) fn controls(&mut self) {
        let material = lot("QC-1");
        let usable = |trial: &Self| {
            trial
                .hospital
                .lots
                .get(&material)
                .is_some_and(|lot| lot.usable(trial.at))
        };
        if !usable(self) {
            return;
        }
        let plan = plan(&self.hospital, self.at).unwrap().to_vec();
        for control in plan {
            for place in control.place.places(&self.hospital) {
                let in_service = match &place {
                    Place::Bench => true,
                    Place::Device(id) => self.hospital.devices.all[id].out_of_service.is_none(),
                };
                let Some(levels) = good(&control, "QC-1").filter(|_| in_service) else {
                    continue;
                };
                let lots = self.reagents();
                let lacking = lots
                    .iter()
                    .cloned()
                    .map(Some)
                    .chain([None])
                    .flat_map(|lot| {
                        control
                            .levels()
                            .into_iter()
                            .map(move |level| (lot.clone(), level))
                    })
                    .any(|(lot, level)| {
                        let cover = Cover {
                            control: control.code.clone(),
                            place: place.clone(),
                            lot,
                            level: level.clone(),
                        };
                        let state = state_of(&self.hospital, &control, &cover, self.at);
                        matches!(state, CoverState::Lacking(_))
                    });
                if !lacking || (lots.is_empty() && place == Place::Bench) {
                    continue;
                }
                let draft = RunDraft {
                    control: control.code.clone(),
                    place,
                    lots,
                    levels,
                    ran: self.at,
                    repeat: None,
                };
                self.run(by("technologist"), RecordControlRun { draft });
            }
        }
    }

    /// A machine in service, its controls run.
    #[track_caller]
    pub(crate) fn machine(&mut self, id: &str) {
        self.run(
            by("administrator"),
            RegisterDevice {
                device: DeviceId::parse(id).unwrap(),
                name: "分析仪".into(),
                profile: "immucor-echo".into(),
                serial: "1".into(),
            },
        );
        self.controls();
    }

    /// The results that wait for a decision.
    pub(crate) fn held(&self) -> Vec<Affected> {
        self.hospital
            .quality
            .open_cases()
            .flat_map(|case| case.undecided().collect::<Vec<_>>())
            .collect()
    }
}

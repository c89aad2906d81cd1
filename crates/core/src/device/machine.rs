use serde::{Deserialize, Serialize};

use super::DeviceEvent;
use crate::command::{Context, Decide, Decision};
use crate::finding::{Finding, Refusal};
use crate::hospital::Hospital;
use crate::id::DeviceId;
use crate::people::Action;
use crate::subject::Subject;

/// The most characters of a machine's name, profile or serial number.
pub const TEXT_MOST: usize = 80;

/// Registers a machine, or changes its data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterDevice {
    /// Our name for it.
    pub device: DeviceId,
    /// What it is.
    pub name: String,
    /// Its dialect profile.
    pub profile: String,
    /// Serial number.
    pub serial: String,
}

impl Decide for RegisterDevice {
    fn action(&self) -> Action {
        Action::DeviceManage
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.device.clone().into()]
    }

    fn decide(&self, hospital: &Hospital, _: &Context) -> Decision {
        let fits = |text: &str| !text.trim().is_empty() && text.chars().count() <= TEXT_MOST;
        let fields: [(&'static str, &str); 3] = [
            ("name", &self.name),
            ("profile", &self.profile),
            ("serial", &self.serial),
        ];
        let findings: Vec<Finding> = fields
            .into_iter()
            .filter(|(_, text)| !fits(text))
            .map(|(field, _)| Finding::bad_value(field, "why-empty-or-long"))
            .collect();
        if !findings.is_empty() {
            return Err(Refusal { findings });
        }
        let (name, profile, serial) = (
            self.name.trim().to_owned(),
            self.profile.trim().to_owned(),
            self.serial.trim().to_owned(),
        );
        let same = hospital.devices.all.get(&self.device).is_some_and(|old| {
            (&old.name, &old.profile, &old.serial) == (&name, &profile, &serial)
        });
        Ok(if same {
            Vec::new()
        } else {
            vec![
                DeviceEvent::Registered {
                    device: self.device.clone(),
                    name,
                    profile,
                    serial,
                }
                .into(),
            ]
        })
    }
}

/// Takes a machine out of service, or puts it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetDeviceService {
    /// Which.
    pub device: DeviceId,
    /// In service from now on.
    pub in_service: bool,
    /// Why, or what was done.
    pub reason: String,
}

impl Decide for SetDeviceService {
    fn action(&self) -> Action {
        Action::DeviceManage
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.device.clone().into()]
    }

    fn decide(&self, hospital: &Hospital, _: &Context) -> Decision {
        let device = self.device.clone();
        let Some(known) = hospital.devices.all.get(&device) else {
            return Err(Finding::not_found(device).into());
        };
        if self.reason.trim().is_empty() {
            return Err(Finding::bad_value("reason", "why-empty-or-long").into());
        }
        if known.out_of_service.is_none() == self.in_service {
            return Ok(Vec::new());
        }
        let reason = self.reason.trim().to_owned();
        Ok(vec![if self.in_service {
            DeviceEvent::InService { device, reason }.into()
        } else {
            DeviceEvent::OutOfService { device, reason }.into()
        }])
    }
}

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{Antibody, Determination, Exposure, LinkKind, Need, NumberKind, Patient};
use crate::blood::{AntigenProfile, BloodGroup, Typing};
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::{PatientId, PatientNumber, SampleId, TestId};
use crate::issue::Issue;
use crate::policy::{Key, Policies};
use crate::request::Request;
use crate::sample::{Sample, SampleState};
use crate::testing::discrepancy::unsettled;

/// The group of a patient as far as the record proves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupOnFile {
    /// Never determined.
    Unknown,
    /// Only carried over from an older system or another hospital; nothing was determined here, so it proves nothing.
    Historic(BloodGroup),
    /// Determined on one sample, or on several that are not independent.
    Once(BloodGroup),
    /// Determined, concordant, on at least two independent samples.
    Twice(BloodGroup),
    /// Determinations disagree in ABO or RhD, or a sample is suspected of being somebody else's.
    Discordant,
    /// The wells of this test disagree, and no verified work-up has answered for it yet.
    Unsettled(TestId),
}

impl GroupOnFile {
    /// The group, where a sample tested here proves exactly one.
    pub fn group(self) -> Option<BloodGroup> {
        match self {
            Self::Once(group) | Self::Twice(group) => Some(group),
            Self::Unknown | Self::Historic(_) | Self::Discordant | Self::Unsettled(_) => None,
        }
    }

    /// The word in message keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Historic(_) => "historic",
            Self::Once(_) => "once",
            Self::Twice(_) => "twice",
            Self::Discordant => "discordant",
            Self::Unsettled(_) => "unsettled",
        }
    }
}

/// Everything on file of one person: the record that stands, and every record merged into it. A gate asks here and never
/// a single [`Patient`], so that what was known under an old number still counts.
#[derive(Debug, Clone)]
pub struct Record<'a> {
    hospital: &'a Hospital,
    standing: &'a Patient,
    /// The standing record and all that were merged into it.
    parts: Vec<&'a Patient>,
}

/// Whether transfusion or pregnancy lately must be reckoned with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Risk {
    /// Transfused or pregnant within the window.
    Exposed,
    /// Nobody knows, or what was said is older than the window.
    Unknown,
    /// Stated, within the window, to be neither; and nothing was given here.
    Unexposed,
}

impl Hospital {
    /// Everything on file of a person, found by any of their records, also one that was merged away.
    pub fn record_of(&self, patient: PatientId) -> Option<Record<'_>> {
        let standing: &Patient = self.patients.current(patient)?;
        let mut parts = vec![standing];
        let mut next = 0;
        while let Some(part) = parts.get(next).copied() {
            next += 1;
            for id in &part.absorbed {
                if let Some(found) = self.patients.get(*id)
                    && !parts.iter().any(|known| known.id == found.id)
                {
                    parts.push(found);
                }
            }
        }
        Some(Record {
            hospital: self,
            standing,
            parts,
        })
    }
}

impl<'a> Record<'a> {
    /// The record that stands.
    pub fn standing(&self) -> &'a Patient {
        self.standing
    }

    /// The number of the record that stands.
    pub fn id(&self) -> PatientId {
        self.standing().id
    }

    /// All records, the standing one first.
    pub fn parts(&self) -> impl Iterator<Item = &'a Patient> + '_ {
        self.parts.iter().copied()
    }

    /// Whether a record is one of these.
    pub fn holds(&self, patient: PatientId) -> bool {
        self.parts.iter().any(|part| part.id == patient)
    }

    /// Every number the person is known by.
    pub fn numbers(&self) -> BTreeMap<PatientNumber, NumberKind> {
        self.parts().flat_map(|part| part.numbers.clone()).collect()
    }

    /// Every determination, oldest draw first.
    pub fn determinations(&self) -> Vec<&'a Determination> {
        let mut all: Vec<_> = self
            .parts()
            .flat_map(|part| part.determinations.iter())
            .collect();
        all.sort_by_key(|determination| determination.drawn);
        all
    }

    /// The one group all determinations agree on, carried-over ones among them; what a new result is compared with.
    pub fn history(&self) -> Option<BloodGroup> {
        let all = self.determinations();
        let first = all.first()?.group;
        all.iter()
            .all(|determination| determination.group == first)
            .then_some(first)
    }

    /// The policies in force.
    pub(super) fn policies(&self) -> &'a Policies {
        &self.hospital.policies
    }

    /// What the determinations prove together, unless a discrepancy stands against them.
    pub fn group(&self, at: Timestamp) -> GroupOnFile {
        let all = self.determinations();
        let suspected = self
            .samples()
            .iter()
            .any(|sample| matches!(sample.state, SampleState::Suspect(_)));
        let first = all.first().map(|determination| determination.group);
        if suspected || all.iter().any(|other| Some(other.group) != first) {
            return GroupOnFile::Discordant;
        }
        if let Some(test) = unsettled(self.hospital, self) {
            return GroupOnFile::Unsettled(test);
        }
        let Some(group) = first else {
            return GroupOnFile::Unknown;
        };
        let samples: Vec<&Sample> = all
            .iter()
            .filter_map(|determination| determination.sample.as_ref())
            .filter_map(|sample| self.hospital.samples.get(sample))
            .map(|sample| &**sample)
            .collect();
        if samples.is_empty() {
            return GroupOnFile::Historic(group);
        }
        let apart = self.hospital.policies.span(Key::TwoSamplesApart, at).ok();
        let proven = samples.iter().enumerate().any(|(n, one)| {
            samples
                .iter()
                .skip(n + 1)
                .any(|other| independent(one, other, apart))
        });
        if proven {
            GroupOnFile::Twice(group)
        } else {
            GroupOnFile::Once(group)
        }
    }

    /// Antibodies on file, present or past.
    pub fn antibodies(&self) -> impl Iterator<Item = &'a Antibody> + '_ {
        self.parts().flat_map(|part| part.antibodies.iter())
    }

    /// The patient's own antigens. What two records contradict each other in counts as not tested.
    pub fn antigens(&self) -> AntigenProfile {
        let mut profile = AntigenProfile::default();
        let mut contradicted = Vec::new();
        for (antigen, typing) in self.parts().flat_map(|part| part.antigens.typed()) {
            match profile.typing(antigen) {
                Typing::NotTested => profile.set(antigen, typing),
                known if known != typing => contradicted.push(antigen),
                _ => {}
            }
        }
        for antigen in contradicted {
            profile.set(antigen, Typing::NotTested);
        }
        profile
    }

    /// Special requirements in force at a moment.
    pub fn needs(&self, at: Timestamp) -> impl Iterator<Item = &'a Need> + '_ {
        self.parts().flat_map(move |part| part.needs_at(at))
    }

    /// The people this person is linked to in a way, as the records that stand now.
    pub fn linked(&self, kind: LinkKind) -> Vec<PatientId> {
        let ids = self
            .parts()
            .flat_map(|part| part.links.iter())
            .filter(|(linked, _)| *linked == kind)
            .filter_map(|(_, other)| self.hospital.patients.current(*other))
            .map(|patient| patient.id);
        let once: std::collections::BTreeSet<PatientId> = ids.collect();
        once.into_iter().collect()
    }

    /// The newest consent: signed at, by the form's reference.
    pub fn consent(&self) -> Option<&'a (Timestamp, String)> {
        self.parts()
            .filter_map(|part| part.consent.as_ref())
            .max_by_key(|(signed, _)| *signed)
    }

    /// When blood last went in here.
    pub fn transfused(&self) -> Option<Timestamp> {
        self.parts().filter_map(|part| part.transfused).max()
    }

    /// Samples, oldest draw first.
    pub fn samples(&self) -> Vec<&'a Sample> {
        let mut all: Vec<&Sample> = self
            .parts
            .iter()
            .flat_map(|part| self.hospital.samples.of_patient(part.id))
            .map(|sample| &**sample)
            .collect();
        all.sort_by_key(|sample| sample.drawn);
        all
    }

    /// Requests, oldest first.
    pub fn requests(&self) -> Vec<&'a Request> {
        let mut all: Vec<&Request> = self
            .parts
            .iter()
            .flat_map(|part| self.hospital.requests.of_patient(part.id))
            .map(|request| &**request)
            .collect();
        all.sort_by_key(|request| request.id);
        all
    }

    /// Hand-overs, oldest first.
    pub fn issues(&self) -> Vec<&'a Issue> {
        let mut all: Vec<&Issue> = self
            .parts
            .iter()
            .flat_map(|part| self.hospital.issues.of_patient(part.id))
            .map(|issue| &**issue)
            .collect();
        all.sort_by_key(|issue| issue.id);
        all
    }

    /// Whether a sample drawn at a moment must be treated as one of a patient transfused or pregnant lately.
    pub fn risk(&self, drawn: Timestamp, at: Timestamp) -> Result<Risk, Finding> {
        let exposures: Vec<&Exposure> = self.parts().map(|part| &part.exposure).collect();
        let window = self.hospital.policies.span(Key::SampleRiskWindow, at)?;
        Ok(risk(&exposures, self.transfused(), drawn, window))
    }

    /// Until when a sample may be used, by the history as it is known now.
    pub fn valid_until(&self, drawn: Timestamp, at: Timestamp) -> Result<Timestamp, Finding> {
        let key = match self.risk(drawn, at)? {
            Risk::Unexposed => Key::SampleValidity,
            Risk::Exposed | Risk::Unknown => Key::SampleValidityAtRisk,
        };
        let lasts = self.hospital.policies.span(key, at)?;
        drawn
            .checked_add(lasts)
            .map_err(|_| Finding::bad_value("drawn", "why-out-of-range"))
    }

    /// Whether a sample may serve compatibility testing at a moment; the finding says why not. The history as known now
    /// counts, also where a transfusion since has shortened what was computed at reception.
    pub fn sample_in_date(&self, sample: &Sample, at: Timestamp) -> Result<(), Finding> {
        match &sample.state {
            SampleState::Accepted => {}
            SampleState::Suspect(test) => {
                return Err(Finding::new(Rule::SampleWrongBlood)
                    .with("sample", sample.id.clone())
                    .with("test", *test));
            }
            SampleState::Rejected(reason) => {
                return Err(Finding::new(Rule::SampleRejected)
                    .with("sample", sample.id.clone())
                    .word("reason", format!("sample-reject-{reason}")));
            }
            SampleState::Ended(reason) => {
                return Err(Finding::new(Rule::WrongState)
                    .with("subject", crate::subject::Subject::from(sample.id.clone()))
                    .word("state", "sample-state-ended")
                    .with("reason", reason.as_str()));
            }
        }
        let until = sample.expires.min(self.valid_until(sample.drawn, at)?);
        // The tubes of an external round are nobody's blood: no history shortens what they were taken in for.
        let of_round = || crate::assessment::is_of_round(self.hospital, &sample.id);
        if at < until || (at < sample.expires && of_round()) {
            Ok(())
        } else {
            Err(Finding::new(Rule::SampleExpired)
                .with("sample", sample.id.clone())
                .with("expires", until))
        }
    }

    /// The newest sample that may serve compatibility testing at a moment, or why there is none.
    pub fn current_sample(&self, at: Timestamp) -> Result<&'a Sample, Finding> {
        let mut reason = None;
        for sample in self.samples().into_iter().rev() {
            match self.sample_in_date(sample, at) {
                Ok(()) => return Ok(sample),
                Err(finding) if finding.rule != Rule::WrongState => {
                    reason.get_or_insert(finding);
                }
                Err(_) => {}
            }
        }
        Err(reason.unwrap_or_else(|| Finding::new(Rule::SampleMissing).with("patient", self.id())))
    }

    /// The sample with a barcode, where it is this person's.
    pub fn sample(&self, id: &SampleId) -> Option<&'a Sample> {
        self.hospital
            .samples
            .get(id)
            .filter(|sample| self.holds(sample.patient))
            .map(|sample| &**sample)
    }
}

/// Two samples are independent when drawn far enough apart or by different people; without a policy, never.
fn independent(one: &Sample, other: &Sample, apart: Option<SignedDuration>) -> bool {
    let Some(apart) = apart else { return false };
    let different_people =
        !one.drawn_by.is_empty() && !other.drawn_by.is_empty() && one.drawn_by != other.drawn_by;
    one.id != other.id && (different_people || one.drawn.duration_since(other.drawn).abs() >= apart)
}

/// What the history says of a sample drawn at a moment. The worst of several records counts.
pub(crate) fn risk(
    exposures: &[&Exposure],
    transfused: Option<Timestamp>,
    drawn: Timestamp,
    window: SignedDuration,
) -> Risk {
    let recent = |when: Timestamp| drawn.duration_since(when) <= window;
    let one = |exposure: &Exposure| match exposure {
        Exposure::Last { at, .. } if recent(*at) => Risk::Exposed,
        Exposure::Last { stated, .. } | Exposure::None { stated } if recent(*stated) => {
            Risk::Unexposed
        }
        _ => Risk::Unknown,
    };
    if transfused.is_some_and(recent) || exposures.iter().any(|e| one(e) == Risk::Exposed) {
        Risk::Exposed
    } else if exposures.iter().any(|e| one(e) == Risk::Unexposed) {
        Risk::Unexposed
    } else {
        Risk::Unknown
    }
}

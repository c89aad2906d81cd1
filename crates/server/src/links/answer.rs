use jiff::Timestamp;
use lifeline_core::hospital::Hospital;
use lifeline_core::id::SampleId;
use lifeline_core::patient::Sex;
use lifeline_core::sample::Sample;
use lifeline_core::testing::due_on_sample;
use lifeline_wire::profile::{Profile, Query, WorkItem};

/// The most samples one answer lists, for a device that asks for everything.
pub(super) const WORK_MOST: usize = 200;

/// The work of a query: only tests the device has a code for. Units are asked for by donation number and not listed here.
pub(super) fn work(
    hospital: &Hospital,
    profile: &Profile,
    query: &Query,
    at: Timestamp,
) -> Vec<WorkItem> {
    if query.cancel {
        return Vec::new();
    }
    let item = |sample: &Sample| item(hospital, profile, sample, at);
    if query.samples.is_empty() {
        return hospital
            .samples
            .iter()
            .filter_map(|sample| item(sample))
            .take(WORK_MOST)
            .collect();
    }
    query
        .samples
        .iter()
        .filter_map(|id| hospital.samples.get(&SampleId::parse(id).ok()?))
        .filter_map(|sample| item(sample))
        .collect()
}

fn item(
    hospital: &Hospital,
    profile: &Profile,
    sample: &Sample,
    at: Timestamp,
) -> Option<WorkItem> {
    let codes = profile.answer.as_ref().map(|answer| &answer.tests)?;
    let tests: Vec<(String, String)> = due_on_sample(hospital, sample, at)
        .into_iter()
        .map(|kind| kind.as_str())
        .filter(|kind| codes.contains_key(*kind))
        .map(|kind| (kind.to_owned(), format!("{}-{kind}", sample.id)))
        .collect();
    if tests.is_empty() {
        return None;
    }
    let patient = hospital.patients.current(sample.patient)?;
    let who = &patient.demographics;
    Some(WorkItem {
        sample: sample.id.to_string(),
        patient: patient.numbers.keys().next().map(ToString::to_string),
        name: Some((who.name.clone(), String::new())),
        birth: who.birth.map(|birth| birth.strftime("%Y%m%d").to_string()),
        sex: Some(
            match who.sex {
                Sex::Female => "F",
                Sex::Male => "M",
                Sex::Unknown => "U",
            }
            .into(),
        ),
        tests,
        unit: None,
        urgent: false,
    })
}

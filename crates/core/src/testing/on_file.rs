use jiff::Timestamp;

use super::{Call, Interpretation, TestKind};
use crate::hospital::Hospital;
use crate::id::{SampleId, TestId};
use crate::patient::Record;

/// The antibody screen a gate may rely on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScreenOnFile {
    /// The verified test.
    pub test: TestId,
    /// On which sample.
    pub sample: SampleId,
    /// What it says.
    pub call: Call,
}

/// The newest verified screen on a sample that is valid at a moment; a positive one weighs more than any negative one.
pub fn screen_on_file(
    hospital: &Hospital,
    record: &Record<'_>,
    at: Timestamp,
) -> Option<ScreenOnFile> {
    record
        .samples()
        .into_iter()
        .filter(|sample| record.sample_in_date(sample, at).is_ok())
        .flat_map(|sample| sample.tests.iter().map(move |test| (sample, *test)))
        .filter_map(|(sample, id)| {
            let test = hospital.tests.get(id)?;
            let version = test.standing()?;
            match version.interpretation {
                Interpretation::Screen(call) if test.kind == TestKind::Screen => Some((
                    call == Call::Positive,
                    version.read,
                    ScreenOnFile {
                        test: id,
                        sample: sample.id.clone(),
                        call,
                    },
                )),
                _ => None,
            }
        })
        .max_by_key(|(positive, read, screen)| (*positive, *read, screen.test))
        .map(|(_, _, screen)| screen)
}

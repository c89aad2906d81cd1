use std::collections::BTreeSet;

use lifeline_core::crossmatch::{Outcome, Side};
use lifeline_core::device::{ObservedCrossmatch, Problem, Trouble};
use lifeline_core::testing::Well;
use lifeline_wire::profile::{DomainReading, Meaning, Observation, Profile};

use super::read::{lots, stands, wrong};

/// The crossmatches of a reading: what names a sample and a unit together. One for each pair, and everything that could not be
/// read of them.
pub fn crossmatches(
    profile: &Profile,
    reading: &DomainReading,
) -> (Vec<ObservedCrossmatch>, Vec<Problem>) {
    let mut found: Vec<ObservedCrossmatch> = Vec::new();
    let mut problems = Vec::new();
    for observation in reading.observations.iter().filter(|one| !one.qc) {
        let (Some(sample), Some(unit)) = (&observation.sample, &observation.unit) else {
            continue;
        };
        match pair(profile, &mut found, observation, sample, unit) {
            Ok(()) => {}
            Err(trouble) => problems.push(wrong(observation.at, trouble)),
        }
    }
    (found, problems)
}

fn pair(
    profile: &Profile,
    found: &mut Vec<ObservedCrossmatch>,
    observation: &Observation,
    sample: &str,
    unit: &str,
) -> Result<(), Trouble> {
    let result = || observation.name.clone();
    if !stands(observation)? {
        return Ok(());
    }
    let method = profile
        .crossmatch_method
        .clone()
        .ok_or_else(|| Trouble::NoMethod { result: result() })?;
    let known = found
        .iter()
        .position(|one| one.sample == sample && one.unit == unit);
    let index = known.unwrap_or_else(|| {
        found.push(ObservedCrossmatch {
            sample: sample.to_owned(),
            unit: unit.to_owned(),
            method,
            major: Side::NotRead,
            minor: Side::NotRead,
            stated: None,
            lots: BTreeSet::new(),
            edited: false,
            operator: observation.operator.clone(),
            at: observation.at as u64,
        });
        found.len() - 1
    });
    let Some(one) = found.get_mut(index) else {
        return Ok(());
    };
    one.edited |= observation.edited;
    one.lots.extend(lots(observation)?);
    match (observation.well, observation.grade) {
        (Some(Well::XmMajor), Some(grade)) => one.major = Side::Read(grade),
        (Some(Well::XmMinor), Some(grade)) => one.minor = Side::Read(grade),
        (Some(_), _) => return Err(Trouble::NoReading { result: result() }),
        (None, _) => one.stated = Some(stated(observation)?),
    }
    Ok(())
}

/// The device's own verdict. One that it could not reach has no place in a crossmatch.
fn stated(observation: &Observation) -> Result<Outcome, Trouble> {
    match (observation.means, observation.value.as_deref()) {
        (Some(Meaning::Crossmatch), Some("compatible")) => Ok(Outcome::Compatible),
        (Some(Meaning::Crossmatch), Some("incompatible")) => Ok(Outcome::Incompatible),
        (Some(Meaning::Crossmatch), Some(value)) => Err(Trouble::BadInterpretation {
            value: value.to_owned(),
        }),
        _ => Err(Trouble::NoReading {
            result: observation.name.clone(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use lifeline_core::blood::Grade;
    use lifeline_core::crossmatch::{Outcome, Side};
    use lifeline_core::device::Trouble;
    use lifeline_wire::profile::{Profile, read};

    use super::crossmatches;

    const MESSAGE: &str = "H|\\^&|||Echo|||||LIS||P|LIS2-A2|20261122100000\r\
        P|1|1171984\r\
        O|1|0651439A||^^^Crossmatch|R||||||N||||Blood^Patient\r\
        C|1|L|Donor^R02460\r\
        R|1|^^^XM Major|0^0^0||||F|F||brentp|20261122095000|20261122095500|M0002\r\
        R|2|^^^XM Minor|1+^1+^20||||F|F||brentp|20261122095000|20261122095500|M0002\r\
        R|3|^^^Crossmatch Interp|Compatible||||F|F||brentp|20261122095000|20261122095500|M0002\r\
        L|1|N\r";

    fn profile(method: bool) -> Profile {
        let text = include_str!("../../../../drivers/immucor-echo.toml").replace(
            "[well.names]",
            "[well.names]\n\"XM Major\" = \"xm_major\"\n\"XM Minor\" = \"xm_minor\"",
        );
        let method_line = "crossmatch_method = \"solid_phase\"\n";
        assert!(text.contains(method_line));
        Profile::parse(&if method {
            text
        } else {
            text.replace(method_line, "")
        })
        .unwrap()
    }

    #[test]
    fn both_sides_and_the_verdict_of_a_pair_become_one_crossmatch() {
        let profile = profile(true);
        let reading = read(&profile, MESSAGE.as_bytes());
        let (found, problems) = crossmatches(&profile, &reading);
        assert_eq!(problems, [], "{reading:?}");
        let [one] = found.as_slice() else {
            panic!("{found:?}")
        };
        assert_eq!((&*one.sample, &*one.unit), ("0651439A", "R02460"));
        assert_eq!(one.method, "solid_phase");
        assert_eq!(one.major, Side::Read(Grade::Negative));
        assert_eq!(one.minor, Side::Read(Grade::One));
        assert_eq!(one.stated, Some(Outcome::Compatible));
        assert_eq!(one.operator.as_deref(), Some("brentp"));
        let at = usize::try_from(one.at).unwrap();
        assert!(MESSAGE[at..].starts_with("R|1"));
    }

    #[test]
    fn without_a_method_nothing_is_made_of_it() {
        let profile = profile(false);
        let reading = read(&profile, MESSAGE.as_bytes());
        let (found, problems) = crossmatches(&profile, &reading);
        assert!(found.is_empty());
        assert_eq!(problems.len(), 3);
        assert!(
            problems
                .iter()
                .all(|problem| matches!(problem.reason, Trouble::NoMethod { .. }))
        );
    }
}

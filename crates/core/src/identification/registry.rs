use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{IdentificationEvent, impossible};
use crate::blood::{Abo, AntigenProfile, RhD};
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::Finding;
use crate::hospital::{Hospital, Stamp};
use crate::people::Action;
use crate::subject::Subject;

/// Donors kept here at most. A whole station's list is searched with `lifeline donors`, which reads millions from a file.
pub const DONORS_MOST: usize = 5_000;
/// The longest name of a donor, in characters.
pub const DONOR_NAME_MOST: usize = 40;

/// A donor of a registry: the station's number, never a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RareDonor {
    /// The registry's own number.
    pub donor: String,
    /// ABO.
    pub abo: Abo,
    /// RhD.
    pub rhd: RhD,
    /// What the donor was typed for.
    pub antigens: AntigenProfile,
    /// Where, how to ask; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// The registry of rare donors that is searched here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DonorRegistry {
    /// Where it came from and of which day.
    pub source: String,
    /// The donors, in the order of the file.
    pub donors: Arc<Vec<RareDonor>>,
    /// Who filed it and when.
    pub filed: Stamp,
}

/// Puts a registry of rare donors in the place of the one before, which stays in the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRegistry {
    /// Where it came from and of which day.
    pub source: String,
    /// The donors.
    pub donors: Vec<RareDonor>,
}

impl Decide for FileRegistry {
    fn action(&self) -> Action {
        Action::LotManage
    }

    fn subjects(&self) -> Vec<Subject> {
        Vec::new()
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.told("source", &self.source);
        checks.require(!self.donors.is_empty(), || {
            Finding::bad_value("donors", "why-missing")
        });
        checks.require(self.donors.len() <= DONORS_MOST, || {
            Finding::bad_value("donors", "why-too-many").with("most", DONORS_MOST as i64)
        });
        let mut seen = BTreeSet::new();
        for one in self.donors.iter().take(DONORS_MOST) {
            let about = |why| Finding::bad_value("donor", why).with("value", one.donor.as_str());
            let length = one.donor.trim().chars().count();
            checks.require((1..=DONOR_NAME_MOST).contains(&length), || {
                about("why-empty-or-long")
            });
            checks.require(seen.insert(one.donor.as_str()), || {
                about("why-listed-twice")
            });
            if impossible("", &one.antigens).is_some() {
                checks.find(about("why-impossible-phenotype"));
            }
            checks.brief("note", &one.note);
        }
        checks.settle()?;
        Ok(vec![
            IdentificationEvent::RegistryFiled {
                source: self.source.trim().into(),
                donors: self.donors.clone(),
            }
            .into(),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blood::{Antigen, Typing};
    use crate::testkit::{Trial, by};

    fn donor(name: &str, negative: &[Antigen]) -> RareDonor {
        let mut antigens = AntigenProfile::default();
        for antigen in negative {
            antigens.set(*antigen, Typing::Negative);
        }
        RareDonor {
            donor: name.into(),
            abo: Abo::O,
            rhd: RhD::Positive,
            antigens,
            note: String::new(),
        }
    }

    #[test]
    fn a_registry_stands_in_the_place_of_the_one_before() {
        let mut trial = Trial::new();
        let file = |donors: Vec<RareDonor>| FileRegistry {
            source: "省血液中心稀有血型库".into(),
            donors,
        };
        let twice = file(vec![
            donor("R1", &[Antigen::Jka]),
            donor("R1", &[Antigen::Jkb]),
        ]);
        assert_eq!(trial.refused(by("senior"), twice), ["bad-value"]);
        let neither = file(vec![donor("R1", &[Antigen::BigC, Antigen::LittleC])]);
        assert_eq!(trial.refused(by("senior"), neither), ["bad-value"]);
        assert_eq!(trial.refused(by("senior"), file(Vec::new())), ["bad-value"]);
        let first = file(vec![donor("R1", &[Antigen::Jka]), donor("R2", &[])]);
        assert_eq!(trial.refused(by("nurse"), first.clone()), ["not-permitted"]);
        trial.run(by("senior"), first);
        trial.run(by("senior"), file(vec![donor("R3", &[Antigen::Dib])]));
        let kept = trial.hospital.identifications.registry().unwrap();
        assert_eq!(kept.donors.len(), 1);
        assert_eq!(kept.donors[0].donor, "R3");
        assert_eq!(trial.replayed(), trial.hospital);
    }
}

use std::collections::BTreeSet;

use lifeline_core::blood::{Abo, Antigen, AntigenProfile, BloodGroup, RhD, Typing};
use lifeline_core::identification::{DONOR_NAME_MOST, RareDonor, impossible};

use super::Shares;
use crate::matching::registry::{Query, Registry};

/// Faults told of one file.
pub const FAULTS_MOST: usize = 20;

/// What is wrong with a registry file, by line of the file and column.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("row {row}, column {column:?}: {what}")]
pub struct DonorFault {
    /// Line of the file, counted from 1; the header is line 1.
    pub row: usize,
    /// The column.
    pub column: String,
    /// What stands there, and what may.
    pub what: String,
}

fn fault(row: usize, column: &str, what: impl Into<String>) -> DonorFault {
    DonorFault {
        row,
        column: column.into(),
        what: what.into(),
    }
}

enum Column {
    Donor,
    Group,
    Note,
    Antigen(Antigen),
}

/// A group as registries write it: `O+`, `AB-`, `A`; without RhD it is not taken, because nobody could be served safely.
///
/// # Errors
/// No such group.
pub fn read_group(text: &str) -> Result<(Abo, RhD), String> {
    BloodGroup::parse(text)
        .map(|group| (group.abo, group.rhd))
        .map_err(|_| format!("{text:?} is no group; write O+, A-, AB+"))
}

/// Reads a registry: a first line `donor,group,ANTIGEN,…,note`, then a line a donor with 1, 0 or nothing below each antigen. Tabs
/// part columns as well. Every fault is told, up to [`FAULTS_MOST`].
///
/// # Errors
/// What is wrong; nothing is taken then.
pub fn parse(text: &str, most: usize) -> Result<Vec<RareDonor>, Vec<DonorFault>> {
    let mut lines = text.lines().enumerate().map(|(n, line)| (n + 1, line));
    let Some((_, header)) = lines.next().filter(|(_, line)| !line.trim().is_empty()) else {
        return Err(vec![fault(1, "donor", "the first line names the columns")]);
    };
    let parted = if header.contains('\t') { '\t' } else { ',' };
    let columns = columns(header, parted)?;
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    let mut donors = Vec::new();
    for (row, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
        if faults.len() >= FAULTS_MOST {
            break;
        }
        if donors.len() >= most {
            faults.push(fault(row, "donor", format!("more than {most} donors")));
            break;
        }
        match donor(row, line, parted, &columns) {
            Ok(one) => {
                if !seen.insert(one.donor.clone()) {
                    let what = format!("{:?} stands twice", one.donor);
                    faults.push(fault(row, "donor", what));
                }
                donors.push(one);
            }
            Err(mut found) => faults.append(&mut found),
        }
    }
    if donors.is_empty() && faults.is_empty() {
        faults.push(fault(2, "donor", "no donor"));
    }
    faults.truncate(FAULTS_MOST);
    if faults.is_empty() {
        Ok(donors)
    } else {
        Err(faults)
    }
}

fn columns(header: &str, parted: char) -> Result<Vec<(String, Column)>, Vec<DonorFault>> {
    let mut faults = Vec::new();
    let mut columns: Vec<(String, Column)> = Vec::new();
    for name in header.trim_start_matches('\u{feff}').split(parted) {
        let name = name.trim().trim_matches('"').to_owned();
        let column = match name.as_str() {
            "donor" => Column::Donor,
            "group" => Column::Group,
            "note" => Column::Note,
            other => match Antigen::parse(other) {
                Some(antigen) => Column::Antigen(antigen),
                None => {
                    faults.push(fault(1, &name, "neither an antigen nor donor, group, note"));
                    continue;
                }
            },
        };
        if columns.iter().any(|(known, _)| *known == name) {
            faults.push(fault(1, &name, "stands twice"));
        }
        columns.push((name, column));
    }
    for needed in ["donor", "group"] {
        if !columns.iter().any(|(name, _)| name == needed) {
            faults.push(fault(1, needed, "the column is missing"));
        }
    }
    if !columns.iter().any(|(_, c)| matches!(c, Column::Antigen(_))) {
        faults.push(fault(1, "Jka", "no column names an antigen"));
    }
    if faults.is_empty() {
        Ok(columns)
    } else {
        Err(faults)
    }
}

fn donor(
    row: usize,
    line: &str,
    parted: char,
    columns: &[(String, Column)],
) -> Result<RareDonor, Vec<DonorFault>> {
    let fields: Vec<&str> = line
        .splitn(columns.len(), parted)
        .map(|field| field.trim().trim_matches('"').trim())
        .collect();
    if fields.len() != columns.len() {
        let what = format!("{} fields, the header has {}", fields.len(), columns.len());
        return Err(vec![fault(row, "donor", what)]);
    }
    let mut faults = Vec::new();
    let mut found = RareDonor {
        donor: String::new(),
        abo: Abo::O,
        rhd: RhD::Negative,
        antigens: AntigenProfile::default(),
        note: String::new(),
    };
    for ((name, column), value) in columns.iter().zip(fields) {
        match column {
            Column::Donor => {
                if value.is_empty() || value.chars().count() > DONOR_NAME_MOST {
                    let what = format!("a number of 1 to {DONOR_NAME_MOST} characters is needed");
                    faults.push(fault(row, name, what));
                }
                found.donor = value.into();
            }
            Column::Group => match read_group(value) {
                Ok((abo, rhd)) => (found.abo, found.rhd) = (abo, rhd),
                Err(what) => faults.push(fault(row, name, what)),
            },
            Column::Note => found.note = value.into(),
            Column::Antigen(antigen) => {
                let typing = match value {
                    "1" | "+" => Typing::Positive,
                    "0" | "-" => Typing::Negative,
                    "" => Typing::NotTested,
                    other => {
                        faults.push(fault(
                            row,
                            name,
                            format!("{other:?} is not 1, 0 or nothing"),
                        ));
                        continue;
                    }
                };
                found.antigens.set(*antigen, typing);
            }
        }
    }
    if let Some((one, other)) = impossible("", &found.antigens) {
        let what = format!("nobody lacks both {} and {}", one.name(), other.name());
        faults.push(fault(row, one.name(), what));
    }
    if faults.is_empty() {
        Ok(found)
    } else {
        Err(faults)
    }
}

/// A donor found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// Place in the list the catalogue was made from.
    pub row: u32,
    /// How probably the donor suits: 1 where typed for everything.
    pub chance: f64,
}

/// A list of donors as bitmaps.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    registry: Registry,
    typed: Vec<AntigenProfile>,
}

fn number(antigen: Antigen) -> u16 {
    let place = Antigen::ALL.iter().position(|known| *known == antigen);
    place.map_or(u16::MAX, |place| place as u16)
}

/// A, B and D as the bits 0, 1 and 2. Weak D is given as positive.
fn bits(abo: Abo, rhd: RhD) -> u8 {
    let a = u8::from(matches!(abo, Abo::A | Abo::Ab));
    let b = u8::from(matches!(abo, Abo::B | Abo::Ab));
    a | b << 1 | u8::from(rhd != RhD::Negative) << 2
}

/// Types whose red cells bring a person no A, B or D that they lack, as a set for a [`Query`].
pub fn given_to(person: BloodGroup) -> u8 {
    let own = match person.rhd {
        RhD::Positive => bits(person.abo, RhD::Positive),
        RhD::Weak | RhD::Negative => bits(person.abo, RhD::Negative),
    };
    (0..8u8)
        .filter(|donor| donor & !own == 0)
        .fold(0, |set, donor| set | 1 << donor)
}

impl Catalogue {
    /// From a list of donors, whose order the rows keep.
    pub fn of(donors: &[RareDonor]) -> Self {
        let Ok(mut registry) = Registry::new(Antigen::ALL.len()) else {
            return Self::default();
        };
        let mut typed = Vec::with_capacity(donors.len());
        for one in donors {
            let side = |typing: Typing| -> Vec<u16> {
                let all = one.antigens.typed().filter(|(_, found)| *found == typing);
                all.map(|(antigen, _)| number(antigen)).collect()
            };
            let (positive, negative) = (side(Typing::Positive), side(Typing::Negative));
            if registry
                .push(bits(one.abo, one.rhd), &positive, &negative)
                .is_ok()
            {
                typed.push(one.antigens);
            }
        }
        Self { registry, typed }
    }

    /// How many donors.
    pub fn len(&self) -> usize {
        self.registry.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.registry.is_empty()
    }

    /// Donors typed negative for everything, at most so many, and how many there are in all. `types` as of [`given_to`], 0 for all.
    pub fn certain(&self, wanted: &[Antigen], types: u8, most: usize) -> (Vec<u32>, usize) {
        self.registry.search(&query(wanted, types), most)
    }

    /// Donors not typed for everything whom nothing known speaks against, the likeliest first.
    pub fn open(&self, wanted: &[Antigen], types: u8, shares: &Shares, most: usize) -> Vec<Hit> {
        let rough: Vec<f64> = Antigen::ALL
            .iter()
            .map(|antigen| match shares.negative(&[*antigen]) {
                Ok(parts) => 1.0 - parts.iter().map(|part| part.share).product::<f64>(),
                Err(_) => 0.5,
            })
            .collect();
        // The bitmaps rank by single antigens; what is inherited together is reckoned for the best of them.
        let ranked = self
            .registry
            .possible(&query(wanted, types), &rough, most.saturating_mul(4));
        let mut hits: Vec<Hit> = ranked
            .into_iter()
            .filter_map(|(row, rough)| {
                let known = self.typed.get(row as usize)?;
                let parts = shares.chances(known, wanted).ok();
                let chance =
                    parts.map_or(rough, |parts| parts.iter().map(|part| part.share).product());
                (chance > 0.0).then_some(Hit { row, chance })
            })
            .collect();
        hits.sort_by(|a, b| b.chance.total_cmp(&a.chance).then(a.row.cmp(&b.row)));
        hits.truncate(most);
        hits
    }
}

fn query(wanted: &[Antigen], types: u8) -> Query {
    Query {
        negative: wanted.iter().copied().map(number).collect(),
        positive: Vec::new(),
        types,
    }
}

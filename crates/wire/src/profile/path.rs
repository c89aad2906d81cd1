//! Paths to fields: `R.4.1`, `O.3[2].1`, `SPM.2.1.1`.

use serde::Deserialize;

/// A field, a component or a sub-component of a record type or segment.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Path {
    /// Record letter (ASTM) or segment name (HL7).
    pub record: String,
    /// Field, in the numbering of the standard.
    pub field: usize,
    /// Repeat, when one is named.
    pub repeat: Option<usize>,
    /// Component.
    pub component: Option<usize>,
    /// Sub-component (HL7).
    pub subcomponent: Option<usize>,
}

impl TryFrom<String> for Path {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let bad = || format!("{text:?} is no path like R.4.1, O.3[2].1 or SPM.2.1.1");
        let mut parts = text.split('.');
        let record = parts.next().unwrap_or_default();
        let letter = record.len() == 1 && record.bytes().all(|b| b.is_ascii_uppercase());
        let segment = record.len() == 3
            && record
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if !letter && !segment {
            return Err(bad());
        }
        let mut numbers = [None; 3];
        let mut repeat = None;
        for (n, part) in parts.enumerate() {
            let digits = match part.strip_suffix(']').and_then(|p| p.split_once('[')) {
                Some((digits, r)) if n == 0 => {
                    repeat = Some(
                        r.parse::<usize>()
                            .ok()
                            .filter(|r| (1..=1000).contains(r))
                            .ok_or_else(bad)?,
                    );
                    digits
                }
                Some(_) => return Err(bad()),
                None => part,
            };
            let number = digits
                .parse::<usize>()
                .ok()
                .filter(|n| (1..=1000).contains(n))
                .ok_or_else(bad)?;
            *numbers.get_mut(n).ok_or_else(bad)? = Some(number);
        }
        let [field, component, subcomponent] = numbers;
        Ok(Self {
            record: record.to_owned(),
            field: field.ok_or_else(bad)?,
            repeat,
            component,
            subcomponent,
        })
    }
}

impl std::fmt::Display for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.record, self.field)?;
        if let Some(r) = self.repeat {
            write!(f, "[{r}]")?;
        }
        for n in [self.component, self.subcomponent].into_iter().flatten() {
            write!(f, ".{n}")?;
        }
        Ok(())
    }
}

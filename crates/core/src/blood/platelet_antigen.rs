use serde::{Deserialize, Serialize};

/// An antigen on platelets that antibodies see: HLA class I by serological name (`A2`, `B57`, `Cw7`), a platelet antigen
/// (`HPA-1a`), or `CD36`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PlateletAntigen(Box<str>);

/// A name that is none of a platelet antigen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no platelet antigen: write A2, B57, Cw7, HPA-1a or CD36")]
pub struct PlateletAntigenError(pub String);

impl PlateletAntigen {
    /// Reads a name; `HLA-` in front is left out, so that `HLA-A2` and `A2` are one antigen. Molecular names (`A*02:01`) are
    /// refused: the laboratory's report gives the serological one.
    ///
    /// # Errors
    /// No such name.
    pub fn parse(text: &str) -> Result<Self, PlateletAntigenError> {
        let wrong = || PlateletAntigenError(text.chars().take(40).collect());
        let upper = text.trim().to_uppercase();
        let number = |digits: &str, most: u32| {
            let plain = !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit());
            let found = plain.then(|| digits.parse::<u32>().ok()).flatten();
            found.filter(|number| (1..=most).contains(number))
        };
        let name = upper.strip_prefix("HLA-").unwrap_or(&upper);
        if name == "CD36" {
            return Ok(Self("CD36".into()));
        }
        if let Some(rest) = name.strip_prefix("HPA-") {
            let rest = rest.strip_suffix('W').unwrap_or(rest);
            for side in ['A', 'B'] {
                if let Some(digits) = rest.strip_suffix(side) {
                    let number = number(digits, 99).ok_or_else(wrong)?;
                    let side = side.to_ascii_lowercase();
                    return Ok(Self(format!("HPA-{number}{side}").into()));
                }
            }
            return Err(wrong());
        }
        for (prefix, locus) in [("CW", "Cw"), ("A", "A"), ("B", "B"), ("C", "Cw")] {
            if let Some(digits) = name.strip_prefix(prefix)
                && let Some(number) = number(digits, 999)
            {
                return Ok(Self(format!("{locus}{number}").into()));
            }
        }
        Err(wrong())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for PlateletAntigen {
    type Error = PlateletAntigenError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<PlateletAntigen> for String {
    fn from(antigen: PlateletAntigen) -> Self {
        antigen.0.into()
    }
}

impl std::fmt::Display for PlateletAntigen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_antigen_has_one_name() {
        for (text, name) in [
            ("HLA-A2", "A2"),
            (" a24 ", "A24"),
            ("B57", "B57"),
            ("C7", "Cw7"),
            ("cw7", "Cw7"),
            ("HPA-1a", "HPA-1a"),
            ("hpa-15B", "HPA-15b"),
            ("HPA-6bw", "HPA-6b"),
            ("cd36", "CD36"),
        ] {
            assert_eq!(PlateletAntigen::parse(text).unwrap().as_str(), name);
        }
        for text in [
            "", "A", "A*02:01", "A0", "DR4", "HPA-1", "HPA-a", "A1000", "2", "B5x",
        ] {
            assert!(PlateletAntigen::parse(text).is_err(), "{text}");
        }
    }
}

//! From the characters of a scan to data structures.

use lifeline_core::blood::{Din, ProductCode};

use super::date::{calendar, ordinal};
use super::{MAX_PARTS, MAX_SCAN, ScanError, Symbol, group_of};

/// Reads one scan: a linear code, two codes read as one, a Data Matrix, or Chinese label content without identifiers.
///
/// # Errors
/// [`ScanError`] says what is wrong and where; a scan is never read in part.
pub fn parse_scan(scan: &str) -> Result<Symbol, ScanError> {
    if scan.len() > MAX_SCAN {
        return Err(ScanError::TooLong);
    }
    let text = scan.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    let text = without_symbology(text);
    match text.chars().next() {
        None => Err(ScanError::Empty),
        Some('=' | '&') => structures(text),
        Some(_) => plain(text),
    }
}

/// Scanners may be set to send the AIM symbology identifier (`]C0`, `]d1`) first.
fn without_symbology(text: &str) -> &str {
    match text.as_bytes() {
        [b']', letter, digit, ..]
            if letter.is_ascii_alphabetic() && digit.is_ascii_alphanumeric() =>
        {
            text.get(3..).unwrap_or_default()
        }
        _ => text,
    }
}

fn structures(text: &str) -> Result<Symbol, ScanError> {
    let mut parts: Vec<Symbol> = Vec::new();
    let mut announced = None;
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if let Some(header) = rest.strip_prefix("=+") {
            // Number of structures (2), message number (3).
            let digits = header
                .get(..5)
                .filter(|d| d.bytes().all(|b| b.is_ascii_digit()));
            let count = digits
                .and_then(|d| d.get(..2))
                .and_then(|d| d.parse::<usize>().ok());
            let Some(count) = count.filter(|_| at == 0) else {
                return Err(content(
                    at,
                    "the compound message",
                    "its five digits are missing, or it does not stand first",
                ));
            };
            announced = Some(count);
            at += 7;
            continue;
        }
        if parts.len() >= MAX_PARTS {
            return Err(ScanError::TooLong);
        }
        let end = next_structure(rest).map_or(text.len(), |n| at + n);
        let (symbol, what) = one(text.get(at..end).unwrap_or_default(), at)?;
        // Container maker and lot, and antigen tables, are told apart by their identifiers.
        let again =
            parts.iter().any(|p| match (p, &symbol) {
                (
                    Symbol::Antigens { identifier: a, .. },
                    Symbol::Antigens { identifier: b, .. },
                )
                | (
                    Symbol::Container { identifier: a, .. },
                    Symbol::Container { identifier: b, .. },
                ) => a == b,
                (p, s) => std::mem::discriminant(p) == std::mem::discriminant(s),
            });
        if again {
            return Err(ScanError::Repeated { at: at + 1, what });
        }
        parts.push(symbol);
        at = end;
    }
    if let Some(expected) = announced.filter(|n| *n != parts.len()) {
        return Err(ScanError::Count {
            expected,
            found: parts.len(),
        });
    }
    match (parts.pop(), parts.is_empty(), announced) {
        (Some(only), true, None) => Ok(only),
        (Some(last), _, _) => {
            parts.push(last);
            Ok(Symbol::Compound { parts })
        }
        (None, ..) => Err(ScanError::Empty),
    }
}

/// Where the next structure begins. `=` and `&` stand nowhere else.
fn next_structure(rest: &str) -> Option<usize> {
    rest.char_indices()
        .skip(1)
        .find(|(_, c)| matches!(c, '=' | '&'))
        .map(|(i, _)| i)
}

fn content(at: usize, what: &'static str, why: impl Into<String>) -> ScanError {
    ScanError::Content {
        at: at + 1,
        what,
        why: why.into(),
    }
}

/// One structure with its identifier.
fn one(text: &str, at: usize) -> Result<(Symbol, &'static str), ScanError> {
    let second = text.chars().nth(1);
    if text.starts_with('=') && second.is_some_and(|c| c.is_ascii_alphanumeric()) {
        return Ok((din(text.get(1..).unwrap_or_default(), at + 1)?, DIN));
    }
    let unknown = || ScanError::UnknownIdentifier {
        at: at + 1,
        found: text.chars().take(2).collect(),
    };
    let (identifier, data) = text.split_at_checked(2).ok_or_else(unknown)?;
    let sized = |what: &'static str, expected: usize| {
        let found = data.chars().count();
        if found == expected && data.is_ascii() {
            Ok(data)
        } else {
            Err(ScanError::Length {
                at: at + 3,
                what,
                expected,
                found,
            })
        }
    };
    let moment = |what: &'static str, expected: usize| {
        ordinal(sized(what, expected)?).map_err(|why| content(at + 2, what, why))
    };
    let code = |what: &'static str, expected: usize| {
        let code = sized(what, expected)?;
        if code.bytes().all(|b| b.is_ascii_alphanumeric()) {
            Ok(code.to_owned())
        } else {
            Err(content(at + 2, what, "letters and digits only"))
        }
    };
    let owned = || identifier.to_owned();
    Ok(match identifier {
        "=%" => (group(sized(GROUP, 4)?, at + 2)?, GROUP),
        "=<" => (product(sized(PRODUCT, 8)?, at + 2)?, PRODUCT),
        "=>" => (Symbol::Expiry(moment(EXPIRY, 6)?), EXPIRY),
        "&>" => (Symbol::Expiry(moment(EXPIRY, 10)?), EXPIRY),
        "=*" => (Symbol::Collection(moment(COLLECTION, 6)?), COLLECTION),
        "&*" => (Symbol::Collection(moment(COLLECTION, 10)?), COLLECTION),
        "=}" => (Symbol::Production(moment(PRODUCTION, 6)?), PRODUCTION),
        "&}" => (Symbol::Production(moment(PRODUCTION, 10)?), PRODUCTION),
        "&(" => (
            Symbol::SpecialTesting {
                code: code(TESTING, 5)?,
            },
            TESTING,
        ),
        "=\\" | "={" | "&\\" | "&{" => (
            Symbol::Antigens {
                identifier: owned(),
                code: code(ANTIGENS, 18)?,
            },
            ANTIGENS,
        ),
        "=)" | "&)" => (
            Symbol::Container {
                identifier: owned(),
                code: code(CONTAINER, 10)?,
            },
            CONTAINER,
        ),
        _ => return Err(unknown()),
    })
}

const DIN: &str = "the donation number";
const GROUP: &str = "the blood group";
const PRODUCT: &str = "the product code";
const EXPIRY: &str = "the expiry";
const COLLECTION: &str = "the collection time";
const PRODUCTION: &str = "the production time";
const TESTING: &str = "the special testing code";
const ANTIGENS: &str = "the antigen code";
const CONTAINER: &str = "the container code";

/// Thirteen characters and two flags.
fn din(data: &str, at: usize) -> Result<Symbol, ScanError> {
    let found = data.chars().count();
    let (number, flags) = match (data.get(..13), data.get(13..)) {
        (Some(number), Some(flags)) if found == 15 => (number, flags),
        _ => {
            return Err(ScanError::Length {
                at: at + 1,
                what: DIN,
                expected: 15,
                found,
            });
        }
    };
    let parsed = Din::parse(number).map_err(|e| content(at, DIN, e.to_string()))?;
    if !flags.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(content(at + 13, DIN, "its flags are not letters or digits"));
    }
    Ok(Symbol::din(parsed, Some(flags.to_owned())))
}

fn group(data: &str, at: usize) -> Result<Symbol, ScanError> {
    let code = data.get(..2).unwrap_or_default();
    let rest = data.get(2..).filter(|r| !r.is_empty());
    if !data.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(content(at, GROUP, "letters and digits only"));
    }
    let group = group_of(code).ok_or_else(|| ScanError::UnsupportedGroup {
        at: at + 1,
        code: code.to_owned(),
    })?;
    Ok(Symbol::AboRhd {
        group,
        code: code.to_owned(),
        phenotype: rest.map(str::to_owned),
    })
}

fn product(data: &str, at: usize) -> Result<Symbol, ScanError> {
    ProductCode::parse(data)
        .map(Symbol::product)
        .map_err(|e| content(at, PRODUCT, e.to_string()))
}

/// Content without identifiers, told apart by length: 2 or 4 digits a group, 8 characters a product, 12 digits an
/// expiry, 13 a donation number, 14 the same with its check character, 15 with its flags.
fn plain(text: &str) -> Result<Symbol, ScanError> {
    let unrecognised = || ScanError::Unrecognised(text.chars().take(40).collect());
    if !text.is_ascii() {
        return Err(unrecognised());
    }
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    match text.len() {
        2 | 4 if digits => group(text, 0),
        8 if text.starts_with(['E', 'P']) => product(text, 0),
        12 if digits => calendar(text)
            .map(Symbol::Expiry)
            .map_err(|why| content(0, EXPIRY, why)),
        13 => Din::parse(text)
            .map(|din| Symbol::din(din, None))
            .map_err(|e| content(0, DIN, e.to_string())),
        14 => {
            let (number, check) = text.split_at_checked(13).ok_or_else(unrecognised)?;
            let check = check.chars().next().ok_or_else(unrecognised)?;
            Din::parse_keyed(number, check)
                .map(|din| Symbol::din(din, None))
                .map_err(|e| content(0, DIN, e.to_string()))
        }
        15 => din(text, 0),
        _ => Err(unrecognised()),
    }
}

//! Every dependency may be used in an Apache-2.0 program.

use serde_json::Value;

use crate::Findings;

const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "MPL-2.0+",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "Unlicense",
    "Zlib",
];

pub fn check(metadata: &Value, findings: &mut Findings) {
    for package in metadata["packages"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
    {
        let name = package["name"].as_str().unwrap_or_default();
        match package["license"].as_str() {
            Some(expression) if allows(expression) => {}
            Some(expression) => findings.problem(format!(
                "{name}: licence {expression} is not on the list in xtask/src/licences.rs"
            )),
            None => findings.problem(format!("{name} names no licence")),
        }
    }
}

/// Whether an SPDX expression leaves a choice that is on the list. `/` is the old way to write `OR`.
fn allows(expression: &str) -> bool {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    let mut words = spaced.split_whitespace().peekable();
    any(&mut words) && words.next().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn any(words: &mut Words<'_>) -> bool {
    let mut good = all(words);
    while words.next_if_eq(&"OR").is_some() {
        good |= all(words);
    }
    good
}

fn all(words: &mut Words<'_>) -> bool {
    let mut good = one(words);
    while words.next_if_eq(&"AND").is_some() {
        good &= one(words);
    }
    good
}

fn one(words: &mut Words<'_>) -> bool {
    if words.next_if_eq(&"(").is_some() {
        let good = any(words);
        return words.next_if_eq(&")").is_some() && good;
    }
    let good = words.next().is_some_and(|word| ALLOWED.contains(&word));
    // An exception only adds permissions.
    if words.next_if_eq(&"WITH").is_some() {
        words.next();
    }
    good
}

#[cfg(test)]
mod tests {
    use super::allows;

    #[test]
    fn expressions_are_read_as_written() {
        for good in [
            "MIT",
            "MIT OR Apache-2.0",
            "Unlicense/MIT",
            "(MIT OR GPL-3.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception OR MIT",
        ] {
            assert!(allows(good), "{good}");
        }
        for bad in [
            "GPL-3.0",
            "MIT AND AGPL-3.0",
            "",
            "(MIT",
            "MIT Apache-2.0",
            "SSPL-1.0 OR BUSL-1.1",
        ] {
            assert!(!allows(bad), "{bad}");
        }
    }
}

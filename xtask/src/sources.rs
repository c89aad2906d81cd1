//! What must not stand in any source file of ours.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::Findings;

/// A file a reader can hold in their head has fewer lines.
const LINES_MAX: usize = 600;

/// A text file of the repository, by its path from the root.
pub struct File {
    pub path: String,
    pub text: String,
}

/// Written in two halves so that this file does not hold what it forbids.
const BANNED: &[(&str, &str)] = &[
    (
        concat!("to", "do!("),
        "finish it, or say in the issue that it is not finished",
    ),
    (
        concat!("unimple", "mented!("),
        "finish it, or say in the issue that it is not finished",
    ),
    (concat!("db", "g!("), "left from looking for a fault"),
    (concat!("/ro", "ot/"), "a path of one machine"),
    (concat!("/wo", "rk/"), "a path of one machine"),
    (
        concat!("registry.np", "mjs.org"),
        "an address of a registry; npm is told to leave it out (.npmrc)",
    ),
];

/// Every text file that git tracks or would track, except the captured samples, which are data.
pub fn files(root: &Path) -> Result<Vec<File>> {
    let output = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(root)
        .output()
        .context("git ls-files")?;
    if !output.status.success() {
        bail!("git ls-files: {}", String::from_utf8_lossy(&output.stderr));
    }
    let names = String::from_utf8(output.stdout)?;
    let mut files = Vec::new();
    for name in names
        .split('\0')
        .filter(|name| !name.is_empty() && !name.starts_with("tests/samples/"))
    {
        // Not UTF-8, or removed but still in the index: nothing to read.
        if let Ok(text) = std::fs::read_to_string(root.join(name)) {
            files.push(File {
                path: name.to_owned(),
                text,
            });
        }
    }
    Ok(files)
}

pub fn check(files: &[File], findings: &mut Findings) {
    for file in files {
        for (number, line) in file.text.lines().enumerate() {
            for (word, why) in BANNED {
                if line.contains(word) {
                    findings.problem(format!("{}:{}: `{word}`: {why}", file.path, number + 1));
                }
            }
        }
        let lines = file.text.lines().count();
        if lines > LINES_MAX
            && [".rs", ".js", ".mjs", ".html", ".css"]
                .iter()
                .any(|end| file.path.ends_with(end))
        {
            findings.warning(format!(
                "{}: {lines} lines; a file has one subject and fewer than {LINES_MAX}",
                file.path
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{File, check};
    use crate::{Findings, root, tidy};

    #[test]
    fn banned_words_are_found_with_their_line() {
        let text = format!(
            "fn main() {{\n    {}\"later\");\n}}\n",
            concat!("to", "do!(")
        );
        let mut findings = Findings::default();
        check(
            &[File {
                path: "a.rs".into(),
                text,
            }],
            &mut findings,
        );
        assert!(
            findings.problems.len() == 1 && findings.problems[0].starts_with("a.rs:2:"),
            "{findings:?}"
        );
    }

    #[test]
    fn the_house_is_tidy() {
        let findings = tidy(&root()).unwrap();
        assert!(
            findings.problems.is_empty(),
            "{}",
            findings.problems.join("\n")
        );
    }
}

//! Checks of the house that neither the compiler nor clippy makes: `cargo xtask tidy`.

mod edges;
mod licences;
mod messages;
mod sources;
mod templates;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

/// What a check found: problems fail, warnings are only told.
#[derive(Debug, Default)]
struct Findings {
    problems: Vec<String>,
    warnings: Vec<String>,
}

impl Findings {
    fn problem(&mut self, text: impl Into<String>) {
        self.problems.push(text.into());
    }

    fn warning(&mut self, text: impl Into<String>) {
        self.warnings.push(text.into());
    }
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.iter().map(String::as_str).ne(["tidy"]) {
        eprintln!("usage: cargo xtask tidy");
        return ExitCode::from(2);
    }
    match tidy(&root()) {
        Ok(findings) => {
            for warning in &findings.warnings {
                eprintln!("warning: {warning}");
            }
            for problem in &findings.problems {
                eprintln!("error: {problem}");
            }
            if findings.problems.is_empty() {
                println!("tidy");
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

fn tidy(root: &Path) -> Result<Findings> {
    let mut findings = Findings::default();
    let files = sources::files(root)?;
    sources::check(&files, &mut findings);
    templates::check(&files, &mut findings);
    messages::check(&files, &mut findings);
    let metadata: serde_json::Value =
        serde_json::from_str(&cargo(root, &["metadata", "--format-version", "1"])?)?;
    edges::check(root, &metadata, &mut findings)?;
    licences::check(&metadata, &mut findings);
    Ok(findings)
}

fn cargo(root: &Path, arguments: &[&str]) -> Result<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(arguments)
        .current_dir(root)
        .output()
        .context("cargo")?;
    if !output.status.success() {
        bail!(
            "cargo {}: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(String::from_utf8(output.stdout)?)
}

//! Arrows between our crates point one way, and the core's tree holds nothing that could do IO, read a clock or draw a random number.

use std::path::Path;

use anyhow::Result;
use serde_json::Value;

use crate::{Findings, cargo};

const CORE: &str = "lifeline-core";
const QC: &str = "lifeline-qc";

/// What each of our crates may use of ours. A new crate states its arrows here.
const ALLOWED: &[(&str, &[&str])] = &[
    // Arithmetic beneath the core, as pure as it.
    (QC, &[]),
    (CORE, &[QC]),
    // Beside the gate, never beneath it: the core must not share compatibility code with what recommends.
    ("lifeline-decisions", &[CORE, QC]),
    ("lifeline-policy", &[CORE, QC]),
    ("lifeline-wire", &[CORE]),
    ("lifeline-journal", &[]),
    ("lifeline-reports", &[CORE, QC, "lifeline-journal"]),
    ("lifeline-simulation", &[CORE, QC, "lifeline-policy"]),
    (
        "lifeline-server",
        &[
            CORE,
            QC,
            "lifeline-decisions",
            "lifeline-policy",
            "lifeline-wire",
            "lifeline-journal",
            "lifeline-reports",
        ],
    ),
    (
        "lifeline-demo",
        &[
            CORE,
            QC,
            "lifeline-policy",
            "lifeline-wire",
            "lifeline-server",
        ],
    ),
    (
        "lifeline",
        &[
            CORE,
            QC,
            "lifeline-decisions",
            "lifeline-policy",
            "lifeline-wire",
            "lifeline-journal",
            "lifeline-reports",
            "lifeline-simulation",
            "lifeline-server",
            "lifeline-demo",
        ],
    ),
    ("xtask", &[]),
];

/// Crates that do what the core must not: IO, clocks, randomness, threads, the operating system.
const IMPURE: &[&str] = &[
    "async-std",
    "axum",
    "chrono",
    "crossbeam-channel",
    "dirs",
    "errno",
    "fastrand",
    "futures-executor",
    "getrandom",
    "hyper",
    "libc",
    "mio",
    "nix",
    "num_cpus",
    "parking_lot",
    "rand",
    "rayon",
    "reqwest",
    "rusqlite",
    "rustix",
    "smol",
    "socket2",
    "tempfile",
    "time",
    "tokio",
    "tokio-postgres",
    "tracing-subscriber",
    "walkdir",
    "windows-sys",
];

pub fn check(root: &Path, metadata: &Value, findings: &mut Findings) -> Result<()> {
    let packages = metadata["packages"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let ours: Vec<&Value> = packages
        .iter()
        .filter(|package| package["source"].is_null())
        .collect();
    let names: Vec<&str> = ours
        .iter()
        .filter_map(|package| package["name"].as_str())
        .collect();
    for package in &ours {
        let name = package["name"].as_str().unwrap_or_default();
        let Some((_, allowed)) = ALLOWED.iter().find(|(known, _)| *known == name) else {
            findings.problem(format!(
                "{name}: state which of our crates it may use in xtask/src/edges.rs"
            ));
            continue;
        };
        let used = package["dependencies"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        for dependency in used
            .iter()
            .filter(|dependency| dependency["kind"].as_str() != Some("dev"))
        {
            let target = dependency["name"].as_str().unwrap_or_default();
            if names.contains(&target) && !allowed.contains(&target) {
                findings.problem(format!(
                    "{name} must not use {target}: arrows point one way"
                ));
            }
        }
    }
    // `cargo tree -p` sees the features the core itself asks for; the metadata of the workspace would mix in everybody's.
    let tree = cargo(
        root,
        &[
            "tree",
            "--package",
            CORE,
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ],
    )?;
    for name in tree
        .lines()
        .filter_map(|line| line.split_whitespace().next())
    {
        if is_impure(name) {
            findings.problem(format!(
                "{CORE} must stay pure, but its dependency tree holds {name}"
            ));
        }
    }
    Ok(())
}

fn is_impure(name: &str) -> bool {
    IMPURE.contains(&name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::{Findings, root};

    #[test]
    fn an_arrow_that_points_back_is_found() {
        let metadata = json!({"packages": [
            {"name": "lifeline-core", "source": null, "dependencies": [{"name": "lifeline-wire", "kind": null}]},
            {"name": "lifeline-wire", "source": null, "dependencies": [{"name": "lifeline-core", "kind": null}]},
            {"name": "lifeline-new", "source": null, "dependencies": []},
        ]});
        let mut findings = Findings::default();
        super::check(&root(), &metadata, &mut findings).unwrap();
        assert!(
            findings
                .problems
                .iter()
                .any(|problem| problem.contains("lifeline-core must not use lifeline-wire")),
            "{findings:?}"
        );
        assert!(
            findings
                .problems
                .iter()
                .any(|problem| problem.contains("lifeline-new: state")),
            "{findings:?}"
        );
        assert!(
            !findings
                .problems
                .iter()
                .any(|problem| problem.contains("lifeline-wire must not")),
            "{findings:?}"
        );
    }

    #[test]
    fn the_deny_list_knows_the_usual_suspects() {
        for name in ["tokio", "rusqlite", "rand", "getrandom", "libc"] {
            assert!(super::is_impure(name));
        }
    }
}

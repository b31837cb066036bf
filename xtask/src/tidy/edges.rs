//! Which crate may know which. The whole design hangs on these arrows, so they are held here:
//! events ← core ← store ← {delivery, server} ← the binary. Bench, simulator and xtask stand outside.

use anyhow::{Context as _, ensure};
use serde_json::Value;

use super::Finding;
use crate::run;

/// What a crate may name of the workspace, besides itself.
const WORKSPACE: [(&str, &[&str]); 6] = [
    ("tidings-events", &[]),
    ("tidings-core", &["tidings-events"]),
    ("tidings-store", &["tidings-core", "tidings-events"]),
    (
        "tidings-delivery",
        &["tidings-core", "tidings-events", "tidings-store"],
    ),
    (
        "tidings-server",
        &["tidings-core", "tidings-events", "tidings-store"],
    ),
    (
        "tidings",
        &[
            "tidings-core",
            "tidings-delivery",
            "tidings-events",
            "tidings-server",
            "tidings-store",
        ],
    ),
];

/// Who alone may name a part of the outside world; tests may speak to what they test.
const OUTSIDE: [(&str, &[&str]); 7] = [
    ("rusqlite", &["tidings-store"]),
    ("tokio-postgres", &["tidings-store"]),
    ("axum", &["tidings-server"]),
    ("hyper-rustls", &["tidings-delivery", "tidings"]),
    ("tokio-rustls", &["tidings-delivery"]),
    ("hickory-resolver", &["tidings-delivery"]),
    ("reqwest", &[]),
];

pub(super) fn check() -> anyhow::Result<Vec<Finding>> {
    let output = run::cargo_command(&["metadata", "--format-version=1", "--no-deps", "--offline"])
        .output()
        .context("cannot start cargo metadata")?;
    ensure!(
        output.status.success(),
        "cargo metadata: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata["packages"].as_array().context("no packages")?;
    Ok(packages.iter().flat_map(judge).collect())
}

fn judge(package: &Value) -> Vec<Finding> {
    let name = package["name"].as_str().unwrap_or_default();
    let Some((_, allowed)) = WORKSPACE.iter().find(|(known, _)| *known == name) else {
        let outside = matches!(name, "xtask" | "tidings-bench" | "tidings-simulator");
        let stranger = || {
            Finding::fault(
                "Cargo.toml",
                None,
                format!("where does `{name}` stand among the crates?"),
            )
        };
        return if outside {
            Vec::new()
        } else {
            vec![stranger()]
        };
    };
    let all = package["dependencies"].as_array().into_iter().flatten();
    let named = all.filter(|dependency| dependency["kind"].is_null());
    named
        .filter_map(|dependency| dependency["name"].as_str())
        .filter_map(|dependency| wrong_edge(name, allowed, dependency))
        .map(|text| Finding::fault(&format!("crates/{name}/Cargo.toml"), None, text))
        .collect()
}

fn wrong_edge(name: &str, allowed: &[&str], dependency: &str) -> Option<String> {
    let of_workspace = WORKSPACE.iter().any(|(known, _)| *known == dependency);
    if of_workspace && !allowed.contains(&dependency) {
        return Some(format!("`{name}` must not know `{dependency}`"));
    }
    let (_, owners) = OUTSIDE.iter().find(|(known, _)| *known == dependency)?;
    (!owners.contains(&name))
        .then(|| format!("`{dependency}` belongs to {owners:?}, not to `{name}`"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn arrows_point_one_way() {
        let check = |name: &str, dependency: Value, expect: usize| {
            let package = json!({ "name": name, "dependencies": [dependency] });
            assert_eq!(judge(&package).len(), expect, "{name}");
        };
        check("tidings-core", json!({"name": "tidings-events"}), 0);
        check("tidings-core", json!({"name": "tidings-store"}), 1);
        check("tidings-server", json!({"name": "tidings-delivery"}), 1);
        check(
            "tidings-server",
            json!({"name": "tidings-delivery", "kind": "dev"}),
            0,
        );
        check("tidings-server", json!({"name": "rusqlite"}), 1);
        check("tidings-store", json!({"name": "rusqlite"}), 0);
        check("tidings-bench", json!({"name": "axum"}), 0);
        check("tidings-simulator", json!({"name": "tidings-delivery"}), 0);
        check("tidings-surprise", json!({"name": "serde"}), 1);
    }
}

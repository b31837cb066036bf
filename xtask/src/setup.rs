//! Installs what tests need beyond Rust: public tools, pinned, in `target/tools`. Safe to repeat, and
//! quick when nothing is missing. A tool that cannot be had is told in one sentence, with what then
//! does not run; the tests that need it say so themselves.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::Context as _;

use crate::run;

mod node;

/// A program from the Python package index.
struct PythonTool {
    /// The package and its version.
    package: &'static str,
    version: &'static str,
    /// What it is for.
    used_by: &'static str,
}

const PYTHON_TOOLS: [PythonTool; 3] = [
    PythonTool {
        package: "openapi-spec-validator",
        version: "0.9.0",
        used_by: "the check of the OpenAPI document",
    },
    PythonTool {
        package: "schemathesis",
        version: "4.32.5",
        used_by: "the fuzzer of the API",
    },
    PythonTool {
        package: "standardwebhooks",
        version: "1.1.0",
        used_by: "the verification of deliveries by others' code",
    },
];

/// A program of the system's package manager that nothing else here can install.
struct SystemTool {
    /// The program that shows it is there, and how to ask it.
    probe: &'static [&'static str],
    /// The Debian packages that bring it.
    debian: &'static [&'static str],
    used_by: &'static str,
}

const SYSTEM_TOOLS: [SystemTool; 2] = [
    SystemTool {
        probe: &["python3", "-c", "import ensurepip, venv"],
        debian: &["python3", "python3-venv"],
        used_by: "the public tools that check the API",
    },
    SystemTool {
        probe: &["npm", "--version"],
        debian: &["nodejs", "npm"],
        used_by: "the vendors' own verifiers",
    },
];

/// Installs what is missing.
pub(crate) fn run() -> anyhow::Result<()> {
    SYSTEM_TOOLS.iter().for_each(install_system_tool);
    install_python_tools()?;
    node::install()
}

fn install_python_tools() -> anyhow::Result<()> {
    let missing: Vec<&PythonTool> = PYTHON_TOOLS
        .iter()
        .filter(|tool| !tool.is_there())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    fs::create_dir_all(tools())?;
    if !python().exists() {
        eprintln!("setup: making {}", venv().display());
        let mut make = Command::new("python3");
        make.args(["-m", "venv"]).arg(venv());
        if let Err(error) = run::done(make) {
            eprintln!("setup: no Python environment ({error:#}); tests that need one will say so");
            return Ok(());
        }
    }
    missing.into_iter().try_for_each(PythonTool::install)
}

impl PythonTool {
    /// The mark is written after a whole installation, so that one cut short is begun again.
    fn mark(&self) -> PathBuf {
        tools().join(format!("{}-{}.installed", self.package, self.version))
    }

    fn is_there(&self) -> bool {
        self.mark().exists() && python().exists()
    }

    fn install(&self) -> anyhow::Result<()> {
        let wanted = format!("{}=={}", self.package, self.version);
        eprintln!("setup: installing {wanted} for {}", self.used_by);
        let mut pip = Command::new(python());
        pip.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            &wanted,
        ]);
        match run::done(pip) {
            Ok(()) => fs::write(self.mark(), "").context("cannot mark the installation"),
            Err(error) => {
                eprintln!(
                    "setup: without {wanted} ({error:#}), {} will not run",
                    self.used_by
                );
                Ok(())
            }
        }
    }
}

fn install_system_tool(tool: &SystemTool) {
    if answers(tool.probe) {
        return;
    }
    let packages = tool.debian.join(" ");
    eprintln!("setup: installing {packages} for {}", tool.used_by);
    let mut apt = Command::new("apt-get");
    apt.args(["install", "--yes", "--quiet"])
        .args(tool.debian)
        .env("DEBIAN_FRONTEND", "noninteractive");
    let updated = Command::new("apt-get").args(["update", "--quiet"]).status();
    if updated.is_err() || run::done(apt).is_err() {
        eprintln!("setup: as root, run: apt-get install {packages}");
    }
}

fn answers(probe: &[&str]) -> bool {
    let Some((program, arguments)) = probe.split_first() else {
        return false;
    };
    Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn tools() -> PathBuf {
    run::root().join("target").join("tools")
}

fn venv() -> PathBuf {
    tools().join("venv")
}

fn python() -> PathBuf {
    venv().join("bin").join("python")
}

//! Public programs that judge the product: verifiers, validators and fuzzers that nobody here wrote.
//! `cargo xtask setup` installs them.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::http::Message;

/// A program of the environment that `cargo xtask setup` makes.
#[track_caller]
pub(crate) fn tool(name: &str) -> Command {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let program = root.join("target/tools/venv/bin").join(name);
    assert!(
        program.exists(),
        "{} is missing; run `cargo xtask setup`, which installs what tests need",
        program.display()
    );
    Command::new(program)
}

/// A JavaScript program among the npm packages that `cargo xtask setup` installs.
#[track_caller]
pub(crate) fn node(program: &str) -> Command {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let program = root.join("target/tools/node/node_modules").join(program);
    assert!(
        program.exists(),
        "{} is missing; run `cargo xtask setup`, which installs what tests need",
        program.display()
    );
    let mut node = Command::new("node");
    node.arg(program);
    node
}

/// A Python script of these tests.
#[track_caller]
pub(crate) fn script(name: &str) -> Command {
    let mut python = tool("python");
    python.arg(beside(name));
    python
}

/// A JavaScript module of these tests, run where the packages it imports are.
#[track_caller]
fn module(name: &str) -> Command {
    let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools/node");
    assert!(
        packages.join("node_modules").exists(),
        "{} has no packages; run `cargo xtask setup`, which installs what tests need",
        packages.display()
    );
    let text = std::fs::read_to_string(beside(name)).unwrap();
    let mut node = Command::new("node");
    node.args(["--input-type=module", "--eval", &text])
        .current_dir(packages);
    node
}

/// A file that tells the tools what to do.
pub(crate) fn beside(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/tools")
        .join(name)
}

/// Runs to the end on this input.
pub(crate) fn run(mut command: Command, input: &str) -> Output {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    child.wait_with_output().unwrap()
}

/// A delivery, and the secret it should verify with.
pub(crate) struct Receipt<'a> {
    secret: &'a str,
    request: &'a Message,
}

impl<'a> Receipt<'a> {
    pub(crate) fn new(secret: &'a str, request: &'a Message) -> Self {
        Self { secret, request }
    }

    fn to_json(&self) -> Value {
        json!({"secret": self.secret, "headers": self.request.headers, "body": self.request.text()})
    }
}

/// A library that checks signatures, as `verify.mjs` knows it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Library {
    StandardWebhooks,
    /// `constructEvent`, which knows the form of Varda's header.
    Stripe,
    /// `@octokit/webhooks`, which knows the form of DialogBrain's header.
    Octokit,
}

/// What the `standardwebhooks` libraries of three languages say of each receipt; all must agree.
#[track_caller]
pub(crate) fn judge(receipts: &[Receipt<'_>]) -> Vec<Result<(), String>> {
    let python = judge_by(script("verify.py"), None, receipts);
    let javascript = judge_in_javascript(Library::StandardWebhooks, receipts);
    let others = python.into_iter().zip(javascript);
    let judged = receipts.iter().zip(others).map(|(receipt, others)| {
        let rust = judge_in_rust(receipt);
        let (python, javascript) = others;
        assert!(
            rust.is_ok() == python.is_ok() && rust.is_ok() == javascript.is_ok(),
            "Rust {rust:?}, Python {python:?}, JavaScript {javascript:?}"
        );
        rust
    });
    judged.collect()
}

/// What a library of the npm registry says of each receipt.
#[track_caller]
pub(crate) fn judge_in_javascript(
    library: Library,
    receipts: &[Receipt<'_>],
) -> Vec<Result<(), String>> {
    judge_by(module("verify.mjs"), Some(library), receipts)
}

#[track_caller]
fn judge_by(
    program: Command,
    library: Option<Library>,
    receipts: &[Receipt<'_>],
) -> Vec<Result<(), String>> {
    let asked = receipts.iter().map(|receipt| {
        let mut asked = receipt.to_json();
        if let Some(library) = library {
            asked["library"] = json!(format!("{library:?}").to_lowercase());
        }
        asked
    });
    let asked: Vec<Value> = asked.collect();
    let output = run(program, &json!(asked).to_string());
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let complaints: Vec<Option<String>> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(complaints.len(), receipts.len());
    let verdict = |complaint: Option<String>| complaint.map_or(Ok(()), Err);
    complaints.into_iter().map(verdict).collect()
}

fn judge_in_rust(receipt: &Receipt<'_>) -> Result<(), String> {
    let webhook = standardwebhooks::Webhook::new(receipt.secret).unwrap();
    let mut headers = ::http::HeaderMap::new();
    for (name, value) in &receipt.request.headers {
        let name: ::http::HeaderName = name.parse().unwrap();
        headers.append(name, value.parse().unwrap());
    }
    let verdict = webhook.verify(&receipt.request.body, &headers);
    verdict.map_err(|error| error.to_string())
}

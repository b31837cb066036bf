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

/// A Python script of these tests.
#[track_caller]
pub(crate) fn script(name: &str) -> Command {
    let mut python = tool("python");
    python.arg(beside(name));
    python
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

/// What the `standardwebhooks` libraries of two languages say of each receipt; both must agree.
#[track_caller]
pub(crate) fn judge(receipts: &[Receipt<'_>]) -> Vec<Result<(), String>> {
    let asked: Vec<Value> = receipts.iter().map(Receipt::to_json).collect();
    let output = run(script("verify.py"), &json!(asked).to_string());
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let python: Vec<Option<String>> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(python.len(), receipts.len());
    let judged = receipts.iter().zip(python).map(|(receipt, python)| {
        let rust = judge_in_rust(receipt);
        assert_eq!(
            rust.is_ok(),
            python.is_none(),
            "Rust {rust:?}, Python {python:?}"
        );
        rust
    });
    judged.collect()
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

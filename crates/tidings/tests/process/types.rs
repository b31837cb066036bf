//! Generated types compile in their languages and accept every sample.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Map, Value, json};
use tidings_events::Dialect;

use crate::tools::{beside, node, run, script};

/// What `tidings types` prints.
fn types(dialect: Dialect, language: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidings"));
    command.args(["types", "--dialect", dialect.as_str(), "--lang", language]);
    let output = run(command, "");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn samples(dialect: Dialect) -> Vec<Value> {
    dialect.events().map(|event| event.body_sample()).collect()
}

#[track_caller]
fn assert_success(output: &Output) {
    let said = [&*output.stdout, &*output.stderr].concat();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&said)
    );
}

/// A folder that stays, so that what was compiled once need not be again.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn json_schema() {
    for dialect in Dialect::ALL {
        let schema: Value = serde_json::from_str(&types(dialect, "jsonschema")).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        for body in samples(dialect) {
            let faults: Vec<String> = validator
                .iter_errors(&body)
                .map(|fault| fault.to_string())
                .collect();
            assert_eq!(faults, Vec::<String>::new(), "{dialect}");
        }
        assert!(!validator.is_valid(&json!({"event": "x", "type": "x", "data": {}})));
    }
}

#[test]
fn typescript() {
    let folder = tempfile::tempdir().unwrap();
    let mut compiler = node("typescript/bin/tsc");
    compiler.args([
        "--strict", "--noEmit", "--target", "es2022", "--module", "es2022",
    ]);
    compiler.arg("--exactOptionalPropertyTypes");
    for dialect in Dialect::ALL {
        let types_file = folder.path().join(format!("{dialect}.ts"));
        fs::write(&types_file, types(dialect, "ts")).unwrap();
        let program = format!(
            "import type {{ Event }} from \"./{dialect}\";\nexport const samples: Event[] = {:#};\n\
             // @ts-expect-error: a body without its data is none\nexport const spoilt: Event = {{}};\n",
            json!(samples(dialect))
        );
        let program_file = folder.path().join(format!("{dialect}_samples.ts"));
        fs::write(&program_file, program).unwrap();
        compiler.arg(program_file);
    }
    assert_success(&run(compiler, ""));
}

#[test]
fn python() {
    let folder = tempfile::tempdir().unwrap();
    for dialect in Dialect::ALL {
        let module = folder.path().join(format!("{dialect}.py"));
        fs::write(&module, types(dialect, "python")).unwrap();
        let mut checker = script("accept.py");
        checker.arg(module);
        assert_success(&run(checker, &json!(samples(dialect)).to_string()));
    }
}

#[test]
fn rust() {
    let folder = folder("rust_types");
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    fs::create_dir_all(folder.join("src")).unwrap();
    fs::copy(workspace.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    fs::copy(beside("accept.rs"), folder.join("src/main.rs")).unwrap();
    let manifest = "[package]\nname = \"accept\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n\
                    serde = { version = \"1\", features = [\"derive\"] }\nserde_json = \"1\"\n";
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    let mut all = Map::new();
    for dialect in Dialect::ALL {
        let module = folder.join(format!("src/{dialect}.rs"));
        fs::write(module, types(dialect, "rust")).unwrap();
        all.insert(dialect.to_string(), json!(samples(dialect)));
    }
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args(["run", "--quiet", "--offline"])
        .current_dir(&folder);
    cargo.env("CARGO_TARGET_DIR", folder.join("target"));
    assert_success(&run(cargo, &json!(all).to_string()));
}

#[test]
fn go() {
    let Ok(version) = Command::new("go").arg("version").output() else {
        eprintln!("skipped: go is not installed, so the Go types are not compiled");
        return;
    };
    assert_success(&version);
    for dialect in Dialect::ALL {
        let folder = folder(&format!("go_types/{dialect}"));
        fs::write(folder.join("go.mod"), "module tidings\n\ngo 1.18\n").unwrap();
        fs::write(folder.join("tidings.go"), types(dialect, "go")).unwrap();
        fs::copy(beside("accept_test.go.txt"), folder.join("tidings_test.go")).unwrap();
        fs::write(
            folder.join("samples.json"),
            json!(samples(dialect)).to_string(),
        )
        .unwrap();
        let mut formatter = Command::new("gofmt");
        formatter.args(["-l", "tidings.go"]).current_dir(&folder);
        let output = run(formatter, "");
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            "",
            "gofmt would change {dialect}"
        );
        let mut tester = Command::new("go");
        tester.args(["test", "./..."]).current_dir(&folder);
        assert_success(&run(tester, ""));
    }
}

//! The API's own document, judged by a public validator, and the API, judged by a public fuzzer that
//! reads the document.

use crate::furniture::Furniture;
use crate::server::{ADMIN_KEY, Server, Site};
use crate::tools::{beside, run, tool};

/// What each run of the fuzzer is built from; the same cases come each time.
const SEED: &str = "20260511";
/// Generated cases per operation and phase.
const EXAMPLES_MAX: &str = "25";

#[test]
fn a_public_validator_accepts_the_document() {
    let site = Site::new();
    let server = site.serve();
    let document = server.anyone().get("/openapi.json");
    assert_eq!(document.status(), 200);
    let mut validator = tool("openapi-spec-validator");
    validator.args(["--errors", "all", "-"]);
    let output = run(validator, &document.text());
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
}

#[test]
fn a_public_fuzzer_finds_no_fault_as_the_installation() {
    let site = Site::new();
    let server = site.serve();
    let furniture = Furniture::of(&server);
    fuzz(&server, ADMIN_KEY, &furniture);
}

#[test]
fn a_public_fuzzer_finds_no_fault_as_an_organization() {
    let site = Site::new();
    let server = site.serve();
    let furniture = Furniture::of(&server);
    fuzz(&server, &furniture.key, &furniture);
}

fn fuzz(server: &Server, key: &str, furniture: &Furniture) {
    let folder = tempfile::tempdir().unwrap();
    let settings = std::fs::read_to_string(beside("schemathesis.toml")).unwrap();
    let file = folder.path().join("schemathesis.toml");
    std::fs::write(&file, settings + &furniture.settings()).unwrap();
    let url = format!("http://{}", server.address);
    let mut fuzzer = tool("schemathesis");
    fuzzer
        .arg("--config-file")
        .arg(&file)
        .args([
            "--no-color",
            "run",
            &format!("{url}/openapi.json"),
            "--checks",
            "all",
        ])
        .args([
            "--seed",
            SEED,
            "--max-examples",
            EXAMPLES_MAX,
            "--continue-on-failure",
        ])
        .args(["--header", &format!("Authorization: Bearer {key}")])
        .current_dir(folder.path());
    let output = run(fuzzer, "");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

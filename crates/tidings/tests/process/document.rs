//! The API's own document, judged by a public validator, and the API, judged by a public fuzzer that
//! reads the document.

use serde_json::json;

use crate::server::{ADMIN_KEY, Server, Site, event, publish};
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
    furnish(&server);
    fuzz(&server, ADMIN_KEY);
}

#[test]
fn a_public_fuzzer_finds_no_fault_as_an_organization() {
    let site = Site::new();
    let server = site.serve();
    let key = furnish(&server);
    fuzz(&server, &key);
}

/// Something to read: an organization with a webhook and events. Answers its key.
fn furnish(server: &Server) -> String {
    let organization = server.organization(&json!({}));
    let key = server.key(&organization, &["admin"]);
    let tenant = server.anyone().with_key(&key);
    let webhook = json!({"name": "listener", "url": "https://example.com/hooks", "isPaused": true});
    tenant.post("/v1/webhooks", &webhook).expect(201);
    publish(&tenant, &event("c1"));
    key
}

fn fuzz(server: &Server, key: &str) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("http://{}", server.address);
    let mut fuzzer = tool("schemathesis");
    fuzzer
        .arg("--config-file")
        .arg(beside("schemathesis.toml"))
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

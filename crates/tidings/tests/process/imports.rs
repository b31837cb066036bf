//! `tidings import` as an operator meets it: killed half-way, repeated, and told which line is wrong.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::http::{Caller, text};
use crate::server::{Server, Site, until};

const CONTACTS: usize = 400;
/// Each contact has a conversation, and that a message.
const LINES: usize = 3 * CONTACTS;
const BATCH: usize = 100;
/// What is sent before the kill; the last of it is too little for a batch.
const LINES_BEFORE_KILL: usize = 250;

/// All lines, of each contact together.
fn export() -> Vec<String> {
    let lines = (0..CONTACTS).flat_map(|at| {
        let identity = json!({"channelType": "webchat", "externalId": format!("visitor-{at}")});
        [
            json!({"kind": "contact", "ref": at.to_string(), "name": "Ada", "identities": [identity]}),
            json!({"kind": "conversation", "ref": at.to_string(), "contactRef": at.to_string(),
                   "channelType": "webchat", "threadId": format!("t{at}"), "status": "done"}),
            json!({"kind": "message", "ref": at.to_string(), "conversationRef": at.to_string(),
                   "direction": "inbound", "text": "Hello", "createdAt": "2024-05-01T10:00:00Z"}),
        ]
    });
    lines.map(|line| format!("{line}\n")).collect()
}

fn import(server: &Server, key: &str, from: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidings"));
    command
        .arg("import")
        .arg(from)
        .args(["--output", "json", "--batch", &BATCH.to_string()])
        .env_clear()
        .env("TIDINGS_URL", format!("http://{}", server.address))
        .env("TIDINGS_KEY", key)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn counts(output: &Output) -> Value {
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Sends some lines, waits until the whole batches of them are there, and kills whoever sends them.
fn import_and_kill(server: &Server, key: &str, tenant: &Caller, lines: &[String]) {
    let mut sender = import(server, key, Path::new("-")).spawn().unwrap();
    let mut input = sender.stdin.take().unwrap();
    input.write_all(lines.concat().as_bytes()).unwrap();
    input.flush().unwrap();
    // The last conversation whose line is in a whole batch.
    let last = (lines.len() / BATCH * BATCH - 2) / 3;
    until(tenant, "/v1/conversations?limit=1", |page| {
        page["data"][0]["threadId"] == format!("t{last}")
    });
    sender.kill().unwrap();
    sender.wait().unwrap();
}

#[test]
fn an_import_goes_on_after_a_kill_and_happens_once() {
    let site = Site::new();
    let server = site.serve();
    let organization = server.organization(&json!({}));
    let key = server.key(&organization, &["admin"]);
    let tenant = server.anyone().with_key(&key);
    let lines = export();
    import_and_kill(&server, &key, &tenant, &lines[..LINES_BEFORE_KILL]);
    server.kill();

    let server = site.serve();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("export.ndjson");
    std::fs::write(&file, lines.concat()).unwrap();
    let run = || import(&server, &key, &file).output().unwrap();
    let done = run();
    let skipped = LINES_BEFORE_KILL / BATCH * BATCH;
    assert_eq!(
        counts(&done),
        json!({"imported": LINES - skipped, "skipped": skipped})
    );
    let progress = String::from_utf8(done.stderr).unwrap();
    assert!(progress.starts_with("import: 100 lines, "), "{progress}");
    assert_eq!(counts(&run()), json!({"imported": 0, "skipped": LINES}));

    let tenant = server.anyone().with_key(&key);
    let newest = tenant.get("/v1/conversations?limit=1").expect(200);
    let newest = &newest["data"][0];
    assert_eq!(
        (&newest["status"], &newest["sequence"]),
        (&json!("done"), &json!(0))
    );
    let path = format!("/v1/conversations/{}/messages", text(newest, "id"));
    let messages = tenant.get(&path).expect(200);
    assert_eq!(messages["data"][0]["createdAt"], "2024-05-01T10:00:00Z");
    assert_eq!(messages["data"].as_array().map(Vec::len), Some(1));
    let events = tenant.get("/v1/events?after=").expect(200);
    assert_eq!(events["data"], json!([]), "nobody is told");
}

#[test]
fn a_bad_line_is_named_and_what_came_before_its_batch_stays() {
    let site = Site::new();
    let server = site.serve();
    let key = server.key(&server.organization(&json!({})), &["admin"]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("export.ndjson");
    let mut lines = export();
    lines.truncate(2 * BATCH);
    let check = |at: usize, line: &str, expect: &str| {
        let mut lines = lines.clone();
        lines[at] = format!("{line}\n");
        std::fs::write(&file, lines.concat()).unwrap();
        let output = import(&server, &key, &file).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(expect), "{said}");
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let nobody =
        r#"{"kind": "conversation", "ref": "x", "contactRef": "nobody", "channelType": "sms"}"#;
    let counts = check(
        150,
        nobody,
        "\n  line 151, /contactRef: names no contact that was imported before it",
    );
    assert_eq!(counts, json!({"imported": BATCH, "skipped": 0}));
    let counts = check(120, "{", "line 121 is not JSON");
    assert_eq!(counts, json!({"imported": 0, "skipped": BATCH}));
    check(
        120,
        r#"{"kind": "contact", "ref": 1e400}"#,
        "line 121, /ref: is a number",
    );
}

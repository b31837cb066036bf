//! The client commands against a scripted answer, and without a server.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::thread::JoinHandle;

use serde_json::{Value, json};

use crate::process::{Call, tidings};

const KEY: &str = "sa_live_0123456789abcdef01234567";

/// Answers one request with this status and body; joining gives the request as it came.
fn answer_once(status: &str, body: &Value) -> (String, JoinHandle<(String, String)>) {
    let (url, heard) = answer_each(status, [body]);
    let only = std::thread::spawn(move || heard.join().unwrap().remove(0));
    (url, only)
}

/// The same for a request after the other, each with the next of these bodies.
fn answer_each<const N: usize>(
    status: &str,
    bodies: [&Value; N],
) -> (String, JoinHandle<Vec<(String, String)>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answers = bodies.map(|body| {
        let body = body.to_string();
        let length = body.len();
        format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        )
    });
    let heard = std::thread::spawn(move || {
        let heard = answers.iter().map(|answer| hear(&listener, answer));
        heard.collect()
    });
    (url, heard)
}

/// The next request, head and body; it is answered so.
fn hear(listener: &TcpListener, answer: &str) -> (String, String) {
    let (stream, _) = listener.accept().unwrap();
    let mut reader = BufReader::new(&stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        reader.read_line(&mut head).unwrap();
    }
    let length = head.lines().find_map(|line| {
        line.to_lowercase()
            .strip_prefix("content-length: ")?
            .parse()
            .ok()
    });
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).unwrap();
    (&stream).write_all(answer.as_bytes()).unwrap();
    (head, String::from_utf8(body).unwrap())
}

fn keyed(call: Call, url: &str) -> Call {
    call.env("TIDINGS_KEY", KEY).env("TIDINGS_URL", url)
}

#[test]
fn a_key_is_made_and_printed_alone_on_stdout() {
    let (url, heard) = answer_once("201 Created", &json!({"id": "key_1", "key": "sa_live_new"}));
    let create = tidings(&[
        "keys",
        "create",
        "--name",
        "ci",
        "--scope",
        "events:write,webhooks:read",
    ]);
    let done = keyed(create, &url).ends(0);
    assert_eq!(done.stdout, "sa_live_new\n");
    let (head, body) = heard.join().unwrap();
    assert!(head.starts_with("POST /v1/api-keys HTTP/1.1\r\n"), "{head}");
    assert!(
        head.contains(&format!("authorization: Bearer {KEY}\r\n")),
        "{head}"
    );
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        body,
        json!({"name": "ci", "scopes": ["events:write", "webhooks:read"]})
    );
}

#[test]
fn a_list_is_a_table_or_json() {
    let page = json!({"data": [{"id": "whk_1", "status": "active", "dialect": "atender",
        "pendingCount": 3, "name": "CRM", "url": "https://crm.example/hook"}], "nextCursor": "abc"});
    let (url, heard) = answer_once("200 OK", &page);
    let done = keyed(tidings(&["webhooks", "list", "--limit", "1"]), &url).ends(0);
    assert_eq!(
        done.stdout,
        "ID     STATUS  DIALECT  OWED  NAME  URL\n\
         whk_1  active  atender  3     CRM   https://crm.example/hook\n"
    );
    assert_eq!(done.stderr, "more: --cursor abc\n");
    let (head, _) = heard.join().unwrap();
    assert!(
        head.starts_with("GET /v1/webhooks?limit=1 HTTP/1.1\r\n"),
        "{head}"
    );

    let (url, _) = answer_once("200 OK", &page);
    let done = keyed(tidings(&["webhooks", "list", "--output", "json"]), &url).ends(0);
    assert_eq!(serde_json::from_str::<Value>(&done.stdout).unwrap(), page);
}

#[test]
fn a_refusal_is_told_on_stderr_with_the_next_step() {
    let problem = json!({"code": "missing_scope", "detail": "needs webhooks:read"});
    let (url, _) = answer_once("403 Forbidden", &problem);
    let done = keyed(tidings(&["webhooks", "show", "whk_1"]), &url).ends(1);
    assert_eq!(done.stdout, "");
    assert!(
        done.stderr
            .starts_with("error: needs webhooks:read (403 Forbidden, missing_scope)"),
        "{}",
        done.stderr
    );
    assert!(
        done.stderr.contains("tidings keys create --scope"),
        "{}",
        done.stderr
    );
}

#[test]
fn without_key_or_server_the_message_says_what_to_do() {
    let done = tidings(&["keys", "list"]).ends(2);
    assert!(done.stderr.contains("set TIDINGS_KEY="), "{}", done.stderr);
    let silent = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let done = keyed(tidings(&["keys", "list"]), &format!("http://{silent}")).ends(1);
    assert!(
        done.stderr.contains("is `tidings serve` running there?"),
        "{}",
        done.stderr
    );
}

#[test]
fn a_dry_run_of_a_replay_counts() {
    let (url, heard) = answer_once("200 OK", &json!({"count": 3}));
    let since = "2026-05-11T09:00:00Z";
    let replay = tidings(&[
        "replay",
        "whk_1",
        "--since",
        since,
        "--which",
        "missed",
        "--events",
        "a.*,b",
        "--dry-run",
    ]);
    assert_eq!(keyed(replay, &url).ends(0).stdout, "3 events\n");
    let (head, body) = heard.join().unwrap();
    assert!(
        head.starts_with("POST /v1/webhooks/whk_1/replay "),
        "{head}"
    );
    let body: Value = serde_json::from_str(&body).unwrap();
    let expect = json!({"since": since, "which": "missed", "events": ["a.*", "b"], "dryRun": true});
    assert_eq!(body, expect);
}

#[test]
fn a_replay_asks_and_takes_silence_for_no() {
    let (url, heard) = answer_once("200 OK", &json!({"count": 1}));
    let replay = tidings(&["replay", "whk_1", "--since", "2026-05-11T09:00:00Z"]);
    let done = keyed(replay, &url).ends(2);
    assert!(done.stderr.contains("--yes"), "{}", done.stderr);
    let (_, body) = heard.join().unwrap();
    assert!(body.contains(r#""which":"failed""#), "{body}");
}

#[test]
fn a_custom_type_is_triggered_by_its_sample() {
    let shown = json!({"name": "order.shipped", "sample": {"order": {"id": "o-1"}}});
    let (url, heard) = answer_once("200 OK", &shown);
    let arguments = ["trigger", "order.shipped", "--organization", "org_1"];
    let arguments = [&arguments[..], &["--set", "order.id=o-2", "--dry-run"]].concat();
    let done = keyed(tidings(&arguments), &url).ends(0);
    let body: Value = serde_json::from_str(&done.stdout).unwrap();
    let expect = json!({"type": "order.shipped", "data": {"order": {"id": "o-2"}}, "organizationId": "org_1"});
    assert_eq!(body, expect);
    let (head, _) = heard.join().unwrap();
    let asked = "GET /v1/event-types/order.shipped?organizationId=org_1 ";
    assert!(head.starts_with(asked), "{head}");
}

#[test]
fn what_another_dialect_has_is_no_custom_type() {
    let shown = json!({"name": "conversation.closed", "sample": {"conversation": {"id": "1"}}});
    let (url, _heard) = answer_once("200 OK", &shown);
    let arguments = ["trigger", "conversation.closed", "--dialect", "atender"];
    let done = keyed(tidings(&arguments), &url).ends(2);
    assert!(
        done.stderr.contains("--dialect standard"),
        "{}",
        done.stderr
    );
}

#[test]
fn events_are_followed_wherever_a_key_may_look() {
    let problem = json!({"code": "missing_scope", "detail": "needs events:read"});
    let (url, heard) = answer_once("403 Forbidden", &problem);
    let reach = ["--organization", "org_1", "--include-descendants"];
    let arguments = [&["events", "tail"], &reach[..], &["--type", "tag.added"]].concat();
    keyed(tidings(&arguments), &url).ends(1);
    let (head, _) = heard.join().unwrap();
    let asked =
        "GET /v1/events/stream?organizationId=org_1&includeDescendants=true&type=tag.added ";
    assert!(head.starts_with(asked), "{head}");
}

#[test]
fn event_types_are_listed() {
    let custom = json!({"name": "order.shipped", "version": 2, "organizationId": "org_1", "description": "Sent."});
    let (url, heard) = answer_once("200 OK", &json!({"data": [custom], "nextCursor": null}));
    let arguments = [
        "events",
        "types",
        "--dialect",
        "atender",
        "--match",
        "order.*",
    ];
    let done = keyed(tidings(&arguments), &url).ends(0);
    let (head, _) = heard.join().unwrap();
    let asked = "GET /v1/event-types?dialect=atender&match=order.* ";
    assert!(head.starts_with(asked), "{head}");
    for cell in ["order.shipped", "2", "org_1", "Sent."] {
        assert!(done.stdout.contains(cell), "{}", done.stdout);
    }
}

#[test]
fn event_types_are_listed_whole_unless_a_limit_is_given() {
    let page = |name: &str, next: Value| json!({"data": [{"name": name}], "nextCursor": next});
    let first = page("order.shipped", json!("abc"));
    let (url, heard) = answer_each("200 OK", [&first, &page("order.returned", Value::Null)]);
    let done = keyed(tidings(&["events", "types", "--output", "json"]), &url).ends(0);
    let printed: Value = serde_json::from_str(&done.stdout).unwrap();
    let both = json!({"data": [{"name": "order.shipped"}, {"name": "order.returned"}], "nextCursor": null});
    assert_eq!(printed, both);
    let asked = [
        "GET /v1/event-types?dialect=standard ",
        "GET /v1/event-types?dialect=standard&cursor=abc ",
    ];
    for ((head, _), asked) in heard.join().unwrap().iter().zip(asked) {
        assert!(head.starts_with(asked), "{head}");
    }

    let (url, heard) = answer_once("200 OK", &first);
    let done = keyed(tidings(&["events", "types", "--limit", "1"]), &url).ends(0);
    assert_eq!(done.stderr, "more: --cursor abc\n");
    let (head, _) = heard.join().unwrap();
    let asked = "GET /v1/event-types?limit=1&dialect=standard ";
    assert!(head.starts_with(asked), "{head}");
}

#[test]
fn lines_are_imported_and_counted() {
    let (url, heard) = answer_once("200 OK", &json!({"imported": 1, "skipped": 1}));
    let import = tidings(&["import", "-", "--organization", "org_1", "--output", "json"]);
    let lines = b"{\"kind\":\"contact\",\"ref\":\"7\"}\n{\"kind\":\"contact\",\"ref\":\"8\"}\n";
    let done = keyed(import, &url).input(lines).ends(0);
    let counts: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(counts, json!({"imported": 1, "skipped": 1}));
    let (head, body) = heard.join().unwrap();
    assert!(head.starts_with("POST /v1/import HTTP/1.1\r\n"), "{head}");
    let body: Value = serde_json::from_str(&body).unwrap();
    let contact = |reference: &str| json!({"kind": "contact", "ref": reference});
    assert_eq!(
        body,
        json!({"lines": [contact("7"), contact("8")], "organizationId": "org_1"})
    );
}

#[test]
fn a_refused_batch_names_its_lines() {
    let fault = json!({"pointer": "/lines/0/ref", "detail": "is required"});
    let problem = json!({"code": "invalid_request", "detail": "one fault", "errors": [fault]});
    let (url, heard) = answer_once("422 Unprocessable Entity", &problem);
    let done = keyed(tidings(&["import", "-"]), &url)
        .input(b"\n{\"kind\":\"contact\"}\n")
        .ends(1);
    heard.join().unwrap();
    for told in ["lines 2 to 2", "line 2, /ref: is required"] {
        assert!(done.stderr.contains(told), "{}", done.stderr);
    }
    assert_eq!(
        done.stdout,
        "0 imported, 0 skipped because they were there\n"
    );
}

//! What the fuzzer finds in the organization it is let loose on: records of each noun, and their ids in
//! its settings, so that what it asks about a record meets one.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::http::{Caller, text};
use crate::server::{Server, event, publish};

/// How many there are of each noun: the fuzzer deletes and merges them.
const COPIES: usize = 12;

/// Which organization is meant, wherever one can be named; and what resources there are.
const EVERYWHERE: &str = r#"
[parameters]
"query.organizationId" = { dictionary = "home", probability = 0.8 }
"body.organizationId" = { dictionary = "home", probability = 0.8 }

[dictionaries.kind]
values = ["service"]

[[operations]]
include-path = '/v1/resources/{kind}'
[operations.parameters]
"path.kind" = { dictionary = "kind", probability = 0.7 }
"#;

/// An organization with something of everything.
pub(crate) struct Furniture {
    /// The organization's own key.
    pub(crate) key: String,
    organization: String,
    /// The ids of each noun.
    ids: Vec<(&'static str, Vec<String>)>,
}

impl Furniture {
    pub(crate) fn of(server: &Server) -> Self {
        let organization = server.organization(&json!({}));
        let key = server.key(&organization, &["admin"]);
        let tenant = server.anyone().with_key(&key);
        let rooms: Vec<_> = (0..COPIES)
            .map(|at| furnish(&tenant, &organization, at))
            .collect();
        let nouns = rooms[0].iter().map(|(noun, _)| *noun).enumerate();
        let ids = nouns.map(|(column, noun)| {
            let ids = rooms.iter().map(|room| room[column].1.clone());
            (noun, ids.collect())
        });
        let ids = ids.collect();
        Self {
            key,
            organization,
            ids,
        }
    }

    /// The fuzzer's settings that tell of it.
    pub(crate) fn settings(&self) -> String {
        let home = json!([self.organization]);
        let mut settings = format!("{EVERYWHERE}\n[dictionaries.home]\nvalues = {home}\n");
        for (noun, ids) in &self.ids {
            let kind = match *noun {
                "service" => "\"path.kind\" = { dictionary = \"kind\", probability = 0.7 }",
                _ => "",
            };
            let path = match *noun {
                "service" => "resources/({kind}|service)",
                noun => noun,
            };
            let parameter = match *noun {
                "event-types" => "name",
                _ => "id",
            };
            let path = path.replace('{', "\\{").replace('}', "\\}");
            let _ = writeln!(
                settings,
                r#"
[dictionaries.{noun}]
values = {}

[[operations]]
include-path-regex = '^/v1/{path}/\{{'
[operations.parameters]
"path.{parameter}" = {{ dictionary = "{noun}", probability = 0.7 }}
{kind}"#,
                json!(ids)
            );
        }
        settings
    }
}

/// Something of each noun; answers its id.
fn furnish(tenant: &Caller, organization: &str, at: usize) -> Vec<(&'static str, String)> {
    let make = |path: &str, body: Value| text(&tenant.post(path, &body).expect(201), "id");
    let inbound = json!({
        "channelType": "webchat", "threadId": format!("t{at}"), "externalId": "m1", "text": "Hello",
        "from": {"id": format!("visitor-{at}"), "name": "Ada"},
    });
    let came = tenant.post("/v1/messages/inbound", &inbound).expect(201);
    let conversation = text(&came["conversation"], "id");
    let path = format!("/v1/conversations/{conversation}");
    let hook = json!({"name": "listener", "url": "https://example.com/hooks", "isPaused": true});
    let hook = make("/v1/webhooks", hook);
    let event = publish(tenant, &event(&format!("c{at}")));
    let call = json!({"direction": "inbound", "from": format!("+44{at}"), "to": "100"});
    let target = json!({"warnAfterSeconds": 60, "breachAfterSeconds": 120});
    let policy = json!({"name": "all", "metrics": {"firstReply": target}});
    let user = json!({"name": "Noor", "email": format!("noor-{at}@bikes.example")});
    let post = json!({"direction": "outbound", "text": "Good morning"});
    let branch = json!({"name": "Branch", "parentId": organization});
    let key = json!({"name": "spare", "scopes": ["events:read"]});
    let kind = json!({"name": format!("bike{at}.serviced"), "description": "A bike was serviced"});
    vec![
        ("deliveries", delivery(tenant, &hook)),
        ("replays", replay(tenant, &hook)),
        ("webhooks", hook),
        ("events", event),
        (
            "event-types",
            text(&tenant.post("/v1/event-types", &kind).expect(201), "name"),
        ),
        ("organizations", make("/v1/organizations", branch)),
        ("api-keys", make("/v1/api-keys", key)),
        ("contacts", text(&came["contact"], "id")),
        ("calls", make("/v1/calls", call)),
        ("sla-policies", make("/v1/sla-policies", policy)),
        ("users", make("/v1/users", user)),
        ("messages", make(&format!("{path}/messages"), post)),
        (
            "drafts",
            make(&format!("{path}/drafts"), json!({"text": "On its way"})),
        ),
        (
            "service",
            make("/v1/resources/service", json!({"name": "Mail"})),
        ),
        ("conversations", conversation),
    ]
}

/// Something that the webhook is owed.
fn delivery(tenant: &Caller, webhook: &str) -> String {
    let page = tenant.get(&format!("/v1/webhooks/{webhook}/deliveries"));
    text(&page.expect(200)["data"][0], "id")
}

/// A replay that waits, as its webhook is paused.
fn replay(tenant: &Caller, webhook: &str) -> String {
    let all = json!({"which": "all", "since": "2026-01-01T00:00:00Z"});
    let started = tenant.post(&format!("/v1/webhooks/{webhook}/replay"), &all);
    text(&started.expect(202), "id")
}

//! What the fuzzer finds in the organization it is let loose on: records of each noun, and their ids in
//! its settings, so that what it asks about a record meets one.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::http::{Caller, text};
use crate::server::{Server, event, publish};

/// How many there are of each noun: the fuzzer deletes and merges them.
const COPIES: usize = 12;

/// An organization with something of everything.
pub(crate) struct Furniture {
    /// The organization's own key.
    pub(crate) key: String,
    /// The ids of each noun.
    ids: Vec<(&'static str, Vec<String>)>,
}

impl Furniture {
    pub(crate) fn of(server: &Server) -> Self {
        let organization = server.organization(&json!({}));
        let key = server.key(&organization, &["admin"]);
        let tenant = server.anyone().with_key(&key);
        let rooms: Vec<_> = (0..COPIES).map(|at| furnish(&tenant, at)).collect();
        let nouns = rooms[0].iter().map(|(noun, _)| *noun).enumerate();
        let ids = nouns.map(|(column, noun)| {
            let ids = rooms.iter().map(|room| room[column].1.clone());
            (noun, ids.collect())
        });
        let ids = ids.collect();
        Self { key, ids }
    }

    /// The fuzzer's settings that tell of it.
    pub(crate) fn settings(&self) -> String {
        let mut settings = String::new();
        for (noun, ids) in &self.ids {
            let kind = match *noun {
                "service" => "\"path.kind\" = { dictionary = \"kind\", probability = 0.7 }",
                _ => "",
            };
            let path = match *noun {
                "service" => "resources/({kind}|service)",
                noun => noun,
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
"path.id" = {{ dictionary = "{noun}", probability = 0.7 }}
{kind}"#,
                json!(ids)
            );
        }
        settings + "[dictionaries.kind]\nvalues = [\"service\"]\n"
    }
}

/// Something of each noun; answers its id.
fn furnish(tenant: &Caller, at: usize) -> Vec<(&'static str, String)> {
    let make = |path: &str, body: Value| text(&tenant.post(path, &body).expect(201), "id");
    let inbound = json!({
        "channelType": "webchat", "threadId": format!("t{at}"), "externalId": "m1", "text": "Hello",
        "from": {"id": format!("visitor-{at}"), "name": "Ada"},
    });
    let came = tenant.post("/v1/messages/inbound", &inbound).expect(201);
    let conversation = text(&came["conversation"], "id");
    let path = format!("/v1/conversations/{conversation}");
    let hook = json!({"name": "listener", "url": "https://example.com/hooks", "isPaused": true});
    let call = json!({"direction": "inbound", "from": format!("+44{at}"), "to": "100"});
    let target = json!({"warnAfterSeconds": 60, "breachAfterSeconds": 120});
    let policy = json!({"name": "all", "metrics": {"firstReply": target}});
    let user = json!({"name": "Noor", "email": format!("noor-{at}@bikes.example")});
    let post = json!({"direction": "outbound", "text": "Good morning"});
    vec![
        ("webhooks", make("/v1/webhooks", hook)),
        ("events", publish(tenant, &event(&format!("c{at}")))),
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

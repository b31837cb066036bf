//! What the demonstration needs, made through the public API: an organization, a key, webhooks.

use std::net::SocketAddr;

use anyhow::Context as _;
use serde_json::{Value, json};
use tidings_events::{Dialect, Secret};

use super::receiver::Receiver;
use crate::client::Client;

/// The webhooks of the demonstration: name, dialect, path at the receiver, settings of its own.
const WEBHOOKS: [(&str, Dialect, &str); 6] = [
    ("atender", Dialect::Atender, "/atender"),
    ("chatshipper", Dialect::Chatshipper, "/chatshipper"),
    ("varda", Dialect::Varda, "/varda"),
    ("dialogbrain", Dialect::Dialogbrain, "/dialogbrain"),
    ("standard", Dialect::Standard, "/standard"),
    ("flaky", Dialect::Standard, "/flaky"),
];

/// An organization with a key and webhooks at the built-in receiver.
#[derive(Clone, Debug)]
pub(super) struct Demo {
    pub(super) address: SocketAddr,
    pub(super) organization_id: String,
    pub(super) key: String,
}

impl Demo {
    /// Makes everything, the way a platform would.
    pub(super) fn set_up(
        address: SocketAddr,
        admin_key: &str,
        receiver: &Receiver,
    ) -> anyhow::Result<Self> {
        let base: url::Url = format!("http://{address}").parse()?;
        let admin = Client::new(base.clone(), Some(admin_key.to_owned()))?;
        let organization = admin.post(&["v1", "organizations"], &json!({"name": "Demo"}))?;
        let organization_id = text(&organization, "id")?;
        let asked = json!({
            "organizationId": organization_id,
            "name": "demo",
            "scopes": ["admin"],
        });
        let key = text(&admin.post(&["v1", "api-keys"], &asked)?, "key")?;
        let client = Client::new(base, Some(key.clone()))?;
        for (name, dialect, path) in WEBHOOKS {
            let mut asked = json!({
                "name": name,
                "url": format!("http://{}{path}", receiver.address()),
                "dialect": dialect.as_str(),
            });
            if name == "flaky" {
                asked["events"] = json!(["message.*"]);
                asked["retryDelaySeconds"] = json!(1);
            }
            let webhook = client.post(&["v1", "webhooks"], &asked)?;
            let secret: Secret = text(&webhook, "secret")?.parse()?;
            receiver.expect(path, text(&webhook, "id")?.parse()?, dialect, secret);
        }
        Ok(Self {
            address,
            organization_id,
            key,
        })
    }

    /// A client that holds the demonstration's key.
    pub(super) fn client(&self) -> anyhow::Result<Client> {
        Client::new(
            format!("http://{}", self.address).parse()?,
            Some(self.key.clone()),
        )
    }
}

fn text(answer: &Value, member: &str) -> anyhow::Result<String> {
    let text = answer.get(member).and_then(Value::as_str);
    text.map(str::to_owned)
        .with_context(|| format!("the API answered without {member}"))
}

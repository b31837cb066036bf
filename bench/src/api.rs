//! Set-up calls to the product's API.

use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::blocking::Connection;
use crate::signature::SECRET;

const PATIENCE: Duration = Duration::from_mins(1);

/// A client with the installation's key.
pub(crate) struct Api {
    address: SocketAddr,
    key: String,
    connection: Connection,
}

impl Api {
    /// Connects to the server at `address`.
    pub(crate) fn connect(address: SocketAddr, key: &str) -> Result<Self> {
        Ok(Self {
            address,
            key: key.to_owned(),
            connection: Connection::open(address, PATIENCE)?,
        })
    }

    /// Makes an organization at the top level and answers its id.
    pub(crate) fn create_organization(&mut self, name: &str) -> Result<String> {
        let made = self.call("POST", "/v1/organizations", &json!({ "name": name }))?;
        id_of(&made)
    }

    /// Makes a bench webhook and answers its id: dialect `standard`, 256 in flight, the bench's
    /// own secret. `more` adds or replaces fields.
    pub(crate) fn create_webhook(
        &mut self,
        organization: &str,
        url: &str,
        more: &Value,
    ) -> Result<String> {
        let mut body = json!({
            "name": "bench",
            "url": url,
            "organizationId": organization,
            "dialect": "standard",
            "maxInFlight": 256,
            "secret": SECRET,
        });
        for (field, value) in more.as_object().into_iter().flatten() {
            body[field] = value.clone();
        }
        let made = self.call("POST", "/v1/webhooks", &body)?;
        id_of(&made)
    }

    /// Changes a webhook.
    pub(crate) fn change_webhook(&mut self, id: &str, change: &Value) -> Result<Value> {
        self.call("PATCH", &format!("/v1/webhooks/{id}"), change)
    }

    /// One webhook as it stands.
    pub(crate) fn webhook(&mut self, id: &str) -> Result<Value> {
        self.call("GET", &format!("/v1/webhooks/{id}"), &Value::Null)
    }

    /// Whether `/readyz` answers 200.
    pub(crate) fn is_ready(&mut self) -> Result<bool> {
        let request = format!("GET /readyz HTTP/1.1\r\nhost: {}\r\n\r\n", self.address);
        Ok(self.connection.exchange(request.as_bytes())?.status == 200)
    }

    fn call(&mut self, method: &str, path: &str, body: &Value) -> Result<Value> {
        let text = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let mut request = Vec::new();
        write!(
            request,
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{text}",
            self.address,
            self.key,
            text.len()
        )?;
        let response = self
            .connection
            .exchange(&request)
            .with_context(|| format!("{method} {path}"))?;
        if !(200..300).contains(&response.status) {
            let said = self.connection.excerpt(&response);
            bail!("{method} {path} was answered {}: {said}", response.status);
        }
        serde_json::from_slice(self.connection.body(&response))
            .with_context(|| format!("the answer to {method} {path} is not JSON"))
    }
}

fn id_of(resource: &Value) -> Result<String> {
    let id = resource["id"].as_str().context("the answer has no id")?;
    Ok(id.to_owned())
}

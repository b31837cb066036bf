//! Requests, rendered into a reused buffer from parts that are made once.
//!
//! Every event's `data` is a valid `message.received` of exactly [`DATA_BYTES`]; only the mark
//! and the two ids change, so rendering one is a copy of a kibibyte.

use std::io::Write;
use std::net::SocketAddr;

use anyhow::Result;

use crate::mark::{MARK_BYTES, Mark, write_digits};
use crate::protocol::Shape;
use crate::signature::{SECRET, Signer};

/// Size of one event's `data`: 1 KiB.
pub(crate) const DATA_BYTES: usize = 1024;

const CONVERSATION: &[u8] = br#"{"conversation":{"id":"c-"#;
const CONTACT: &[u8] = br#""},"contact":{"id":"p-"#;
const MESSAGE: &[u8] = br#""},"message":{"id":""#;
const TEXT: &[u8] = br#"","direction":"inbound","text":""#;
const END: &[u8] = br#""}}"#;
const KEY_DIGITS: usize = 8;
const TEXT_BYTES: usize = DATA_BYTES
    - (CONVERSATION.len() + CONTACT.len() + MESSAGE.len() + TEXT.len() + END.len())
    - 2 * KEY_DIGITS
    - MARK_BYTES;

const EVENT: &[u8] = br#"{"type":"message.received","#;
const ORGANIZATION: &[u8] = br#""organizationId":""#;
const ORGANIZATION_END: &[u8] = br#"","#;
const DATA: &[u8] = br#""data":"#;
const EVENT_END: &[u8] = b"}";
const EVENTS: &[u8] = br#"{"events":["#;
const EVENTS_END: &[u8] = b"]}";

const THREAD: &[u8] = br#""channelType":"webchat","threadId":"c-"#;
const FROM: &[u8] = br#"","from":{"id":"p-"#;
const EXTERNAL_ID: &[u8] = br#""},"externalId":""#;
const INBOUND_TEXT: &[u8] = br#"","text":""#;
const INBOUND_END: &[u8] = br#""}"#;

/// The receiver checks the signature, not the age, so the raw figures need no clock for it.
const TIMESTAMP: &[u8] = b"1700000000";

/// Appends one event's `data`.
pub(crate) fn write_data(out: &mut Vec<u8>, mark: Mark) {
    out.extend_from_slice(CONVERSATION);
    write_digits::<KEY_DIGITS>(out, mark.key);
    out.extend_from_slice(CONTACT);
    write_digits::<KEY_DIGITS>(out, mark.key);
    out.extend_from_slice(MESSAGE);
    mark.write(out);
    out.extend_from_slice(TEXT);
    out.extend_from_slice(&[b'x'; TEXT_BYTES]);
    out.extend_from_slice(END);
}

/// Renders whole requests of one [`Shape`].
pub(crate) struct Renderer {
    head: Vec<u8>,
    body: Body,
    scratch: Vec<u8>,
}

enum Body {
    Publish {
        organizations: Vec<String>,
        batch: u64,
    },
    Receive {
        organization: String,
        series: String,
    },
    Deliver {
        signer: Signer,
    },
}

impl Renderer {
    /// Prepares what does not change from request to request.
    pub(crate) fn new(address: SocketAddr, shape: &Shape) -> Result<Self> {
        let mut head = Vec::new();
        let body = match shape {
            Shape::Publish {
                key,
                organizations,
                batch,
            } => {
                write_head(&mut head, "/v1/events", address, key)?;
                Body::Publish {
                    organizations: organizations.clone(),
                    batch: *batch,
                }
            }
            Shape::Receive {
                key,
                organization,
                series,
            } => {
                write_head(&mut head, "/v1/messages/inbound", address, key)?;
                Body::Receive {
                    organization: organization.clone(),
                    series: series.clone(),
                }
            }
            Shape::Deliver => {
                write!(head, "POST /s/0 HTTP/1.1\r\nhost: {address}\r\n")?;
                Body::Deliver {
                    signer: Signer::new(SECRET)?,
                }
            }
        };
        head.extend_from_slice(b"content-type: application/json\r\n");
        Ok(Self {
            head,
            body,
            scratch: Vec::new(),
        })
    }

    /// Events per request.
    pub(crate) fn batch(&self) -> u64 {
        match self.body {
            Body::Publish { batch, .. } => batch,
            Body::Receive { .. } | Body::Deliver { .. } => 1,
        }
    }

    /// Status of the answer that acknowledges a request.
    pub(crate) fn expected_status(&self) -> u16 {
        match self.body {
            Body::Publish { .. } => 202,
            Body::Receive { .. } => 201,
            Body::Deliver { .. } => 200,
        }
    }

    /// Replaces `out` by the request that carries `marks`.
    pub(crate) fn render(&mut self, out: &mut Vec<u8>, marks: &[Mark]) -> Result<()> {
        let body = &mut self.scratch;
        body.clear();
        out.clear();
        out.extend_from_slice(&self.head);
        match &self.body {
            Body::Publish {
                organizations,
                batch,
            } => write_events(body, organizations, *batch, marks),
            Body::Receive {
                organization,
                series,
            } => write_inbound(body, organization, series, marks[0]),
            Body::Deliver { signer } => {
                write_data(body, marks[0]);
                write_signature(out, signer, marks[0].id, body)?;
            }
        }
        write!(out, "content-length: {}\r\n\r\n", body.len())?;
        out.extend_from_slice(body);
        Ok(())
    }
}

/// Appends the request line and the headers of a call with the bearer token `key`.
fn write_head(out: &mut Vec<u8>, path: &str, address: SocketAddr, key: &str) -> Result<()> {
    write!(
        out,
        "POST {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {key}\r\n"
    )?;
    Ok(())
}

/// Appends the three Standard Webhooks headers for `body`.
pub(crate) fn write_signature(
    out: &mut Vec<u8>,
    signer: &Signer,
    id: u64,
    body: &[u8],
) -> Result<()> {
    let id = id.to_string();
    write!(out, "webhook-id: {id}\r\nwebhook-timestamp: ")?;
    out.extend_from_slice(TIMESTAMP);
    out.extend_from_slice(b"\r\nwebhook-signature: ");
    signer.sign_into(out, id.as_bytes(), TIMESTAMP, body);
    out.extend_from_slice(b"\r\n");
    Ok(())
}

fn write_events(out: &mut Vec<u8>, organizations: &[String], batch: u64, marks: &[Mark]) {
    if batch == 1 {
        write_event(out, organizations, marks[0]);
        return;
    }
    out.extend_from_slice(EVENTS);
    for (index, mark) in marks.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_event(out, organizations, *mark);
    }
    out.extend_from_slice(EVENTS_END);
}

fn write_event(out: &mut Vec<u8>, organizations: &[String], mark: Mark) {
    out.extend_from_slice(EVENT);
    if !organizations.is_empty() {
        let organization = &organizations[mark.key as usize % organizations.len()];
        write_organization(out, organization);
    }
    out.extend_from_slice(DATA);
    write_data(out, mark);
    out.extend_from_slice(EVENT_END);
}

fn write_organization(out: &mut Vec<u8>, organization: &str) {
    out.extend_from_slice(ORGANIZATION);
    out.extend_from_slice(organization.as_bytes());
    out.extend_from_slice(ORGANIZATION_END);
}

/// Appends a customer's message, its text as long as that of an event.
fn write_inbound(out: &mut Vec<u8>, organization: &str, series: &str, mark: Mark) {
    out.push(b'{');
    write_organization(out, organization);
    out.extend_from_slice(THREAD);
    write_digits::<KEY_DIGITS>(out, mark.key);
    out.extend_from_slice(FROM);
    write_digits::<KEY_DIGITS>(out, mark.key);
    out.extend_from_slice(EXTERNAL_ID);
    out.extend_from_slice(series.as_bytes());
    mark.write(out);
    out.extend_from_slice(INBOUND_TEXT);
    out.extend_from_slice(&[b'x'; TEXT_BYTES]);
    out.extend_from_slice(INBOUND_END);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mark::Finder;

    fn mark(id: u64) -> Mark {
        Mark {
            id,
            key: id,
            intended_ns: 0,
        }
    }

    fn body_of(request: &[u8]) -> &[u8] {
        let end = memchr::memmem::find(request, b"\r\n\r\n").unwrap();
        &request[end + 4..]
    }

    #[test]
    fn data_is_one_kibibyte_of_valid_json() {
        let mut data = Vec::new();
        write_data(&mut data, mark(7));
        assert_eq!(data.len(), DATA_BYTES);
        let value: serde_json::Value = serde_json::from_slice(&data).unwrap();
        assert_eq!(value["conversation"]["id"], "c-00000007");
        assert_eq!(Finder::new().find(&data), Some(mark(7)));
    }

    #[test]
    fn requests_of_every_shape_are_valid() {
        let publish = |batch, organizations: &[&str]| Shape::Publish {
            key: "sa_live_x".to_owned(),
            organizations: organizations.iter().map(ToString::to_string).collect(),
            batch,
        };
        let shapes = [
            publish(1, &[]),
            publish(1, &["org_a", "org_bb"]),
            publish(3, &["org_a"]),
            Shape::Receive {
                key: "sa_live_x".to_owned(),
                organization: "org_a".to_owned(),
                series: "history-".to_owned(),
            },
            Shape::Deliver,
        ];
        for shape in shapes {
            let mut renderer = Renderer::new("127.0.0.1:1".parse().unwrap(), &shape).unwrap();
            let marks: Vec<Mark> = (0..renderer.batch()).map(mark).collect();
            let mut request = Vec::new();
            renderer.render(&mut request, &marks).unwrap();
            let body = body_of(&request);
            let length = format!("content-length: {}\r\n\r\n", body.len());
            assert!(memchr::memmem::find(&request, length.as_bytes()).is_some());
            serde_json::from_slice::<serde_json::Value>(body).unwrap();
            assert_eq!(Finder::new().find(body), Some(mark(0)));
        }
    }
}

//! What a caller says of a message, read and checked field by field (contract §7).

use serde_json::{Map, Value};

use super::{Attachment, Body, Direction, MessageType, Role, Sender};
use crate::contact;
use crate::input::{Given, Object};

/// How many bytes of JSON text, HTML, attachments and metadata may have together. An event that tells
/// of a change holds three times as much, and stays within what one event may carry.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// How many attachments a message may have.
pub const ATTACHMENTS_MAX: usize = 50;
/// How long an attachment's URL may be, in characters.
pub const URL_CHARACTERS_MAX: usize = 2_048;
/// How long names of files, writers and media types may be, in characters.
pub const NAME_CHARACTERS_MAX: usize = 200;
/// How long ids of foreign systems may be, in characters: of threads, messages, writers, channels.
pub const FOREIGN_ID_CHARACTERS_MAX: usize = 255;
/// How many characters the report of a failed message may have.
pub const ERROR_CHARACTERS_MAX: usize = 1_000;

/// The content type of a message that names none.
const CONTENT_TYPE: &str = "text";

/// The words for the twelve types.
pub const MESSAGE_TYPES: [(&str, MessageType); 12] = [
    ("chat", MessageType::Chat),
    ("card", MessageType::Card),
    ("mention", MessageType::Mention),
    ("postback", MessageType::Postback),
    ("tag", MessageType::Tag),
    ("search", MessageType::Search),
    ("command", MessageType::Command),
    ("form", MessageType::Form),
    ("field", MessageType::Field),
    ("results", MessageType::Results),
    ("report", MessageType::Report),
    ("status", MessageType::Status),
];

/// The words for from whom to whom; the customer's comes first.
pub const DIRECTIONS: [(&str, Direction); 3] = [
    ("inbound", Direction::Inbound),
    ("outbound", Direction::Outbound),
    ("internal", Direction::Internal),
];

/// The words for who writes on the organization's side.
pub const ROLES: [(&str, Role); 4] = [
    ("user", Role::User),
    ("bot", Role::Bot),
    ("automation", Role::Automation),
    ("system", Role::System),
];

/// A message to be written, whoever writes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// What kind of message it is.
    pub kind: MessageType,
    /// What it says.
    pub body: Body,
    /// What the channel calls it.
    pub external_id: Option<String>,
}

/// A message that a customer wrote, as a channel adapter brings it.
#[derive(Clone, Debug, PartialEq)]
pub struct Inbound {
    /// `email`, `whatsapp`, `webchat` …
    pub channel_type: String,
    /// What the channel calls the conversation.
    pub thread_id: String,
    /// Who wrote.
    pub from: contact::Person,
    /// What.
    pub draft: Draft,
    /// Where the customer came from.
    pub attribution: Option<Value>,
}

/// A message of the organization's own.
#[derive(Clone, Debug, PartialEq)]
pub struct Post {
    /// To the customer, or a note.
    pub direction: Direction,
    /// Who writes.
    pub role: Role,
    /// By name.
    pub sender: Option<Sender>,
    /// What.
    pub draft: Draft,
}

/// A change of a message; what it is silent about stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Patch {
    text: Option<String>,
    html: Given<String>,
    content_type: Option<String>,
    attachments: Option<Vec<Attachment>>,
    metadata: Given<Map<String, Value>>,
}

impl Draft {
    /// A message that is plain text.
    pub fn of_text(text: String) -> Self {
        Self {
            kind: MessageType::Chat,
            body: Body::of_text(text),
            external_id: None,
        }
    }

    /// Reads the fields of a new message. Only the caller knows whether faults were noted; then what is
    /// returned must not be used.
    pub fn read(message: &mut Object<'_, '_>) -> Self {
        refuse_own(message);
        Self::read_fields(message)
    }

    /// The same where a message may say more than these.
    pub(super) fn read_fields(message: &mut Object<'_, '_>) -> Self {
        message.require(&["text"]);
        let mut body = Body::of_text(String::new());
        Patch::read_fields(message).apply_to(&mut body);
        if let Some(fault) = body.fault() {
            message.fault("text", fault);
        }
        Self {
            kind: message.one_of("type", &MESSAGE_TYPES).unwrap_or_default(),
            body,
            external_id: foreign_id(message, "externalId"),
        }
    }
}

impl Inbound {
    /// Reads the body of an inbound message, as [`Draft::read`] does.
    pub fn read(body: &mut Object<'_, '_>) -> Self {
        body.require(&["channelType", "threadId", "from"]);
        let channel_type = contact::channel_type(body).unwrap_or_default();
        let thread_id = foreign_id(body, "threadId").unwrap_or_default();
        let from = body.object("from").and_then(|mut from| {
            let person = contact::Person::read(&mut from, channel_type);
            from.finish();
            person
        });
        let draft = Draft::read(body);
        let attribution = contact::attribution(body).value();
        Self {
            channel_type: channel_type.to_owned(),
            thread_id,
            from: from.unwrap_or_default(),
            draft,
            attribution,
        }
    }
}

impl Post {
    /// Reads the body of a message to a conversation, as [`Draft::read`] does.
    pub fn read(body: &mut Object<'_, '_>) -> Self {
        body.require(&["direction"]);
        let [_, own @ ..] = DIRECTIONS;
        let direction = body.one_of("direction", &own);
        let role = body.one_of("role", &ROLES).unwrap_or(Role::User);
        let sender = read_sender(body);
        let draft = Draft::read(body);
        Self {
            direction: direction.unwrap_or(Direction::Internal),
            role,
            sender,
            draft,
        }
    }
}

impl Patch {
    /// Reads what a message says, as far as `body` tells.
    pub fn read(body: &mut Object<'_, '_>) -> Self {
        refuse_own(body);
        Self::read_fields(body)
    }

    fn read_fields(body: &mut Object<'_, '_>) -> Self {
        let text = body.text("text", 0..=BODY_BYTES_MAX);
        let html = body.nullable("html", |body, name| body.text(name, 0..=BODY_BYTES_MAX));
        let content_type = body.text("contentType", 1..=NAME_CHARACTERS_MAX);
        Self {
            text: text.map(str::to_owned),
            html: html.map(str::to_owned),
            content_type: content_type.map(str::to_owned),
            attachments: body.objects("attachments", 0..=ATTACHMENTS_MAX, read_attachment),
            metadata: body.nullable("metadata", |body, name| body.entries(name).cloned()),
        }
    }

    /// Puts what was said into `body`.
    pub(super) fn apply_to(&self, body: &mut Body) {
        let said = self.clone();
        body.text = said.text.unwrap_or_else(|| std::mem::take(&mut body.text));
        said.html.put_into(&mut body.html);
        if let Some(content_type) = said.content_type {
            body.content_type = content_type;
        }
        if let Some(attachments) = said.attachments {
            body.attachments = attachments;
        }
        match said.metadata {
            Given::Absent => {}
            Given::Null => body.metadata.clear(),
            Given::Value(metadata) => body.metadata = metadata,
        }
    }
}

impl Body {
    /// Plain text alone.
    pub fn of_text(text: String) -> Self {
        Self {
            text,
            html: None,
            content_type: CONTENT_TYPE.to_owned(),
            attachments: Vec::new(),
            metadata: Map::new(),
        }
    }

    /// What is wrong with its size, if anything.
    pub(crate) fn fault(&self) -> Option<String> {
        let bytes = serde_json::to_string(self).map_or(usize::MAX, |text| text.len());
        (bytes > BODY_BYTES_MAX).then(|| {
            format!(
                "text, html, attachments and metadata have {bytes} bytes of JSON together; at most \
                 {BODY_BYTES_MAX} are allowed"
            )
        })
    }
}

/// The member `name`, an id as a foreign system spells it.
pub fn foreign_id(body: &mut Object<'_, '_>, name: &'static str) -> Option<String> {
    body.text(name, 1..=FOREIGN_ID_CHARACTERS_MAX)
        .map(str::to_owned)
}

/// Refuses what Tidings keeps.
fn refuse_own(body: &mut Object<'_, '_>) {
    for name in ["id", "conversationId", "version", "createdAt", "updatedAt"] {
        body.refuse(name, "is read only; leave it out");
    }
}

/// The member `sender {id?, name?}`.
pub(super) fn read_sender(body: &mut Object<'_, '_>) -> Option<Sender> {
    let mut sender = body.object("sender")?;
    let id = foreign_id(&mut sender, "id");
    let name = sender.text("name", 1..=NAME_CHARACTERS_MAX);
    let read = Sender {
        id,
        name: name.map(str::to_owned),
    };
    sender.finish();
    Some(read)
}

fn read_attachment(attachment: &mut Object<'_, '_>) -> Option<Attachment> {
    attachment.require(&["url"]);
    let url = attachment.text("url", 1..=URL_CHARACTERS_MAX);
    let mut name = |field| {
        attachment
            .text(field, 1..=NAME_CHARACTERS_MAX)
            .map(str::to_owned)
    };
    let (file_name, content_type) = (name("name"), name("contentType"));
    let size_bytes = attachment.integer("sizeBytes", 0..=u32::MAX).map(u64::from);
    Some(Attachment {
        url: url?.to_owned(),
        name: file_name,
        content_type,
        size_bytes,
    })
}

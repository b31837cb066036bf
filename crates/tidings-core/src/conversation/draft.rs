//! What a caller says of a conversation, read and checked field by field (contract §7).

use serde_json::{Map, Value};

use super::{ConversationType, Handoff, Priority, Rating};
use crate::clock::{GivenTime, Timestamp};
use crate::contact;
use crate::id::{ContactId, ConversationId};
use crate::input::{Given, Object};
use crate::message::{self, foreign_id};

/// How long a subject may be, in characters.
pub const SUBJECT_CHARACTERS_MAX: usize = 500;
/// How long the name of a folder may be, in characters.
pub const FOLDER_CHARACTERS_MAX: usize = 100;
/// How long a tag may be, in characters.
pub const TAG_CHARACTERS_MAX: usize = 64;
/// How many tags a conversation may have.
pub const TAGS_MAX: usize = 50;
/// How many bytes of JSON `customFields` may have.
pub const CUSTOM_FIELDS_BYTES_MAX: usize = 16 * 1024;
/// How long a handoff's reason, or the comment of a rating, may be, in characters.
pub const REMARK_CHARACTERS_MAX: usize = 2_000;
/// How far ahead a conversation may be snoozed, in seconds: a hundred years.
pub const SNOOZE_SECONDS_MAX: u64 = 100 * 365 * 24 * 60 * 60;
/// How great the score of a rating may be, either way.
pub const SCORE_MAX: f64 = 1_000_000.0;

/// The channel of a conversation that is begun by the organization and names none.
const OUTBOUND_CHANNEL: &str = "email";

/// The words for who talks.
pub const CONVERSATION_TYPES: [(&str, ConversationType); 4] = [
    ("contact", ConversationType::Contact),
    ("bot", ConversationType::Bot),
    ("agent", ConversationType::Agent),
    ("system", ConversationType::System),
];

/// The words for how urgent it is.
pub const PRIORITIES: [(&str, Priority); 4] = [
    ("low", Priority::Low),
    ("normal", Priority::Normal),
    ("high", Priority::High),
    ("urgent", Priority::Urgent),
];

/// With whom a conversation is begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// A contact that is known.
    Named(ContactId),
    /// A person, who may be a contact already.
    Told(contact::Person),
    /// Nobody: the team talks among itself.
    Nobody,
}

/// A conversation to be begun.
#[derive(Clone, Debug, PartialEq)]
pub struct Opening {
    /// Who talks.
    pub kind: ConversationType,
    /// With whom.
    pub who: Who,
    /// `email`, `whatsapp`, `webchat` …
    pub channel_type: String,
    /// The channel, in the caller's spelling.
    pub channel_id: Option<String>,
    /// What the channel calls the conversation.
    pub thread_id: Option<String>,
    /// What it is about.
    pub subject: Option<String>,
    /// Where it is filed.
    pub folder: Option<String>,
    /// How urgent it is.
    pub priority: Priority,
    /// Its tags, each once.
    pub tags: Vec<String>,
    /// Who has it.
    pub assignment: Assignment,
    /// Where the customer came from.
    pub attribution: Option<Value>,
    /// The caller's own name for it.
    pub external_reference: Option<String>,
    /// The organization's own fields.
    pub custom_fields: Map<String, Value>,
    /// The first message to the customer.
    pub message: Option<message::Draft>,
}

/// Who shall have a conversation, in the caller's spelling; nobody when both are missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assignment {
    /// A user.
    pub user_id: Option<String>,
    /// A team.
    pub team_id: Option<String>,
}

/// A change of a conversation's fields; what it is silent about stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Patch {
    /// What it is about.
    pub subject: Given<String>,
    /// Where it is filed.
    pub folder: Given<String>,
    /// How urgent it is.
    pub priority: Option<Priority>,
    /// The organization's own fields, all of them.
    pub custom_fields: Given<Map<String, Value>>,
}

impl Opening {
    /// A conversation with nobody yet.
    pub fn new(channel_type: String) -> Self {
        Self {
            kind: ConversationType::Contact,
            who: Who::Nobody,
            channel_type,
            channel_id: None,
            thread_id: None,
            subject: None,
            folder: None,
            priority: Priority::Normal,
            tags: Vec::new(),
            assignment: Assignment::default(),
            attribution: None,
            external_reference: None,
            custom_fields: Map::new(),
            message: None,
        }
    }

    /// Reads the body of a new conversation. Only the caller knows whether faults were noted; then what
    /// is returned must not be used. So it is with all that is read here.
    pub fn read(body: &mut Object<'_, '_>) -> Self {
        body.require(&["channelType"]);
        let channel_type = contact::channel_type(body).unwrap_or_default();
        let kind = body.one_of("type", &CONVERSATION_TYPES).unwrap_or_default();
        let who = read_who(body, kind, channel_type);
        Self {
            kind,
            who: who.unwrap_or(Who::Nobody),
            message: read_message(body),
            ..Self::read_details(body, channel_type)
        }
    }

    /// Reads all that is neither who talks nor what is said.
    pub(super) fn read_details(body: &mut Object<'_, '_>, channel_type: &str) -> Self {
        Self {
            channel_id: foreign_id(body, "channelId"),
            priority: body.one_of("priority", &PRIORITIES).unwrap_or_default(),
            folder: folder(body).value(),
            attribution: contact::attribution(body).value(),
            assignment: body
                .object("assignee")
                .map(|mut assignee| {
                    let assignment = Assignment::read(&mut assignee);
                    assignee.finish();
                    assignment
                })
                .unwrap_or_default(),
            ..Self::read_shared(body, channel_type)
        }
    }

    /// Reads the body of a conversation that the organization begins.
    pub fn read_outbound(body: &mut Object<'_, '_>) -> Self {
        body.require(&["externalReference", "contact", "subject"]);
        let channel = body.text("channel", 1..=contact::CHANNEL_TYPE_CHARACTERS_MAX);
        let person = body.object("contact").and_then(|mut told| {
            let channel_type = channel.unwrap_or(OUTBOUND_CHANNEL);
            let person = contact::Person::read_addressee(&mut told, channel_type);
            if person.is_some() {
                told.require(&["email"]);
            }
            told.finish();
            person
        });
        Self {
            who: person.map_or(Who::Nobody, Who::Told),
            message: read_message(body),
            ..Self::read_shared(body, channel.unwrap_or(OUTBOUND_CHANNEL))
        }
    }

    /// Reads what both ways of beginning a conversation may say.
    fn read_shared(body: &mut Object<'_, '_>, channel_type: &str) -> Self {
        Self {
            thread_id: foreign_id(body, "threadId"),
            subject: subject(body).value(),
            tags: read_tags(body),
            external_reference: foreign_id(body, "externalReference"),
            custom_fields: custom_fields(body).value().unwrap_or_default(),
            ..Self::new(channel_type.to_owned())
        }
    }
}

impl Assignment {
    /// Reads `{userId?, teamId?}`.
    pub fn read(body: &mut Object<'_, '_>) -> Self {
        Self {
            user_id: foreign_id(body, "userId"),
            team_id: foreign_id(body, "teamId"),
        }
    }
}

impl Patch {
    /// Reads the body of a change.
    pub fn read(body: &mut Object<'_, '_>) -> Self {
        for name in ["id", "sequence", "version", "createdAt", "updatedAt"] {
            body.refuse(name, "is read only; leave it out");
        }
        for (name, way) in [
            ("status", "is changed by resolve, reopen, snooze and close"),
            ("assignee", "is changed by PUT …/assignee"),
            ("tags", "are changed by PUT and DELETE …/tags/:tag"),
        ] {
            body.refuse(name, way);
        }
        Self {
            subject: subject(body),
            folder: folder(body),
            priority: body.one_of("priority", &PRIORITIES),
            custom_fields: custom_fields(body),
        }
    }
}

/// Reads the time a conversation is snoozed until.
pub fn read_snooze(body: &mut Object<'_, '_>, now: Timestamp) -> GivenTime {
    body.require(&["until"]);
    let Some(until) = body.time("until") else {
        return now.into();
    };
    if until.at() <= now {
        body.fault("until", "must be in the future");
    }
    if until.at().since(now).as_secs() > SNOOZE_SECONDS_MAX {
        body.fault("until", "must be within a hundred years");
    }
    until
}

/// Reads the conversation that another one shall be part of.
pub fn read_into(body: &mut Object<'_, '_>) -> ConversationId {
    body.require(&["into"]);
    let into = body.parsed("into", |text| {
        text.parse()
            .map_err(|_| "must be the id of a conversation, as cnv_…")
    });
    into.unwrap_or(ConversationId(0))
}

/// Reads `{score, comment?}`.
pub fn read_rating(body: &mut Object<'_, '_>) -> Rating {
    body.require(&["score"]);
    let score = body.take("score").and_then(|score| {
        let number = score.as_number();
        let sound = number.filter(|number| number.as_f64().is_some_and(|n| n.abs() <= SCORE_MAX));
        if sound.is_none() {
            body.fault(
                "score",
                format!("must be a number, at most {SCORE_MAX} either way"),
            );
        }
        sound.cloned()
    });
    let comment = body.text("comment", 0..=REMARK_CHARACTERS_MAX);
    Rating {
        score: score.unwrap_or_else(|| 0.into()),
        comment: comment.map(str::to_owned),
    }
}

/// Reads `{reason}`.
pub fn read_handoff(body: &mut Object<'_, '_>) -> Handoff {
    body.require(&["reason"]);
    let reason = body.text("reason", 1..=REMARK_CHARACTERS_MAX);
    Handoff {
        reason: reason.unwrap_or_default().to_owned(),
        is_accepted: false,
    }
}

/// Reads `{text}` of a reply that waits for approval.
pub fn read_proposal(body: &mut Object<'_, '_>) -> message::Body {
    body.require(&["text"]);
    let text = body.text("text", 1..=message::BODY_BYTES_MAX);
    let proposal = message::Body::of_text(text.unwrap_or_default().to_owned());
    if let Some(fault) = proposal.fault() {
        body.fault("text", fault);
    }
    proposal
}

/// Checks a tag, wherever it stands.
pub fn check_tag(tag: &str) -> Result<String, String> {
    let count = tag.chars().count();
    if !(1..=TAG_CHARACTERS_MAX).contains(&count) {
        return Err(format!(
            "must have 1 to {TAG_CHARACTERS_MAX} characters; it has {count}"
        ));
    }
    if tag.chars().any(char::is_control) {
        return Err("must not have control characters".to_owned());
    }
    Ok(tag.to_owned())
}

fn subject(body: &mut Object<'_, '_>) -> Given<String> {
    let read = body.nullable("subject", |body, name| {
        body.text(name, 0..=SUBJECT_CHARACTERS_MAX)
    });
    read.map(str::to_owned)
}

fn folder(body: &mut Object<'_, '_>) -> Given<String> {
    let read = body.nullable("folder", |body, name| {
        body.text(name, 1..=FOLDER_CHARACTERS_MAX)
    });
    read.map(str::to_owned)
}

fn custom_fields(body: &mut Object<'_, '_>) -> Given<Map<String, Value>> {
    body.nullable("customFields", |body, name| {
        contact::bounded_object(body, name, CUSTOM_FIELDS_BYTES_MAX)
    })
}

fn read_tags(body: &mut Object<'_, '_>) -> Vec<String> {
    let read = body.texts("tags", 0..=TAGS_MAX, check_tag);
    let mut tags: Vec<String> = Vec::new();
    for tag in read.unwrap_or_default() {
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    tags
}

/// The first message: a text, or an object like that of a message.
fn read_message(body: &mut Object<'_, '_>) -> Option<message::Draft> {
    let given = body.take("message")?;
    let Some(text) = given.as_str() else {
        let mut message = body.object("message")?;
        let draft = message::Draft::read(&mut message);
        message.finish();
        return Some(draft);
    };
    let draft = message::Draft::of_text(text.to_owned());
    if let Some(fault) = draft.body.fault() {
        body.fault("message", fault);
    }
    Some(draft)
}

/// The contact of a new conversation: one of `contactId` and `contact`; only customers must be named.
fn read_who(body: &mut Object<'_, '_>, kind: ConversationType, channel_type: &str) -> Option<Who> {
    match (body.has("contactId"), body.has("contact")) {
        (true, true) => {
            body.take("contactId");
            body.take("contact");
            body.fault("contact", "stands beside contactId; give one of them");
            None
        }
        (true, false) => {
            let id = body.parsed("contactId", |text| {
                text.parse()
                    .map_err(|_| "must be the id of a contact, as cnt_…")
            });
            id.map(Who::Named)
        }
        (_, true) => {
            let mut told = body.object("contact")?;
            let person = contact::Person::read_addressee(&mut told, channel_type);
            told.finish();
            person.map(Who::Told)
        }
        (false, false) if kind == ConversationType::Contact => {
            body.fault(
                "contactId",
                "is required; or give contact {name, email, phone}",
            );
            None
        }
        (false, false) => Some(Who::Nobody),
    }
}

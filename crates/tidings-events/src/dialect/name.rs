//! How the dialects name events: most names are fixed, a few depend on the data.

use std::borrow::Cow;
use std::sync::LazyLock;

use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::Dialect;
use crate::catalogue::{EventType, event_types};
use crate::json;

/// ChatShipper's conversation types; the first is meant when none is given.
const CONVERSATION_TYPES: [&str; 4] = ["contact", "bot", "agent", "system"];
/// ChatShipper's message types; the first is meant when none is given.
const MESSAGE_TYPES: [&str; 12] = [
    "chat", "card", "mention", "postback", "tag", "search", "command", "form", "field", "results",
    "report", "status",
];

/// How the data files write a name that holds both types.
const BY_TYPES: &str = "message.create.{conversation.type}.{message.type}";

/// The 48 names `message.create.<conversation type>.<message type>`, by conversation type first.
static NAMES_BY_TYPES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let pairs = CONVERSATION_TYPES
        .iter()
        .flat_map(|of| MESSAGE_TYPES.iter().map(move |message| (of, message)));
    pairs
        .map(|(of, message)| format!("message.create.{of}.{message}"))
        .collect()
});

static NAMES: LazyLock<Vec<Vec<&'static str>>> =
    LazyLock::new(|| Dialect::ALL.map(collect_names).into());

/// How a dialect names one canonical type.
#[derive(Clone, Debug)]
pub(crate) enum NameRule {
    /// Always so.
    Fixed(&'static str),
    /// `message.create.T.M`, by the types of the conversation and the message.
    ByTypes,
    /// So, but carried only when one of the fields is among the changes.
    WhenChanged {
        name: &'static str,
        fields: Vec<String>,
    },
}

/// A rule as the data files write it.
#[derive(Deserialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
enum Written {
    Name(String),
    Conditional {
        name: String,
        when_changed: Vec<String>,
    },
}

impl<'de> Deserialize<'de> for NameRule {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        Ok(match Written::deserialize(reader)? {
            Written::Name(name) if name == BY_TYPES => Self::ByTypes,
            // The catalogue is read once and lives as long as the program.
            Written::Name(name) => Self::Fixed(name.leak()),
            Written::Conditional { name, when_changed } => Self::WhenChanged {
                name: name.leak(),
                fields: when_changed,
            },
        })
    }
}

impl NameRule {
    pub(crate) fn depends_on_data(&self) -> bool {
        !matches!(self, Self::Fixed(_))
    }

    pub(crate) fn name_of(&self, data: &str) -> Option<Cow<'static, str>> {
        match self {
            Self::Fixed(name) => Some(Cow::Borrowed(name)),
            Self::ByTypes => Some(Cow::Borrowed(name_by_types(data))),
            Self::WhenChanged { name, fields } => {
                touches(data, fields).then_some(Cow::Borrowed(name))
            }
        }
    }

    pub(crate) fn documented(&self) -> Cow<'static, str> {
        match self {
            Self::Fixed(name) | Self::WhenChanged { name, .. } => Cow::Borrowed(name),
            Self::ByTypes => Cow::Borrowed(BY_TYPES),
        }
    }

    fn names(&self) -> Vec<&'static str> {
        match self {
            Self::Fixed(name) | Self::WhenChanged { name, .. } => vec![name],
            Self::ByTypes => NAMES_BY_TYPES.iter().map(String::as_str).collect(),
        }
    }
}

fn name_by_types(data: &str) -> &'static str {
    let objects = json::pick(data, ["conversation", "message"]);
    let [conversation_type, message_type] =
        objects.map(|object| object.and_then(|object| json::member(object, "type")));
    by_types(conversation_type, message_type)
}

/// `message.create.T.M` for the two types as raw JSON.
pub(super) fn by_types(
    conversation_type: Option<&str>,
    message_type: Option<&str>,
) -> &'static str {
    let conversation_place = place(conversation_type, &CONVERSATION_TYPES);
    let message_place = place(message_type, &MESSAGE_TYPES);
    &NAMES_BY_TYPES[conversation_place * MESSAGE_TYPES.len() + message_place]
}

/// Where a type stands among the known ones; an absent one counts as the first.
fn place(raw: Option<&str>, known: &[&str]) -> usize {
    let found = raw.and_then(json::text);
    found
        .and_then(|found| known.iter().position(|known| *known == found))
        .unwrap_or(0)
}

fn touches(data: &str, fields: &[String]) -> bool {
    let mut touches = false;
    if let Some(changes) = json::member(data, "changes") {
        json::for_each_member(changes, |name, change| {
            touches |= change != "null" && fields.iter().any(|field| *field == name);
        });
    }
    touches
}

fn collect_names(dialect: Dialect) -> Vec<&'static str> {
    let mut names = Vec::new();
    for event_type in event_types() {
        let found = match (dialect, event_type.name_rule(dialect)) {
            (Dialect::Standard, _) => vec![event_type.name()],
            (_, rule) => rule.map(NameRule::names).unwrap_or_default(),
        };
        for name in found {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

/// An event as a dialect documents it: its name there, and where it comes from.
#[derive(Clone, Debug)]
pub struct DialectEvent {
    /// Whose event it is.
    pub dialect: Dialect,
    /// The dialect's name.
    pub name: &'static str,
    /// The canonical types told under this name; the first is the one to try it with.
    pub event_types: Vec<&'static EventType>,
    /// A sample `data` of the first type that leads to this name.
    pub sample: Value,
}

impl Dialect {
    /// Every name the dialect documents, in the order of the catalogue.
    pub fn names(self) -> &'static [&'static str] {
        &NAMES[self as usize]
    }

    /// The event the dialect documents under this name.
    pub fn event(self, name: &str) -> Option<DialectEvent> {
        let name = self.names().iter().copied().find(|known| *known == name)?;
        let has_name = |event_type: &&EventType| match self {
            Self::Standard => event_type.name() == name,
            _ => event_type
                .name_rule(self)
                .is_some_and(|rule| rule.names().contains(&name)),
        };
        let event_types: Vec<_> = event_types().iter().filter(has_name).collect();
        let mut sample = event_types.first()?.sample().clone();
        if let Some((conversation_type, message_type)) = types_in(name) {
            sample["conversation"]["type"] = json!(conversation_type);
            sample["message"]["type"] = json!(message_type);
        }
        Some(DialectEvent {
            dialect: self,
            name,
            event_types,
            sample,
        })
    }

    /// Every event the dialect documents, in the order of [`Self::names`].
    pub fn events(self) -> impl Iterator<Item = DialectEvent> {
        self.names().iter().filter_map(move |name| self.event(name))
    }
}

/// The conversation and message type in a name of the form `message.create.T.M`.
fn types_in(name: &str) -> Option<(&str, &str)> {
    name.strip_prefix("message.create.")?.split_once('.')
}

//! The resources in ChatShipper's data: as published, but for statuses, roles and defaults.

use serde_json::{Value, json};

use crate::catalogue::object_schema;
use crate::json::{self, Edits, Members};
use crate::record_times;
use crate::schema;

/// What a published status is called here.
const STATUSES: [(&str, &str); 4] = [
    ("active", "active"),
    ("snoozed", "active"),
    ("done", "closed"),
    ("closed", "closed"),
];
/// The status of an active conversation that nobody is assigned to.
const QUEUED: &str = "queued";

/// What a published role is called here.
const ROLES: [(&str, &str); 5] = [
    ("contact", "contact"),
    ("user", "agent"),
    ("bot", "bot"),
    ("automation", "bot"),
    ("system", "bot"),
];

/// What is meant when no type is given.
const CONVERSATION_TYPE: &str = "contact";
const MESSAGE_TYPE: &str = "chat";

/// A conversation and the members its body depends on.
pub(super) struct Conversation<'a> {
    whole: &'a str,
    pub(super) id: Option<&'a str>,
    pub(super) contact_id: Option<&'a str>,
    pub(super) kind: Option<&'a str>,
    status: Option<&'a str>,
    assignee: Option<&'a str>,
}

impl<'a> Conversation<'a> {
    pub(super) fn read(whole: &'a str) -> Self {
        let names = ["id", "contactId", "type", "status", "assignee"];
        let [id, contact_id, kind, status, assignee] = json::pick(whole, names);
        Self {
            whole,
            id,
            contact_id,
            kind,
            status,
            assignee,
        }
    }

    pub(super) fn write(&self, data: &mut Members<'_>) {
        let mut edits = edits_of(self.whole);
        if self.kind.is_none() {
            edits.set("type", quoted(CONVERSATION_TYPE));
        }
        if let Some(raw) = self.status {
            let published = json::text(raw).unwrap_or_default();
            let shown = match &*published {
                "active" if !self.is_assigned() => QUEUED,
                published => word(&STATUSES, published),
            };
            if shown != published {
                edits.replace(raw, quoted(shown));
            }
        }
        edits.write(data.value("conversation"));
    }

    fn is_assigned(&self) -> bool {
        let named = |assignee| json::pick(assignee, ["userId", "teamId", "email"]);
        self.assignee
            .is_some_and(|assignee| named(assignee).iter().any(Option::is_some))
    }
}

/// A message and the members its body depends on.
pub(super) struct Message<'a> {
    whole: &'a str,
    pub(super) id: Option<&'a str>,
    direction: Option<&'a str>,
    pub(super) kind: Option<&'a str>,
    role: Option<&'a str>,
}

impl<'a> Message<'a> {
    pub(super) fn read(whole: &'a str) -> Self {
        let [id, direction, kind, role] = json::pick(whole, ["id", "direction", "type", "role"]);
        Self {
            whole,
            id,
            direction,
            kind,
            role,
        }
    }

    /// A note inside the team is marked as such, and roles are called as the vendor's receivers know
    /// them.
    pub(super) fn write(&self, data: &mut Members<'_>) {
        let direction = self.direction.and_then(json::text).unwrap_or_default();
        let mut edits = edits_of(self.whole);
        if self.kind.is_none() {
            edits.set("type", quoted(MESSAGE_TYPE));
        }
        let published = self.role.and_then(json::text).unwrap_or_default();
        let shown = match (&*published, &*direction) {
            ("", "inbound") => word(&ROLES, "contact"),
            ("", _) => word(&ROLES, "user"),
            (role, _) => word(&ROLES, role),
        };
        if shown != published {
            edits.set("role", quoted(shown));
        }
        if direction == "internal" {
            edits.set("isBackchannel", "true");
        }
        edits.write(data.value("message"));
    }
}

/// Any other resource, under its name.
pub(super) fn write(data: &mut Members<'_>, name: &str, object: Option<&str>) {
    if let Some(object) = object {
        edits_of(object).write(data.value(name));
    }
}

/// The vendor's word; one that no valid data holds stays as it is.
fn word<'a>(words: &[(&str, &'static str)], published: &'a str) -> &'a str {
    let known = words.iter().find(|(word, _)| *word == published);
    known.map_or(published, |(_, shown)| shown)
}

fn quoted(word: &str) -> String {
    format!("\"{word}\"")
}

/// The schema of an object as it is shown.
pub(super) fn schema(name: &str) -> Value {
    let published = object_schema(name).cloned().unwrap_or_default();
    match name {
        "conversation" => {
            let mut schema = always_has(published, "type");
            let statuses = STATUSES.iter().map(|(_, shown)| *shown);
            let statuses = schema::one_of([QUEUED].into_iter().chain(statuses));
            schema["properties"]["status"] = schema::or_null(statuses);
            schema
        }
        "message" => {
            let mut schema = always_has(always_has(published, "type"), "role");
            schema["properties"]["role"] = schema::one_of(ROLES.iter().map(|(_, shown)| *shown));
            schema["properties"]["isBackchannel"] =
                json!({"type": "boolean", "description": "True of a note inside the team."});
            schema
        }
        _ => published,
    }
}

/// The schema of an object whose member is filled in when it was not given.
fn always_has(mut object: Value, name: &str) -> Value {
    let member = &mut object["properties"][name];
    *member = schema::known(member.take());
    if let Some(required) = object["required"].as_array_mut() {
        required.push(name.into());
    }
    object
}

/// Edits that begin with the times of a record of the core.
fn edits_of(object: &str) -> Edits<'_> {
    let mut edits = Edits::of(object);
    if record_times::may_hold(object) {
        record_times::shorten_own(object, &mut edits);
    }
    edits
}

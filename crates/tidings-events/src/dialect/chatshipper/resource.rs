//! The resources in ChatShipper's data: as published, but for statuses, roles and defaults.

use crate::json::{self, Edits, Members};
use crate::record_times;

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
            edits.set("type", "\"contact\"");
        }
        if let Some(raw) = self.status {
            match json::text(raw).as_deref() {
                Some("active") if !self.is_assigned() => edits.replace(raw, "\"queued\""),
                Some("snoozed") => edits.replace(raw, "\"active\""),
                Some("done") => edits.replace(raw, "\"closed\""),
                _ => {}
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
        let direction = self.direction.and_then(json::text);
        let mut edits = edits_of(self.whole);
        if self.kind.is_none() {
            edits.set("type", "\"chat\"");
        }
        match self.role.and_then(json::text).as_deref() {
            None if direction.as_deref() == Some("inbound") => edits.set("role", "\"contact\""),
            None | Some("user") => edits.set("role", "\"agent\""),
            Some("automation" | "system") => edits.set("role", "\"bot\""),
            Some(_) => {}
        }
        if direction.as_deref() == Some("internal") {
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

/// Edits that begin with the times of a record of the core.
fn edits_of(object: &str) -> Edits<'_> {
    let mut edits = Edits::of(object);
    if record_times::may_hold(object) {
        record_times::shorten_own(object, &mut edits);
    }
    edits
}

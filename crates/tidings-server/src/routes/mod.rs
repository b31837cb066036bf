//! The operations of the API, a file per noun: what each looks like from outside, and what it does.

mod calls;
mod contacts;
mod conversation_acts;
mod conversations;
mod deliveries;
mod delivery_lists;
mod documents;
mod drafts;
mod erasure;
mod errands;
mod event_types;
mod events;
mod explain;
mod health;
mod imports;
mod keys;
mod messages;
mod organizations;
mod portal;
mod replays;
mod resources;
mod sla_policies;
pub(crate) mod stats;
pub(crate) mod stream;
mod users;
mod webhooks;

pub(crate) use keys::fill_random;

use crate::cursor::List;
use crate::operation::{Operation, Parameter, header, query};

/// Every operation there is, in the order of the documents.
pub(crate) fn all() -> impl Iterator<Item = &'static Operation> {
    [
        organizations::OPERATIONS,
        keys::OPERATIONS,
        webhooks::OPERATIONS,
        errands::OPERATIONS,
        delivery_lists::OPERATIONS,
        deliveries::OPERATIONS,
        replays::OPERATIONS,
        stats::OPERATIONS,
        explain::OPERATIONS,
        events::OPERATIONS,
        erasure::OPERATIONS,
        stream::OPERATIONS,
        event_types::OPERATIONS,
        contacts::OPERATIONS,
        calls::OPERATIONS,
        sla_policies::OPERATIONS,
        users::OPERATIONS,
        conversations::OPERATIONS,
        conversation_acts::OPERATIONS,
        messages::OPERATIONS,
        drafts::OPERATIONS,
        imports::OPERATIONS,
        resources::OPERATIONS,
        health::OPERATIONS,
        documents::OPERATIONS,
        portal::OPERATIONS,
    ]
    .into_iter()
    .flatten()
}

const LIMIT: Parameter = query("limit", "Limit", "How many rows a page has");
const fn cursor(list: List) -> Parameter {
    query("cursor", list.schema(), "The nextCursor of the page before")
}
const ORGANIZATION: Parameter = query(
    "organizationId",
    "OrganizationId",
    "The organization that is meant; by default the key's own",
);
const DESCENDANTS: Parameter = query(
    "includeDescendants",
    "Flag",
    "Whether what lies below the organization is covered too",
);
const SINCE: Parameter = query(
    "since",
    "Timestamp",
    "Only what was made at or after this time",
);
const UPDATED_SINCE: Parameter = query(
    "updatedSince",
    "Timestamp",
    "Only what was made or changed at or after this time",
);
const IF_MATCH: Parameter = header(
    "If-Match",
    "VersionTag",
    "The ETag of what the caller has seen; when it changed since, the answer is 409",
);
const UNTIL: Parameter = query("until", "Timestamp", "Only what was made before this time");

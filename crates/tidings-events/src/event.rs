//! An event as the wire sees it: borrowed, with its data as the text it was published in.

use std::borrow::Cow;

use crate::instant::{self, Precision};

/// One event, ready to be named and rendered in any dialect.
#[derive(Clone, Copy, Debug)]
pub struct EventView<'a> {
    /// Tidings' own id, `evt_…`.
    pub id: &'a str,
    /// The canonical type, or the name of a custom one.
    pub kind: &'a str,
    /// The schema version of the type.
    pub version: u32,
    /// The organization it happened in, `org_…`.
    pub organization_id: &'a str,
    /// When it happened.
    pub occurred_at: OccurredAt<'a>,
    /// Its place among the events of one conversation, when it has one.
    pub sequence: Option<i64>,
    /// Who did it: the raw text of a JSON object `{type,id,name}`.
    pub actor: Option<&'a str>,
    /// The raw text of the data object, exactly as published.
    pub data: &'a str,
}

impl<'a> EventView<'a> {
    /// What a dialect needs to name the event.
    pub fn facts(&self) -> EventFacts<'a> {
        EventFacts {
            kind: self.kind,
            data: self.data,
        }
    }
}

/// The part of an event that its name can depend on.
#[derive(Clone, Copy, Debug)]
pub struct EventFacts<'a> {
    /// The canonical type, or the name of a custom one.
    pub kind: &'a str,
    /// The raw text of the data object. Read only for the few names that depend on it.
    pub data: &'a str,
}

/// When an event happened, and who said so (contract §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OccurredAt<'a> {
    /// By the publisher: shown unchanged everywhere.
    Given(&'a str),
    /// By Tidings, in milliseconds since 1970: shown with milliseconds in `standard`, in whole seconds
    /// in the four vendors' bodies.
    Made(i64),
}

impl<'a> OccurredAt<'a> {
    pub(crate) fn to_text(self, precision: Precision) -> Cow<'a, str> {
        match self {
            Self::Given(text) => Cow::Borrowed(text),
            Self::Made(unix_ms) => Cow::Owned(instant::to_text(unix_ms, precision)),
        }
    }
}

/// What a rendering depends on besides the event.
#[derive(Clone, Copy, Debug)]
pub struct RenderContext<'a> {
    /// The base of links, without a slash at its end.
    pub public_url: &'a str,
    /// The number of this delivery, shown by `dialogbrain` as `delivery_id`: unique per delivery and
    /// equal on its retries. The other dialects do not read it.
    pub delivery_number: Option<i64>,
}

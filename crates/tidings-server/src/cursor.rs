//! Cursors: where the next page begins, in a form nobody is tempted to build by hand (contract §4).

use std::fmt;

/// Hex digits of a key.
const DIGITS: usize = 16;

/// What a list is of, so that a cursor of one list is no cursor of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum List {
    Organizations,
    Keys,
    Webhooks,
    Deliveries,
    /// The custom ones.
    EventTypes,
    /// Newest first.
    Events,
    /// Oldest first.
    EventsAfter,
    /// Of any kind; their keys are unique over all kinds.
    Records,
}

impl List {
    /// Every list there is.
    pub(crate) const ALL: [Self; 8] = [
        Self::Organizations,
        Self::Keys,
        Self::Webhooks,
        Self::Deliveries,
        Self::EventTypes,
        Self::Events,
        Self::EventsAfter,
        Self::Records,
    ];

    /// What its cursors begin with.
    pub(crate) fn mark(self) -> &'static str {
        match self {
            Self::Organizations => "o",
            Self::Keys => "k",
            Self::Webhooks => "w",
            Self::Deliveries => "d",
            Self::EventTypes => "t",
            Self::Events => "e",
            Self::EventsAfter => "a",
            Self::Records => "r",
        }
    }

    /// The schema of its cursors, by name.
    pub(crate) const fn schema(self) -> &'static str {
        match self {
            Self::Organizations => "OrganizationCursor",
            Self::Keys => "ApiKeyCursor",
            Self::Webhooks => "WebhookCursor",
            Self::Deliveries => "DeliveryCursor",
            Self::EventTypes => "EventTypeCursor",
            Self::Events => "EventCursor",
            Self::EventsAfter => "EventAfterCursor",
            Self::Records => "RecordCursor",
        }
    }

    /// What its cursors look like, for the document.
    pub(crate) fn pattern(self) -> String {
        format!("{}[0-7][0-9a-f]{{15}}", self.mark())
    }
}

/// A place in a list: the key of the last row that was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) list: List,
    pub(crate) key: i64,
}

impl Cursor {
    /// Reads a cursor of `list`.
    pub(crate) fn parse(list: List, text: &str) -> Result<Self, &'static str> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let digits = text.strip_prefix(list.mark());
        let digits = digits.filter(|digits| digits.len() == DIGITS && digits.bytes().all(is_digit));
        let key = digits.and_then(|digits| i64::from_str_radix(digits, 16).ok());
        key.map(|key| Self { list, key })
            .ok_or("is no cursor of this list; give the nextCursor of the page before, unchanged")
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:0DIGITS$x}", self.list.mark(), self.key)
    }
}

impl serde::Serialize for Cursor {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_back_for_its_own_list_only() {
        for key in [0, 1, i64::MAX] {
            for list in List::ALL {
                let cursor = Cursor { list, key };
                assert_eq!(Cursor::parse(list, &cursor.to_string()), Ok(cursor));
                let others = List::ALL.into_iter().filter(|other| *other != list);
                assert!(
                    others
                        .map(|other| Cursor::parse(other, &cursor.to_string()))
                        .all(|read| read.is_err())
                );
            }
        }
        for text in [
            "",
            "e",
            "e1",
            "e000000000000000G",
            "e8000000000000000",
            "e+00000000000000f",
            "E0000000000000001",
        ] {
            assert!(Cursor::parse(List::Events, text).is_err(), "{text}");
        }
    }
}

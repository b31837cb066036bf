//! Cursors: where the next page begins, in a form nobody is tempted to build by hand (contract §4).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// What a list is of, so that a cursor of one list is no cursor of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum List {
    Organizations = 1,
    Keys = 2,
    Webhooks = 3,
    Deliveries = 4,
    /// Newest first.
    Events = 5,
    /// Oldest first.
    EventsAfter = 6,
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
        let bytes = URL_SAFE_NO_PAD.decode(text).ok();
        let bytes: Option<[u8; 9]> = bytes.and_then(|bytes| bytes.try_into().ok());
        match bytes {
            Some([kind, key @ ..]) if kind == list as u8 => Ok(Self {
                list,
                key: i64::from_be_bytes(key),
            }),
            _ => {
                Err("is no cursor of this list; give the nextCursor of the page before, unchanged")
            }
        }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [self.list as u8; 9];
        bytes[1..].copy_from_slice(&self.key.to_be_bytes());
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
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
            let cursor = Cursor {
                list: List::Events,
                key,
            };
            assert_eq!(Cursor::parse(List::Events, &cursor.to_string()), Ok(cursor));
            assert!(Cursor::parse(List::Webhooks, &cursor.to_string()).is_err());
        }
        for text in [
            "",
            "1",
            "evt_0000000000001",
            "BQAAAAAAAAAAA===",
            "BQAAAAAAAAAAAA",
        ] {
            assert!(Cursor::parse(List::Events, text).is_err(), "{text}");
        }
    }
}

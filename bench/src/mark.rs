//! The mark that every bench event carries in its `message.id`.
//!
//! The receiver cannot know the ids the server hands out, so the generator numbers its events
//! itself. All fields have a fixed width: the size of a body does not depend on its number, and
//! the receiver finds the mark by one search and reads it without parsing the JSON around it.

use memchr::memmem;

const PREFIX: &[u8] = b"bench-";
const ID_DIGITS: usize = 12;
const KEY_DIGITS: usize = 8;
const SENT_DIGITS: usize = 20;

/// Bytes of a rendered mark.
pub(crate) const MARK_BYTES: usize = PREFIX.len() + ID_DIGITS + 1 + KEY_DIGITS + 1 + SENT_DIGITS;

/// What one event says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Number of the event within its run, from 0 without gaps.
    pub id: u64,
    /// Number of its conversation.
    pub key: u64,
    /// When it was meant to be sent ([`crate::clock::now_ns`]); 0 when nobody asks for latency.
    pub intended_ns: u64,
}

impl Mark {
    /// Appends `bench-<id>-<key>-<intended>`.
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(PREFIX);
        write_digits::<ID_DIGITS>(out, self.id);
        out.push(b'-');
        write_digits::<KEY_DIGITS>(out, self.key);
        out.push(b'-');
        write_digits::<SENT_DIGITS>(out, self.intended_ns);
    }
}

/// Finds marks in bodies; made once, since preparing the search costs more than one search.
pub(crate) struct Finder(memmem::Finder<'static>);

impl Finder {
    /// A prepared search.
    pub(crate) fn new() -> Self {
        Self(memmem::Finder::new(PREFIX))
    }

    /// The first mark in `body`, if there is a whole one.
    pub(crate) fn find(&self, body: &[u8]) -> Option<Mark> {
        let start = self.0.find(body)? + PREFIX.len();
        let digits = body.get(start..start + MARK_BYTES - PREFIX.len())?;
        let key_at = ID_DIGITS + 1;
        let sent_at = key_at + KEY_DIGITS + 1;
        Some(Mark {
            id: read_digits(&digits[..ID_DIGITS])?,
            key: read_digits(&digits[key_at..key_at + KEY_DIGITS])?,
            intended_ns: read_digits(&digits[sent_at..])?,
        })
    }
}

/// Appends `value` with leading zeros; more digits than fit are cut from the left.
pub(crate) fn write_digits<const WIDTH: usize>(out: &mut Vec<u8>, mut value: u64) {
    let mut digits = [b'0'; WIDTH];
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
    }
    out.extend_from_slice(&digits);
}

fn read_digits(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0_u64, |value, digit| {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit < 10)?;
        value.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_as_it_was_written() {
        let mark = Mark {
            id: 123_456,
            key: 999,
            intended_ns: 9_876_543_210_123,
        };
        let mut body = br#"{"data":{"message":{"id":""#.to_vec();
        mark.write(&mut body);
        body.extend_from_slice(br#""}}}"#);
        assert_eq!(Finder::new().find(&body), Some(mark));
    }

    #[test]
    fn a_cut_or_foreign_mark_is_none() {
        for body in ["", "bench-", "bench-000000000001-0000000", "no mark here"] {
            assert_eq!(Finder::new().find(body.as_bytes()), None, "{body:?}");
        }
    }
}

//! Reading HTTP/1.1 messages with a known length from a buffer: all that a load generator, its
//! receiver and a set-up client need, and nothing that would cost them time.

use anyhow::{Context, Result, bail};

const HEADERS_MAX: usize = 48;

/// Bytes of an answer's body that are worth quoting.
const EXCERPT_BYTES_MAX: usize = 600;

/// One whole answer at the start of a buffer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Response {
    /// Status code.
    pub status: u16,
    /// Seconds of `Retry-After`, when given as a number.
    pub retry_after_seconds: Option<u64>,
    /// Where the body begins.
    pub body_at: usize,
    /// Where the answer ends.
    pub end: usize,
}

impl Response {
    /// The answer at the start of `buffer`; `None` while it is incomplete.
    pub(crate) fn parse(buffer: &[u8]) -> Result<Option<Self>> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let mut head = httparse::Response::new(&mut headers);
        let parsed = head.parse(buffer).context("the answer is not HTTP/1.1")?;
        let httparse::Status::Complete(body_at) = parsed else {
            return Ok(None);
        };
        let status = head.code.context("the answer has no status")?;
        let mut body_bytes = 0;
        let mut retry_after_seconds = None;
        for header in head.headers.iter() {
            if header.name.eq_ignore_ascii_case("content-length") {
                body_bytes = number(header.value).context("unreadable content-length")? as usize;
            } else if header.name.eq_ignore_ascii_case("retry-after") {
                retry_after_seconds = number(header.value);
            } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
                bail!("the answer (status {status}) is chunked, which this client does not read");
            }
        }
        let end = body_at + body_bytes;
        Ok((buffer.len() >= end).then_some(Self {
            status,
            retry_after_seconds,
            body_at,
            end,
        }))
    }

    /// What the answer said, for an error message.
    pub(crate) fn excerpt(&self, buffer: &[u8]) -> String {
        let end = self.end.min(self.body_at + EXCERPT_BYTES_MAX);
        String::from_utf8_lossy(&buffer[self.body_at..end]).into_owned()
    }
}

/// One whole webhook request at the start of a buffer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Webhook<'a> {
    /// The number at the end of the path `/s/<slot>`.
    pub slot: usize,
    /// `webhook-id`.
    pub id: &'a [u8],
    /// `webhook-timestamp`.
    pub timestamp: &'a [u8],
    /// `webhook-signature`.
    pub signatures: &'a [u8],
    /// The body.
    pub body: &'a [u8],
    /// Where the request ends in the buffer.
    pub end: usize,
}

impl<'a> Webhook<'a> {
    /// The request at the start of `buffer`; `None` while it is incomplete.
    pub(crate) fn parse(buffer: &'a [u8]) -> Result<Option<Self>> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let mut head = httparse::Request::new(&mut headers);
        let httparse::Status::Complete(body_at) = head.parse(buffer)? else {
            return Ok(None);
        };
        let slot = head
            .path
            .and_then(|path| path.strip_prefix("/s/"))
            .and_then(|slot| slot.parse().ok())
            .context("the path is not /s/<slot>")?;
        let (mut id, mut timestamp, mut signatures): (&[u8], &[u8], &[u8]) = (b"", b"", b"");
        let mut body_bytes = None;
        for header in head.headers.iter() {
            // The length of a name tells most headers apart without comparing text.
            match header.name.len() {
                10 if header.name.eq_ignore_ascii_case("webhook-id") => id = header.value,
                14 if header.name.eq_ignore_ascii_case("content-length") => {
                    body_bytes = number(header.value);
                }
                17 if header.name.eq_ignore_ascii_case("webhook-timestamp") => {
                    timestamp = header.value;
                }
                17 if header.name.eq_ignore_ascii_case("webhook-signature") => {
                    signatures = header.value;
                }
                _ => {}
            }
        }
        let end = body_at + body_bytes.context("no content-length")? as usize;
        Ok(buffer.get(body_at..end).map(|body| Self {
            slot,
            id,
            timestamp,
            signatures,
            body,
            end,
        }))
    }
}

fn number(value: &[u8]) -> Option<u64> {
    std::str::from_utf8(value).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &[u8] = b"HTTP/1.1 503 Busy\r\nRetry-After: 2\r\nContent-Length: 2\r\n\r\n{}";
    const HOOK: &[u8] = b"POST /s/3 HTTP/1.1\r\nwebhook-id: a\r\nwebhook-timestamp: 5\r\n\
        webhook-signature: v1,x\r\ncontent-length: 2\r\n\r\n{}";

    #[test]
    fn every_cut_of_a_message_is_incomplete() {
        for cut in 0..ANSWER.len() {
            assert_eq!(Response::parse(&ANSWER[..cut]).unwrap(), None, "at {cut}");
        }
        for cut in 0..HOOK.len() {
            assert_eq!(Webhook::parse(&HOOK[..cut]).unwrap(), None, "at {cut}");
        }
    }

    #[test]
    fn whole_messages_are_read_and_what_follows_is_left() {
        let answer = Response::parse(&[ANSWER, b"HTTP"].concat())
            .unwrap()
            .unwrap();
        assert_eq!((answer.status, answer.retry_after_seconds), (503, Some(2)));
        assert_eq!(answer.end, ANSWER.len());
        assert_eq!(answer.excerpt(ANSWER), "{}");

        let both = [HOOK, HOOK].concat();
        let hook = Webhook::parse(&both).unwrap().unwrap();
        assert_eq!((hook.slot, hook.end), (3, HOOK.len()));
        assert_eq!((hook.id, hook.timestamp), (&b"a"[..], &b"5"[..]));
        assert_eq!((hook.signatures, hook.body), (&b"v1,x"[..], &b"{}"[..]));
    }

    #[test]
    fn chunked_answers_are_refused_aloud() {
        let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
        assert!(Response::parse(chunked).is_err());
    }
}

//! HTTP/1.1 over plain sockets, as little as both ends of these tests need: whole messages of a known
//! length, on connections that stay open. Nothing of the product is used to test the product.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// No test waits longer than this for a peer; it only turns a hang into a failure.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A request or an answer.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    /// The request line or the status line.
    pub(crate) start: String,
    /// Names in lower case, in the order of arrival.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Message {
    /// Reads one; `None` when the peer closed before it began.
    pub(crate) fn read(reader: &mut BufReader<TcpStream>) -> std::io::Result<Option<Self>> {
        let mut start = String::new();
        if reader.read_line(&mut start)? == 0 {
            return Ok(None);
        }
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            let Some((name, value)) = line.trim_end().split_once(':') else {
                break;
            };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut message = Self {
            start: start.trim_end().to_owned(),
            headers,
            body: Vec::new(),
        };
        assert_eq!(
            message.header("transfer-encoding"),
            None,
            "messages here have a length"
        );
        let length = message.header("content-length").map_or(0, |text| {
            text.parse::<usize>().expect("a length is a number")
        });
        message.body.resize(length, 0);
        reader.read_exact(&mut message.body)?;
        Ok(Some(message))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(known, _)| known == name);
        found.next().map(|(_, value)| value.as_str())
    }

    /// The status of an answer.
    pub(crate) fn status(&self) -> u16 {
        let code = self.start.split(' ').nth(1);
        code.and_then(|code| code.parse().ok())
            .unwrap_or_else(|| panic!("no status line: {}", self.start))
    }

    /// The body as JSON; null when it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The JSON body, when the status is as expected.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status(), status, "{}", self.text());
        self.json()
    }

    /// Insists on this problem, and answers its detail.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, code: &str) -> String {
        let body = self.expect(status);
        assert_eq!(body["code"], code, "{body}");
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json")
        );
        text(&body, "detail")
    }
}

/// A text field of a JSON object.
#[track_caller]
pub(crate) fn text(body: &Value, field: &str) -> String {
    let value = body[field].as_str();
    value
        .unwrap_or_else(|| panic!("no {field} in {body}"))
        .to_owned()
}

/// A connection to a server, kept open.
pub(crate) struct Connection {
    reader: BufReader<TcpStream>,
}

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self {
            reader: BufReader::new(stream),
        })
    }

    /// Writes part of a request, or all of one.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.reader.get_mut().write_all(bytes)
    }

    /// Reads an answer; a peer that hangs up instead is an error.
    pub(crate) fn read(&mut self) -> std::io::Result<Message> {
        Message::read(&mut self.reader)?.ok_or_else(|| std::io::ErrorKind::UnexpectedEof.into())
    }

    /// One exchange. An error says nothing about whether the server did what it was asked.
    pub(crate) fn exchange(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(String, String)],
        body: &str,
    ) -> std::io::Result<Message> {
        let mut head = vec![
            format!("{method} {path} HTTP/1.1"),
            "host: tidings".to_owned(),
        ];
        head.extend(
            headers
                .iter()
                .map(|(name, value)| format!("{name}: {value}")),
        );
        if !body.is_empty() {
            head.push("content-type: application/json".to_owned());
        }
        head.push(format!("content-length: {}", body.len()));
        let head = head.join("\r\n");
        self.write(format!("{head}\r\n\r\n{body}").as_bytes())?;
        self.read()
    }
}

/// Someone with a key who asks, each time on a connection of its own.
#[derive(Clone)]
pub(crate) struct Caller {
    address: SocketAddr,
    headers: Vec<(String, String)>,
}

impl Caller {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self {
            address,
            headers: Vec::new(),
        }
    }

    pub(crate) fn with_key(&self, key: &str) -> Self {
        self.with("authorization", &format!("Bearer {key}"))
    }

    /// The same with this header, in place of one of that name.
    pub(crate) fn with(&self, name: &str, value: &str) -> Self {
        let mut other = self.clone();
        other.headers.retain(|(known, _)| known != name);
        other.headers.push((name.to_owned(), value.to_owned()));
        other
    }

    pub(crate) fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    pub(crate) fn try_send(
        &self,
        method: &str,
        path: &str,
        body: &str,
    ) -> std::io::Result<Message> {
        Connection::open(self.address)?.exchange(method, path, &self.headers, body)
    }

    #[track_caller]
    pub(crate) fn send(&self, method: &str, path: &str, body: &str) -> Message {
        self.try_send(method, path, body)
            .unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Message {
        self.send("GET", path, "")
    }

    #[track_caller]
    pub(crate) fn post(&self, path: &str, body: &Value) -> Message {
        self.send("POST", path, &body.to_string())
    }

    #[track_caller]
    pub(crate) fn patch(&self, path: &str, body: &Value) -> Message {
        self.send("PATCH", path, &body.to_string())
    }
}

//! One blocking keep-alive connection, for the open-loop generator and for set-up calls.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::wire::Response;

const ANSWER_BYTES: usize = 16 * 1024;

/// A connection and the answer last read on it.
pub(crate) struct Connection {
    stream: TcpStream,
    answer: Vec<u8>,
}

impl Connection {
    /// Connects; an answer that takes longer than `patience` is an error.
    pub(crate) fn open(address: SocketAddr, patience: Duration) -> Result<Self> {
        let stream =
            TcpStream::connect(address).with_context(|| format!("cannot connect to {address}"))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(patience))?;
        Ok(Self {
            stream,
            answer: vec![0; ANSWER_BYTES],
        })
    }

    /// Sends one request and reads its answer.
    pub(crate) fn exchange(&mut self, request: &[u8]) -> Result<Response> {
        self.stream.write_all(request).context("cannot send")?;
        let mut filled = 0;
        loop {
            if filled == self.answer.len() {
                self.answer.resize(2 * filled, 0);
            }
            let read = self
                .stream
                .read(&mut self.answer[filled..])
                .context("no answer")?;
            if read == 0 {
                bail!("the connection was closed before the answer was complete");
            }
            filled += read;
            if let Some(response) = Response::parse(&self.answer[..filled])? {
                return Ok(response);
            }
        }
    }

    /// The body of the answer last read.
    pub(crate) fn body(&self, response: &Response) -> &[u8] {
        &self.answer[response.body_at..response.end]
    }

    /// The start of that body, for an error message.
    pub(crate) fn excerpt(&self, response: &Response) -> String {
        response.excerpt(&self.answer)
    }
}

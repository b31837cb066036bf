//! Following a stream of server-sent events (WHATWG HTML, "server-sent events"), through breaks.

use std::time::Duration;

use http::{Method, StatusCode, header};
use http_body_util::{BodyExt as _, Full};

use super::{Answer, Client, accepted};

/// How long to wait before asking again after a break.
const RECONNECT_DELAY: Duration = Duration::from_secs(1);

impl Client {
    /// Calls `heard` with the data of each event until `heard` fails or the server refuses. A
    /// broken connection is taken up again after the last event that was heard.
    pub(crate) fn follow(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        mut heard: impl FnMut(&str) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut reader = Reader::default();
        self.runtime.block_on(async {
            // The first failure is told; later ones are what a restart of the server looks like.
            self.follow_once(path, query, &mut reader, &mut heard)
                .await?;
            loop {
                tokio::time::sleep(RECONNECT_DELAY).await;
                let followed = self.follow_once(path, query, &mut reader, &mut heard).await;
                match followed {
                    Err(error) if !error.is::<hyper_util::client::legacy::Error>() => {
                        return Err(error);
                    }
                    _ => {}
                }
            }
        })
    }

    /// Ends with `Ok` when the connection does.
    async fn follow_once(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        reader: &mut Reader,
        heard: &mut impl FnMut(&str) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut request = self
            .request(Method::GET, path, query)?
            .header(header::ACCEPT, "text/event-stream");
        if let Some(id) = &reader.last_id {
            request = request.header("last-event-id", id);
        }
        let (head, mut body) = self
            .send(request.body(Full::default())?)
            .await?
            .into_parts();
        if head.status != StatusCode::OK {
            let body = body.collect().await?.to_bytes();
            return accepted(&Answer { head, body }).map(drop);
        }
        reader.forget_partial();
        while let Some(Ok(frame)) = body.frame().await {
            let Ok(bytes) = frame.into_data() else {
                continue;
            };
            for data in reader.read(&bytes) {
                heard(&data)?;
            }
        }
        Ok(())
    }
}

/// Takes bytes as they come and gives the data of each event that is complete.
#[derive(Debug, Default)]
struct Reader {
    partial: Vec<u8>,
    data: Vec<String>,
    last_id: Option<String>,
}

impl Reader {
    /// What a break cut off is sent again whole.
    fn forget_partial(&mut self) {
        self.partial.clear();
        self.data.clear();
    }

    fn read(&mut self, bytes: &[u8]) -> Vec<String> {
        self.partial.extend_from_slice(bytes);
        let mut complete = Vec::new();
        while let Some(end) = self.partial.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.partial.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            complete.extend(self.line(line.trim_end_matches(['\n', '\r'])));
        }
        complete
    }

    fn line(&mut self, line: &str) -> Option<String> {
        if line.is_empty() {
            let data = std::mem::take(&mut self.data);
            return (!data.is_empty()).then(|| data.join("\n"));
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => self.data.push(value.to_owned()),
            "id" => self.last_id = Some(value.to_owned()),
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::Reader;

    #[test]
    fn events_are_whole_however_the_bytes_are_cut() {
        let text = ": hello\n\nid: 7\nevent: x\ndata: {\"a\":\ndata: 1}\n\nid:8\r\ndata:two\r\n\r\ndata: cut";
        for size in 1..text.len() {
            let mut reader = Reader::default();
            let heard: Vec<String> = text
                .as_bytes()
                .chunks(size)
                .flat_map(|chunk| reader.read(chunk))
                .collect();
            assert_eq!(heard, ["{\"a\":\n1}", "two"], "in pieces of {size}");
            assert_eq!(reader.last_id.as_deref(), Some("8"));
        }
    }
}

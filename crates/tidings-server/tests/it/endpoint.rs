//! Endpoints without a network: what they answer stands in the path of their url.

use std::sync::Arc;

use tidings_core::clock::Timestamp;
use tidings_core::delivery::{Attempt, HeaderRecord};
use tidings_core::errand::{Courier, Crowded, Errand, Running};
use tidings_core::outcome::AttemptError;
use tidings_core::webhook::Webhook;
use tokio::sync::watch;

/// Every endpoint of one test.
#[derive(Debug)]
pub(crate) struct Endpoint {
    /// How many errands came.
    asked: watch::Sender<usize>,
    /// Whether `/slow` answers.
    gate: watch::Sender<bool>,
}

impl Default for Endpoint {
    fn default() -> Self {
        Self {
            asked: watch::Sender::new(0),
            gate: watch::Sender::new(false),
        }
    }
}

impl Endpoint {
    pub(crate) fn asked(&self) -> usize {
        *self.asked.borrow()
    }

    /// Waits for the `count`-th errand.
    pub(crate) async fn reached(&self, count: usize) {
        let mut asked = self.asked.subscribe();
        asked.wait_for(|asked| *asked >= count).await.unwrap();
    }

    /// Whether `/slow` echoes, from now on; until then it keeps everybody waiting.
    pub(crate) fn open_gate(&self, open: bool) {
        self.gate.send_replace(open);
    }
}

impl Courier for Endpoint {
    fn run(&self, webhook: Arc<Webhook>, errand: Errand) -> Running {
        self.asked.send_modify(|asked| *asked += 1);
        let mut gate = self.gate.subscribe();
        Box::pin(async move {
            let path = webhook.settings.url.rsplit('/').next().unwrap_or_default();
            match path {
                "echo" => Ok(answered(&echo(&errand))),
                "slow" => {
                    gate.wait_for(|open| *open).await.unwrap();
                    Ok(answered(&echo(&errand)))
                }
                "gone" => Ok(unreached()),
                "crowded" => Err(Crowded::Webhook),
                _ => Ok(answered("thanks")),
            }
        })
    }
}

fn echo(errand: &Errand) -> String {
    match errand {
        Errand::Challenge(challenge) => challenge.to_string(),
        Errand::Test { event, .. } => event.event.content.kind.clone(),
    }
}

fn answered(body: &str) -> Attempt {
    Attempt {
        status_code: Some(200),
        error: None,
        response_headers: [("content-type", "text/plain")].into_iter().collect(),
        response_body: body.into(),
        ..unreached()
    }
}

fn unreached() -> Attempt {
    Attempt {
        number: 1,
        started_at: Timestamp::from_ms(0),
        duration_ms: 7,
        status_code: None,
        error: Some(AttemptError::Connect),
        request_headers: [("user-agent", "Tidings/1.2.3")].into_iter().collect(),
        response_headers: HeaderRecord::default(),
        response_body: Vec::new(),
        truncated: false,
        reply_error: None,
    }
}

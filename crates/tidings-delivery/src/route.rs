//! All that is known of a webhook before an attempt, prepared once per version of it.

use std::sync::Arc;
use std::time::Duration;

use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};
use tidings_core::clock::Timestamp;
use tidings_core::delivery::HeaderRecord;
use tidings_core::endpoint::{EndpointUrl, UrlRules};
use tidings_core::retry::Schedule;
use tidings_core::webhook::Webhook;
use tidings_core::webhook::challenge::Challenge;
use tidings_events::{Dialect, Signer};

use crate::transport::Destination;

/// What stands in the record in place of a custom header's value.
const MASK: &str = "***";

/// Makes routes.
#[derive(Clone, Debug)]
pub(crate) struct Router {
    rules: UrlRules,
    user_agent: HeaderValue,
}

/// The way to one webhook's endpoint.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) webhook_name: Arc<str>,
    pub(crate) dialect: Dialect,
    /// `None` when the stored url is not acceptable under today's settings: nothing is dialled.
    pub(crate) destination: Option<Destination>,
    pub(crate) timeout: Duration,
    pub(crate) schedule: Schedule,
    /// Whether the endpoint's answers may carry replies.
    pub(crate) accepts_replies: bool,
    /// Headers that every attempt carries, custom ones included.
    pub(crate) headers: HeaderMap,
    /// The same for the record, values of custom ones masked.
    pub(crate) recorded: HeaderRecord,
    signer: Signer,
    /// Used once the overlap of a rotation has ended.
    later_signer: Option<(Timestamp, Signer)>,
}

impl Router {
    pub(crate) fn new(rules: UrlRules, version: &'static str) -> Self {
        let user_agent =
            HeaderValue::from_str(&format!("Tidings/{version}")).expect("versions are ASCII");
        Self { rules, user_agent }
    }

    /// The way that deliveries go.
    pub(crate) fn route(&self, webhook: &Webhook) -> Route {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.prepare(webhook, headers, EndpointUrl::clone)
    }

    /// The way that a challenge goes. It has no body; custom headers go along, since an endpoint may
    /// let nobody in without them.
    pub(crate) fn challenge(&self, webhook: &Webhook, challenge: &Challenge) -> Route {
        let asking = |url: &EndpointUrl| url.with_query(&challenge.query());
        self.prepare(webhook, HeaderMap::new(), asking)
    }

    fn prepare(
        &self,
        webhook: &Webhook,
        mut headers: HeaderMap,
        target: impl FnOnce(&EndpointUrl) -> EndpointUrl,
    ) -> Route {
        let settings = &webhook.settings;
        headers.insert(USER_AGENT, self.user_agent.clone());
        let mut recorded = HeaderRecord::default();
        for (name, value) in &headers {
            recorded.push(name.as_str(), &String::from_utf8_lossy(value.as_bytes()));
        }
        for (name, value) in &settings.custom_headers {
            // Names and values were checked when the webhook was saved.
            if let (Ok(name), Ok(value)) =
                (name.parse::<HeaderName>(), value.parse::<HeaderValue>())
            {
                recorded.push(name.as_str(), MASK);
                headers.append(name, value);
            }
        }
        let previous = webhook.previous_secret.as_ref();
        Route {
            webhook_name: settings.name.as_str().into(),
            dialect: webhook.dialect,
            destination: EndpointUrl::parse(&settings.url, &self.rules)
                .ok()
                .map(|url| Destination::new(&target(&url))),
            timeout: Duration::from_secs(settings.timeout_seconds.into()),
            schedule: settings.schedule(),
            accepts_replies: settings.accept_replies,
            headers,
            recorded,
            signer: Signer::new(
                webhook.dialect,
                &webhook.secret,
                previous.map(|previous| &previous.secret),
            ),
            later_signer: previous.map(|previous| {
                (
                    previous.until,
                    Signer::new(webhook.dialect, &webhook.secret, None),
                )
            }),
        }
    }
}

impl Route {
    /// What signs an attempt that begins at `now`.
    pub(crate) fn signer(&self, now: Timestamp) -> &Signer {
        match &self.later_signer {
            Some((until, later)) if now >= *until => later,
            _ => &self.signer,
        }
    }
}

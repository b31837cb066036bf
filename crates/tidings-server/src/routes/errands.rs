//! What a webhook's owner may ask of its endpoint on the spot: a test call and the challenge
//! (contract §5).

use std::sync::Arc;

use http::StatusCode;
use tidings_core::access::Area;
use tidings_core::errand::Errand;
use tidings_core::event::{Content, Event, OccurredAt, Outgoing};
use tidings_core::id::{DeliveryId, EventId};
use tidings_core::webhook::Webhook;
use tidings_core::webhook::draft::verified;
use tidings_core::webhook::sample::Sample;
use tidings_store::change::{Backlog, Change, Refusal};

use super::webhooks::{find, heard_types};
use crate::answer::Answer;
use crate::call::Call;
use crate::challenge;
use crate::operation::{Holds, Operation, Verb, writes};
use crate::problem::{Code, Problem};
use crate::show::{TestView, VerificationView};
use crate::trace::traceparent;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        summary: "Send a sample event now, and tell what came of it",
        access: writes(Area::Webhooks),
        body: Some("Test"),
        answers: &[(200, Holds::Json("TestResult"))],
        ..Operation::new(
            Verb::Post,
            "/v1/webhooks/{id}/test",
            "testWebhook",
            |call| Box::pin(test(call)),
        )
    },
    Operation {
        summary: "Ask the endpoint to echo a challenge, and tell whether it did",
        access: writes(Area::Webhooks),
        body: Some("Empty"),
        answers: &[(200, Holds::Json("VerificationResult"))],
        ..Operation::new(
            Verb::Post,
            "/v1/webhooks/{id}/verify",
            "verifyWebhook",
            |call| Box::pin(verify(call)),
        )
    },
];

async fn test(call: Call) -> Result<Answer, Problem> {
    let webhook = find(&call)?;
    let dialect = webhook.dialect;
    let custom = heard_types(&call, webhook.organization_id);
    let named =
        call.read_body(|body| body.parsed("event", |name| Sample::named(name, dialect, &custom)))?;
    let heard = || Sample::first_heard(webhook.settings.events.as_deref(), dialect, &custom);
    let sample = named.or_else(heard).ok_or_else(|| {
        Problem::new(Code::InternalError, "the dialect has no event to test with")
    })?;
    let errand = Errand::Test {
        event: Arc::new(Outgoing::new(event(&call, &webhook, &sample))),
        delivery: DeliveryId(call.app.store.next_key()),
    };
    let attempt = call.app.courier.run(webhook, errand).await?;
    Ok(Answer::json(StatusCode::OK, &TestView::of(&attempt)))
}

/// The sample as an event of the webhook's organization, with an id that no other has.
fn event(call: &Call, webhook: &Webhook, sample: &Sample) -> Event {
    let now = call.app.now();
    Event {
        id: EventId(call.app.store.next_key()),
        organization_id: webhook.organization_id,
        created_at: now,
        sequence: None,
        occurred_at: OccurredAt::Made(now),
        content: Content {
            kind: sample.event_type.clone(),
            version: sample.version,
            external_id: None,
            ordering_key: None,
            actor: None,
            data: sample.data.to_string(),
            traceparent: traceparent(&call.headers).map(str::to_owned),
        },
    }
}

async fn verify(call: Call) -> Result<Answer, Problem> {
    call.read_body(|_| ())?;
    let asked = find(&call)?;
    let challenged = challenge::ask(&call.app, asked.clone()).await??;
    loop {
        let webhook = find(&call)?;
        if webhook.settings.url != asked.settings.url {
            let detail = "the url was changed while its endpoint was asked; verify again";
            return Err(Problem::new(Code::Conflict, detail));
        }
        let proven = verified(&webhook, call.app.now()).filter(|_| challenged.is_echoed);
        let stands = proven.as_ref().map_or(&*webhook, |proven| &proven.webhook);
        let health = call.app.store.directory().health(webhook.id);
        let status = stands.status(health.is_failing());
        let answer = Answer::json(StatusCode::OK, &VerificationView::of(status, &challenged));
        let Some(proven) = proven else {
            return Ok(answer);
        };
        let change = Change::UpdateWebhook {
            webhook: Box::new(proven.webhook),
            resume: proven.resumes.then_some(Backlog::Deliver),
            forgive: false,
        };
        match call.commit(change, answer).await? {
            // Someone changed something else of it: what was proven still holds.
            Err(Refusal::Conflict) => {}
            done => return done.map_err(Problem::from),
        }
    }
}

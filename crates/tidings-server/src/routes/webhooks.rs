//! Webhooks (contract §5).

use std::sync::Arc;

use http::StatusCode;
use serde_json::json;
use tidings_core::access::{Area, Scope};
use tidings_core::event_type::CustomType;
use tidings_core::health::Health;
use tidings_core::id::{OrganizationId, WebhookId};
use tidings_core::webhook::draft::{Draft, OVERLAP_SECONDS_MAX, Patch, Rules, disabled_by_hand};
use tidings_core::webhook::{Activity, PreviousSecret, Verification, Webhook};
use tidings_events::Secret;
use tidings_store::change::{Backlog, Change, Refusal};

use super::keys::fill_random;
use super::{DESCENDANTS, IF_MATCH, LIMIT, ORGANIZATION, cursor};
use crate::answer::Answer;
use crate::call::Call;
use crate::challenge;
use crate::cursor::{Cursor, List};
use crate::operation::{Holds, Operation, Verb, reads, writes};
use crate::page::{self, Wanted};
use crate::problem::{Code, Problem};
use crate::show::WebhookView;
use crate::version::VERSION_FIRST;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        summary: "Make a webhook; the answer alone shows its secret",
        access: writes(Area::Webhooks),
        body: Some("NewWebhook"),
        answers: &[(201, Holds::Json("CreatedWebhook"))],
        hides_version: true,
        problems: &[404],
        ..Operation::new(Verb::Post, "/v1/webhooks", "createWebhook", |call| {
            Box::pin(create(call))
        })
    },
    Operation {
        summary: "List webhooks",
        access: reads(Area::Webhooks),
        parameters: &[ORGANIZATION, DESCENDANTS, LIMIT, cursor(List::Webhooks)],
        answers: &[(200, Holds::PageOf("Webhook"))],
        problems: &[404],
        ..Operation::new(Verb::Get, "/v1/webhooks", "listWebhooks", |call| {
            Box::pin(list(call))
        })
    },
    Operation {
        summary: "Show a webhook",
        access: reads(Area::Webhooks),
        answers: &[(200, Holds::Json("Webhook"))],
        ..Operation::new(Verb::Get, "/v1/webhooks/{id}", "getWebhook", |call| {
            Box::pin(show(call))
        })
    },
    Operation {
        summary: "Change a webhook; in force at once",
        access: writes(Area::Webhooks),
        body: Some("WebhookPatch"),
        parameters: &[IF_MATCH],
        answers: &[(200, Holds::Json("Webhook"))],
        problems: &[409],
        ..Operation::new(Verb::Patch, "/v1/webhooks/{id}", "updateWebhook", |call| {
            Box::pin(update(call))
        })
    },
    Operation {
        summary: "Delete a webhook; what it was owed is dropped",
        access: writes(Area::Webhooks),
        body: Some("Empty"),
        answers: &[(204, Holds::Nothing)],
        ..Operation::new(Verb::Delete, "/v1/webhooks/{id}", "deleteWebhook", |call| {
            Box::pin(delete(call))
        })
    },
    Operation {
        summary: "Replace a webhook's secret; the answer alone shows the new one",
        access: writes(Area::Webhooks),
        body: Some("SecretRotation"),
        answers: &[(200, Holds::Json("RotatedSecret"))],
        ..Operation::new(
            Verb::Post,
            "/v1/webhooks/{id}/rotate-secret",
            "rotateWebhookSecret",
            |call| Box::pin(rotate(call)),
        )
    },
];

async fn create(call: Call) -> Result<Answer, Problem> {
    let enabled = |organization| check_enabled(&call, organization);
    let (organization_id, draft) = call.read_in_organization(enabled, |body, organization| {
        let custom_types = organization.map_or_else(Vec::new, |id| heard_types(&call, id));
        Draft::read(body, &rules(&call, &custom_types))
    })?;
    let now = call.app.now();
    let secret = draft.secret.map_or_else(new_secret, Ok)?;
    let mut webhook = Webhook {
        id: WebhookId(call.app.store.next_key()),
        organization_id,
        dialect: draft.dialect,
        settings: draft.settings,
        activity: if draft.is_active {
            Activity::Active
        } else {
            disabled_by_hand(now)
        },
        verification: Verification::of(draft.dialect, false),
        secret,
        previous_secret: None,
        version: VERSION_FIRST,
        created_at: now,
        updated_at: now,
    };
    if webhook.verification == Verification::Unverified {
        // Asked before the webhook is there: one commit then says how it stands, and a crash in
        // between leaves nothing behind. Whoever may have no more has nobody's endpoint asked.
        let directory = call.app.store.directory();
        directory.check_room_for_webhook(organization_id)?;
        let echoed = challenge::is_echoed(&call.app, &webhook).await?;
        webhook.verification = Verification::of(webhook.dialect, echoed);
    }
    let view = WebhookView::of(&webhook, &Health::default(), false).showing_secret(&webhook);
    let answer = Answer::json(StatusCode::CREATED, &view)
        .tagged_as(webhook.version)
        .with_secret();
    call.commit(Change::CreateWebhook(Box::new(webhook)), answer)
        .await?
        .map_err(Problem::from)
}

#[expect(clippy::unused_async, reason = "the table holds async handlers")]
async fn list(call: Call) -> Result<Answer, Problem> {
    let enabled = |organization| check_enabled(&call, organization);
    let (reach, wanted) = call.read_list(enabled, |query| Wanted::read(query, List::Webhooks))?;
    let directory = call.app.store.directory();
    let organizations = call
        .organizations_in(&reach)
        .into_iter()
        .filter(|id| is_enabled(&call, *id));
    let rows = organizations
        .flat_map(|id| directory.webhooks_of(id))
        .collect();
    let (rows, more) = wanted.cut(rows, |webhook| webhook.id.0);
    let next = rows.last().filter(|_| more).map(|last| Cursor {
        list: List::Webhooks,
        key: last.id.0,
    });
    let masked = masks_headers(&call);
    let health: Vec<Health> = rows.iter().map(|row| directory.health(row.id)).collect();
    let views = rows
        .iter()
        .zip(&health)
        .map(|(row, health)| WebhookView::of(row, health, masked));
    Ok(page::answer(views.collect(), next))
}

#[expect(clippy::unused_async, reason = "the table holds async handlers")]
async fn show(call: Call) -> Result<Answer, Problem> {
    let webhook = find(&call)?;
    call.no_query()?;
    Ok(shown(&call, &webhook))
}

async fn update(call: Call) -> Result<Answer, Problem> {
    let mut echoed = None;
    loop {
        let before = find(&call)?;
        call.check_version(before.version)?;
        let custom_types = heard_types(&call, before.organization_id);
        let rules = rules(&call, &custom_types);
        let patch = call.read_body(|body| Patch::read(body, &before, &rules))?;
        if echoed.is_none() && patch.asks_for_proof(&before) {
            // The old url stays in force until the new one has answered, or has not.
            let asked = patch.preview(&before);
            echoed = Some(challenge::is_echoed(&call.app, &asked).await?);
            continue;
        }
        let backlog = if patch.discard_backlog {
            Backlog::Discard
        } else {
            Backlog::Deliver
        };
        let patched = patch.apply(&before, echoed.unwrap_or(false), call.app.now());
        if patched.webhook == *before && !patched.forgives {
            return Ok(shown(&call, &before));
        }
        let mut webhook = patched.webhook;
        if webhook.version == before.version {
            // Only the failure count is cleared; the store still wants to see one step.
            webhook.version += 1;
        }
        let after = webhook.clone();
        let change = Change::UpdateWebhook {
            webhook: Box::new(webhook),
            resume: patched.resumes.then_some(backlog),
            forgive: patched.forgives,
        };
        match call.app.store.change(change).await? {
            Ok(()) => return Ok(shown(&call, &after)),
            // Someone was quicker: decide again on what is there now.
            Err(Refusal::Conflict) => {}
            Err(refusal) => return Err(refusal.into()),
        }
    }
}

async fn delete(call: Call) -> Result<Answer, Problem> {
    let webhook = find(&call)?;
    call.read_body(|_| ())?;
    call.commit(Change::DeleteWebhook(webhook.id), Answer::nothing())
        .await?
        .map_err(Problem::from)
}

async fn rotate(call: Call) -> Result<Answer, Problem> {
    find(&call)?;
    let overlap = call.read_body(|body| {
        body.integer("overlapSeconds", 0..=OVERLAP_SECONDS_MAX)
            .unwrap_or(0)
    })?;
    loop {
        let before = find(&call)?;
        let now = call.app.now();
        let mut webhook = Webhook::clone(&before);
        webhook.secret = new_secret()?;
        webhook.previous_secret = (overlap > 0).then(|| PreviousSecret {
            secret: before.secret.clone(),
            until: now.plus(std::time::Duration::from_secs(overlap.into())),
        });
        webhook.version += 1;
        webhook.updated_at = now;
        let answer =
            Answer::json(StatusCode::OK, &json!({"secret": webhook.secret.as_str()})).with_secret();
        let change = Change::UpdateWebhook {
            webhook: Box::new(webhook),
            resume: None,
            forgive: false,
        };
        match call.commit(change, answer).await? {
            Err(Refusal::Conflict) => {}
            done => return done.map_err(Problem::from),
        }
    }
}

/// The custom types whose events a webhook of the organization may hear: those known there, and those
/// that organizations below have added for themselves.
pub(super) fn heard_types(call: &Call, organization: OrganizationId) -> Vec<Arc<CustomType>> {
    let directory = call.app.store.directory();
    let mut types = directory.event_types_in(organization);
    types.extend(directory.event_types_below(organization));
    types
}

fn rules<'a>(call: &'a Call, custom_types: &'a [Arc<CustomType>]) -> Rules<'a> {
    Rules {
        urls: &call.app.rules,
        custom_types,
    }
}

/// The webhook in the path, when the key sees it and its organization's webhooks are on.
pub(super) fn find(call: &Call) -> Result<Arc<Webhook>, Problem> {
    let id: WebhookId = call.id("webhook")?;
    let found = call
        .app
        .store
        .directory()
        .webhook(id)
        .filter(|webhook| call.sees(webhook.organization_id));
    let webhook = found.ok_or_else(|| Problem::not_found("webhook"))?;
    check_enabled(call, webhook.organization_id)?;
    Ok(webhook)
}

fn shown(call: &Call, webhook: &Webhook) -> Answer {
    let health = call.app.store.directory().health(webhook.id);
    let view = WebhookView::of(webhook, &health, masks_headers(call));
    Answer::json(StatusCode::OK, &view).tagged_as(webhook.version)
}

fn masks_headers(call: &Call) -> bool {
    !call.caller.permits(Scope::Write(Area::Webhooks))
}

fn is_enabled(call: &Call, organization: OrganizationId) -> bool {
    let found = call.app.store.directory().organization(organization);
    found.is_some_and(|organization| organization.settings.webhooks_enabled)
}

fn check_enabled(call: &Call, organization: OrganizationId) -> Result<(), Problem> {
    if is_enabled(call, organization) {
        return Ok(());
    }
    let detail =
        format!("webhooks are not enabled for organization {organization}; have them switched on");
    Err(Problem::new(Code::WebhooksDisabled, detail))
}

fn new_secret() -> Result<Secret, Problem> {
    let mut random = [0; 32];
    fill_random(&mut random)?;
    Ok(Secret::from_random(random))
}

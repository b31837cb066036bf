//! Replays: past events sent to a webhook again (contract §5).

use http::StatusCode;
use serde_json::json;
use tidings_core::access::Area;
use tidings_core::id::ReplayId;
use tidings_core::replay::{Draft, Replay};
use tidings_store::change::Change;
use tidings_store::query::ReplayRecord;

use super::webhooks;
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Holds, Operation, Verb, reads, writes};
use crate::problem::{Code, Problem};
use crate::show::ReplayView;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        summary: "Send a webhook past events again, behind live traffic; or count them",
        access: writes(Area::Webhooks),
        body: Some("NewReplay"),
        answers: &[
            (202, Holds::Json("StartedReplay")),
            (200, Holds::Json("ReplayCount")),
        ],
        problems: &[409],
        ..Operation::new(
            Verb::Post,
            "/v1/webhooks/{id}/replay",
            "replayWebhook",
            |call| Box::pin(start(call)),
        )
    },
    Operation {
        summary: "Show how far a replay is",
        access: reads(Area::Webhooks),
        answers: &[(200, Holds::Json("Replay"))],
        ..Operation::new(Verb::Get, "/v1/replays/{id}", "getReplay", |call| {
            Box::pin(show(call))
        })
    },
    Operation {
        summary: "Call a replay off; what it owes still is dropped",
        access: writes(Area::Webhooks),
        body: Some("Empty"),
        answers: &[(204, Holds::Nothing)],
        ..Operation::new(Verb::Delete, "/v1/replays/{id}", "cancelReplay", |call| {
            Box::pin(cancel(call))
        })
    },
];

async fn start(call: Call) -> Result<Answer, Problem> {
    let webhook = webhooks::find(&call)?;
    let custom = webhooks::heard_types(&call, webhook.organization_id);
    let draft = call.read_body(|body| Draft::read(body, webhook.dialect, &custom))?;
    let Some(selection) = draft.selection else {
        return Err(Problem::new(Code::InvalidRequest, "nothing is selected"));
    };
    let store = &call.app.store;
    let count = store.count_past(&webhook, &selection).await?;
    if draft.is_dry_run {
        return Ok(Answer::json(StatusCode::OK, &json!({"count": count})));
    }
    let id = ReplayId(store.next_key());
    let replay = Replay::new(id, &webhook, selection, count, call.app.now());
    let shown = json!({"id": id.to_string(), "count": count});
    let answer = Answer::json(StatusCode::ACCEPTED, &shown);
    call.commit(Change::StartReplay(Box::new(replay)), answer)
        .await?
        .map_err(Problem::from)
}

async fn show(call: Call) -> Result<Answer, Problem> {
    call.no_query()?;
    let found = find(&call).await?;
    Ok(Answer::json(StatusCode::OK, &ReplayView::of(&found)))
}

async fn cancel(call: Call) -> Result<Answer, Problem> {
    call.read_body(|_| ())?;
    let id = find(&call).await?.replay.id;
    call.commit(Change::CancelReplay(id), Answer::nothing())
        .await?
        .map_err(Problem::from)
}

async fn find(call: &Call) -> Result<ReplayRecord, Problem> {
    let id: ReplayId = call.id("replay")?;
    let found = call.app.store.replay(id).await?;
    found
        .filter(|record| call.sees(record.replay.organization_id))
        .ok_or_else(|| Problem::not_found("replay"))
}

//! API keys (contract §3).

use http::StatusCode;
use tidings_core::access::draft::Draft;
use tidings_core::access::{ApiKey, Area};
use tidings_core::id::KeyId;
use tidings_store::change::Change;

use super::{DESCENDANTS, LIMIT, ORGANIZATION, cursor};
use crate::answer::Answer;
use crate::app::key_hash;
use crate::call::{Call, anywhere};
use crate::caller::missing_scope;
use crate::cursor::{Cursor, List};
use crate::operation::{Holds, Operation, Verb, reads, writes};
use crate::page::{self, Wanted};
use crate::problem::{Code, Problem};
use crate::show::KeyView;

/// What every key begins with.
const PREFIX: &str = "sa_live_";
/// Random bytes in a key.
const RANDOM_BYTES: usize = 24;
/// Characters of a key that are kept to tell it by.
const HINT_CHARACTERS: usize = 4;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        summary: "Make an API key; the answer alone shows it",
        access: writes(Area::Organizations),
        body: Some("NewApiKey"),
        answers: &[(201, Holds::Json("CreatedApiKey"))],
        problems: &[404],
        ..Operation::new(Verb::Post, "/v1/api-keys", "createApiKey", |call| {
            Box::pin(create(call))
        })
    },
    Operation {
        summary: "List API keys",
        access: reads(Area::Organizations),
        parameters: &[ORGANIZATION, DESCENDANTS, LIMIT, cursor(List::Keys)],
        answers: &[(200, Holds::PageOf("ApiKey"))],
        problems: &[404],
        ..Operation::new(Verb::Get, "/v1/api-keys", "listApiKeys", |call| {
            Box::pin(list(call))
        })
    },
    Operation {
        summary: "Revoke an API key",
        access: writes(Area::Organizations),
        body: Some("Empty"),
        answers: &[(204, Holds::Nothing)],
        ..Operation::new(Verb::Delete, "/v1/api-keys/{id}", "deleteApiKey", |call| {
            Box::pin(delete(call))
        })
    },
];

async fn create(call: Call) -> Result<Answer, Problem> {
    let now = call.app.now();
    let (organization_id, draft) =
        call.read_in_organization(anywhere, |body, _| Draft::read(body))?;
    let beyond = draft
        .scopes
        .iter()
        .find(|scope| !call.caller.permits(**scope));
    if let Some(scope) = beyond {
        return Err(missing_scope(&format!(
            "a key cannot give away what it lacks: {scope}"
        )));
    }
    let text = new_key()?;
    let key = ApiKey {
        id: KeyId(call.app.store.next_key()),
        organization_id,
        name: draft.name,
        scopes: draft.scopes,
        hint: text[text.len() - HINT_CHARACTERS..].to_owned(),
        hash: key_hash(&text),
        expires_at: draft.expires_at,
        created_at: now,
    };
    let answer = Answer::json(StatusCode::CREATED, &KeyView::of(&key).showing(&text)).with_secret();
    call.commit(Change::CreateKey(key), answer)
        .await?
        .map_err(Problem::from)
}

#[expect(clippy::unused_async, reason = "the table holds async handlers")]
async fn list(call: Call) -> Result<Answer, Problem> {
    let (reach, wanted) = call.read_list(anywhere, |query| Wanted::read(query, List::Keys))?;
    let directory = call.app.store.directory();
    let organizations = call.organizations_in(&reach);
    let rows = organizations
        .into_iter()
        .flat_map(|id| directory.keys_of(id))
        .collect();
    let (rows, more) = wanted.cut(rows, |key| key.id.0);
    let next = rows.last().filter(|_| more).map(|last| Cursor {
        list: List::Keys,
        key: last.id.0,
    });
    Ok(page::answer(
        rows.iter().map(|row| KeyView::of(row)).collect(),
        next,
    ))
}

async fn delete(call: Call) -> Result<Answer, Problem> {
    call.read_body(|_| ())?;
    let id: KeyId = call.id("API key")?;
    let key = call
        .app
        .store
        .directory()
        .key(id)
        .filter(|key| call.sees(key.organization_id));
    let key = key.ok_or_else(|| Problem::not_found("API key"))?;
    call.commit(Change::DeleteKey(key.id), Answer::nothing())
        .await?
        .map_err(Problem::from)
}

fn new_key() -> Result<String, Problem> {
    let mut random = [0; RANDOM_BYTES];
    fill_random(&mut random)?;
    Ok(format!("{PREFIX}{}", hex::encode(random)))
}

/// Chance from the system; without it no secret can be made.
pub(crate) fn fill_random(bytes: &mut [u8]) -> Result<(), Problem> {
    getrandom::fill(bytes).map_err(|error| {
        tracing::error!(%error, "the system gives no random bytes");
        Problem::new(Code::InternalError, "the system gives no random bytes")
    })
}

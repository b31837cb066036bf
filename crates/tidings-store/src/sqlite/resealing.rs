//! A new secrets key: what was stored with an older one, or with none, is sealed anew when the store is
//! opened, so that the older key can be left out next time.

use std::path::Path;

use rusqlite::{Connection, params};
use tidings_core::clock::Timestamp;

use super::opening::{explain, explain_row, read_rows, wrong_key};
use crate::answer::REMEMBERED_FOR;
use crate::document::{self, NounRow};
use crate::error::OpenError;
use crate::seal::Sealer;
use crate::sql::statement;

/// A remembered answer that holds a secret, as it is stored.
struct SealedAnswer {
    scope: [u8; 32],
    text: String,
}

/// Seals anew what the first key did not seal; refuses when an answer that is still remembered cannot
/// be opened. An answer that was remembered readable stays so for the rest of its day.
pub(super) fn reseal(
    path: &Path,
    connection: &mut Connection,
    sealer: &Sealer,
    now: Timestamp,
) -> Result<(), OpenError> {
    let rows = webhooks(path, connection, sealer)?;
    let answers = answers(path, connection, sealer, now)?;
    if rows.is_empty() && answers.is_empty() {
        return Ok(());
    }
    write(connection, &rows, &answers).map_err(|error| explain(path, &error))?;
    tracing::info!(
        webhooks = rows.len(),
        answers = answers.len(),
        "stored secrets were sealed anew with the first secrets key"
    );
    Ok(())
}

/// The rows of webhooks as they should be stored, where they are not.
fn webhooks(
    path: &Path,
    connection: &Connection,
    sealer: &Sealer,
) -> Result<Vec<NounRow>, OpenError> {
    let mut stale = Vec::new();
    let rows = read_rows(connection).map_err(|error| explain(path, &error))?;
    for row in rows.iter().filter(|row| row.kind == document::WEBHOOK) {
        let explained = |fault| explain_row(path, row, fault);
        if !document::is_current(row, sealer).map_err(explained)? {
            let webhook = document::webhook(row, sealer).map_err(explained)?;
            stale.push(document::webhook_row(&webhook, sealer));
        }
    }
    Ok(stale)
}

fn answers(
    path: &Path,
    connection: &Connection,
    sealer: &Sealer,
    now: Timestamp,
) -> Result<Vec<SealedAnswer>, OpenError> {
    let stored = read_answers(connection, now).map_err(|error| explain(path, &error))?;
    let mut stale = Vec::new();
    for SealedAnswer { scope, text } in stored {
        let row = hex::encode(scope);
        let opened = sealer.open(&row, &text).map_err(|_| wrong_key(path))?;
        if !sealer.is_current(&text) {
            let text = sealer.seal(&row, &opened);
            stale.push(SealedAnswer { scope, text });
        }
    }
    Ok(stale)
}

fn read_answers(connection: &Connection, now: Timestamp) -> rusqlite::Result<Vec<SealedAnswer>> {
    let since = now.minus(REMEMBERED_FOR).as_ms();
    connection
        .prepare(statement("load_sealed_answers"))?
        .query_map([since], |row| {
            Ok(SealedAnswer {
                scope: row.get(0)?,
                text: row.get(1)?,
            })
        })?
        .collect()
}

fn write(
    connection: &mut Connection,
    rows: &[NounRow],
    answers: &[SealedAnswer],
) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    for row in rows {
        let NounRow {
            kind,
            organization_id,
            id,
            version,
            document,
        } = row;
        transaction.execute(
            statement("put_noun"),
            params![organization_id, kind, id, version, document],
        )?;
    }
    for SealedAnswer { scope, text } in answers {
        transaction.execute(statement("reseal_answer"), params![scope, text])?;
    }
    transaction.commit()
}

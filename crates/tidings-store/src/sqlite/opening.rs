//! Opening a database: the lock, the checks, the migrations, the directory.

use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};
use tidings_core::clock::Timestamp;
use tidings_core::id::WebhookId;

use super::counters::Counters;
use super::late::Late;
use super::places::{self, Place};
use super::waking::next_wake;
use super::words::{self, Word};
use super::{READERS, resealing, unavailable};
use crate::directory::{Directory, Tables};
use crate::document::{self, NounRow, Unreadable};
use crate::error::OpenError;
use crate::seal::Sealer;
use crate::sql::{SQLITE_MIGRATIONS, statement};
use crate::store::StoreOptions;

/// `TIDI`: tells a database of ours from any other SQLite file.
const APPLICATION_ID: i64 = 0x5449_4449;
/// Below this version commits can be lost when a checkpoint races a write (SQLite's "WAL-reset" bug).
const SQLITE_VERSION_MIN: i32 = 3_051_003;
/// How long another process may hold the database while we open it.
const OPEN_BUSY_TIMEOUT: Duration = Duration::from_secs(1);
/// Databases up to this size are checked whole when opened; larger ones by `doctor`.
const CHECKED_BYTES_MAX: u64 = 128 * 1024 * 1024;
/// A database has at least one page, and a page at least this many bytes.
const PAGE_BYTES_MIN: u64 = 512;
/// Events are a kilobyte and more: fewer, larger pages take less work per event than the usual 4 KiB.
/// A file keeps the size it was made with.
const PAGE_BYTES: u32 = 8_192;
/// Prepared statements kept per connection.
const STATEMENTS_KEPT: usize = 128;

/// An open database.
pub(super) struct Opened {
    pub(super) writer: Connection,
    pub(super) folder: Connection,
    pub(super) readers: Vec<Connection>,
    pub(super) locks: [File; 2],
    pub(super) last_key: i64,
    pub(super) last_record_key: i64,
    pub(super) next_wake: Option<Timestamp>,
    pub(super) counters: Counters,
    pub(super) words: Late<Word>,
    pub(super) places: Late<Place>,
}

pub(super) fn open(
    options: &StoreOptions,
    directory: &Directory,
    now: Timestamp,
) -> Result<Opened, OpenError> {
    assert!(
        rusqlite::version_number() >= SQLITE_VERSION_MIN,
        "a bundled SQLite is linked, and it is new enough"
    );
    let path = options.path.as_path();
    // Also seen by this: that it can be written. Else SQLite would leave files beside it that cannot.
    let locks = lock(path)?;
    let bytes = std::fs::metadata(path).map_or(0, |file| file.len());
    refuse_fragment(path, bytes)?;
    let mut writer = connect(path, true).map_err(|error| explain(path, &error))?;
    check(path, &writer)?;
    // Only now that it is known to be ours: this changes the file.
    write_ahead(&writer).map_err(|error| explain(path, &error))?;
    migrate(path, &mut writer)?;
    let (last_key, counters) = load(path, &mut writer, &options.sealer, directory)?;
    resealing::reseal(path, &mut writer, &options.sealer, now)?;
    let last_record_key = last_record_key(&writer).map_err(|error| explain(path, &error))?;
    let places = places::open(&mut writer).map_err(|error| explain(path, &error))?;
    let words = words::open(&mut writer).map_err(|error| explain(path, &error))?;
    let next_wake = next_wake(&writer).map_err(|error| explain(path, &error))?;
    let folder = connect(path, true)
        .and_then(|folder| write_ahead(&folder).map(|()| folder))
        .map_err(|error| explain(path, &error))?;
    let readers: Result<Vec<_>, _> = (0..READERS).map(|_| connect(path, false)).collect();
    let readers = readers.map_err(|error| explain(path, &error))?;
    Ok(Opened {
        writer,
        folder,
        readers,
        locks,
        last_key,
        last_record_key,
        next_wake,
        counters,
        words,
        places,
    })
}

/// Keeps a second process out, by a file beside the database and by the database itself: the one is there
/// when the other was replaced, or has another name too.
fn lock(path: &Path) -> Result<[File; 2], OpenError> {
    let beside = beside(&real(path), "-lock");
    Ok([lock_file(path, &beside)?, lock_file(path, path)?])
}

/// Where a file really is, by its whole name; a new one is where it is said to be.
pub(super) fn real(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// The file that has the database's name and something more.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Takes a file, made for the owner's eyes alone where there is none: secrets may come to be in it, and what
/// SQLite puts beside it gets the same mode.
fn lock_file(path: &Path, file: &Path) -> Result<File, OpenError> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(file)
        .map_err(|error| unavailable(path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked {
            path: path.display().to_string(),
        }),
        Err(TryLockError::Error(error)) => Err(unavailable(path, &error)),
    }
}

fn connect(path: &Path, writes: bool) -> rusqlite::Result<Connection> {
    let access = if writes {
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE
    } else {
        OpenFlags::SQLITE_OPEN_READ_ONLY
    };
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(OPEN_BUSY_TIMEOUT)?;
    // Plans depend on statements alone. Else each one with a range is compiled anew whenever other values
    // are bound to it, which costs more than most of them do.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.pragma_update(None, "page_size", PAGE_BYTES)?;
    // SQLite reckons the cache in pages of the size it knows by then: the file must be looked at first.
    connection.pragma_query(None, "schema_version", |_| Ok(()))?;
    let cache_kib = if writes { 32_768 } else { 4_096 };
    connection.pragma_update(None, "cache_size", -cache_kib)?;
    Ok(connection)
}

fn write_ahead(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "wal")?;
    // An acknowledgement means the disk has it: every commit is synced.
    connection.pragma_update(None, "synchronous", "full")?;
    // The writer does that between its commits.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    // What is erased is overwritten, not only forgotten.
    connection.pragma_update(None, "secure_delete", "on")
}

/// Refuses what is too small for a database: SQLite takes some such files for empty, and would overwrite them.
pub(super) fn refuse_fragment(path: &Path, bytes: u64) -> Result<(), OpenError> {
    if (1..PAGE_BYTES_MIN).contains(&bytes) {
        return Err(corrupt(path, "file is not a database"));
    }
    Ok(())
}

/// Refuses what is damaged, foreign or newer.
pub(super) fn check(path: &Path, connection: &Connection) -> Result<(), OpenError> {
    let number =
        |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let explain = |error: rusqlite::Error| explain(path, &error);
    let version = number("user_version").map_err(explain)?;
    let known = SQLITE_MIGRATIONS.len() as i64;
    if number("application_id").map_err(explain)? == APPLICATION_ID {
        if version > known {
            return Err(OpenError::Newer {
                path: path.display().to_string(),
                found: version,
                known,
            });
        }
    } else {
        let tables: i64 = connection
            .query_row("select count(*) from sqlite_schema", [], |row| row.get(0))
            .map_err(explain)?;
        if version != 0 || tables != 0 {
            return Err(corrupt(path, "it is a database of another program"));
        }
    }
    let bytes = std::fs::metadata(path)
        .map(|file| file.len())
        .unwrap_or_default();
    if bytes <= CHECKED_BYTES_MAX {
        let verdict: String = connection
            .query_row("pragma quick_check(1)", [], |row| row.get(0))
            .map_err(explain)?;
        if verdict != "ok" {
            // A heading may stand before the fault; the last line is the fault itself.
            return Err(corrupt(path, verdict.lines().last().unwrap_or(&verdict)));
        }
    }
    Ok(())
}

fn migrate(path: &Path, connection: &mut Connection) -> Result<(), OpenError> {
    let mut steps = || -> rusqlite::Result<()> {
        // Taking the write lock even when nothing is to be done shows that nobody else holds it.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let applied = transaction
            .pragma_query_value(None, "user_version", |row| row.get::<_, u32>(0))?
            as usize;
        for migration in &SQLITE_MIGRATIONS[applied.min(SQLITE_MIGRATIONS.len())..] {
            transaction.execute_batch(migration)?;
        }
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", SQLITE_MIGRATIONS.len() as i64)?;
        transaction.commit()
    };
    steps().map_err(|error| explain(path, &error))
}

/// Fills the directory; finds the greatest key in use, and how the counters lie.
fn load(
    path: &Path,
    connection: &mut Connection,
    sealer: &Sealer,
    directory: &Directory,
) -> Result<(i64, Counters), OpenError> {
    let rows = read_rows(connection).map_err(|error| explain(path, &error))?;
    let mut tables = directory.write();
    for row in &rows {
        place(row, sealer, &mut tables).map_err(|fault| explain_row(path, row, fault))?;
    }
    let counters =
        Counters::load(connection, &mut tables).map_err(|error| explain(path, &error))?;
    count_owed(connection, &mut tables).map_err(|error| explain(path, &error))?;
    let last: Option<i64> = connection
        .query_row(statement("last_key"), [], |row| row.get(0))
        .map_err(|error| explain(path, &error))?;
    // The mark of a discard is a key that no row shows.
    let last_key = last.unwrap_or(0).max(tables.last_discarded());
    Ok((last_key, counters))
}

/// The greatest key of a record.
fn last_record_key(connection: &Connection) -> rusqlite::Result<i64> {
    let last: Option<i64> =
        connection.query_row(statement("last_record_key"), [], |row| row.get(0))?;
    Ok(last.unwrap_or(0))
}

pub(super) fn read_rows(connection: &Connection) -> rusqlite::Result<Vec<NounRow>> {
    let mut load = connection.prepare(statement("load_directory"))?;
    let rows = load.query_map([], |row| {
        let kind: String = row.get(0)?;
        Ok(NounRow {
            kind: document::KINDS
                .into_iter()
                .find(|known| *known == kind)
                .unwrap_or("noun of an unknown kind"),
            organization_id: row.get(1)?,
            id: row.get(2)?,
            version: row.get(3)?,
            document: row.get(4)?,
        })
    })?;
    rows.collect()
}

pub(super) fn place(row: &NounRow, sealer: &Sealer, tables: &mut Tables) -> Result<(), Unreadable> {
    match row.kind {
        document::ORGANIZATION => {
            tables.put_organization(document::organization(row.id, row.version, &row.document)?);
        }
        document::API_KEY => tables.put_key(document::api_key(
            row.organization_id,
            row.id,
            &row.document,
        )?),
        document::WEBHOOK => tables.put_webhook(document::webhook(row, sealer)?),
        document::EVENT_TYPE => tables.put_event_type(document::event_type(row)?),
        unknown => return Err(Unreadable::Corrupt(unknown.into())),
    }
    Ok(())
}

/// The count of what is owed is not kept beside the rows: publishing would write it for each webhook
/// and commit. The index of unsettled deliveries tells it.
fn count_owed(connection: &Connection, tables: &mut Tables) -> rusqlite::Result<()> {
    let mut count = connection.prepare(statement("count_owed"))?;
    let rows = count.query_map([], |row| {
        Ok((WebhookId(row.get(0)?), row.get::<_, i64>(1)?))
    })?;
    let mut owed: HashMap<WebhookId, i64> = HashMap::new();
    for row in rows {
        let (id, count) = row?;
        *owed.entry(id).or_default() += count;
    }
    let mut count_after = connection.prepare(statement("count_owed_after"))?;
    for (id, count) in &mut owed {
        let discarded_through = tables.health(*id).discarded_through;
        if discarded_through > 0 {
            *count = count_after.query_row([id.0, discarded_through], |row| row.get(0))?;
        }
    }
    tables.set_owed(&owed);
    Ok(())
}

pub(super) fn explain_row(path: &Path, row: &NounRow, fault: Unreadable) -> OpenError {
    match fault {
        Unreadable::Sealed => wrong_key(path),
        Unreadable::Corrupt(detail) => corrupt(path, &format!("{} {}: {detail}", row.kind, row.id)),
    }
}

pub(super) fn wrong_key(path: &Path) -> OpenError {
    OpenError::WrongSecretsKey {
        path: path.display().to_string(),
    }
}

pub(super) fn explain(path: &Path, error: &rusqlite::Error) -> OpenError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => OpenError::Locked {
            path: path.display().to_string(),
        },
        // Unknown: a table or a column is missing. No code at all: a value is not what it should be.
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown) | None => {
            corrupt(path, &detail(error))
        }
        _ => unavailable(path, &detail(error)),
    }
}

/// What the engine said, without the statement it said it about.
fn detail(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        error => error.to_string(),
    }
}

fn corrupt(path: &Path, detail: &str) -> OpenError {
    OpenError::Corrupt {
        path: path.display().to_string(),
        detail: detail.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::{StatementStatus, params};

    use super::*;

    #[test]
    fn a_kept_statement_is_compiled_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tidings.db");
        let mut connection = connect(&path, true).unwrap();
        migrate(&path, &mut connection).unwrap();
        let mut claim = connection.prepare(statement("claim_tried")).unwrap();
        for until in 0..3 {
            let mut rows = claim.query(params![1, 0, until, 0]).unwrap();
            assert!(rows.next().unwrap().is_none());
        }
        assert_eq!(claim.get_status(StatementStatus::RePrepare), 0);
    }
}

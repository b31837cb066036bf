//! Opening the embedded engine's file: whatever may lie there, and what the operator is told.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;
use tempfile::TempDir;
use tidings_core::clock::ManualClock;
use tidings_store::seal::Sealer;
use tidings_store::{OpenError, Store, StoreOptions};

use crate::bench::{Bench, START, Sqlite};

fn open(path: &Path) -> Result<Store, OpenError> {
    let options = StoreOptions {
        path: path.to_owned(),
        sealer: Sealer::default(),
    };
    let clock = Arc::new(ManualClock::at(START));
    Store::open(options, clock).map(|(store, _)| store)
}

fn refusal(path: &Path) -> String {
    open(path).expect_err("this must not open").to_string()
}

fn damaged(path: &Path, detail: &str) -> String {
    let path = path.display();
    format!(
        "the database {path} is damaged or not a database ({detail}); restore a backup, or move the \
         file away to start empty"
    )
}

fn in_use(path: &Path) -> String {
    let path = path.display();
    format!("the database {path} is in use by another process; stop it, or point --store elsewhere")
}

/// A closed database that holds a few hundred pages.
async fn filled() -> Sqlite {
    let bench = Bench::<Sqlite>::open();
    let organization = bench.organization(None).await;
    bench.webhook(organization).await;
    bench.messages(organization, &vec!["a"; 1_000]).await;
    let place = bench.close().await;
    // Out of the log into the file.
    let connection = Connection::open(place.path()).unwrap();
    connection
        .pragma_update(None, "journal_mode", "delete")
        .unwrap();
    drop(connection);
    assert!(fs::metadata(place.path()).unwrap().len() > 200 * 1_024);
    place
}

#[tokio::test]
async fn garbage_is_no_database() {
    for garbage in [
        &b"SQLite format 3 is what it begins with in words"[..],
        &[0xA5; 8_192],
        b"\n",
    ] {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("tidings.db");
        fs::write(&path, garbage).unwrap();
        assert_eq!(
            refusal(&path),
            damaged(&path, "file is not a database"),
            "{garbage:?}"
        );
        assert_eq!(fs::read(&path).unwrap(), garbage, "it is left as it was");
    }
}

#[tokio::test]
async fn a_truncated_file_is_damaged() {
    for share in [2, 3, 50] {
        let place = filled().await;
        let bytes = fs::read(place.path()).unwrap();
        fs::write(place.path(), &bytes[..bytes.len() / share]).unwrap();
        let text = refusal(&place.path());
        assert!(text.contains("is damaged or not a database"), "{text}");
    }
}

/// Wherever a page is overwritten, opening says so or the page was not in use; never does it panic.
#[tokio::test]
async fn overwritten_pages_are_noticed() {
    let place = filled().await;
    let whole = fs::read(place.path()).unwrap();
    // The header says how long a page is.
    let page_bytes = usize::from(u16::from_be_bytes([whole[16], whole[17]]));
    let pages = whole.len() / page_bytes;
    for page in [1, 2, 3, pages / 2, pages - 1] {
        let mut bytes = whole.clone();
        bytes[page * page_bytes..][..page_bytes].fill(0xFF);
        fs::write(place.path(), &bytes).unwrap();
        let text = refusal(&place.path());
        assert!(
            text.contains("is damaged or not a database"),
            "{page}: {text}"
        );
    }
    fs::write(place.path(), &whole).unwrap();
    open(&place.path()).unwrap();
}

#[tokio::test]
async fn documents_that_say_nothing_are_damaged() {
    for damage in [
        "update directory set document = '{' where kind = 'webhook'",
        "update directory set document = x'ff00fe' where kind = 'organization'",
        "update directory set version = 'new' where kind = 'webhook'",
        "insert into webhook_health (webhook_id, document) values (5, 'x')",
        "drop table deliveries",
    ] {
        let place = filled().await;
        let connection = Connection::open(place.path()).unwrap();
        connection.execute_batch(damage).unwrap();
        drop(connection);
        let text = refusal(&place.path());
        assert!(
            text.contains("is damaged or not a database"),
            "{damage}: {text}"
        );
    }
}

#[tokio::test]
async fn the_database_of_another_program_is_left_alone() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("other.db");
    let other = Connection::open(&path).unwrap();
    other.execute_batch("create table notes (text)").unwrap();
    drop(other);
    let before = fs::read(&path).unwrap();
    assert_eq!(
        refusal(&path),
        damaged(&path, "it is a database of another program")
    );
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let place = filled().await;
    let connection = Connection::open(place.path()).unwrap();
    connection.pragma_update(None, "user_version", 900).unwrap();
    drop(connection);
    let path = place.path();
    let error = open(&path).err().unwrap();
    let OpenError::Newer { known, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(
        error.to_string(),
        format!(
            "the database {} was written by a newer version (schema 900, this one knows {known}); \
             start that version, or restore a backup",
            path.display()
        )
    );
}

/// By whoever looks, and leaves everything as it is.
#[tokio::test]
async fn what_would_be_refused_is_seen_before() {
    let damages = [
        None,
        Some("pragma application_id = 7"),
        Some("pragma user_version = 900"),
        Some("update directory set document = '{' where kind = 'webhook'"),
    ];
    for damage in damages {
        let place = filled().await;
        let path = place.path();
        // As a store is left that was closed: the writer folds its log on a thread of its own.
        open(&path).unwrap().close().await;
        if let Some(damage) = damage {
            let connection = Connection::open(&path).unwrap();
            connection.execute_batch(damage).unwrap();
        }
        let files = || fs::read_dir(path.parent().unwrap()).unwrap().count();
        let before = (fs::read(&path).unwrap(), files());
        let seen = Store::examine(&path, &Sealer::default());
        assert!((fs::read(&path).unwrap(), files()) == before);
        let seen = seen.err().map(|error| error.to_string());
        let refused = open(&path).err().map(|error| error.to_string());
        assert_eq!(seen, refused, "{damage:?}");
        assert_eq!(refused.is_some(), damage.is_some());
    }
}

#[tokio::test]
async fn a_second_store_is_kept_out() {
    let bench = Bench::<Sqlite>::open();
    let path = bench.place.path();
    assert_eq!(refusal(&path), in_use(&path));
    let folder = path.parent().unwrap();
    let (symbolic, hard) = (folder.join("symbolic.db"), folder.join("hard.db"));
    std::os::unix::fs::symlink(&path, &symbolic).unwrap();
    fs::hard_link(&path, &hard).unwrap();
    for other in [symbolic, hard] {
        assert_eq!(refusal(&other), in_use(&other));
    }
    // Another file in its place, or the one beside it removed.
    let beside = folder.join(format!(
        "{}-lock",
        path.file_name().unwrap().to_str().unwrap()
    ));
    let old = folder.join("old.db");
    fs::rename(&path, &old).unwrap();
    assert_eq!(refusal(&path), in_use(&path));
    fs::rename(&old, &path).unwrap();
    fs::remove_file(beside).unwrap();
    assert_eq!(refusal(&path), in_use(&path));
    bench.organization(None).await;
    drop(bench.close().await);
}

/// A shell with a transaction open, say.
#[tokio::test]
async fn whoever_holds_the_write_lock_keeps_us_out() {
    let place = filled().await;
    let path = place.path();
    let other = Connection::open(&path).unwrap();
    for lock in ["begin immediate", "begin exclusive"] {
        other.execute_batch(lock).unwrap();
        assert_eq!(refusal(&path), in_use(&path));
        other.execute_batch("rollback").unwrap();
    }
    drop(other);
    open(&path).unwrap();
}

#[tokio::test]
async fn where_nothing_can_be_written_it_says_why() {
    let folder = TempDir::new().unwrap();
    let missing = folder.path().join("missing").join("tidings.db");
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    for (path, detail) in [
        (missing, "No such file or directory (os error 2)"),
        (file.join("tidings.db"), "Not a directory (os error 20)"),
    ] {
        assert_eq!(
            refusal(&path),
            format!("the database {} cannot be opened: {detail}", path.display())
        );
    }
    // Where the database should be there is a folder.
    let folder_there = folder.path().join("tidings.db");
    fs::create_dir(&folder_there).unwrap();
    let text = refusal(&folder_there);
    assert!(text.contains("cannot be opened: Is a directory"), "{text}");
}

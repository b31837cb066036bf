//! A full disk: nothing is half-written, callers are told, and it mends itself. A slow one: what it
//! cannot take is refused at once.
//!
//! The full disk is a tiny one in memory, which only root may mount; elsewhere the test says that it was
//! skipped.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tempfile::TempDir;
use tidings_core::clock::ManualClock;
use tidings_store::publish::{Publish, Published};
use tidings_store::seal::Sealer;
use tidings_store::{Store, StoreError, StoreOptions};

use crate::bench::{Bench, Place, SECOND, START, Sqlite, event, message};

/// A database on a disk of its own.
struct TinyDisk {
    folder: TempDir,
}

impl TinyDisk {
    fn mount(size: &str) -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(folder.path())
            .status();
        mounted
            .is_ok_and(|status| status.success())
            .then_some(Self { folder })
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Takes all the room that is left.
    fn fill(&self) {
        let zeros = vec![0; 64 * 1_024];
        let mut file = std::fs::File::create(self.path().join("ballast")).unwrap();
        while std::io::Write::write(&mut file, &zeros).is_ok_and(|written| written > 0) {}
    }

    fn free(&self) {
        std::fs::remove_file(self.path().join("ballast")).unwrap();
    }
}

impl Drop for TinyDisk {
    fn drop(&mut self) {
        // Lazily: files of a store that is being closed may be open still.
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

impl Place for TinyDisk {
    fn fresh() -> Self {
        Self::mount("4m").expect("only root may mount")
    }

    fn options(&self, sealer: Sealer) -> StoreOptions {
        StoreOptions {
            path: self.path().join("tidings.db"),
            sealer,
        }
    }
}

#[tokio::test]
async fn a_full_disk_is_told_and_mends_itself() {
    let Some(disk) = TinyDisk::mount("4m") else {
        return eprintln!("skipped: mounting a small disk takes root");
    };
    let bench = Bench::at(disk, Sealer::default(), START).unwrap();
    let organization = bench.organization(None).await;
    let hook = bench.webhook(organization).await;
    let before = bench.messages(organization, &["a"]).await;
    bench.place.fill();
    let batch: Vec<_> = (0..500).map(|_| message("a")).collect();
    let mut refused = 0;
    let mut stored = 1;
    for _ in 0..5 {
        match bench.try_publish(organization, batch.clone()).await {
            Err(StoreError::Overloaded(_)) => refused += 1,
            Ok(_) => stored += 500,
            Err(error) => panic!("{error}"),
        }
    }
    assert!(refused > 0, "the disk is full");
    assert!(bench.store.ping().await.is_err());
    assert_eq!(bench.deliveries(hook).await.len(), stored);
    assert_eq!(bench.pending(hook), stored as i64);
    bench.place.free();
    assert!(bench.store.ping().await.is_err(), "not asked yet");
    bench.clock.advance(5 * SECOND);
    bench.store.ping().await.unwrap();
    let after = bench.messages(organization, &["a", "a"]).await;
    let last = bench.store.event(after[1]).await.unwrap().unwrap();
    assert_eq!(last.sequence, Some(stored as i64 + 2));
    let bench = bench.reopen().await;
    assert_eq!(bench.deliveries(hook).await.len(), stored + 2);
    assert!(bench.store.event(before[0]).await.unwrap().is_some());
}

#[tokio::test]
async fn opening_on_a_full_disk_says_so() {
    let Some(disk) = TinyDisk::mount("64k") else {
        return eprintln!("skipped: mounting a small disk takes root");
    };
    disk.fill();
    let options = disk.options(Sealer::default());
    let path = options.path.display().to_string();
    let error = Store::open(options, Arc::new(ManualClock::at(START)))
        .err()
        .unwrap();
    let text = error.to_string();
    assert!(
        text.starts_with(&format!("the database {path} cannot be opened: ")),
        "{text}"
    );
}

/// A read-only disk cannot be told from a missing permission, which root does not feel.
#[tokio::test]
async fn a_disk_that_is_read_only_says_so() {
    let Some(disk) = TinyDisk::mount("1m") else {
        return eprintln!("skipped: mounting a small disk takes root");
    };
    let remounted = Command::new("mount")
        .args(["-o", "remount,ro"])
        .arg(disk.path())
        .status();
    assert!(remounted.unwrap().success());
    let options = disk.options(Sealer::default());
    let error = Store::open(options, Arc::new(ManualClock::at(START)))
        .err()
        .unwrap();
    assert!(
        error
            .to_string()
            .ends_with("cannot be opened: Read-only file system (os error 30)"),
        "{error}"
    );
}

/// The disk stands still while somebody else writes: what waits is bounded in bytes, what goes beyond is
/// refused before the disk has moved, and whoever is acknowledged is stored.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_slower_than_its_publishers_sheds_load() {
    const EVENTS: usize = 32;
    const PUBLISHERS: usize = 14;
    let bench = Bench::<Sqlite>::open();
    let organization = bench.organization(None).await;
    let slow = rusqlite::Connection::open(bench.place.path()).unwrap();
    slow.execute_batch("begin immediate").unwrap();
    let data = format!(
        r#"{{"contact":{{"id":"{}"}}}}"#,
        "x".repeat(256 * 1_024 - 64)
    );
    let mut asked: FuturesUnordered<_> = (0..PUBLISHERS)
        .map(|_| {
            let events = vec![event("contact.created", None, &data); EVENTS];
            bench.store.publish(Publish::of(organization, events))
        })
        .collect();
    // Eight wait in 64 MiB, and one more may be with the writer.
    for _ in 0..PUBLISHERS - 9 {
        let first = asked.next().await.unwrap();
        assert!(matches!(first, Err(StoreError::Overloaded(_))), "{first:?}");
    }
    slow.execute_batch("rollback").unwrap();
    let mut acknowledged = BTreeSet::new();
    while let Some(answer) = asked.next().await {
        match answer {
            Ok(Published::Stored(ids)) => acknowledged.extend(ids),
            Ok(other) => panic!("{other:?}"),
            Err(StoreError::Overloaded(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
    drop(asked);
    assert!(!acknowledged.is_empty());
    let bench = bench.reopen().await;
    for id in &acknowledged {
        assert!(bench.store.event(*id).await.unwrap().is_some());
    }
}

//! Where a story's store is kept, and what is left there by a process that died.

use std::fs::{self, File, OpenOptions};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;
use tidings_core::clock::ManualClock;
use tidings_store::seal::Sealer;
use tidings_store::{Store, StoreOptions};
use tokio::sync::OnceCell;

use super::START;

/// Where files live in memory, on systems that have such a place.
const MEMORY: &str = "/dev/shm";
/// How large the pages of a story's database are, in bytes. A file keeps the size it was made with; small
/// pages are soon written, and a commit is many of them.
const PAGE_BYTES: usize = 1_024;

/// What a log begins with; a new number whenever it is begun anew.
const LOG_HEAD_BYTES: usize = 32;

/// A folder with a database in it.
pub(super) struct Disk {
    folder: TempDir,
}

impl Disk {
    /// With an empty store.
    pub(super) async fn new() -> Self {
        static EMPTY: OnceCell<Vec<u8>> = OnceCell::const_new();
        let disk = Self::bare();
        fs::write(disk.database(), EMPTY.get_or_init(Self::empty).await).unwrap();
        disk
    }

    fn bare() -> Self {
        let memory = Path::new(MEMORY);
        let folder = if memory.is_dir() {
            tempfile::tempdir_in(memory)
        } else {
            tempfile::tempdir()
        };
        Self {
            folder: folder.unwrap(),
        }
    }

    /// What the store makes of a database that holds nothing.
    async fn empty() -> Vec<u8> {
        let disk = Self::bare();
        fs::write(disk.database(), nothing()).unwrap();
        let clock = Arc::new(ManualClock::at(START));
        let (store, _handoff) = Store::open(disk.options(), clock).unwrap();
        store.close().await;
        fs::read(disk.database()).unwrap()
    }

    pub(super) fn options(&self) -> StoreOptions {
        StoreOptions {
            path: self.database(),
            sealer: Sealer::default(),
        }
    }

    /// As it stands, while nothing is written.
    pub(super) fn copy(&self) -> Self {
        let copy = Self::bare();
        fs::copy(self.database(), copy.database()).unwrap();
        fs::copy(self.log(), copy.log()).unwrap();
        copy
    }

    /// How many bytes were appended to the log since it was copied; none if it was begun anew.
    pub(super) fn appended_since(&self, copy: &Self) -> u64 {
        if self.log_head() != copy.log_head() {
            return 0;
        }
        self.log_bytes() - copy.log_bytes()
    }

    /// As it was when it was copied, and so many of the bytes that were appended since.
    pub(super) fn between(&self, copy: Self, appended: u64) -> Self {
        let bytes = copy.log_bytes() + appended;
        fs::copy(self.log(), copy.log()).unwrap();
        let log = OpenOptions::new().write(true).open(copy.log()).unwrap();
        log.set_len(bytes).unwrap();
        copy
    }

    fn log_bytes(&self) -> u64 {
        fs::metadata(self.log()).unwrap().len()
    }

    /// What differs between logs.
    fn log_head(&self) -> [u8; LOG_HEAD_BYTES] {
        let mut head = [0; LOG_HEAD_BYTES];
        let mut log = File::open(self.log()).unwrap();
        log.read_exact(&mut head).unwrap();
        head
    }

    fn database(&self) -> PathBuf {
        self.folder.path().join("tidings.db")
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("tidings.db-wal")
    }
}

/// An SQLite database of one page, without a table: its header, and the root of its schema.
fn nothing() -> Vec<u8> {
    let mut page = vec![0; PAGE_BYTES];
    page[..16].copy_from_slice(b"SQLite format 3\0");
    let bytes = (PAGE_BYTES as u16).to_be_bytes();
    page[16..18].copy_from_slice(&bytes);
    // Read and written as a file with a rollback journal; shares of a page that a cell may take.
    page[18..24].copy_from_slice(&[1, 1, 0, 64, 32, 32]);
    // One change, and one page as of it.
    page[27] = 1;
    page[31] = 1;
    page[95] = 1;
    // The schema's format, and UTF-8.
    page[47] = 4;
    page[59] = 1;
    // A leaf without cells, whose cells would begin at its end.
    page[100] = 0x0d;
    page[105..107].copy_from_slice(&bytes);
    page
}

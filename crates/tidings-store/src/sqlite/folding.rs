//! When the log is folded into the database's file.
//!
//! Folding writes each page of the log to its place and syncs, some milliseconds in which the writer
//! commits nothing. While the writer has little else to do, another thread folds beside it, and the
//! writer folds what it has committed meanwhile, which is little. A busy writer does it all itself, once:
//! folded beside it, what changes with every commit would be written again and again.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread::JoinHandle;

use rusqlite::Connection;

/// From how many pages on the log is folded: some 64 MiB, since what changes often is then folded once for
/// many changes.
pub(super) const LOG_PAGES: i64 = 8_000;

/// The log of a database, as its writer keeps it.
#[derive(Debug)]
pub(super) struct Log {
    pages_max: i64,
    beside: Beside,
    /// Whether another was asked and has not answered.
    is_underway: bool,
    /// Whether the log could not be folded: that is told once, until it is short again.
    has_failed: bool,
}

/// The way to whoever folds beside the writer.
#[derive(Debug)]
struct Beside {
    asked: SyncSender<()>,
    done: Receiver<()>,
    thread: JoinHandle<()>,
}

impl Beside {
    fn start(work: impl FnOnce(Receiver<()>, SyncSender<()>) + Send + 'static) -> io::Result<Self> {
        // One question at a time, and one answer to it.
        let (asked, questions) = sync_channel(1);
        let (answers, done) = sync_channel(1);
        let thread = std::thread::Builder::new()
            .name("store-folder".into())
            .spawn(move || work(questions, answers))?;
        Ok(Self {
            asked,
            done,
            thread,
        })
    }
}

impl Log {
    /// Folds from `pages_max` pages on, with a connection of its own beside the writer's.
    pub(super) fn new(pages_max: i64, connection: Connection) -> io::Result<Self> {
        let beside = Beside::start(move |questions, answers| {
            for () in questions {
                // Where it fails, the writer finds the log as it was, folds it itself and tells.
                let _ = fold(&connection);
                if answers.send(()).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self::folded_by(beside, pages_max))
    }

    fn folded_by(beside: Beside, pages_max: i64) -> Self {
        Self {
            pages_max,
            beside,
            is_underway: false,
            has_failed: false,
        }
    }

    /// Between two commits: folds the log, or has it folded, when it has grown.
    pub(super) fn tend(&mut self, connection: &Connection, is_busy: bool) {
        if self.is_underway && !self.is_done() {
            return;
        }
        let was_folded = std::mem::take(&mut self.is_underway);
        if pages(connection).unwrap_or(0) < self.pages_max {
            // A log that was folded to its end begins anew with the next commit.
            self.has_failed = false;
            return;
        }
        if was_folded || is_busy || !self.ask() {
            self.finish(connection);
        } else {
            self.is_underway = true;
        }
    }

    /// False when there is nobody to ask.
    fn ask(&self) -> bool {
        self.beside.asked.send(()).is_ok()
    }

    fn is_done(&self) -> bool {
        self.beside.done.try_recv() != Err(TryRecvError::Empty)
    }

    /// A read that lasts can keep the log from being folded to its end; then the next commit goes on.
    fn finish(&mut self, connection: &Connection) {
        let folded = fold(connection);
        if let Err(error) = &folded
            && !self.has_failed
        {
            tracing::warn!(%error, "the database's log cannot be folded and grows; nothing is lost");
        }
        self.has_failed |= folded.is_err();
    }

    /// Moves the whole log into the database's file, which is then the whole store: to be copied,
    /// checked or moved by itself. Where that fails, nothing is lost: the next start reads the log.
    pub(super) fn close(self, connection: &Connection) {
        let Beside { asked, thread, .. } = self.beside;
        drop(asked);
        let _ = thread.join();
        if let Err(error) = connection.execute_batch("pragma wal_checkpoint(truncate)") {
            tracing::warn!(%error, "the database's log was left as it is");
        }
    }
}

fn fold(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("pragma wal_checkpoint(passive)")
}

/// How long the log is.
fn pages(connection: &Connection) -> rusqlite::Result<i64> {
    connection
        .prepare_cached("pragma wal_checkpoint(noop)")?
        .query_row([], |row| row.get(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGES_MAX: i64 = 20;

    /// A database whose log is folded by the test in place of the other thread.
    struct Rig {
        _directory: tempfile::TempDir,
        writer: Connection,
        other: Connection,
        questions: Receiver<()>,
        answers: SyncSender<()>,
        log: Log,
    }

    impl Rig {
        fn new() -> Self {
            let directory = tempfile::tempdir().unwrap();
            let connect = || {
                let connection = Connection::open(directory.path().join("t.db")).unwrap();
                connection
                    .execute_batch("pragma journal_mode = wal; pragma wal_autocheckpoint = 0")
                    .unwrap();
                connection
            };
            let writer = connect();
            writer.execute_batch("create table rows(text)").unwrap();
            let (give, ends) = sync_channel(1);
            let hand_over = move |questions, answers| give.send((questions, answers)).unwrap();
            let beside = Beside::start(hand_over).unwrap();
            let (questions, answers) = ends.recv().unwrap();
            Self {
                other: connect(),
                _directory: directory,
                writer,
                questions,
                answers,
                log: Log::folded_by(beside, PAGES_MAX),
            }
        }

        fn commit(&self) {
            let put = "insert into rows values (hex(randomblob(3000)))";
            self.writer.execute_batch(put).unwrap();
        }

        fn fill(&self) {
            while pages(&self.writer).unwrap() < PAGES_MAX {
                self.commit();
            }
        }

        fn tend(&mut self, is_busy: bool) {
            self.log.tend(&self.writer, is_busy);
        }

        fn is_asked(&self) -> bool {
            self.questions.try_recv().is_ok()
        }

        fn fold_beside(&self) {
            fold(&self.other).unwrap();
        }

        fn answer(&self) {
            self.answers.send(()).unwrap();
        }

        /// Whether the log does with the next commit: all that was committed is in the file.
        fn begins_anew(&self) -> bool {
            self.commit();
            pages(&self.writer).unwrap() < PAGES_MAX
        }
    }

    #[test]
    fn a_short_log_is_left() {
        let mut rig = Rig::new();
        rig.tend(true);
        rig.tend(false);
        assert!(!rig.is_asked());
        assert!(pages(&rig.writer).unwrap() > 0);
    }

    #[test]
    fn a_busy_writer_folds_by_itself() {
        let mut rig = Rig::new();
        rig.fill();
        rig.tend(true);
        assert!(!rig.is_asked());
        assert!(rig.begins_anew());
    }

    #[test]
    fn beside_an_idle_writer_another_folds() {
        let mut rig = Rig::new();
        for _ in 0..2 {
            rig.fill();
            rig.tend(false);
            assert!(rig.is_asked());
            rig.fold_beside();
            rig.answer();
            assert!(rig.begins_anew());
            rig.tend(false);
            assert!(!rig.is_asked(), "there is nothing to fold");
        }
    }

    #[test]
    fn the_writer_folds_what_came_meanwhile() {
        let mut rig = Rig::new();
        rig.fill();
        rig.tend(false);
        rig.commit();
        rig.tend(true);
        assert!(!rig.begins_anew(), "nobody waits for the other");
        rig.answer();
        rig.tend(false);
        assert!(rig.is_asked());
        assert!(!rig.is_asked(), "once is enough");
        assert!(rig.begins_anew());
    }

    #[test]
    fn a_writer_that_is_left_alone_folds_by_itself() {
        let mut rig = Rig::new();
        let (_, gone) = sync_channel(1);
        drop(std::mem::replace(&mut rig.questions, gone));
        rig.fill();
        rig.tend(false);
        assert!(rig.begins_anew());
    }

    #[test]
    fn a_read_that_lasts_puts_it_off() {
        let mut rig = Rig::new();
        let snapshot = rig.other.unchecked_transaction().unwrap();
        let count = || -> i64 {
            snapshot
                .query_row("select count(*) from rows", [], |row| row.get(0))
                .unwrap()
        };
        assert_eq!(count(), 0);
        rig.fill();
        rig.log.tend(&rig.writer, true);
        assert_eq!(count(), 0);
        drop(snapshot);
        assert!(!rig.log.has_failed);
        rig.commit();
        assert!(pages(&rig.writer).unwrap() > PAGES_MAX);
        rig.tend(true);
        assert!(rig.begins_anew());
    }

    #[test]
    fn closing_leaves_no_log() {
        let Rig {
            _directory,
            writer,
            other,
            ..
        } = Rig::new();
        let mut log = Log::new(1, other).unwrap();
        log.tend(&writer, false);
        log.close(&writer);
        assert_eq!(pages(&writer).unwrap(), 0);
    }
}

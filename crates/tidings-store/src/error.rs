//! What can go wrong with a store, as few kinds as callers can tell apart.

/// The store could not be opened; the text is for the operator.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error(
        "the database {path} is in use by another process; stop it, or point --store elsewhere"
    )]
    Locked {
        /// The file.
        path: String,
    },
    /// A newer version of Tidings wrote it.
    #[error(
        "the database {path} was written by a newer version (schema {found}, this one knows {known}); start that version, or restore a backup"
    )]
    Newer {
        /// The file.
        path: String,
        /// The schema version found.
        found: i64,
        /// The schema version this build writes.
        known: i64,
    },
    /// It is damaged, or no database at all.
    #[error(
        "the database {path} is damaged or not a database ({detail}); restore a backup, or move the file away to start empty"
    )]
    Corrupt {
        /// The file.
        path: String,
        /// What the engine said.
        detail: String,
    },
    /// No configured secrets key opens what is stored.
    #[error(
        "the configured secrets keys cannot open what is stored in {path}; give the key it was written with in TIDINGS_SECRETS_KEY, after the new one if it was rotated"
    )]
    WrongSecretsKey {
        /// The file.
        path: String,
    },
    /// Anything else: permissions, a missing folder.
    #[error("the database {path} cannot be opened: {detail}")]
    Unavailable {
        /// The file.
        path: String,
        /// What the engine or the system said.
        detail: String,
    },
}

/// A read or a write failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// It cannot be stored now: the queue or the disk is full, or the store is away. Nothing was
    /// changed; asking again later is right.
    #[error("nothing can be stored right now: {0}")]
    Overloaded(String),
    /// A row cannot be what it is.
    #[error("{table} {id}: {detail}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The row's key.
        id: i64,
        /// What is wrong with it.
        detail: String,
    },
    /// The engine failed in a way nobody foresaw.
    #[error("the store failed: {0}")]
    Failed(String),
}

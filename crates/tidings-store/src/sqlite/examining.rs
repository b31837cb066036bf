//! Whether a store could be opened, without opening it.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::opening::{
    beside, check, explain, explain_row, place, read_rows, real, refuse_fragment,
};
use super::unavailable;
use crate::directory::Tables;
use crate::error::OpenError;
use crate::seal::Sealer;

/// Refuses what [`open`](super::opening::open) would refuse of what lies in the file, and changes nothing. Of a
/// store that is in use, or was left without an end, nothing is said: part of it lies beside the file.
pub(crate) fn examine(path: &Path, sealer: &Sealer) -> Result<(), OpenError> {
    let is_unfolded = std::fs::metadata(beside(path, "-wal")).is_ok_and(|log| log.len() > 0);
    let file = std::fs::metadata(path).map_err(|error| unavailable(path, &error))?;
    refuse_fragment(path, file.len())?;
    if is_unfolded || file.len() == 0 {
        return Ok(());
    }
    let connection = connect(path).map_err(|error| explain(path, &error))?;
    check(path, &connection)?;
    let rows = read_rows(&connection).map_err(|error| explain(path, &error))?;
    let mut tables = Tables::default();
    for row in &rows {
        place(row, sealer, &mut tables).map_err(|fault| explain_row(path, row, fault))?;
    }
    Ok(())
}

/// As a file that nobody changes: neither locks nor files beside it are made.
fn connect(path: &Path) -> rusqlite::Result<Connection> {
    // By its whole name: one that begins with two slashes would be taken for a host's.
    let path = real(path);
    let name = path.to_string_lossy();
    let name = name
        .replace('%', "%25")
        .replace('?', "%3f")
        .replace('#', "%23");
    let uri = format!("file:{name}?immutable=1");
    let access = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(uri, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)
}

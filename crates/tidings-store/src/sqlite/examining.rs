//! Whether a store could be opened, without opening it.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::opening::{check, explain, explain_row, place, read_rows, refuse_fragment};
use super::unavailable;
use crate::directory::Tables;
use crate::error::OpenError;
use crate::seal::Sealer;

/// Refuses what [`open`](super::opening::open) would refuse of what lies in the file, and changes nothing. Of a
/// store that is in use, or was left without an end, nothing is said: part of it lies beside the file.
pub(crate) fn examine(path: &Path, sealer: &Sealer) -> Result<(), OpenError> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let is_unfolded = std::fs::metadata(log).is_ok_and(|log| log.len() > 0);
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
    let mut name = path.as_os_str().as_encoded_bytes().to_vec();
    for (special, escaped) in [(b'%', "%25"), (b'?', "%3f"), (b'#', "%23")] {
        let parts: Vec<_> = name.split(|byte| *byte == special).collect();
        name = parts.join(escaped.as_bytes());
    }
    let uri = [b"file:", &*name, b"?immutable=1"].concat();
    let uri = String::from_utf8_lossy(&uri);
    let access = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(&*uri, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)
}

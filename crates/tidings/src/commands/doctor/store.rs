//! The embedded store as the operating system sees it, and what lies in its file as long as nobody has it
//! open: a running server is not disturbed.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rustix::fs::{Access, access, statvfs};

use super::Finding;
use crate::config::{Config, Store};

/// Below this, a busy installation is hours away from refusing work.
const FREE_BYTES_MIN: u64 = 1 << 30;
const OTHERS_MAY_READ: u32 = 0o004;

pub(super) fn look(config: &Config) -> Vec<Finding> {
    let Store::Sqlite { path } = &config.store;
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let mut findings = vec![reachable(path, folder)];
    findings.extend(sound(path, config));
    findings.extend(private(path));
    findings.extend(roomy(folder));
    findings
}

/// SQLite writes files of its own beside the database, so the folder must be writable too.
fn reachable(path: &Path, folder: &Path) -> Finding {
    if let Err(error) = access(folder, Access::EXISTS | Access::WRITE_OK) {
        return Finding::bad(
            format!(
                "the store's folder {} is not writable: {error}",
                folder.display()
            ),
            "make the folder, owned by the user that runs tidings",
        );
    }
    if !path.exists() {
        return Finding::good(format!(
            "the store {} will be made on first start",
            path.display()
        ));
    }
    match access(path, Access::READ_OK | Access::WRITE_OK) {
        Ok(()) => Finding::good(format!(
            "the store {} can be read and written",
            path.display()
        )),
        Err(error) => Finding::bad(
            format!(
                "the store {} cannot be read and written: {error}",
                path.display()
            ),
            "give the file to the user that runs tidings",
        ),
    }
}

/// What a start would refuse.
fn sound(path: &Path, config: &Config) -> Option<Finding> {
    access(path, Access::READ_OK).ok()?;
    let error = tidings_store::Store::examine(path, &config.sealer()).err()?;
    Some(Finding::bad(
        error.to_string(),
        "`tidings serve` refuses to start with it",
    ))
}

fn private(path: &Path) -> Option<Finding> {
    let mode = path.metadata().ok()?.permissions().mode();
    (mode & OTHERS_MAY_READ != 0).then(|| {
        Finding::notable(
            format!("every user of this machine can read {}", path.display()),
            format!("chmod 600 {}", path.display()),
        )
    })
}

fn roomy(folder: &Path) -> Option<Finding> {
    let volume = statvfs(folder).ok()?;
    let free_bytes = volume.f_bavail.saturating_mul(volume.f_frsize);
    let what = format!("{} MiB are free where the store lies", free_bytes >> 20);
    Some(if free_bytes < FREE_BYTES_MIN {
        Finding::bad(what, "make room: a full disk answers every write with 503")
    } else {
        Finding::good(what)
    })
}

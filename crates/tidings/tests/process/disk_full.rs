//! A full disk: publishing answers 503, nothing acknowledged is lost, and once there is room again
//! everything goes on by itself (contract §4).

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::http::{Caller, text};
use crate::receiver::{Gate, Receiver};
use crate::server::{Server, Site, publish, subscribe, until};

const MIB: u64 = 1024 * 1024;
const VOLUME_BYTES: u64 = 16 * MIB;
/// What lies beside the store and is deleted to make room.
const BALLAST_BYTES: u64 = 8 * MIB;
/// The size of one large event's text.
const TEXT_BYTES: usize = 128 * 1024;
/// More than fits.
const EVENTS_MAX: u64 = 2 * VOLUME_BYTES / TEXT_BYTES as u64;
/// How many attempts are under way when the room ends.
const OPEN: usize = 5;
/// How often more is asked of a disk that is full.
const INSISTENCE: usize = 20;

/// A volume in memory, mounted for as long as this lives.
struct Volume {
    folder: TempDir,
}

impl Volume {
    /// Mounting may be refused; then this says why.
    fn mount() -> Result<Self, String> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args([
            "-t",
            "tmpfs",
            "-o",
            &format!("size={VOLUME_BYTES}"),
            "tidings-test",
        ]);
        let output = mount
            .arg(folder.path())
            .output()
            .map_err(|error| error.to_string())?;
        if output.status.success() {
            Ok(Self { folder })
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        // Lazily: what still has a file open there must not keep the folder.
        let _ = Command::new("umount")
            .arg("--lazy")
            .arg(self.folder.path())
            .status();
    }
}

/// Takes up room; made of bytes that must be kept, since a hole takes none.
fn ballast(folder: &Path) -> std::path::PathBuf {
    let path = folder.join("ballast");
    std::fs::write(&path, vec![0xa5; BALLAST_BYTES as usize]).unwrap();
    File::open(&path).unwrap().sync_all().unwrap();
    path
}

fn event(conversation: &str, text_bytes: usize) -> Value {
    json!({
        "type": "message.received",
        "data": {
            "conversation": {"id": conversation},
            "message": {"id": "m1", "direction": "inbound", "text": "x".repeat(text_bytes)},
        },
    })
}

/// Publishes until it is refused; answers what was acknowledged.
fn publish_until_refused(tenant: &Caller) -> BTreeSet<String> {
    let mut acknowledged = BTreeSet::new();
    for number in 0..EVENTS_MAX {
        let answer = tenant.post("/v1/events", &event(&format!("c{number}"), TEXT_BYTES));
        if answer.status() == 202 {
            acknowledged.insert(text(&answer.json(), "id"));
            continue;
        }
        answer.problem(503, "overloaded");
        let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!(seconds > 0);
        return acknowledged;
    }
    panic!("{EVENTS_MAX} large events found room");
}

/// Goes on asking; a small event may still find a place. Either answer is true to its word.
fn insist(tenant: &Caller, acknowledged: &mut BTreeSet<String>) {
    for number in 0..INSISTENCE {
        let bytes = if number % 2 == 0 { 1 } else { TEXT_BYTES };
        let answer = tenant.post("/v1/events", &event("again", bytes));
        if answer.status() == 202 {
            acknowledged.insert(text(&answer.json(), "id"));
        } else {
            answer.problem(503, "overloaded");
        }
    }
}

fn fill_and_free(server: Server, site: &Site, free: impl FnOnce()) {
    let receiver = Receiver::start();
    let organization = server.organization(&json!({}));
    let key = server.key(&organization, &["admin"]);
    let tenant = server.anyone().with_key(&key);
    let webhook = subscribe(&tenant, &receiver, &json!({}));

    let mut acknowledged = publish_until_refused(&tenant);
    assert!(!acknowledged.is_empty());
    insist(&tenant, &mut acknowledged);
    tenant.get("/healthz").expect(200);
    tenant.get("/readyz").expect(503);
    tenant.get("/v1/events").expect(200);

    free();
    for number in 0..INSISTENCE {
        acknowledged.insert(publish(&tenant, &event(&format!("after{number}"), 1)));
    }
    let mut came = BTreeSet::new();
    receiver.wait("all that was acknowledged", |all| {
        came = all
            .iter()
            .map(|request| request.header("webhook-id").unwrap().to_owned())
            .collect();
        acknowledged.is_subset(&came).then_some(())
    });
    assert_eq!(
        came, acknowledged,
        "what was refused was not delivered either"
    );
    let path = format!("/v1/webhooks/{}", text(&webhook, "id"));
    until(&tenant, &path, |webhook| webhook["pendingCount"] == 0);

    server.kill();
    let server = site.serve();
    let listed = server
        .anyone()
        .with_key(&key)
        .get("/v1/events?limit=200")
        .expect(200);
    let rows = listed["data"].as_array().unwrap();
    let listed: BTreeSet<String> = rows.iter().map(|row| text(row, "id")).collect();
    assert_eq!(listed, acknowledged);
    eprintln!(
        "{} events acknowledged around a full disk, all delivered",
        acknowledged.len()
    );
}

#[test]
fn a_full_volume() {
    let volume = match Volume::mount() {
        Ok(volume) => volume,
        Err(reason) => {
            eprintln!(
                "no small volume could be mounted ({}); the limit on file sizes stands in for it",
                reason.trim()
            );
            return at_the_size_limit();
        }
    };
    let ballast = ballast(volume.folder.path());
    let site = Site::within(volume.folder.path());
    let server = site.serve();
    fill_and_free(server, &site, || std::fs::remove_file(ballast).unwrap());
}

#[test]
fn a_limit_on_the_size_of_files() {
    at_the_size_limit();
}

fn at_the_size_limit() {
    let site = Site::new();
    let server = limited(&site, &BALLAST_BYTES.to_string());
    let id = server.id();
    fill_and_free(server, &site, || limit(id, "unlimited"));
}

#[test]
fn a_stop_does_not_wait_for_room() {
    let (site, gate) = (Site::new(), Gate::default());
    let door = gate.clone();
    let receiver = Receiver::scripted(move |_| {
        door.pass();
        200
    });
    let server = limited(&site, "unlimited");
    let tenant = server.tenant();
    let webhook = subscribe(&tenant, &receiver, &json!({}));
    let ids: BTreeSet<_> = (0..OPEN)
        .map(|_| publish(&tenant, &event("c1", 1)))
        .collect();
    receiver.nth(OPEN);
    // Not a byte more.
    limit(server.id(), "1");
    gate.open();
    let ended = server.terminate();
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let told = format!("the outcomes of {OPEN} attempts could not be stored");
    assert!(ended.stderr.contains(&told), "{}", ended.stderr);

    let server = site.serve();
    let again: BTreeSet<_> = (OPEN + 1..=2 * OPEN)
        .map(|nth| receiver.nth(nth).header("webhook-id").unwrap().to_owned())
        .collect();
    assert_eq!(again, ids);
    let path = format!("/v1/webhooks/{}", text(&webhook, "id"));
    until(&server.admin(), &path, |webhook| {
        webhook["pendingCount"] == 0
    });
}

/// Serves with a limit on the size of files: the system refuses to let them grow further.
fn limited(site: &Site, bytes: &str) -> Server {
    let mut command = Command::new("prlimit");
    command.args([&format!("--fsize={bytes}:unlimited"), "--"]);
    // Without this the signal that comes with the refusal would end the process.
    command.args([
        "sh",
        "-c",
        "trap '' XFSZ; exec \"$0\" \"$@\"",
        env!("CARGO_BIN_EXE_tidings"),
    ]);
    site.launch(command).unwrap()
}

/// Changes the limit of a process that runs.
fn limit(process: u32, bytes: &str) {
    let set = Command::new("prlimit")
        .args([&format!("--fsize={bytes}:unlimited"), "--pid"])
        .arg(process.to_string())
        .status();
    assert!(set.unwrap().success());
}

//! Stores that must not be touched: the process refuses to start, and one sentence names the file and
//! the way out.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt as _;

use serde_json::json;

use crate::server::{Ended, Site};

/// Where the head of a SQLite file holds the version of its schema, and the mark of the program it
/// belongs to: 4 bytes each, big-endian (SQLite's file format, "The Database Header").
const USER_VERSION_AT: u64 = 60;
const APPLICATION_ID_AT: u64 = 68;
/// The size of a page here.
const PAGE_BYTES: u64 = 8192;

/// A store that was used and closed well.
fn used() -> Site {
    let site = Site::new();
    let server = site.serve();
    server.organization(&json!({}));
    assert_eq!(server.terminate().code, Some(0));
    site
}

fn file(site: &Site) -> File {
    let mut options = OpenOptions::new();
    options.read(true).write(true).open(site.store()).unwrap()
}

/// It does not start, and says on one line which file it is about and each of `words`.
#[track_caller]
fn assert_refuses(site: &Site, words: &[&str]) {
    let before = std::fs::read(site.store()).unwrap();
    let refusal = site.try_serve().err().expect("it must not start");
    assert_told(&refusal, site, words);
    assert_eq!(
        std::fs::read(site.store()).unwrap(),
        before,
        "what is refused is left alone"
    );
}

#[track_caller]
fn assert_told(refusal: &Ended, site: &Site, words: &[&str]) {
    assert!(
        matches!(refusal.code, Some(code) if code != 0),
        "{refusal:?}"
    );
    assert_eq!(refusal.stdout, "");
    let errors: Vec<&str> = refusal
        .stderr
        .lines()
        .filter(|line| line.starts_with("error: "))
        .collect();
    let [sentence] = errors[..] else {
        panic!("one sentence is wanted: {}", refusal.stderr);
    };
    let path = site.store().display().to_string();
    for word in words.iter().copied().chain([path.as_str()]) {
        assert!(sentence.contains(word), "no `{word}` in: {sentence}");
    }
}

#[test]
fn a_page_that_was_overwritten() {
    let site = used();
    let pages = file(&site).metadata().unwrap().len() / PAGE_BYTES;
    for page in 1..pages {
        file(&site)
            .write_all_at(&[0xa5; PAGE_BYTES as usize], page * PAGE_BYTES)
            .unwrap();
    }
    assert_refuses(&site, &["damaged", "restore a backup"]);
}

#[test]
fn a_file_that_was_cut_short() {
    let site = used();
    let file = file(&site);
    let bytes = file.metadata().unwrap().len();
    file.set_len(bytes / 2).unwrap();
    assert_refuses(&site, &["damaged", "restore a backup"]);
}

#[test]
fn a_file_that_is_no_database() {
    let site = Site::new();
    std::fs::write(site.store(), "dear diary, ".repeat(1000)).unwrap();
    assert_refuses(&site, &["not a database", "move the file away"]);
}

#[test]
fn a_database_of_another_program() {
    let site = used();
    file(&site)
        .write_all_at(b"ELSE", APPLICATION_ID_AT)
        .unwrap();
    assert_refuses(&site, &["another program", "move the file away"]);
}

#[test]
fn a_database_of_a_newer_version() {
    let site = used();
    file(&site)
        .write_all_at(&9_999_u32.to_be_bytes(), USER_VERSION_AT)
        .unwrap();
    assert_refuses(&site, &["newer version", "9999", "start that version"]);
}

#[test]
fn a_database_in_use() {
    let site = Site::new();
    let server = site.serve();
    let refusal = site
        .try_serve()
        .err()
        .expect("there is one process to a store");
    assert_told(&refusal, &site, &["another process", "stop it"]);
    server.organization(&json!({}));
    server.kill();
    assert_eq!(
        site.serve().terminate().code,
        Some(0),
        "the lock went with its owner"
    );
}

#[test]
fn a_folder_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::within(&folder.path().join("missing"));
    let refusal = site.try_serve().err().unwrap();
    assert_told(&refusal, &site, &["cannot be opened"]);
}

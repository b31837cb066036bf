//! `tidings config`: what is shown and what is refused.

use crate::process::tidings;

#[test]
fn show_tells_every_value_and_its_origin_in_the_form_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("a.toml"),
        "retention_days = 7\nallow_targets = ['::1']\n",
    )
    .unwrap();
    let shown = tidings(&["config", "show", "--config", "a.toml", "--log", "json"])
        .within(folder.path())
        .env("TIDINGS_LISTEN", "127.0.0.1:0")
        .env("TIDINGS_ADMIN_KEY", "sa_live_0123456789abcdef01234567")
        .ends(0)
        .stdout;
    let lines: Vec<String> = shown
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    for expect in [
        r#"listen = "127.0.0.1:0" # environment TIDINGS_LISTEN"#,
        "# public_url = # not set",
        r#"admin_key = "********" # environment TIDINGS_ADMIN_KEY"#,
        r#"allow_targets = ["::1"] # a.toml:2"#,
        "retention_days = 7 # a.toml:1",
        r#"log = "json" # flag --log"#,
    ] {
        assert!(lines.iter().any(|line| line == expect), "{expect}\n{shown}");
    }

    // What is shown, less the masked secret, is a file that means the same.
    let kept: Vec<&str> = shown.lines().filter(|line| !line.contains("***")).collect();
    std::fs::write(folder.path().join("b.toml"), kept.join("\n")).unwrap();
    tidings(&["config", "check", "--config", "b.toml"])
        .within(folder.path())
        .ends(0);
}

#[test]
fn check_names_every_problem_and_fails() {
    let call = |output| {
        tidings(&["config", "check", "--listen", "nowhere", "--output", output])
            .env("TIDINGS_ROLE", "api")
    };
    let done = call("text").ends(1);
    assert_eq!(done.stdout, "");
    assert_eq!(
        done.stderr,
        "error: 2 problems in the configuration\n  \
         listen (flag --listen): `nowhere` is not an address with a port\n    \
         write IP:PORT, such as 127.0.0.1:8400 or [::1]:8400\n  \
         role (environment TIDINGS_ROLE): `api` needs a store that several nodes share\n    \
         an embedded store belongs to one process: use `all`\n"
    );
    let checked: serde_json::Value = serde_json::from_str(&call("json").ends(1).stdout).unwrap();
    assert_eq!(checked["valid"], false);
    assert_eq!(checked["problems"][1]["setting"], "role");
    assert_eq!(checked["problems"][1]["origin"], "environment TIDINGS_ROLE");
}

#[test]
fn a_stranger_in_the_environment_is_told_but_harmless() {
    let done = tidings(&["config", "check"])
        .env("TIDINGS_COLOUR", "blue")
        .ends(0);
    assert_eq!(done.stdout, "the configuration is valid\n");
    assert_eq!(
        done.stderr,
        "warning: the environment variable TIDINGS_COLOUR means nothing here\n"
    );
}

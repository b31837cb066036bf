//! The command line itself: help, suggestions, version, completions.

use crate::process::tidings;

#[test]
fn a_misspelt_command_is_answered_with_the_right_one() {
    let done = tidings(&["verfy"]).ends(2);
    assert!(done.stderr.contains("verify"), "{}", done.stderr);
    assert_eq!(done.stdout, "");
}

#[test]
fn the_version_is_told_with_the_commit_in_a_clone() {
    let done = tidings(&["--version"]).ends(0);
    let expect = concat!("tidings ", env!("CARGO_PKG_VERSION"));
    assert!(done.stdout.starts_with(expect), "{}", done.stdout);
}

#[test]
fn every_command_has_examples_at_the_foot_of_its_help() {
    let check = |command: &str| {
        let done = tidings(&[command, "--help"]).ends(0);
        assert!(
            done.stdout.contains("Examples:\n  tidings "),
            "{command}\n{}",
            done.stdout
        );
    };
    let commands =
        "trigger types verify keys events webhooks replay import config doctor completions";
    commands.split(' ').for_each(check);
}

#[test]
fn help_names_flag_variable_and_default() {
    let help = tidings(&["config", "show", "--help"]).ends(0).stdout;
    let words: Vec<&str> = help.split_whitespace().collect();
    let help = words.join(" ");
    for text in [
        "--retention-days <N>",
        "[env: TIDINGS_RETENTION_DAYS] [default: 30]",
        "--allow-http[=<true|false>]",
        "[env: TIDINGS_CONFIG]",
    ] {
        assert!(help.contains(text), "{text}\n{help}");
    }
}

#[test]
fn every_shell_gets_a_completion_script() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let done = tidings(&["completions", shell]).ends(0);
        assert!(done.stdout.contains("webhooks"), "{shell}");
    }
    tidings(&["completions", "tcsh"]).ends(2);
}

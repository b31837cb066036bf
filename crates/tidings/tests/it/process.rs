//! Runs the binary with an environment of its own and keeps all it says.

use std::io::Write as _;
use std::process::{Command, Stdio};

/// One call of `tidings`, yet to be made.
pub(crate) struct Call {
    command: Command,
    input: Vec<u8>,
}

/// What a call came to.
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A call with these arguments and none of the caller's `TIDINGS_` variables.
pub(crate) fn tidings(arguments: &[&str]) -> Call {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidings"));
    command.args(arguments).env_clear();
    Call {
        command,
        input: Vec::new(),
    }
}

impl Call {
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn within(mut self, folder: &std::path::Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    pub(crate) fn input(mut self, bytes: &[u8]) -> Self {
        self.input = bytes.to_vec();
        self
    }

    pub(crate) fn run(mut self) -> Done {
        let mut child = self
            .command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A command that refuses its arguments closes the pipe unread.
        let _ = stdin.write_all(&self.input);
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        Done {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs and expects this exit code.
    pub(crate) fn ends(self, code: i32) -> Done {
        let done = self.run();
        assert_eq!(done.code, code, "{}{}", done.stdout, done.stderr);
        done
    }
}

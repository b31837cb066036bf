//! The real binary, serving: started on a store of its own, spoken to over HTTP, ended by signals.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::http::{Caller, PATIENCE, text};
use crate::receiver::Receiver;

/// The configured key of the installation.
pub(crate) const ADMIN_KEY: &str = "sa_live_installation_0123456789abcdef";

/// What stays when a process goes: the folder of a store, and how to serve it.
pub(crate) struct Site {
    store: PathBuf,
    settings: Vec<(String, String)>,
    _folder: Option<TempDir>,
}

impl Site {
    /// An empty store in a folder that goes with the test.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let site = Self::within(folder.path());
        Self {
            _folder: Some(folder),
            ..site
        }
    }

    /// A store in a folder that someone else looks after.
    pub(crate) fn within(folder: &Path) -> Self {
        let site = Self {
            store: folder.join("tidings.db"),
            settings: Vec::new(),
            _folder: None,
        };
        site.set("TIDINGS_ADMIN_KEY", ADMIN_KEY)
            .set("TIDINGS_METRICS_LISTEN", "off")
            .set("TIDINGS_ALLOW_HTTP", "true")
            .set("TIDINGS_ALLOW_TARGETS", "127.0.0.0/8")
    }

    /// The same with this variable in the environment, from the next start on.
    pub(crate) fn set(mut self, variable: &str, value: &str) -> Self {
        self = self.unset(variable);
        self.settings.push((variable.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn unset(mut self, variable: &str) -> Self {
        self.settings.retain(|(known, _)| known != variable);
        self
    }

    /// The database's file.
    pub(crate) fn store(&self) -> &Path {
        &self.store
    }

    /// Starts and waits until it listens.
    #[track_caller]
    pub(crate) fn serve(&self) -> Server {
        self.try_serve()
            .unwrap_or_else(|refusal| panic!("{refusal:?}"))
    }

    /// Starts; the process may refuse to.
    pub(crate) fn try_serve(&self) -> Result<Server, Ended> {
        self.launch(Command::new(env!("CARGO_BIN_EXE_tidings")))
    }

    /// The same through another program, which is given the binary's path and arguments.
    pub(crate) fn launch(&self, mut command: Command) -> Result<Server, Ended> {
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--store"])
            .arg(format!("sqlite:{}", self.store.display()))
            .env_clear()
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Server::listening(command.spawn().unwrap())
    }
}

/// A process that serves. Killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    /// What it said on stdout before it listened.
    pub(crate) greeting: String,
    stdout: Option<BufReader<ChildStdout>>,
    stderr: Option<JoinHandle<String>>,
}

/// What a process came to.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The exit code; `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Server {
    fn listening(mut child: Child) -> Result<Self, Ended> {
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut stderr = child.stderr.take().unwrap();
        let stderr = std::thread::spawn(move || {
            let mut said = String::new();
            stderr.read_to_string(&mut said).unwrap();
            said
        });
        let mut server = Self {
            child,
            address: SocketAddr::from(([0, 0, 0, 0], 0)),
            greeting: String::new(),
            stdout: None,
            stderr: Some(stderr),
        };
        loop {
            let mut line = String::new();
            if stdout.read_line(&mut line).unwrap() == 0 {
                server.stdout = Some(stdout);
                return Err(server.ended());
            }
            if let Some(address) = line.trim_end().strip_prefix("listening on http://") {
                server.address = address.parse().unwrap();
                server.stdout = Some(stdout);
                return Ok(server);
            }
            server.greeting.push_str(&line);
        }
    }

    /// The key that was printed because the store was new.
    pub(crate) fn printed_key(&self) -> Option<&str> {
        let start = self.greeting.find("sa_live_")?;
        self.greeting[start..].split_whitespace().next()
    }

    /// Someone without a key.
    pub(crate) fn anyone(&self) -> Caller {
        Caller::new(self.address)
    }

    /// The owner of the installation.
    pub(crate) fn admin(&self) -> Caller {
        self.anyone().with_key(ADMIN_KEY)
    }

    /// A new organization at the top, and the id of it.
    pub(crate) fn organization(&self, settings: &Value) -> String {
        let mut body = json!({"name": "Acme"});
        let fields = settings.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(fields);
        text(
            &self.admin().post("/v1/organizations", &body).expect(201),
            "id",
        )
    }

    /// A new key.
    pub(crate) fn key(&self, organization: &str, scopes: &[&str]) -> String {
        let body = json!({"organizationId": organization, "name": "test", "scopes": scopes});
        text(&self.admin().post("/v1/api-keys", &body).expect(201), "key")
    }

    /// The owner of a new organization.
    pub(crate) fn tenant(&self) -> Caller {
        let organization = self.organization(&json!({}));
        self.anyone().with_key(&self.key(&organization, &["admin"]))
    }

    /// One of `SIGTERM` and its like.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// `kill -9`, and what was said until then.
    pub(crate) fn kill(mut self) -> Ended {
        self.child.kill().unwrap();
        self.ended()
    }

    /// Asks it to end and waits until it has.
    pub(crate) fn terminate(self) -> Ended {
        self.signal(Signal::TERM);
        self.wait()
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn wait(mut self) -> Ended {
        self.ended()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    fn ended(&mut self) -> Ended {
        let mut stdout = std::mem::take(&mut self.greeting);
        if let Some(mut rest) = self.stdout.take() {
            let (said, heard) = mpsc::channel();
            std::thread::spawn(move || {
                let mut text = String::new();
                let _ = rest.read_to_string(&mut text);
                let _ = said.send(text);
            });
            let rest = heard.recv_timeout(PATIENCE);
            stdout.push_str(&rest.expect("a process that was told to end closes its output"));
        }
        let code = self.child.wait().unwrap().code();
        let stderr = self.stderr.take().map(|said| said.join().unwrap());
        Ended {
            code,
            stdout,
            stderr: stderr.unwrap_or_default(),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended before; either way nothing of it is left.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Makes a webhook at the receiver, with these settings besides, and answers it with its secret.
pub(crate) fn subscribe(caller: &Caller, receiver: &Receiver, settings: &Value) -> Value {
    let mut body = json!({"name": "listener", "url": receiver.url()});
    let fields = settings.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(fields);
    caller.post("/v1/webhooks", &body).expect(201)
}

/// A sound event about this conversation.
pub(crate) fn event(conversation: &str) -> Value {
    json!({"type": "conversation.created", "data": {"conversation": {"id": conversation}}})
}

/// Publishes one event, and answers its id.
#[track_caller]
pub(crate) fn publish(caller: &Caller, event: &Value) -> String {
    text(&caller.post("/v1/events", event).expect(202), "id")
}

/// Asks for a document until it is as wanted, and answers it.
#[track_caller]
pub(crate) fn until(caller: &Caller, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let begun = Instant::now();
    loop {
        let found = caller.get(path).expect(200);
        if wanted(&found) {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "{path} stays {found}");
    }
}

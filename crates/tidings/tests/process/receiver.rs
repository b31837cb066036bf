//! A receiver of webhooks on loopback: keeps every delivery it was sent, and answers by script. It wants
//! to be delivered to: challenges are echoed, and not kept.

use std::io::{BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Instant;

use crate::http::{Message, PATIENCE};

/// Decides the status of the answer; it may take its time.
type Script = dyn Fn(&Message) -> u16 + Send + Sync;

/// A listening receiver. Its threads end with the test process.
pub(crate) struct Receiver {
    address: SocketAddr,
    inbox: Arc<Inbox>,
}

#[derive(Default)]
struct Inbox {
    received: Mutex<Vec<Message>>,
    arrived: Condvar,
}

impl Receiver {
    /// One that takes everything.
    pub(crate) fn start() -> Self {
        Self::scripted(|_| 200)
    }

    pub(crate) fn scripted(script: impl Fn(&Message) -> u16 + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let inbox = Arc::new(Inbox::default());
        let script: Arc<Script> = Arc::new(script);
        let kept = inbox.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (inbox, script) = (kept.clone(), script.clone());
                // A sender that hangs up in the middle is what some of these tests are about.
                std::thread::spawn(move || converse(stream?, &inbox, &*script));
            }
        });
        Self { address, inbox }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hooks", self.address)
    }

    /// How many requests have come.
    pub(crate) fn count(&self) -> usize {
        self.inbox.received().len()
    }

    /// Everything received so far.
    pub(crate) fn all(&self) -> Vec<Message> {
        self.inbox.received().clone()
    }

    /// Waits for the `number`-th request, counted from 1.
    #[track_caller]
    pub(crate) fn nth(&self, number: usize) -> Message {
        self.wait(&format!("request {number}"), |all| {
            all.get(number - 1).cloned()
        })
    }

    /// Waits until `found` finds what it looks for among all that came, and answers that. The time
    /// out starts anew with every arrival.
    #[track_caller]
    pub(crate) fn wait<T>(&self, what: &str, mut found: impl FnMut(&[Message]) -> Option<T>) -> T {
        let mut received = self.inbox.received();
        let (mut known, mut since) = (received.len(), Instant::now());
        loop {
            if let Some(found) = found(&received) {
                return found;
            }
            if received.len() > known {
                (known, since) = (received.len(), Instant::now());
            }
            let left = PATIENCE.saturating_sub(since.elapsed());
            assert!(!left.is_zero(), "{what} never came; {known} others did");
            received = self.inbox.arrived.wait_timeout(received, left).unwrap().0;
        }
    }
}

impl Inbox {
    fn received(&self) -> MutexGuard<'_, Vec<Message>> {
        self.received.lock().unwrap()
    }
}

/// Kept before it is answered: what a sender hears of was surely counted.
fn converse(stream: TcpStream, inbox: &Inbox, script: &Script) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    while let Some(request) = Message::read(&mut reader)? {
        if let Some(challenge) = challenge(&request) {
            let length = challenge.len();
            let echo = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{challenge}");
            reader.get_mut().write_all(echo.as_bytes())?;
            continue;
        }
        inbox.received().push(request.clone());
        inbox.arrived.notify_all();
        let status = script(&request);
        let answer = format!("HTTP/1.1 {status} Scripted\r\ncontent-length: 0\r\n\r\n");
        reader.get_mut().write_all(answer.as_bytes())?;
    }
    Ok(())
}

/// What a request asks to be echoed, if it asks whether deliveries are wanted.
fn challenge(request: &Message) -> Option<&str> {
    let query = request.start.strip_prefix("GET /hooks?type=subscribe&")?;
    query.strip_prefix("challenge=")?.split(' ').next()
}

/// A door that requests wait at until it is opened, once and for all.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    pub(crate) fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    pub(crate) fn pass(&self) {
        let open = self.0.0.lock().unwrap();
        drop(self.0.1.wait_while(open, |open| !*open).unwrap());
    }
}

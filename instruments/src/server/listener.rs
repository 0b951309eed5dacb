//! Connections of a server: accepted, each on a thread of its own, all ended with the server.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr};
use std::net::{TcpListener, TcpStream, ToSocketAddrs};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::locked;

/// How long a refused `accept` (too many open files) is waited out.
const BREATH: Duration = Duration::from_millis(20);
/// Most connections at once; more are closed as they come.
const MOST: usize = 256;
/// A time that does not end before its client does.
pub(super) const FOR_EVER: Duration = Duration::from_secs(u32::MAX as u64);

/// What all threads of a server know.
#[derive(Debug, Default)]
pub(super) struct Stop {
    state: Mutex<State>,
    bell: Condvar,
}

#[derive(Debug, Default)]
struct State {
    stopped: bool,
    streams: HashMap<u64, Arc<TcpStream>>,
}

impl Stop {
    /// Waits so long, or until the server stops; true when it did.
    pub(super) fn pause(&self, time: Duration) -> bool {
        let until = Instant::now() + time.min(FOR_EVER);
        let mut state = locked(&self.state);
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if state.stopped || left.is_zero() {
                return state.stopped;
            }
            let waited = self.bell.wait_timeout(state, left);
            state = waited.unwrap_or_else(std::sync::PoisonError::into_inner).0;
        }
    }

    pub(super) fn is_stopped(&self) -> bool {
        locked(&self.state).stopped
    }

    /// Keeps a connection in mind; false when it is too late for one.
    fn enter(&self, id: u64, stream: &Arc<TcpStream>) -> bool {
        let mut state = locked(&self.state);
        if !state.stopped {
            state.streams.insert(id, Arc::clone(stream));
        }
        !state.stopped
    }

    fn leave(&self, id: u64) {
        locked(&self.state).streams.remove(&id);
    }

    fn stop(&self) {
        let mut state = locked(&self.state);
        state.stopped = true;
        for stream in state.streams.values() {
            // Gone already is as good.
            let _ = stream.shutdown(Shutdown::Both);
        }
        drop(state);
        self.bell.notify_all();
    }
}

/// Accepts connections until it is dropped.
#[derive(Debug)]
pub(super) struct Listener {
    address: SocketAddr,
    stop: Arc<Stop>,
    thread: Option<JoinHandle<()>>,
}

/// What is done with a connection, until the server's end.
pub(super) trait Serve: Fn(Arc<TcpStream>, &Stop) + Send + Sync + 'static {}
impl<F: Fn(Arc<TcpStream>, &Stop) + Send + Sync + 'static> Serve for F {}

impl Listener {
    /// Binds to an address (port 0 takes a free one) and begins to accept.
    pub(super) fn start(address: impl ToSocketAddrs, serve: impl Serve) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        let stop = Arc::new(Stop::default());
        let known = Arc::clone(&stop);
        let thread = std::thread::Builder::new()
            .name(format!("server {}", address.port()))
            .spawn(move || accept(&listener, &known, &Arc::new(serve)))?;
        Ok(Self {
            address,
            stop,
            thread: Some(thread),
        })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the address that a client on the same machine reaches it at.
    pub(super) fn near(&self) -> SocketAddr {
        let mut near = self.address;
        if near.ip().is_unspecified() {
            near.set_ip(match near.ip() {
                IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            });
        }
        near
    }

    /// Writes the host of a resource string, an IPv6 address in brackets.
    pub(super) fn host(&self) -> String {
        match self.near().ip() {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop.stop();
        // The thread sits in `accept`: one more connection wakes it.
        let _ = TcpStream::connect_timeout(&self.near(), Duration::from_secs(1));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Accepts until the end, and waits for every connection's thread before it returns.
fn accept(listener: &TcpListener, stop: &Arc<Stop>, serve: &Arc<impl Serve>) {
    let mut threads: Vec<JoinHandle<()>> = Vec::new();
    for id in 0.. {
        let accepted = listener.accept();
        if stop.is_stopped() {
            break;
        }
        let Ok((stream, _)) = accepted else {
            stop.pause(BREATH);
            continue;
        };
        threads.retain(|thread| !thread.is_finished());
        if threads.len() >= MOST {
            continue;
        }
        // Answers are short and each is waited for.
        let _ = stream.set_nodelay(true);
        let stream = Arc::new(stream);
        if !stop.enter(id, &stream) {
            break;
        }
        let (known, serve) = (Arc::clone(stop), Arc::clone(serve));
        let spawned = std::thread::Builder::new()
            .name(format!("client {id}"))
            .spawn(move || {
                let _left = Left { id, stop: &known };
                serve(stream, &known);
            });
        match spawned {
            Ok(thread) => threads.push(thread),
            Err(_) => stop.leave(id),
        }
    }
    for thread in threads {
        let _ = thread.join();
    }
}

/// Forgets a connection, also after a panic of its device.
struct Left<'a> {
    id: u64,
    stop: &'a Stop,
}

impl Drop for Left<'_> {
    fn drop(&mut self) {
        self.stop.leave(self.id);
    }
}

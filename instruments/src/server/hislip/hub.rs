//! What the two connections of every session know of each other.

use std::collections::HashMap;
use std::io::{self, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::LONGEST;
use super::locks::Locks;
use crate::server::listener::FOR_EVER;
use crate::server::{Client, Shared, locked};
use crate::transport::hislip::message::{BEFORE_FIRST_ID, Head, Kind};

/// Most sessions at once.
const MOST_SESSIONS: usize = 64;
/// How long a client may leave its second connection unread.
const UNREAD: Duration = Duration::from_secs(1);
/// Bit of the status byte that says that service was requested (IEEE 488.2, 11.2).
const REQUESTED: u8 = 0x40;
/// Bit of the status byte that says that an answer waits (IEEE 488.2, 11.2).
const AVAILABLE: u8 = 0x10;

/// The device, and all who talk to it.
pub(super) struct Hub {
    pub(super) device: Shared,
    state: Mutex<State>,
    bell: Condvar,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) locks: Locks,
    pub(super) seats: HashMap<u16, Seat>,
    last: u16,
}

/// One session.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) client: Client,
    sync: Arc<TcpStream>,
    pub(super) late: Option<Arc<Late>>,
    /// Identity of the last message that came, and of the last that was done with.
    pub(super) received: u32,
    pub(super) done: u32,
    /// The end of an answer was sent, and the client has not said that it was read (3.1.1).
    pub(super) end_unread: bool,
    /// Message available (4.14.1).
    pub(super) available: bool,
    /// Service was requested, and the status byte not asked for since (4.13).
    pub(super) requested: bool,
    /// From a device clear's beginning to its end.
    pub(super) clearing: bool,
    pub(super) closed: bool,
    /// Longest payload that the client takes.
    pub(super) longest: u64,
}

/// The second connection, which several threads write to.
#[derive(Debug)]
pub(super) struct Late {
    stream: Arc<TcpStream>,
    writing: Mutex<()>,
}

impl Late {
    pub(super) fn send(&self, head: Head, payload: &[u8]) -> io::Result<()> {
        let _alone = locked(&self.writing);
        let sent = (&*self.stream).write_all(&head.with(payload));
        if sent.is_err() {
            // Half a message is in the way of all others.
            let _ = self.stream.shutdown(Shutdown::Both);
        }
        sent
    }
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl Hub {
    pub(super) fn new(device: Shared) -> Self {
        Self {
            device,
            state: Mutex::default(),
            bell: Condvar::new(),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }

    /// Seats a client; nothing when there is no room.
    pub(super) fn enter(&self, sync: &Arc<TcpStream>) -> Option<u16> {
        let mut state = self.state();
        if state.seats.len() >= MOST_SESSIONS {
            return None;
        }
        let mut session = state.last;
        loop {
            session = session.wrapping_add(1).max(1);
            if !state.seats.contains_key(&session) {
                break;
            }
        }
        state.last = session;
        let seat = Seat {
            client: Client::another(),
            sync: Arc::clone(sync),
            late: None,
            received: BEFORE_FIRST_ID,
            done: BEFORE_FIRST_ID,
            end_unread: false,
            available: false,
            requested: false,
            clearing: false,
            closed: false,
            longest: LONGEST,
        };
        state.seats.insert(session, seat);
        Some(session)
    }

    /// Joins the second connection to a session; nothing when there is none, or it has one.
    pub(super) fn join(&self, session: u16, stream: &Arc<TcpStream>) -> Option<Arc<Late>> {
        stream.set_write_timeout(Some(UNREAD)).ok()?;
        let mut state = self.state();
        let seat = state.seats.get_mut(&session)?;
        if seat.late.is_some() {
            return None;
        }
        let late = Arc::new(Late {
            stream: Arc::clone(stream),
            writing: Mutex::new(()),
        });
        seat.late = Some(Arc::clone(&late));
        Some(late)
    }

    /// Changes a session, and wakes whoever waits for that; nothing when it is gone.
    pub(super) fn change<T>(&self, session: u16, change: impl FnOnce(&mut Seat) -> T) -> Option<T> {
        let changed = self.state().seats.get_mut(&session).map(change);
        self.bell.notify_all();
        changed
    }

    /// Changes the locks, and wakes whoever waits for one.
    pub(super) fn change_locks<T>(&self, change: impl FnOnce(&mut Locks) -> T) -> T {
        let changed = change(&mut self.state().locks);
        self.bell.notify_all();
        changed
    }

    /// Waits until something is so, at most so long; false when it is not so by then.
    pub(super) fn wait(
        &self,
        time: Option<Duration>,
        mut is_so: impl FnMut(&mut State) -> bool,
    ) -> bool {
        let until = time.map(|time| Instant::now() + time.min(FOR_EVER));
        let mut state = self.state();
        loop {
            if is_so(&mut state) {
                return true;
            }
            state = match until {
                None => self
                    .bell
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner),
                Some(until) => {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return false;
                    }
                    let waited = self.bell.wait_timeout(state, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// Ends both connections of a session.
    pub(super) fn close(&self, session: u16) {
        self.change(session, |seat| {
            seat.closed = true;
            let late = seat.late.as_ref().map(|late| &late.stream);
            for stream in late.into_iter().chain([&seat.sync]) {
                let _ = stream.shutdown(Shutdown::Both);
            }
        });
    }

    /// Forgets a session, and gives its locks back.
    pub(super) fn leave(&self, session: u16) {
        self.close(session);
        let gone = {
            let mut state = self.state();
            state.locks.release_all(session);
            state.seats.remove(&session)
        };
        self.bell.notify_all();
        if let Some(seat) = gone {
            locked(&*self.device).left(seat.client);
        }
    }

    /// Returns the status byte for one session, and takes its request for service back.
    pub(super) fn status(&self, session: u16) -> u8 {
        let status = locked(&*self.device).status_byte() & !(AVAILABLE | REQUESTED);
        let bits = self.change(session, |seat| {
            let requested = std::mem::take(&mut seat.requested);
            (u8::from(seat.available) * AVAILABLE) | (u8::from(requested) * REQUESTED)
        });
        status | bits.unwrap_or(0)
    }

    pub(super) fn request_service(&self) {
        let status = locked(&*self.device).status_byte() | REQUESTED;
        let mut told = Vec::new();
        for seat in self.state().seats.values_mut() {
            if !std::mem::replace(&mut seat.requested, true) {
                let available = u8::from(seat.available) * AVAILABLE;
                told.extend(seat.late.clone().map(|late| (late, available)));
            }
        }
        for (late, available) in told {
            let head = Head::bare(Kind::AsyncServiceRequest, status | available, 0);
            // A client that does not read has lost its connection by now.
            let _ = late.send(head, &[]);
        }
    }
}

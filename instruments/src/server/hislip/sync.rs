//! The first connection of a session: messages, answers, triggers.

use std::io;
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use super::hub::{Hub, Seat};
use super::{LONGEST, fatal, payload, read_head, send, skip, unknown};
use crate::server::lines::{self, trimmed};
use crate::server::listener::FOR_EVER;
use crate::server::{Client, Reply, last_bytes, locked};
use crate::transport::hislip::message::{BEFORE_FIRST_ID, HEAD, Head, Kind, LONGEST_TEXT};

/// Version that is spoken, 1.0 (4.1).
const VERSION: u32 = 0x0100;
/// Longest payload that is sent at once, in bytes: between two of them a clear is seen.
const PIECE: u64 = 1 << 16;

/// Serves the first connection until it ends, and the session with it.
pub(super) fn serve(hub: &Arc<Hub>, stream: &Arc<TcpStream>, head: Head) -> io::Result<()> {
    if head.length > LONGEST_TEXT {
        return fatal(stream, 1, "the name of a device is shorter");
    }
    skip(stream, head.length)?;
    let Some(session) = hub.enter(stream) else {
        return fatal(stream, 4, "no session is free");
    };
    let Some(client) = hub.change(session, |seat| seat.client) else {
        return Ok(());
    };
    let mut this = Side {
        hub,
        stream,
        session,
        client,
        message: Vec::new(),
        too_long: false,
    };
    let ended = this.run();
    hub.leave(session);
    ended
}

struct Side<'a> {
    hub: &'a Hub,
    stream: &'a TcpStream,
    session: u16,
    client: Client,
    /// What has come of the message under way.
    message: Vec<u8>,
    too_long: bool,
}

/// Whether an answer goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Goes {
    On,
    /// It was cleared, interrupted, or the client is gone.
    No,
}

impl Side<'_> {
    fn run(&mut self) -> io::Result<()> {
        // Control code 0: the synchronized mode, nothing encrypted.
        let parameter = VERSION << 16 | u32::from(self.session);
        self.say(Head::bare(Kind::InitializeResponse, 0, parameter), &[])?;
        loop {
            let head = read_head(self.stream)?;
            match head.kind {
                Kind::Data | Kind::DataEnd | Kind::Trigger => self.take(head)?,
                Kind::DeviceClearComplete => self.clear(head)?,
                Kind::FatalError => return skip(self.stream, head.length),
                Kind::Error => skip(self.stream, head.length)?,
                other => {
                    skip(self.stream, head.length)?;
                    self.say(Head::bare(Kind::Error, unknown(other), 0), &[])?;
                }
            }
        }
    }

    fn say(&self, head: Head, payload: &[u8]) -> io::Result<()> {
        send(self.stream, head, payload)
    }

    fn change<T>(&self, change: impl FnOnce(&mut Seat) -> T) -> io::Result<T> {
        let changed = self.hub.change(self.session, change);
        changed.ok_or(io::ErrorKind::ConnectionAborted.into())
    }

    /// True when nothing of the answer under way is wanted any more.
    fn unwanted(&self) -> bool {
        let state = self.hub.state();
        let seat = state.seats.get(&self.session);
        seat.is_none_or(|seat| seat.clearing || seat.closed)
    }

    fn take(&mut self, head: Head) -> io::Result<()> {
        if self.change(|seat| seat.late.is_none())? {
            return fatal(self.stream, 2, "the second connection is missing");
        }
        // Whoever holds a lock comes first (2.6.1).
        let session = self.session;
        self.hub.wait(None, |state| {
            let admitted = state.locks.admits(session);
            let seat = state.seats.get(&session);
            seat.is_none_or(|seat| admitted || seat.clearing || seat.closed)
        });
        if self.unwanted() {
            return skip(self.stream, head.length);
        }
        let interrupted = self.change(|seat| {
            seat.received = head.parameter;
            let delivered = head.control & 1 != 0;
            // Rule 2 of 3.1.1 counts an end that was read and never sent as an error too, but
            // after a device clear there are clients that report one; nothing is lost by it.
            let unread = std::mem::take(&mut seat.end_unread) && !delivered;
            seat.available &= !(delivered || unread);
            unread
        })?;
        if interrupted {
            locked(&*self.hub.device).interrupted(self.client);
        }
        self.collect(head)?;
        match head.kind {
            Kind::DataEnd => {
                let message = trimmed(std::mem::take(&mut self.message));
                if !std::mem::take(&mut self.too_long) {
                    let device = &*self.hub.device;
                    let replies = locked(device).receive(self.client, &message);
                    self.answer(replies, head.parameter)?;
                }
            }
            Kind::Trigger => {
                let replies = locked(&*self.hub.device).trigger(self.client);
                self.answer(replies, head.parameter)?;
            }
            _ => {}
        }
        self.change(|seat| seat.done = head.parameter)
    }

    /// Puts a payload behind what came before, unless it is longer than anyone may send.
    fn collect(&mut self, head: Head) -> io::Result<()> {
        let all = self.message.len() as u64 + head.length;
        if head.length <= LONGEST && all <= lines::LONGEST as u64 && !self.too_long {
            return payload(self.stream, head.length, &mut self.message);
        }
        skip(self.stream, head.length)?;
        self.message.clear();
        if !std::mem::replace(&mut self.too_long, true) {
            self.say(Head::bare(Kind::Error, 4, 0), &[])?;
        }
        Ok(())
    }

    /// Ends a device clear (4.12): what had come is dropped, and the session is as new.
    fn clear(&mut self, head: Head) -> io::Result<()> {
        skip(self.stream, head.length)?;
        self.message.clear();
        self.too_long = false;
        // Of a client that is locked out only its own connection is cleared (2.6.1).
        if self.hub.state().locks.admits(self.session) {
            locked(&*self.hub.device).clear(self.client);
        }
        self.change(|seat| {
            seat.clearing = false;
            seat.available = false;
            seat.end_unread = false;
            seat.received = BEFORE_FIRST_ID;
            seat.done = BEFORE_FIRST_ID;
        })?;
        // Control code 0: the synchronized mode, whatever was asked for (table 24).
        self.say(Head::bare(Kind::DeviceClearAcknowledge, 0, 0), &[])
    }

    /// Carries out the steps of an answer to the message with this identity.
    fn answer(&self, replies: Vec<Reply>, id: u32) -> io::Result<()> {
        let last = last_bytes(&replies);
        for (at, reply) in replies.into_iter().enumerate() {
            let goes = match reply {
                Reply::Bytes(bytes) => self.send_bytes(&bytes, id, Ends::at(at, last))?,
                Reply::Wait(time) => self.pause(time),
                Reply::ServiceRequest => {
                    self.hub.request_service();
                    Goes::On
                }
                Reply::Hang => self.pause(FOR_EVER),
                Reply::Close => return Err(io::ErrorKind::ConnectionAborted.into()),
            };
            if goes == Goes::No {
                break;
            }
        }
        Ok(())
    }

    fn pause(&self, time: Duration) -> Goes {
        let session = self.session;
        let ended = self.hub.wait(Some(time), |state| {
            let seat = state.seats.get(&session);
            seat.is_none_or(|seat| seat.clearing || seat.closed)
        });
        if ended { Goes::No } else { Goes::On }
    }

    fn send_bytes(&self, bytes: &[u8], id: u32, ends: Ends) -> io::Result<Goes> {
        let piece = self.change(|seat| seat.longest.min(PIECE))? as usize;
        let mut rest = bytes;
        loop {
            if self.unwanted() {
                return Ok(Goes::No);
            }
            let (now, later) = rest.split_at(rest.len().min(piece));
            rest = later;
            let is_end = rest.is_empty() && ends == Ends::Message;
            if is_end && let Some(by) = self.interrupting()? {
                self.interrupt(by)?;
                return Ok(Goes::No);
            }
            let kind = if is_end { Kind::DataEnd } else { Kind::Data };
            self.change(|seat| {
                seat.available = true;
                seat.end_unread |= is_end;
            })?;
            self.say(Head::bare(kind, 0, id), now)?;
            if rest.is_empty() {
                return Ok(Goes::On);
            }
        }
    }

    /// Returns the identity of a message that came before the answer to an earlier one was
    /// complete (3.1.1, rule 1).
    fn interrupting(&self) -> io::Result<Option<u32>> {
        let mut head = [0; HEAD];
        self.stream.set_nonblocking(true)?;
        let peeked = self.stream.peek(&mut head);
        self.stream.set_nonblocking(false)?;
        Ok(match (peeked, Head::read(&head)) {
            (Ok(HEAD), Ok(head)) => {
                let is_message = matches!(head.kind, Kind::Data | Kind::DataEnd | Kind::Trigger);
                is_message.then_some(head.parameter)
            }
            _ => None,
        })
    }

    fn interrupt(&self, by: u32) -> io::Result<()> {
        let late = self.change(|seat| {
            seat.available = false;
            seat.late.clone()
        })?;
        locked(&*self.hub.device).interrupted(self.client);
        if let Some(late) = late {
            late.send(Head::bare(Kind::AsyncInterrupted, 0, by), &[])?;
        }
        self.say(Head::bare(Kind::Interrupted, 0, by), &[])
    }
}

/// What ends with the last of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ends {
    Message,
    Nothing,
}

impl Ends {
    /// Says what ends with a step, when this is the last one with bytes.
    fn at(step: usize, last: Option<usize>) -> Self {
        if last == Some(step) {
            Self::Message
        } else {
            Self::Nothing
        }
    }
}

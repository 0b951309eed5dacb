//! The second connection of a session: status, locks, clears.

use std::io;
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::hub::{Hub, Late, State};
use super::locks::Taken;
use super::{LONGEST, fatal, payload, read_head, skip, unknown};
use crate::transport::hislip::message::{HEAD, Head, Kind, LONGEST_TEXT};
use crate::transport::socket::has_input;

/// Letters of a vendor (4.1).
const VENDOR: u32 = 0x4554;
/// How long a message of the first connection may be behind a question of the second.
const BEHIND: Duration = Duration::from_millis(20);
/// How often it is looked whether a client that waits still wants to.
const LOOK: Duration = Duration::from_millis(50);

/// Serves the second connection until it ends, and the session with it.
pub(super) fn serve(hub: &Arc<Hub>, stream: &Arc<TcpStream>, head: Head) -> io::Result<()> {
    skip(stream, head.length)?;
    let session = (head.parameter & 0xffff) as u16;
    let Some(late) = hub.join(session, stream) else {
        return fatal(
            stream,
            3,
            "no such session, or it has its second connection",
        );
    };
    let this = Side {
        hub,
        stream,
        late,
        session,
    };
    let ended = this.run();
    hub.close(session);
    ended
}

struct Side<'a> {
    hub: &'a Hub,
    stream: &'a TcpStream,
    late: Arc<Late>,
    session: u16,
}

impl Side<'_> {
    fn run(&self) -> io::Result<()> {
        self.answer(Kind::AsyncInitializeResponse, 0, VENDOR)?;
        loop {
            let head = read_head(self.stream)?;
            if head.length > LONGEST_TEXT {
                skip(self.stream, head.length)?;
                self.refuse(4)?;
                continue;
            }
            let mut text = Vec::new();
            payload(self.stream, head.length, &mut text)?;
            self.taken(head, &text)?;
        }
    }

    fn answer(&self, kind: Kind, control: u8, parameter: u32) -> io::Result<()> {
        self.late.send(Head::bare(kind, control, parameter), &[])
    }

    fn refuse(&self, code: u8) -> io::Result<()> {
        self.answer(Kind::Error, code, 0)
    }

    fn taken(&self, head: Head, text: &[u8]) -> io::Result<()> {
        match head.kind {
            Kind::AsyncMaximumMessageSize => self.agree_on_length(text),
            Kind::AsyncStatusQuery => self.status(head),
            Kind::AsyncDeviceClear => {
                self.hub.change(self.session, |seat| {
                    seat.clearing = true;
                    seat.available = false;
                });
                // Control code 0: the synchronized mode is preferred (table 24).
                self.answer(Kind::AsyncDeviceClearAcknowledge, 0, 0)
            }
            Kind::AsyncLock if head.control == 1 => self.lock(head.parameter, text),
            Kind::AsyncLock if head.control == 0 => self.unlock(head.parameter),
            Kind::AsyncLockInfo => {
                let (exclusive, holders) = self.hub.state().locks.info();
                self.answer(Kind::AsyncLockInfoResponse, exclusive, holders)
            }
            // A simulated instrument has no front panel to lock out.
            Kind::AsyncRemoteLocalControl if head.control <= 6 => {
                self.answer(Kind::AsyncRemoteLocalResponse, 0, 0)
            }
            Kind::AsyncLock | Kind::AsyncRemoteLocalControl => self.refuse(2),
            Kind::FatalError => Err(io::ErrorKind::ConnectionAborted.into()),
            Kind::Error => Ok(()),
            other => self.refuse(unknown(other)),
        }
    }

    fn agree_on_length(&self, text: &[u8]) -> io::Result<()> {
        let Ok(longest) = text.try_into().map(u64::from_be_bytes) else {
            return fatal(self.stream, 1, "a length has 8 bytes");
        };
        let longest = longest.saturating_sub(HEAD as u64).max(1);
        self.hub.change(self.session, |seat| seat.longest = longest);
        let ours = (LONGEST + HEAD as u64).to_be_bytes();
        let head = Head::bare(Kind::AsyncMaximumMessageSizeResponse, 0, 0);
        self.late.send(head, &ours)
    }

    /// Answers with the status byte (4.14).
    ///
    /// The identity in the question is that of the last message sent, which may still be on its
    /// way here (4.14.3): it is waited for, but not for long, because PyVISA-py puts the identity
    /// of its next message there.
    fn status(&self, head: Head) -> io::Result<()> {
        let session = self.session;
        self.hub.wait(Some(BEHIND), |state| {
            let seat = state.seats.get(&session);
            seat.is_none_or(|seat| seat.received == head.parameter || seat.clearing)
        });
        if head.control & 1 != 0 {
            self.hub.change(session, |seat| {
                seat.available = false;
                seat.end_unread = false;
            });
        }
        let status = self.hub.status(session);
        self.answer(Kind::AsyncStatusResponse, status, 0)
    }

    /// Takes a lock, or waits for it as long as the client is willing to (4.5).
    fn lock(&self, patience_ms: u32, word: &[u8]) -> io::Result<()> {
        let mut taken = Taken::NotNow;
        let patience = Duration::from_millis(u64::from(patience_ms));
        let session = self.session;
        self.while_wanted(patience, |state| {
            taken = state.locks.take(session, word);
            taken != Taken::NotNow
        })?;
        let control = match taken {
            Taken::Granted => 1,
            Taken::NotNow => 0,
            Taken::Redundant => 3,
        };
        self.answer(Kind::AsyncLockResponse, control, 0)
    }

    /// Gives a lock back once the message with this identity is done with (4.5.1).
    fn unlock(&self, after: u32) -> io::Result<()> {
        let session = self.session;
        self.while_wanted(Duration::MAX, |state| {
            let seat = state.seats.get(&session);
            seat.is_none_or(|seat| seat.done == after || seat.clearing || seat.closed)
        })?;
        let control = self.hub.change_locks(|locks| locks.release(session));
        self.answer(Kind::AsyncLockResponse, control, 0)
    }

    /// Waits until something is so, unless the client goes away or sends the next message: a
    /// device clear ends the wait for a lock (4.12).
    fn while_wanted(
        &self,
        time: Duration,
        mut is_so: impl FnMut(&mut State) -> bool,
    ) -> io::Result<()> {
        let begun = Instant::now();
        loop {
            let left = time.saturating_sub(begun.elapsed());
            if self.hub.wait(Some(left.min(LOOK)), &mut is_so) || left.is_zero() {
                return Ok(());
            }
            match has_input(self.stream) {
                Ok(false) => {}
                Ok(true) => return Ok(()),
                Err(_) => return Err(io::ErrorKind::ConnectionAborted.into()),
            }
        }
    }
}

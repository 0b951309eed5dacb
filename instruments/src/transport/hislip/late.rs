//! The second connection of a session: questions whose answers come in order, and what comes
//! unasked.

use super::channel::Wait;
use super::message::{Head, Kind, broken};
use super::{HiSlip, LOOKED_THROUGH, fatal, refused};
use crate::transport::{Deadline, TransportError};

/// Which lock is asked for (4.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lock {
    /// For this session alone.
    Exclusive,
    /// For all sessions that know this word.
    Shared(String),
}

/// What became of a lock that was asked for (table 14).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockAnswer {
    /// It is held now.
    Granted,
    /// Another session holds it, and did so until the time was over.
    Denied,
    /// It was held already.
    Held,
}

impl HiSlip {
    /// Asks for a lock; the server waits for it as long as the deadline allows.
    ///
    /// # Errors
    /// As `status_byte`. After a timeout the lock may be granted all the same:
    /// [`HiSlip::unlock`] then.
    pub fn lock(&mut self, lock: &Lock, deadline: Deadline) -> Result<LockAnswer, TransportError> {
        let left = deadline.left().ok_or(TransportError::timeout(deadline))?;
        // The server says no before the deadline says it.
        let patience_ms = (left.as_millis() * 4 / 5).min(u128::from(u32::MAX)) as u32;
        let word = match lock {
            Lock::Exclusive => "",
            Lock::Shared(word) => word,
        };
        let ask = Head::bare(Kind::AsyncLock, 1, patience_ms);
        let response = Kind::AsyncLockResponse;
        let (answer, _) = self.ask(ask, word.as_bytes(), response, deadline)?;
        match answer.control {
            0 => Ok(LockAnswer::Denied),
            1 | 2 => Ok(LockAnswer::Granted),
            3 => Ok(LockAnswer::Held),
            other => Err(broken("a lock's answer of 0 to 3", other.to_string())),
        }
    }

    /// Gives a lock back, the exclusive one first; false when none was held.
    ///
    /// # Errors
    /// As `status_byte`.
    pub fn unlock(&mut self, deadline: Deadline) -> Result<bool, TransportError> {
        let ask = Head::bare(Kind::AsyncLock, 0, self.last);
        let (answer, _) = self.ask(ask, &[], Kind::AsyncLockResponse, deadline)?;
        Ok(matches!(answer.control, 1 | 2))
    }

    /// Returns the status byte of the last request for service that nobody took yet.
    ///
    /// # Errors
    /// [`TransportError::Disconnected`], [`TransportError::Protocol`].
    pub fn service_request(&mut self) -> Result<Option<u8>, TransportError> {
        for _ in 0..LOOKED_THROUGH {
            let Some(head) = self.late.head(Wait::Not)? else {
                break;
            };
            if self.taken_late(head, Wait::Not)?.is_none() {
                break;
            }
        }
        Ok(self.service.take())
    }

    /// Waits for a request for service and returns its status byte.
    ///
    /// # Errors
    /// As `status_byte`.
    pub fn wait_for_service(&mut self, deadline: Deadline) -> Result<u8, TransportError> {
        loop {
            if let Some(status) = self.service.take() {
                return Ok(status);
            }
            let wait = Wait::Until(deadline);
            let head = self.late.head(wait)?;
            let head = head.ok_or(TransportError::timeout(deadline))?;
            self.taken_late(head, wait)?;
        }
    }

    /// Sends a question over the second connection and reads its answer.
    ///
    /// Answers there bear no identity but come in order: those that came too late for earlier
    /// questions are counted off first.
    pub(super) fn ask(
        &mut self,
        head: Head,
        payload: &[u8],
        answer: Kind,
        deadline: Deadline,
    ) -> Result<(Head, Vec<u8>), TransportError> {
        self.owed.push(answer);
        self.late.send(head.with(payload), deadline)?;
        loop {
            let wait = Wait::Until(deadline);
            let head = self.late.head(wait)?;
            let head = head.ok_or(TransportError::timeout(deadline))?;
            if let Some(Some(text)) = self.taken_late(head, wait)? {
                if !self.owed.is_empty() {
                    continue;
                }
                return match head.kind {
                    Kind::Error => Err(refused(head, &text)),
                    _ => Ok((head, text)),
                };
            }
        }
    }

    /// Takes a message of the second connection: nothing where it has not come whole, and its
    /// payload where it answers what was asked.
    pub(super) fn taken_late(
        &mut self,
        head: Head,
        wait: Wait,
    ) -> Result<Option<Option<Vec<u8>>>, TransportError> {
        let Some(text) = self.late.text(wait)? else {
            return Ok(None);
        };
        match head.kind {
            Kind::AsyncServiceRequest => self.service = Some(head.control),
            Kind::AsyncInterrupted => self.interrupted -= 1,
            Kind::FatalError => return Err(self.late.end(fatal(head, &text))),
            // A kind of message that the server does not know is answered by an error.
            Kind::Error if !self.owed.is_empty() => {
                self.owed.remove(0);
                return Ok(Some(Some(text)));
            }
            Kind::Error | Kind::Unknown(_) => {}
            kind if self.owed.first() == Some(&kind) => {
                self.owed.remove(0);
                return Ok(Some(Some(text)));
            }
            kind => {
                let expected = format!("{:?}", self.owed.first());
                return Err(self.late.end(broken(expected, format!("{kind:?}"))));
            }
        }
        Ok(Some(None))
    }
}

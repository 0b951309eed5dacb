//! One of the two connections of HiSLIP, read message by message.
//!
//! A deadline may pass anywhere: in a head, in a payload, in what is written. What had come by
//! then is kept, and so is what had not gone, so that the next call goes on where this one ended.
//! Payloads go to whoever reads, or are dropped, piece by piece: a length that is declared
//! reserves nothing.

use std::net::TcpStream;

use super::message::{HEAD, Head, Kind, LONGEST_TEXT, broken};
use crate::transport::socket::{read_ready, read_some, write_some};
use crate::transport::{Deadline, TransportError};

/// Longest payload that is believed, in bytes: more than any instrument holds.
const ABSURD: u64 = 1 << 40;
/// Bytes that are dropped at once.
const PIECE: usize = 1 << 14;
/// Pieces that are dropped where nothing is waited for: a flood never dries up.
const PIECES: usize = 64;

/// How long may be waited.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wait {
    /// Until then.
    Until(Deadline),
    /// Not at all: what has arrived, or nothing.
    Not,
}

#[derive(Debug)]
pub(super) struct Channel {
    stream: TcpStream,
    head: [u8; HEAD],
    got: usize,
    /// The message under way, and how much of its payload is still to come.
    current: Option<(Head, u64)>,
    /// The payload of the message under way, where it is kept.
    text: Vec<u8>,
    unsent: Vec<u8>,
    /// What the other side did that cannot be made good.
    dead: Option<TransportError>,
}

impl Channel {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            head: [0; HEAD],
            got: 0,
            current: None,
            text: Vec::new(),
            unsent: Vec::new(),
            dead: None,
        }
    }

    /// Ends the channel: whatever is asked of it from now on gives this error.
    pub(super) fn end(&mut self, error: TransportError) -> TransportError {
        self.dead = Some(error.clone());
        error
    }

    fn fill(&mut self, into: &mut [u8], wait: Wait) -> Result<Option<usize>, TransportError> {
        if let Some(error) = &self.dead {
            return Err(error.clone());
        }
        let read = match wait {
            Wait::Until(deadline) => read_some(&self.stream, into, deadline).map(Some),
            Wait::Not => read_ready(&self.stream, into),
        };
        match read {
            Err(error @ TransportError::Disconnected { .. }) => Err(self.end(error)),
            other => other,
        }
    }

    /// Returns the head of the message under way; nothing only where nothing is waited for.
    pub(super) fn head(&mut self, wait: Wait) -> Result<Option<Head>, TransportError> {
        while self.current.is_none() {
            let mut piece = [0; HEAD];
            let room = HEAD - self.got;
            let Some(read) = self.fill(&mut piece[..room], wait)? else {
                return Ok(None);
            };
            self.head[self.got..self.got + read].copy_from_slice(&piece[..read]);
            self.got += read;
            if self.got < HEAD {
                continue;
            }
            self.got = 0;
            let head = Head::read(&self.head).map_err(|error| self.end(error))?;
            let most = match head.kind {
                Kind::Data | Kind::DataEnd | Kind::Unknown(_) => ABSURD,
                _ => LONGEST_TEXT,
            };
            if head.length > most {
                let expected = format!("at most {most} bytes behind {:?}", head.kind);
                return Err(self.end(broken(expected, head.length.to_string())));
            }
            self.current = Some((head, head.length));
        }
        Ok(self.current.map(|(head, _)| head))
    }

    /// Returns how much of the payload of the message under way is still to come.
    pub(super) fn left(&self) -> u64 {
        self.current.map_or(0, |(_, left)| left)
    }

    /// Reads of the payload of the message under way.
    pub(super) fn payload(
        &mut self,
        into: &mut [u8],
        wait: Wait,
    ) -> Result<Option<usize>, TransportError> {
        let room = self.left().min(into.len() as u64) as usize;
        if room == 0 {
            return Ok(Some(0));
        }
        let read = self.fill(&mut into[..room], wait)?;
        if let (Some((_, left)), Some(read)) = (&mut self.current, read) {
            *left -= read as u64;
        }
        Ok(read)
    }

    /// Is done with the message under way, whose payload has been read.
    pub(super) fn finish(&mut self) {
        self.current = None;
        self.text.clear();
    }

    /// Drops the message under way; false where that would have to be waited for.
    pub(super) fn skip(&mut self, wait: Wait) -> Result<bool, TransportError> {
        let mut piece = [0; PIECE];
        let mut dropped = 0;
        while self.left() > 0 {
            let enough = matches!(wait, Wait::Not) && dropped == PIECES;
            if enough || self.payload(&mut piece, wait)?.is_none() {
                return Ok(false);
            }
            dropped += 1;
        }
        self.finish();
        Ok(true)
    }

    /// Returns the whole payload of the message under way, which is short.
    pub(super) fn text(&mut self, wait: Wait) -> Result<Option<Vec<u8>>, TransportError> {
        let mut piece = [0; LONGEST_TEXT as usize];
        let mut pieces = 0;
        while self.left() > 0 {
            if matches!(wait, Wait::Not) && pieces == PIECES {
                return Ok(None);
            }
            pieces += 1;
            let Some(read) = self.payload(&mut piece, wait)? else {
                return Ok(None);
            };
            let more = LONGEST_TEXT as usize - self.text.len().min(LONGEST_TEXT as usize);
            self.text.extend_from_slice(&piece[..read.min(more)]);
        }
        let text = std::mem::take(&mut self.text);
        self.finish();
        Ok(Some(text))
    }

    /// Sends a message behind whatever was not yet sent.
    pub(super) fn send(
        &mut self,
        message: Vec<u8>,
        deadline: Deadline,
    ) -> Result<(), TransportError> {
        if self.unsent.is_empty() {
            self.unsent = message;
        } else {
            self.unsent.extend_from_slice(&message);
        }
        while !self.unsent.is_empty() {
            self.flush(deadline)?;
        }
        Ok(())
    }

    /// Sends some of what was not yet sent, and says whether more is left.
    pub(super) fn flush(&mut self, deadline: Deadline) -> Result<bool, TransportError> {
        if let Some(error) = &self.dead {
            return Err(error.clone());
        }
        match write_some(&self.stream, &self.unsent, deadline) {
            Ok(sent) => {
                self.unsent.drain(..sent);
                Ok(!self.unsent.is_empty())
            }
            Err(error @ TransportError::Disconnected { .. }) => Err(self.end(error)),
            Err(error) => Err(error),
        }
    }

    /// Puts a message behind what was not yet sent.
    pub(super) fn queue(&mut self, message: &[u8]) {
        self.unsent.extend_from_slice(message);
    }
}

//! A dialogue that is known beforehand, in the place of an instrument.
//!
//! It stands for one in tests, and for a recorded session when it is played again: what is written
//! has to be what was written then, in the same order, and is answered by what was answered then.
//! [`Rest::left_over`] says what nobody asked for.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Chunk, Cleared, Deadline, End, Transport, TransportError};
use crate::framing::shown;

/// One thing that happens in a dialogue.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Turn {
    /// This is written.
    Written(Vec<u8>),
    /// This is read, with or without the end of a message behind it.
    Read(Vec<u8>, End),
    /// A read ends without an answer, when its time is over.
    Silence,
    /// The connection is gone from here on.
    Cut,
    /// A device clear.
    Clear,
    /// The status byte is read.
    StatusByte(u8),
    /// A trigger.
    Trigger,
}

/// What is left of a dialogue, for whoever gave it away.
#[derive(Clone, Debug)]
pub struct Rest(Arc<Mutex<VecDeque<Turn>>>);

impl Rest {
    /// Returns what did not happen.
    pub fn left_over(&self) -> Vec<Turn> {
        let turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        turns.iter().cloned().collect()
    }
}

/// Plays the instrument's part of a dialogue.
#[derive(Debug)]
pub struct Dialogue {
    turns: Arc<Mutex<VecDeque<Turn>>>,
}

impl Dialogue {
    /// Makes a dialogue of these turns.
    pub fn new(turns: impl IntoIterator<Item = Turn>) -> Self {
        Self {
            turns: Arc::new(Mutex::new(turns.into_iter().collect())),
        }
    }

    /// Makes a dialogue of lines: each is sent, and answered by a line unless that is empty.
    pub fn of_lines(lines: &[(&str, &str)]) -> Self {
        let mut turns = Vec::new();
        for (sent, reply) in lines {
            turns.push(Turn::Written(format!("{sent}\n").into_bytes()));
            if !reply.is_empty() {
                turns.push(Turn::Read(format!("{reply}\n").into_bytes(), End::Message));
            }
        }
        Self::new(turns)
    }

    /// Returns a view of what is left.
    pub fn rest(&self) -> Rest {
        Rest(Arc::clone(&self.turns))
    }

    fn next(&self) -> Option<Turn> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        match turns.front() {
            // It stays cut.
            Some(Turn::Cut) => Some(Turn::Cut),
            _ => turns.pop_front(),
        }
    }

    fn put_back(&self, turn: Turn) {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.push_front(turn);
    }

    /// The error of something that does not come next.
    fn unexpected(&self, found: String, turn: Option<Turn>) -> TransportError {
        let expected = match &turn {
            None => "the end of the dialogue".to_owned(),
            Some(Turn::Written(bytes)) => format!("{} to be written", shown(bytes)),
            Some(Turn::Cut) => return cut(),
            Some(other) => format!("{other:?}"),
        };
        if let Some(turn) = turn {
            self.put_back(turn);
        }
        TransportError::Protocol {
            protocol: "dialogue",
            expected,
            found,
        }
    }
}

fn cut() -> TransportError {
    TransportError::Disconnected {
        why: "cut in the dialogue".into(),
    }
}

impl Transport for Dialogue {
    fn resource(&self) -> String {
        "DIALOGUE".into()
    }

    fn write(&mut self, message: &[u8], _: Deadline) -> Result<(), TransportError> {
        match self.next() {
            Some(Turn::Written(expected)) if expected == message => Ok(()),
            other => Err(self.unexpected(format!("{} written", shown(message)), other)),
        }
    }

    fn read(&mut self, into: &mut [u8], deadline: Deadline) -> Result<Chunk, TransportError> {
        match self.next() {
            Some(Turn::Read(bytes, end)) if bytes.len() > into.len() => {
                let (now, later) = bytes.split_at(into.len());
                into.copy_from_slice(now);
                self.put_back(Turn::Read(later.to_vec(), end));
                let bytes = into.len();
                Ok(Chunk {
                    bytes,
                    end: End::Open,
                })
            }
            Some(Turn::Read(bytes, end)) => {
                into[..bytes.len()].copy_from_slice(&bytes);
                let bytes = bytes.len();
                Ok(Chunk { bytes, end })
            }
            Some(Turn::Silence) => Err(TransportError::timeout(deadline)),
            Some(Turn::Cut) => Err(cut()),
            // Nothing is sent by itself: whoever listens for more hears nothing.
            Some(other) => {
                self.put_back(other);
                Err(TransportError::timeout(deadline))
            }
            None => Err(TransportError::timeout(deadline)),
        }
    }

    fn has_input(&mut self) -> Result<bool, TransportError> {
        let turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        match turns.front() {
            Some(Turn::Read(..)) => Ok(true),
            Some(Turn::Cut) => Err(cut()),
            _ => Ok(false),
        }
    }

    fn clear(&mut self, _: Deadline) -> Result<Cleared, TransportError> {
        match self.next() {
            Some(Turn::Clear) => Ok(Cleared::Device),
            Some(Turn::Cut) => Err(cut()),
            other => {
                if let Some(turn) = other {
                    self.put_back(turn);
                }
                Ok(Cleared::Input)
            }
        }
    }

    fn status_byte(&mut self, _: Deadline) -> Result<u8, TransportError> {
        match self.next() {
            Some(Turn::StatusByte(byte)) => Ok(byte),
            other => Err(self.unexpected("a question for the status byte".into(), other)),
        }
    }

    fn trigger(&mut self, _: Deadline) -> Result<(), TransportError> {
        match self.next() {
            Some(Turn::Trigger) => Ok(()),
            other => Err(self.unexpected("a trigger".into(), other)),
        }
    }
}

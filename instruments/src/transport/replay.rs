//! Plays a recording, in the place of the instrument that was recorded.
//!
//! [`Strict`] wants everything in the order it was recorded in: whoever does anything else is told
//! which line was expected and what was found. It is evidence: the same program gives the same
//! bytes. [`Keyed`] answers by command: the n-th time a command is sent, it is answered as it was
//! the n-th time. It is a stand-in for programs that ask in another order; what depends on
//! something other than how often it was asked, it cannot know.
//!
//! Time does not pass: what took five seconds then, a lost answer too, comes at once. A recording
//! goes on after a connection was lost, so both are [`Clone`] and each clone is a new connection
//! to the same recording.
//!
//! ```
//! use std::time::Duration;
//! use etalon_instruments::transport::{Deadline, Transport, replay::Recording};
//!
//! let journal = r#"
//! {"t_s":0.1,"resource":"ASRL1::INSTR","event":"written","text":"A?\n","dur_s":0.001}
//! {"t_s":0.1,"resource":"ASRL1::INSTR","event":"read","text":"5\n","end":"open","dur_s":0.02}
//! "#;
//! let mut line = Recording::parse(journal, "ASRL1::INSTR", &mut |_| None)?.strict();
//! let deadline = Deadline::after(Duration::from_secs(1));
//! line.write(b"A?\n", deadline)?;
//! let mut reply = [0; 16];
//! assert_eq!(line.read(&mut reply, deadline)?.bytes, 2);
//! let error = line.write(b"B?\n", deadline).unwrap_err();
//! assert!(error.to_string().contains("the end of the recording"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::dialogue::{Call, Dialogue, Turn};
use super::record::{Bytes, Event, Exchange, Failure};
use super::{Chunk, Cleared, Deadline, Transport, TransportError};
use crate::framing::shown;

/// Why a text is no recording.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: expected {expected}, found {found}")]
pub struct ReplayError {
    /// Which line, from 1.
    pub line: usize,
    /// What was expected.
    pub expected: String,
    /// What was found.
    pub found: String,
}

/// Where the bytes of a SHA-256 are found.
pub type Blocks<'a> = &'a mut dyn FnMut(&str) -> Option<Vec<u8>>;

/// What passed over one transport, ready to be played.
#[derive(Clone, Debug)]
pub struct Recording {
    resource: String,
    turns: Vec<(usize, Turn)>,
}

impl Recording {
    /// Reads a recording of one exchange a line, of all resources; empty lines are skipped.
    ///
    /// # Errors
    /// [`ReplayError`] names the line that is no exchange, or whose block is not there or is not
    /// what its SHA-256 says.
    pub fn parse(text: &str, resource: &str, blocks: Blocks) -> Result<Self, ReplayError> {
        let mut exchanges = Vec::new();
        for (at, line) in text.lines().enumerate() {
            if line.trim().is_empty() {
                continue;
            }
            let exchange = serde_json::from_str::<Exchange>(line).map_err(|error| ReplayError {
                line: at + 1,
                expected: format!("an exchange ({error})"),
                found: shown(line.as_bytes()),
            })?;
            exchanges.push((at + 1, exchange));
        }
        Self::of(exchanges, resource, blocks)
    }

    /// Makes a recording of exchanges with their lines, of which those of `resource` count.
    ///
    /// # Errors
    /// As [`Recording::parse`].
    pub fn of(
        exchanges: impl IntoIterator<Item = (usize, Exchange)>,
        resource: &str,
        blocks: Blocks,
    ) -> Result<Self, ReplayError> {
        let mut turns = Vec::new();
        for (line, exchange) in exchanges {
            if exchange.resource != resource {
                continue;
            }
            if let Some(turn) = turn(line, exchange.event, blocks)? {
                turns.push((line, turn));
            }
        }
        Ok(Self {
            resource: resource.to_owned(),
            turns,
        })
    }

    /// Plays it in the order it was recorded in.
    pub fn strict(self) -> Strict {
        let (lines, turns): (Vec<_>, Vec<_>) = self.turns.into_iter().unzip();
        Strict {
            resource: self.resource,
            dialogue: Dialogue::new(turns),
            lines: lines.into(),
        }
    }

    /// Plays it by command.
    pub fn keyed(self) -> Keyed {
        let mut script = Script::default();
        let mut command: Option<Vec<u8>> = None;
        for (line, turn) in self.turns {
            let sent = match &turn {
                Turn::Written(message) => Some(message.clone()),
                Turn::Failed { call, message, .. } if *call == Call::Write => Some(message.clone()),
                _ => None,
            };
            if let Some(sent) = sent {
                let answers = script.answers.entry(sent.clone()).or_default();
                answers.times.push(VecDeque::new());
                answers.last_line = line;
                command = Some(sent);
            }
            match (turn, &command) {
                (Turn::Written(_), _) => {}
                (Turn::Clear, _) => script.clears += 1,
                (Turn::StatusByte(byte), _) => script.status_bytes.push_back(byte),
                (Turn::Trigger, _) => {}
                // What came before anything was sent answers nothing.
                (_, None) => {}
                (turn, Some(command)) => {
                    if let Some(answers) = script.answers.get_mut(command)
                        && let Some(time) = answers.times.last_mut()
                    {
                        time.push_back(turn);
                    }
                }
            }
        }
        Keyed {
            resource: self.resource,
            script: Arc::new(Mutex::new(script)),
            now: Dialogue::new([]),
        }
    }
}

/// Makes a turn of an event; nothing of those that a dialogue does by itself.
fn turn(line: usize, event: Event, blocks: Blocks) -> Result<Option<Turn>, ReplayError> {
    Ok(Some(match event {
        Event::Written { bytes } => Turn::Written(found(line, &bytes, blocks)?),
        Event::Read { bytes, end } => Turn::Read(found(line, &bytes, blocks)?, end),
        Event::Waiting => Turn::Waiting,
        Event::Clear {
            cleared: Cleared::Device,
        } => Turn::Clear,
        Event::Clear {
            cleared: Cleared::Input,
        } => return Ok(None),
        Event::StatusByte { status } => Turn::StatusByte(status),
        Event::Trigger => Turn::Trigger,
        Event::Error { call, bytes, error } => Turn::Failed {
            call,
            message: match &bytes {
                Some(bytes) => found(line, bytes, blocks)?,
                None => Vec::new(),
            },
            error: failed(error),
        },
    }))
}

/// Finds the bytes that stand in a line, or that it names.
fn found(line: usize, bytes: &Bytes, blocks: Blocks) -> Result<Vec<u8>, ReplayError> {
    let wrong = |expected: &str, found: String| ReplayError {
        line,
        expected: expected.to_owned(),
        found,
    };
    match bytes {
        Bytes::Block { sha256, length } => {
            let block = blocks(sha256)
                .ok_or_else(|| wrong("the bytes of its SHA-256", format!("no block {sha256}")))?;
            if Bytes::of(&block) == *bytes {
                Ok(block)
            } else {
                let expected = format!("{length} bytes with SHA-256 {sha256}");
                Err(wrong(
                    &expected,
                    format!("{} bytes that are not these", block.len()),
                ))
            }
        }
        Bytes::Hex { hex } => bytes
            .inline()
            .ok_or_else(|| wrong("pairs of hexadecimal digits", shown(hex.as_bytes()))),
        Bytes::Text { text } => Ok(text.clone().into_bytes()),
    }
}

fn failed(failure: Failure) -> TransportError {
    match failure {
        Failure::Timeout { after_ms } => TransportError::Timeout { after_ms },
        Failure::Disconnected { why } => TransportError::Disconnected { why },
        Failure::Unsupported { transport, what } => TransportError::Unsupported {
            transport: name(&transport),
            what: name(&what),
        },
        Failure::Protocol {
            protocol,
            expected,
            found,
        } => TransportError::Protocol {
            protocol: name(&protocol),
            expected,
            found,
        },
    }
}

/// Names of ways and protocols are part of the program; those of a recording are kept for good,
/// once each, and only so many that no recording fills the memory with them.
fn name(recorded: &str) -> &'static str {
    const MOST: usize = 64;
    const LONGEST: usize = 64;
    static NAMES: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(name) = names.iter().find(|name| **name == recorded) {
        return name;
    }
    if names.len() == MOST || recorded.len() > LONGEST {
        return "something in the recording";
    }
    let name: &'static str = Box::leak(recorded.to_owned().into_boxed_str());
    names.push(name);
    name
}

/// The error of something that was not recorded.
fn mismatch(expected: String, found: String) -> TransportError {
    TransportError::Protocol {
        protocol: "replay",
        expected,
        found,
    }
}

/// Plays a recording in the order it was recorded in.
#[derive(Clone, Debug)]
pub struct Strict {
    resource: String,
    dialogue: Dialogue,
    lines: Arc<[usize]>,
}

impl Strict {
    /// Returns the line that would be played next, or nothing when all of it was played.
    pub fn next_line(&self) -> Option<usize> {
        let played = self.lines.len() - self.dialogue.remaining();
        self.lines.get(played).copied()
    }

    /// Makes a call, and names the line if it is not the one that comes next.
    fn play<T>(
        &mut self,
        call: impl FnOnce(&mut Dialogue) -> Result<T, TransportError>,
    ) -> Result<T, TransportError> {
        let line = self.next_line();
        let before = self.dialogue.remaining();
        let expected = |what: String| match line {
            Some(line) => format!("line {line}: {what}"),
            None => "the end of the recording".to_owned(),
        };
        match call(&mut self.dialogue) {
            Err(TransportError::Protocol {
                protocol: "dialogue",
                expected: what,
                found,
            }) => Err(mismatch(expected(what), found)),
            // A silence that was recorded is a turn, and gone with it.
            Err(TransportError::Timeout { .. }) if self.dialogue.remaining() == before => {
                let what = self.dialogue.next_shown();
                Err(mismatch(expected(what), "a read".into()))
            }
            other => other,
        }
    }
}

impl Transport for Strict {
    fn resource(&self) -> String {
        self.resource.clone()
    }

    fn write(&mut self, message: &[u8], deadline: Deadline) -> Result<(), TransportError> {
        self.play(|dialogue| dialogue.write(message, deadline))
    }

    fn read(&mut self, into: &mut [u8], deadline: Deadline) -> Result<Chunk, TransportError> {
        self.play(|dialogue| dialogue.read(into, deadline))
    }

    fn has_input(&mut self) -> Result<bool, TransportError> {
        self.play(|dialogue| dialogue.has_input())
    }

    fn clear(&mut self, deadline: Deadline) -> Result<Cleared, TransportError> {
        self.play(|dialogue| dialogue.clear(deadline))
    }

    fn status_byte(&mut self, deadline: Deadline) -> Result<u8, TransportError> {
        self.play(|dialogue| dialogue.status_byte(deadline))
    }

    fn trigger(&mut self, deadline: Deadline) -> Result<(), TransportError> {
        self.play(|dialogue| dialogue.trigger(deadline))
    }
}

/// What followed a command, each time it was sent.
#[derive(Debug, Default)]
struct Answers {
    times: Vec<VecDeque<Turn>>,
    played: usize,
    last_line: usize,
}

/// What a keyed recording still has.
#[derive(Debug, Default)]
struct Script {
    answers: BTreeMap<Vec<u8>, Answers>,
    status_bytes: VecDeque<u8>,
    clears: usize,
}

/// Plays a recording by command.
#[derive(Debug)]
pub struct Keyed {
    resource: String,
    script: Arc<Mutex<Script>>,
    /// What follows the command that was sent last.
    now: Dialogue,
}

impl Clone for Keyed {
    fn clone(&self) -> Self {
        Self {
            resource: self.resource.clone(),
            script: Arc::clone(&self.script),
            now: Dialogue::new([]),
        }
    }
}

impl Keyed {
    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns what follows a command this time.
    fn followed(&self, message: &[u8]) -> Result<VecDeque<Turn>, TransportError> {
        let mut script = self.script();
        let commands = script.answers.len();
        let Some(answers) = script.answers.get_mut(message) else {
            return Err(mismatch(
                format!("one of the {commands} commands of the recording"),
                format!("{} written", shown(message)),
            ));
        };
        let Some(time) = answers.times.get_mut(answers.played) else {
            return Err(mismatch(
                format!(
                    "{} written {} times (the last in line {})",
                    shown(message),
                    answers.times.len(),
                    answers.last_line
                ),
                format!("time {}", answers.played + 1),
            ));
        };
        answers.played += 1;
        Ok(std::mem::take(time))
    }
}

impl Transport for Keyed {
    fn resource(&self) -> String {
        self.resource.clone()
    }

    fn write(&mut self, message: &[u8], _: Deadline) -> Result<(), TransportError> {
        let mut turns = self.followed(message)?;
        let failed = turns
            .pop_front_if(|turn| matches!(turn, Turn::Failed { call, .. } if *call == Call::Write));
        self.now = Dialogue::new(turns);
        match failed {
            Some(Turn::Failed { error, .. }) => Err(error),
            _ => Ok(()),
        }
    }

    fn read(&mut self, into: &mut [u8], deadline: Deadline) -> Result<Chunk, TransportError> {
        self.now.read(into, deadline)
    }

    fn has_input(&mut self) -> Result<bool, TransportError> {
        self.now.has_input()
    }

    fn clear(&mut self, _: Deadline) -> Result<Cleared, TransportError> {
        self.now = Dialogue::new([]);
        let mut script = self.script();
        if script.clears == 0 {
            return Ok(Cleared::Input);
        }
        script.clears -= 1;
        Ok(Cleared::Device)
    }

    fn status_byte(&mut self, deadline: Deadline) -> Result<u8, TransportError> {
        let byte = self.script().status_bytes.pop_front();
        match byte {
            Some(byte) => Ok(byte),
            // It may have failed each time.
            None => self.now.status_byte(deadline).map_err(|error| match error {
                TransportError::Protocol { found, .. } => {
                    mismatch("no more status bytes in the recording".into(), found)
                }
                other => other,
            }),
        }
    }

    fn trigger(&mut self, _: Deadline) -> Result<(), TransportError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;

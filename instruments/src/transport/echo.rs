//! An instrument in memory, for the tests of wrappers: it answers `N?` with a running number and
//! what it was asked, and `B?` with the same in a block, so that every answer is there once.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::{Chunk, Cleared, Deadline, End, Transport, TransportError};
use crate::framing::{Block, Until};
use crate::session::Wire;

pub const WHO: &str = "ETALON,ECHO,1,0";

/// Hardly any patience: these tests wait in vain thousands of times.
pub const WIRE: Wire = Wire {
    patience: Duration::from_millis(15),
    silence: Duration::from_millis(2),
    ..Wire::SCPI
};

/// Where the answer to a question of [`Echo`] ends.
pub fn until(command: &str) -> Until {
    match command.starts_with("B?") {
        true => Until::Block(Block {
            most: 1 << 20,
            length: None,
        }),
        false => Until::Line,
    }
}

/// What connections have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// Nothing: a socket.
    Socket,
    /// What was begun to be sent stays begun; what arrived is dropped when it is opened.
    Serial,
    /// One that has a device clear and marks ends.
    Messages,
}

#[derive(Debug, Default)]
struct Memory {
    count: u64,
    begun: Vec<u8>,
    /// Answers as they were meant, and the questions they belong to.
    answered: BTreeMap<Vec<u8>, String>,
    written: Vec<(Instant, Instant)>,
}

/// The instrument, however it is connected.
#[derive(Clone, Debug, Default)]
pub struct Echo {
    memory: Arc<Mutex<Memory>>,
    /// How long it thinks before it answers.
    delay: Duration,
}

impl Echo {
    /// Makes one that thinks before it answers.
    pub fn thinking(delay: Duration) -> Self {
        let memory = Arc::default();
        Self { memory, delay }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap()
    }

    /// Returns which question an answer belongs to.
    pub fn question_of(&self, answer: &[u8]) -> Option<String> {
        self.memory().answered.get(answer).cloned()
    }

    /// Returns when each write began and ended.
    pub fn written(&self) -> Vec<(Instant, Instant)> {
        self.memory().written.clone()
    }

    /// Connects; answers come in pieces of at most `piece` bytes.
    pub fn connect(&self, line: Line, piece: usize) -> Box<dyn Transport> {
        if line != Line::Serial {
            self.memory().begun.clear();
        }
        Box::new(Connection {
            echo: self.clone(),
            line,
            piece,
            out: VecDeque::new(),
            thought: Instant::now(),
        })
    }

    fn answer(&self, command: &str) -> Vec<u8> {
        if command == "*IDN?" {
            return format!("{WHO}\n").into_bytes();
        }
        let mut memory = self.memory();
        memory.count += 1;
        let told = format!("{} {command}", memory.count);
        let asked = command.to_owned();
        if command.starts_with("N?") {
            memory.answered.insert(told.clone().into_bytes(), asked);
            return format!("{told}\n").into_bytes();
        }
        if command.starts_with("B?") {
            let mut block = told.into_bytes();
            block.extend((0..40).map(|i| i * 5));
            let answer = [format!("#3{:03}", block.len()).as_bytes(), &block, b"\n"].concat();
            memory.answered.insert(block, asked);
            return answer;
        }
        Vec::new()
    }
}

#[derive(Debug)]
struct Connection {
    echo: Echo,
    line: Line,
    piece: usize,
    out: VecDeque<u8>,
    /// When the answer is there.
    thought: Instant,
}

impl Connection {
    fn is_silent(&self) -> bool {
        self.out.is_empty() || Instant::now() < self.thought
    }
}

impl Transport for Connection {
    fn resource(&self) -> String {
        "ECHO".into()
    }

    fn write(&mut self, message: &[u8], _: Deadline) -> Result<(), TransportError> {
        let begun = Instant::now();
        for byte in message {
            if *byte != b'\n' {
                self.echo.memory().begun.push(*byte);
                continue;
            }
            let command = std::mem::take(&mut self.echo.memory().begun);
            let answer = self.echo.answer(&String::from_utf8_lossy(&command));
            self.out.extend(answer);
            self.thought = Instant::now() + self.echo.delay;
        }
        self.echo.memory().written.push((begun, Instant::now()));
        Ok(())
    }

    fn read(&mut self, into: &mut [u8], deadline: Deadline) -> Result<Chunk, TransportError> {
        let thinks = self.thought.saturating_duration_since(Instant::now());
        let left = deadline.left().unwrap_or_default();
        if self.out.is_empty() || thinks > left {
            std::thread::sleep(left);
            return Err(TransportError::timeout(deadline));
        }
        std::thread::sleep(thinks);
        let bytes = self.out.len().min(into.len()).min(self.piece.max(1));
        for place in &mut into[..bytes] {
            *place = self.out.pop_front().unwrap();
        }
        let end = match self.line == Line::Messages && self.out.is_empty() {
            true => End::Message,
            false => End::Open,
        };
        Ok(Chunk { bytes, end })
    }

    fn has_input(&mut self) -> Result<bool, TransportError> {
        Ok(!self.is_silent())
    }

    fn clear(&mut self, _: Deadline) -> Result<Cleared, TransportError> {
        if self.line != Line::Messages {
            return Ok(Cleared::Input);
        }
        self.out.clear();
        self.echo.memory().begun.clear();
        Ok(Cleared::Device)
    }

    fn status_byte(&mut self, _: Deadline) -> Result<u8, TransportError> {
        match self.line {
            Line::Messages => Ok(u8::from(!self.is_silent()) << 4),
            _ => Err(TransportError::Unsupported {
                transport: "an echo",
                what: "status byte",
            }),
        }
    }

    fn trigger(&mut self, _: Deadline) -> Result<(), TransportError> {
        self.echo.memory().count += 1;
        Ok(())
    }
}

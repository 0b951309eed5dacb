//! Text to verbs and back, for a simulated instrument of any model.
//!
//! An [`Engine`] joins a [`Dialect`] with a [`Behaviour`]: the table says what a message means, the
//! behaviour what it does. Queue of errors, event status and the format of traces are the engine's,
//! as IEEE 488.2 and SCPI-99 have them.
//!
//! ```
//! use etalon_instruments::dialect::{Dialect, Value, Verb, models};
//! use etalon_instruments::simulated::{Behaviour, Engine, Refusal};
//!
//! struct Attenuator(f64);
//! impl Behaviour for Attenuator {
//!     fn set(&mut self, verb: Verb, values: &[Value]) -> Result<(), Refusal> {
//!         match (verb, values) {
//!             (Verb::Attenuation, [_, Value::Number(db)]) if (0.0..=45.0).contains(db) => {
//!                 self.0 = *db;
//!                 Ok(())
//!             }
//!             _ => Err(Refusal::OUT_OF_RANGE),
//!         }
//!     }
//!     fn ask(&mut self, _: Verb, _: &[Value]) -> Result<Vec<Value>, Refusal> {
//!         Ok(vec![Value::Number(self.0)])
//!     }
//! }
//!
//! let dialect = Dialect::of(&models::keysight_attenuator::N7764A)?;
//! let mut voa = Engine::new(dialect, Attenuator(0.0));
//! assert_eq!(voa.receive(b"INP1:ATT 12.5DB;ATT?"), b"12.500\n");
//! assert_eq!(voa.receive(b":INPUT1:ATTENUATION 60"), b"");
//! assert_eq!(voa.receive(b"SYST:ERR?"), b"-222,\"Data out of range\"\n");
//! # Ok::<(), etalon_instruments::dialect::PatternError>(())
//! ```

mod served;

use std::collections::VecDeque;

use crate::dialect::{Dialect, Effect, Errors, Reply, Spelling, Understood, Value, Verb};
use crate::framing::Until;

/// What an instrument does, whatever its words.
pub trait Behaviour: Send {
    /// Does what a setting or an act says.
    ///
    /// # Errors
    /// [`Refusal`], and nothing was changed.
    fn set(&mut self, verb: Verb, values: &[Value]) -> Result<(), Refusal>;

    /// Answers a question. The values are those of the command, such as the number of a slot.
    ///
    /// # Errors
    /// [`Refusal`].
    fn ask(&mut self, verb: Verb, values: &[Value]) -> Result<Vec<Value>, Refusal>;
}

/// An error as SCPI numbers them (SCPI-99 volume 2, 21.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Its number.
    pub code: i32,
    /// Its words.
    pub text: &'static str,
}

impl Refusal {
    /// Nobody knows this command.
    pub const UNDEFINED: Self = Self::new(-113, "Undefined header");
    /// It cannot be done now.
    pub const CONFLICT: Self = Self::new(-221, "Settings conflict");
    /// The value is beyond what can be set.
    pub const OUT_OF_RANGE: Self = Self::new(-222, "Data out of range");
    /// The hardware does not let it.
    pub const HARDWARE: Self = Self::new(-240, "Hardware error");
    /// Errors were lost because nobody asked for them.
    pub const OVERFLOW: Self = Self::new(-350, "Queue overflow");

    /// Makes one.
    pub const fn new(code: i32, text: &'static str) -> Self {
        Self { code, text }
    }

    /// The bit of the event status register: command, execution, device or query error (IEEE
    /// 488.2, 11.5.1).
    fn event(self) -> u8 {
        match self.code {
            -199..=-100 => 1 << 5,
            -299..=-200 => 1 << 4,
            -499..=-400 => 1 << 2,
            _ => 1 << 3,
        }
    }
}

/// How traces are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum DataFormat {
    #[default]
    Text,
    Real32,
    Real64,
}

/// A simulated instrument of one model.
#[derive(Debug)]
pub struct Engine<B> {
    dialect: Dialect,
    behaviour: B,
    errors: VecDeque<Refusal>,
    event_status: u8,
    format: DataFormat,
}

/// Errors that are kept; the last one then says that there were more.
const QUEUE: usize = 20;
/// Bit of the status byte: the event status register has something to say.
const ESB: u8 = 1 << 5;

impl<B: Behaviour> Engine<B> {
    /// Makes an instrument.
    pub fn new(dialect: Dialect, behaviour: B) -> Self {
        Self {
            dialect,
            behaviour,
            errors: VecDeque::new(),
            event_status: 0,
            format: DataFormat::default(),
        }
    }

    /// Returns what it does, for whoever built it.
    pub fn behaviour_mut(&mut self) -> &mut B {
        &mut self.behaviour
    }

    /// Returns the status byte without the bit of an answer that waits, which the server knows.
    pub fn status_byte(&self) -> u8 {
        if self.event_status == 0 { 0 } else { ESB }
    }

    /// Takes a message, without its end, and returns what it answers, with its end; nothing when
    /// nothing was asked.
    pub fn receive(&mut self, message: &[u8]) -> Vec<u8> {
        let text = String::from_utf8_lossy(message).into_owned();
        let mut answers: Vec<Vec<u8>> = Vec::new();
        let mut path = String::new();
        for command in self.commands(&text) {
            answers.extend(self.one(&command, &mut path));
        }
        if answers.is_empty() {
            return Vec::new();
        }
        let wire = self.dialect.model().wire;
        let mut message = answers.join(&b';');
        message.extend_from_slice(wire.reply_end);
        if let Until::LineOf(last) = wire.identity {
            message.extend_from_slice(last.as_bytes());
            message.extend_from_slice(wire.reply_end);
        }
        message
    }

    /// Splits a message at its semicolons, where the dialect has such a thing.
    fn commands(&self, text: &str) -> Vec<String> {
        if self.dialect.model().spelling == Spelling::Exact {
            return vec![text.trim().to_owned()];
        }
        let (mut parts, mut quoted) = (vec![String::new()], false);
        for c in text.chars() {
            match c {
                ';' if !quoted => parts.push(String::new()),
                _ => {
                    quoted ^= c == '"';
                    if let Some(last) = parts.last_mut() {
                        last.push(c);
                    }
                }
            }
        }
        let trimmed = parts.iter().map(|part| part.trim().to_owned());
        trimmed.filter(|part| !part.is_empty()).collect()
    }

    /// Does one command; `path` is that of the one before it (SCPI-99 volume 1, 6.2.4).
    fn one(&mut self, command: &str, path: &mut String) -> Option<Vec<u8>> {
        let relative = format!("{path}{command}");
        let found = match command.starts_with([':', '*']) || path.is_empty() {
            true => self.dialect.understand(command),
            false => {
                let below = self.dialect.understand(&relative);
                below.or_else(|| self.dialect.understand(command))
            }
        };
        let Some(found) = found else {
            return self.refuse(Refusal::UNDEFINED);
        };
        if !command.starts_with('*') {
            let whole = if command.starts_with(':') || path.is_empty() {
                command
            } else {
                &relative
            };
            let header = whole.split([' ', '?']).next().unwrap_or_default();
            *path = header
                .rsplit_once(':')
                .map_or(String::new(), |(above, _)| format!("{above}:"));
        }
        match self.done(&found) {
            Ok(answer) => answer,
            Err(refusal) => self.refuse(refusal),
        }
    }

    fn done(&mut self, found: &Understood) -> Result<Option<Vec<u8>>, Refusal> {
        if found.verb == Verb::Identity {
            return Ok(Some(self.dialect.model().identity.as_bytes().to_vec()));
        }
        let values = match (found.verb, found.effect) {
            (Verb::ErrorQueue, Effect::Reads) => {
                let error = self.errors.pop_front();
                let error = error.unwrap_or(Refusal::new(0, "No error"));
                let code = Value::Integer(error.code.into());
                vec![code, Value::Text(error.text.to_owned())]
            }
            (Verb::ClearStatus, _) => {
                self.errors.clear();
                self.event_status = 0;
                vec![]
            }
            (Verb::EventStatus, Effect::Reads) => {
                let told = Value::Integer(self.event_status.into());
                self.event_status = 0;
                vec![told]
            }
            // Nothing here goes on behind the next command but sweeps, which have their own word.
            (Verb::OperationComplete, Effect::Reads) => vec![Value::Integer(1)],
            (Verb::DataFormat, Effect::Reads) => vec![Value::Integer(self.format as i64)],
            (Verb::DataFormat, _) => {
                self.format = match found.values.first() {
                    Some(Value::Integer(1)) => DataFormat::Real32,
                    Some(Value::Integer(2)) => DataFormat::Real64,
                    _ => DataFormat::Text,
                };
                vec![]
            }
            (verb, Effect::Reads) => self.behaviour.ask(verb, &found.values)?,
            (verb, _) => {
                self.behaviour.set(verb, &found.values)?;
                // Dialects that answer every command repeat what was set.
                found.values.clone()
            }
        };
        let reply = self.dialect.rows().nth(found.row).map(|row| row.reply);
        match reply {
            None | Some(Reply::Nothing) => Ok(None),
            Some(Reply::Trace { .. }) if self.format != DataFormat::Text => {
                Ok(Some(self.block(&values)))
            }
            Some(_) => {
                let line = self.dialect.answer(found.row, &values);
                // A behaviour that answers what its table has no words for is a defect of ours.
                line.map(|line| Some(line.into_bytes()))
                    .map_err(|_| Refusal::new(-310, "System error"))
            }
        }
    }

    /// Writes numbers as a block of little-endian floats.
    fn block(&self, values: &[Value]) -> Vec<u8> {
        let numbers = values.iter().map(|v| v.number().unwrap_or(f64::NAN));
        let data: Vec<u8> = match self.format {
            DataFormat::Real32 => numbers.flat_map(|x| (x as f32).to_le_bytes()).collect(),
            _ => numbers.flat_map(f64::to_le_bytes).collect(),
        };
        let length = data.len().to_string();
        let mut block = format!("#{}{length}", length.len()).into_bytes();
        block.extend(data);
        block
    }

    /// Says no in the way of the model.
    fn refuse(&mut self, refusal: Refusal) -> Option<Vec<u8>> {
        match self.dialect.model().errors {
            Errors::Queue => {
                self.event_status |= refusal.event();
                if self.errors.len() < QUEUE {
                    self.errors.push_back(refusal);
                } else if let Some(last) = self.errors.back_mut() {
                    *last = Refusal::OVERFLOW;
                }
                None
            }
            Errors::Reply(begins) => Some(format!("{begins}{}", refusal.text).into_bytes()),
            Errors::Silent => None,
        }
    }
}

#[cfg(test)]
mod tests;

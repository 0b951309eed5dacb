//! One driver for every model: verbs to words, by the model's table.
//!
//! A [`Driver`] reads, configures, and takes light away ([`Driver::darken`]). What else acts on
//! light has no way through it yet: that needs a permit that names quantity and value. After every
//! setting an instrument with an error queue is asked whether it minded.

use std::time::Duration;

use crate::dialect::{Dialect, Effect, Errors, PatternError, Reply, Value, Verb};
use crate::error::Error;
use crate::framing::{Block, Until, shown};
use crate::line::{Again, Line};

/// Longest trace that is taken: fifty thousand points as doubles, and as many again.
const LONGEST_TRACE: u64 = 1 << 20;

/// An instrument of any model that there is a table for.
#[derive(Debug)]
pub struct Driver {
    line: Line,
    dialect: Dialect,
}

impl Driver {
    /// Makes a driver; nothing is connected before the first question.
    pub fn new(line: Line, dialect: Dialect) -> Self {
        Self { line, dialect }
    }

    /// Returns the name of the instrument.
    pub fn name(&self) -> &str {
        self.line.name()
    }

    /// Returns the table.
    pub fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    /// Returns what the instrument says of itself.
    ///
    /// # Errors
    /// As [`Line::ask`].
    pub fn identity(&mut self) -> Result<String, Error> {
        self.line.identity()
    }

    /// Reads a quantity; `of` are the values of the question, such as the number of a slot.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where the model has no words for it, [`Error::Malformed`] for an
    /// answer that is none, [`Error::Refused`], and those of [`Line::ask`].
    pub fn read(&mut self, verb: Verb, of: &[Value]) -> Result<Vec<Value>, Error> {
        self.read_within(verb, of, None)
    }

    /// Reads a quantity that takes its time.
    ///
    /// # Errors
    /// As [`Driver::read`].
    pub fn read_within(
        &mut self,
        verb: Verb,
        of: &[Value],
        time: Option<Duration>,
    ) -> Result<Vec<Value>, Error> {
        let row = self.row(verb, Effect::Reads, of.len())?;
        let command = self.words(row, of)?;
        let until = self.dialect.until(row).unwrap_or(Until::Message);
        let answer = self.line.ask(&command, until, time, Again::Harmless)?;
        self.understood(row, &command, &answer)
    }

    /// Reads a trace, whose numbers come as text or, where the instrument was told so, as a block
    /// of doubles.
    ///
    /// # Errors
    /// As [`Driver::read`].
    pub fn read_trace(
        &mut self,
        verb: Verb,
        of: &[Value],
        time: Option<Duration>,
    ) -> Result<Vec<f64>, Error> {
        let row = self.row(verb, Effect::Reads, of.len())?;
        let blocks = matches!(
            self.dialect.rows().nth(row).map(|r| r.reply),
            Some(Reply::Trace { .. })
        );
        if !blocks {
            let values = self.read_within(verb, of, time)?;
            return Ok(values.iter().filter_map(Value::number).collect());
        }
        // The number of the choice in every table that has a format: text, single, double.
        self.configure(Verb::DataFormat, &[Value::Integer(2)])?;
        let command = self.words(row, of)?;
        let until = Until::Block(Block {
            most: LONGEST_TRACE,
            length: None,
        });
        let block = self.line.ask(&command, until, time, Again::Harmless)?;
        let (numbers, rest) = block.as_chunks::<8>();
        if rest.is_empty() {
            Ok(numbers
                .iter()
                .map(|bytes| f64::from_le_bytes(*bytes))
                .collect())
        } else {
            Err(self.malformed(&command, format!("a block of {} bytes", block.len())))
        }
    }

    /// Sets what is the instrument's own business, such as a span or a format.
    ///
    /// # Errors
    /// As [`Driver::read`].
    pub fn configure(&mut self, verb: Verb, values: &[Value]) -> Result<(), Error> {
        self.set(verb, Effect::Configures, values)
    }

    /// Goes safe, which needs no permit: no light where the row has a word for that. Only what
    /// takes light away is let through.
    ///
    /// # Errors
    /// As [`Driver::read`], and [`Error::Unsupported`] for anything else.
    pub fn darken(&mut self, verb: Verb, of: &[Value]) -> Result<(), Error> {
        let off = matches!(
            verb,
            Verb::Emission
                | Verb::ChannelEnable
                | Verb::LaserEnable
                | Verb::OutputEnable
                | Verb::DisconnectAll
        );
        if !off {
            return Err(self.unsupported(format!("a way to go safe by {verb:?}")));
        }
        let mut values = of.to_vec();
        if verb != Verb::DisconnectAll {
            values.push(Value::Integer(0));
        }
        self.set(verb, Effect::Acts, &values)
    }

    fn set(&mut self, verb: Verb, effect: Effect, values: &[Value]) -> Result<(), Error> {
        let row = self.row(verb, effect, values.len())?;
        let command = self.words(row, values)?;
        match self.dialect.until(row) {
            None => self.line.tell(&command, None)?,
            Some(until) => {
                let answer = self.line.ask(&command, until, None, Again::Never)?;
                self.understood(row, &command, &answer)?;
            }
        }
        self.minded()
    }

    /// Asks an instrument with an error queue what it minded, and empties the queue.
    fn minded(&mut self) -> Result<(), Error> {
        if self.dialect.model().errors != Errors::Queue {
            return Ok(());
        }
        /// More than any queue holds.
        const QUEUE: usize = 100;
        let mut first = None;
        for _ in 0..QUEUE {
            match self.read(Verb::ErrorQueue, &[])?.as_slice() {
                [Value::Integer(0), ..] => break,
                [Value::Integer(code), Value::Text(text), ..] => {
                    first.get_or_insert((*code, text.clone()));
                }
                other => return Err(self.malformed("the error queue", format!("{other:?}"))),
            }
        }
        match first {
            None => Ok(()),
            Some((code, text)) => Err(Error::Refused {
                instrument: self.name().to_owned(),
                code: i32::try_from(code).unwrap_or(i32::MIN),
                text,
            }),
        }
    }

    fn row(&self, verb: Verb, effect: Effect, values: usize) -> Result<usize, Error> {
        let found = self.dialect.row(verb, effect, values);
        found.ok_or_else(|| self.unsupported(format!("{verb:?} with {values} values")))
    }

    fn words(&self, row: usize, values: &[Value]) -> Result<String, Error> {
        let told = |error: PatternError| Error::Unsupported {
            instrument: self.name().to_owned(),
            what: error.to_string(),
        };
        self.dialect.command(row, values).map_err(told)
    }

    fn understood(&self, row: usize, command: &str, answer: &[u8]) -> Result<Vec<Value>, Error> {
        let text = String::from_utf8_lossy(answer);
        if let Errors::Reply(begins) = self.dialect.model().errors
            && let Some(text) = text.trim().strip_prefix(begins.trim())
        {
            return Err(Error::Refused {
                instrument: self.name().to_owned(),
                code: 0,
                text: text.trim().to_owned(),
            });
        }
        let values = self.dialect.read_answer(row, &text);
        values.ok_or_else(|| self.malformed(command, shown(answer)))
    }

    fn unsupported(&self, what: String) -> Error {
        Error::Unsupported {
            instrument: self.name().to_owned(),
            what: format!("{} has no words for {what}", self.dialect.model().name),
        }
    }

    fn malformed(&self, command: &str, found: String) -> Error {
        Error::Malformed {
            instrument: self.name().to_owned(),
            command: command.to_owned(),
            found,
        }
    }
}

#[cfg(test)]
mod tests;

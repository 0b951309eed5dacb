//! The table of a model: its words for every verb, and what it answers.
//!
//! A [`Model`] is data. [`Dialect::of`] reads its patterns once; then [`Dialect::command`] writes
//! what a driver sends and [`Dialect::understand`] finds out what a client sent, by the same rows.

use super::pattern::{Pattern, PatternError, Spelling, Value};
use super::verb::Verb;
use crate::framing::Until;
use crate::session::Wire;

/// What kind of instrument a model is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Kind {
    /// Optical spectrum analyzer.
    SpectrumAnalyzer,
    /// Fibre amplifier.
    Amplifier,
    /// Oscilloscope, or the sampling one of a communication analyzer.
    Scope,
    /// Variable optical attenuator.
    Attenuator,
    /// Matrix switch.
    Switch,
    /// Programmable filter.
    Filter,
    /// Laser source.
    Laser,
    /// Optical power meter.
    PowerMeter,
    /// Pluggable module.
    Module,
}

/// Whether anybody has seen a real one answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Nobody: simulated only.
    Simulated,
    /// Somebody reported it.
    Reported(&'static str),
}

/// What a row does to the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Nothing: it may be asked again.
    Reads,
    /// It changes a setting of the instrument alone.
    Configures,
    /// It changes light: only with a permit, and never a second time by itself.
    Acts,
}

/// What comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Nothing.
    Nothing,
    /// One of these, on a line.
    Line(&'static [&'static str]),
    /// Numbers with this between them, each as the pattern says; `Counted` has their number first.
    List {
        /// One number.
        each: &'static str,
        /// What stands between two.
        between: &'static str,
        /// Whether their number comes first.
        first: First,
    },
    /// Numbers as the data format says that is set: text with commas, or a binary block.
    Trace {
        /// One number, as text.
        each: &'static str,
    },
}

/// What a list begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    /// The first number.
    Number,
    /// How many numbers follow.
    Count,
}

/// One row: words for one verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// What it means.
    pub verb: Verb,
    /// What it does.
    pub effect: Effect,
    /// The command, as a [`Pattern`].
    pub command: &'static str,
    /// What is answered.
    pub reply: Reply,
}

impl Row {
    /// A question and the line that answers it.
    pub const fn ask(verb: Verb, command: &'static str, reply: &'static [&'static str]) -> Self {
        Self {
            verb,
            effect: Effect::Reads,
            command,
            reply: Reply::Line(reply),
        }
    }

    /// A setting that nothing answers.
    pub const fn set(verb: Verb, command: &'static str) -> Self {
        Self {
            verb,
            effect: Effect::Configures,
            command,
            reply: Reply::Nothing,
        }
    }

    /// A setting that changes light.
    pub const fn act(verb: Verb, command: &'static str) -> Self {
        Self {
            verb,
            effect: Effect::Acts,
            command,
            reply: Reply::Nothing,
        }
    }

    /// The same row, answered by one of these lines.
    pub const fn answered(self, reply: &'static [&'static str]) -> Self {
        Self {
            reply: Reply::Line(reply),
            ..self
        }
    }
}

/// How an instrument says that it does not do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errors {
    /// It keeps a queue, which is asked for: `SYST:ERR?` (verb [`Verb::ErrorQueue`]).
    Queue,
    /// It answers a line that begins so, and text behind it.
    Reply(&'static str),
    /// It says nothing.
    Silent,
}

/// A model: who makes it, how it is talked to, and its rows.
#[derive(Clone, Copy, Debug)]
pub struct Model {
    /// Maker and model, `Yokogawa AQ6370D`.
    pub name: &'static str,
    /// Its kind.
    pub kind: Kind,
    /// How lines end, and how it is asked who it is.
    pub wire: Wire,
    /// What it answers then, when it is simulated.
    pub identity: &'static str,
    /// How its words may be spelled.
    pub spelling: Spelling,
    /// How it refuses.
    pub errors: Errors,
    /// Its words.
    pub rows: &'static [Row],
    /// Where the words are from.
    pub source: &'static str,
    /// Who saw it work.
    pub seen: Seen,
}

/// A row with its patterns read.
#[derive(Clone, Debug)]
struct Read {
    row: Row,
    command: Pattern,
    replies: Vec<Pattern>,
}

/// A model whose patterns were read.
#[derive(Clone, Debug)]
pub struct Dialect {
    model: &'static Model,
    rows: Vec<Read>,
}

/// A command that was understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Understood {
    /// The row, by its place in the table.
    pub row: usize,
    /// What it means.
    pub verb: Verb,
    /// What it does.
    pub effect: Effect,
    /// Its values.
    pub values: Vec<Value>,
}

impl Dialect {
    /// Reads the patterns of a model.
    ///
    /// # Errors
    /// [`PatternError::Pattern`], which a test rules out for every model of this crate.
    pub fn of(model: &'static Model) -> Result<Self, PatternError> {
        let reply = |text: &&'static str| Pattern::new(text, Spelling::Exact);
        let rows = model.rows.iter().map(|&row| {
            let replies = match row.reply {
                Reply::Nothing => Vec::new(),
                Reply::Line(lines) => lines.iter().map(reply).collect::<Result<_, _>>()?,
                Reply::List { each, .. } | Reply::Trace { each } => vec![reply(&each)?],
            };
            let command = Pattern::new(row.command, model.spelling)?;
            Ok(Read {
                row,
                command,
                replies,
            })
        });
        Ok(Self {
            model,
            rows: rows.collect::<Result<_, PatternError>>()?,
        })
    }

    /// Returns the model.
    pub fn model(&self) -> &'static Model {
        self.model
    }

    /// Returns the rows in their order.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().map(|read| &read.row)
    }

    /// Finds the row that does this: the first one of the table whose command takes so many values.
    pub fn row(&self, verb: Verb, effect: Effect, values: usize) -> Option<usize> {
        let fits = |read: &Read| {
            read.row.verb == verb && read.row.effect == effect && read.command.arity() == values
        };
        self.rows.iter().position(fits)
    }

    /// Writes the command of a row.
    ///
    /// # Errors
    /// [`PatternError::Values`].
    pub fn command(&self, row: usize, values: &[Value]) -> Result<String, PatternError> {
        self.rows[row].command.write(values)
    }

    /// Says where the answer of a row ends.
    pub fn until(&self, row: usize) -> Option<Until> {
        match self.rows[row].row.reply {
            Reply::Nothing => None,
            // Some end every answer, of however many lines, with a word of their own.
            _ => Some(match self.model.wire.identity {
                Until::LineOf(last) => Until::LineOf(last),
                _ => Until::Message,
            }),
        }
    }

    /// Finds out what a client sent.
    pub fn understand(&self, command: &str) -> Option<Understood> {
        self.rows.iter().enumerate().find_map(|(row, read)| {
            let values = read.command.read(command)?;
            Some(Understood {
                row,
                verb: read.row.verb,
                effect: read.row.effect,
                values,
            })
        })
    }

    /// Writes the answer of a row: a line by the first pattern that takes these values, or a list.
    ///
    /// # Errors
    /// [`PatternError::Values`] when none takes them.
    pub fn answer(&self, row: usize, values: &[Value]) -> Result<String, PatternError> {
        let read = &self.rows[row];
        match read.row.reply {
            Reply::Nothing => Ok(String::new()),
            Reply::Line(_) => {
                let mut told = None;
                for pattern in &read.replies {
                    match pattern.write(values) {
                        Ok(line) => return Ok(line),
                        Err(error) => told = told.or(Some(error)),
                    }
                }
                Err(told.unwrap_or_else(|| PatternError::Values {
                    pattern: read.row.command.to_owned(),
                    expected: "a reply in the table".into(),
                    found: "none".into(),
                }))
            }
            Reply::List { between, first, .. } => {
                let mut all = Vec::new();
                if first == First::Count {
                    all.push(values.len().to_string());
                }
                for value in values {
                    all.push(read.replies[0].write(std::slice::from_ref(value))?);
                }
                Ok(all.join(between))
            }
            Reply::Trace { .. } => {
                let each = |value| read.replies[0].write(std::slice::from_ref(value));
                let all: Vec<String> = values.iter().map(each).collect::<Result<_, _>>()?;
                Ok(all.join(","))
            }
        }
    }

    /// Reads the answer of a row back; nothing when it is none.
    pub fn read_answer(&self, row: usize, answer: &str) -> Option<Vec<Value>> {
        let read = &self.rows[row];
        let one = |text: &str| read.replies[0].read(text)?.pop();
        match read.row.reply {
            Reply::Nothing => answer.trim().is_empty().then(Vec::new),
            Reply::Line(_) => read.replies.iter().find_map(|pattern| pattern.read(answer)),
            Reply::List { between, first, .. } => {
                let between = between.trim_matches(' ');
                let mut fields = answer.trim().split(between).map(str::trim);
                let count = match first {
                    First::Count => Some(fields.next()?.parse::<usize>().ok()?),
                    First::Number => None,
                };
                let values: Vec<Value> = fields.map(one).collect::<Option<_>>()?;
                count.is_none_or(|n| n == values.len()).then_some(values)
            }
            Reply::Trace { .. } => answer.trim().split(',').map(one).collect(),
        }
    }
}

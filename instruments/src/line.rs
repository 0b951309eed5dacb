//! The line to one instrument, for as long as the program runs.
//!
//! A [`Line`] owns what a [`Session`] or a [`Stale`] cannot: how a connection is made, and how often
//! a question is worth asking again. Questions that only read are asked up to three times, each
//! time after the line came back into step; what changes anything is sent once, whatever becomes
//! of it.

use std::time::Duration;

use crate::error::Error;
use crate::framing::{FramingError, Until};
use crate::session::{Lost, Session, SessionError, Stale, Wire};
use crate::transport::{Deadline, Transport, TransportError};

/// How a connection is made, each time anew.
pub type Connector = Box<dyn FnMut(Deadline) -> Result<Box<dyn Transport>, TransportError> + Send>;

/// How often a question that only reads is asked.
const TRIES: usize = 3;

/// Whether a message may be sent again when its answer was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// It only reads.
    Harmless,
    /// Nobody knows what it did.
    Never,
}

enum State {
    InStep(Session),
    OutOfStep(Stale),
    /// Not connected yet, or given up for good.
    Away,
}

/// The line to one instrument.
pub struct Line {
    name: String,
    wire: Wire,
    connector: Connector,
    state: State,
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let state = match &self.state {
            State::InStep(session) => session.resource(),
            State::OutOfStep(_) => "out of step".into(),
            State::Away => "away".into(),
        };
        write!(f, "Line({}: {state})", self.name)
    }
}

impl Line {
    /// Makes a line; nothing is connected before the first question.
    pub fn new(name: &str, wire: Wire, connector: Connector) -> Self {
        Self {
            name: name.to_owned(),
            wire,
            connector,
            state: State::Away,
        }
    }

    /// Returns the name of the instrument.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns what the instrument says of itself, connecting first if need be.
    ///
    /// # Errors
    /// As [`Line::ask`].
    pub fn identity(&mut self) -> Result<String, Error> {
        let session = self.in_step()?;
        let identity = session.identity().to_owned();
        self.state = State::InStep(session);
        Ok(identity)
    }

    /// Asks, and returns the answer. `time` is the patience of the instrument unless it is told.
    ///
    /// # Errors
    /// [`Error::Timeout`], [`Error::Disconnected`], [`Error::Desynchronized`],
    /// [`Error::Malformed`]; of several tries, the last one's.
    pub fn ask(
        &mut self,
        command: &str,
        until: Until,
        time: Option<Duration>,
        again: Again,
    ) -> Result<Vec<u8>, Error> {
        let tries = match again {
            Again::Harmless => TRIES,
            Again::Never => 1,
        };
        let mut last = None;
        for _ in 0..tries {
            let session = match self.in_step() {
                Ok(session) => session,
                Err(error) => {
                    last = Some(error);
                    continue;
                }
            };
            match session.ask(command, until, time) {
                Ok((answer, session)) => {
                    self.state = State::InStep(session);
                    return Ok(answer);
                }
                Err(lost) => last = Some(self.lost(*lost)),
            }
        }
        Err(last.unwrap_or_else(|| Error::Disconnected {
            instrument: self.name.clone(),
        }))
    }

    /// Sends what nothing answers, once.
    ///
    /// # Errors
    /// As [`Line::ask`]; whether it arrived is then unknown.
    pub fn tell(&mut self, command: &str, time: Option<Duration>) -> Result<(), Error> {
        let session = self.in_step()?;
        match session.tell(command, time) {
            Ok(session) => {
                self.state = State::InStep(session);
                Ok(())
            }
            Err(lost) => Err(self.lost(*lost)),
        }
    }

    /// Returns the session, connected and in step; the state is away until it is put back.
    fn in_step(&mut self) -> Result<Session, Error> {
        let time = 4 * self.wire.patience;
        match std::mem::replace(&mut self.state, State::Away) {
            State::InStep(session) => Ok(session),
            State::OutOfStep(stale) => stale
                .recover(&mut *self.connector, time)
                .map_err(|lost| self.lost(*lost)),
            State::Away => {
                let transport = (self.connector)(Deadline::after(time)).map_err(|source| {
                    let source = FramingError::from(source);
                    self.told("(connect)", &source)
                })?;
                Session::open(transport, self.wire).map_err(|lost| self.lost(*lost))
            }
        }
    }

    /// Keeps the way back, and returns what happened.
    fn lost(&mut self, lost: Lost) -> Error {
        // Whoever never said who it was is connected to anew.
        self.state = match lost.stale.identity() {
            Some(_) => State::OutOfStep(lost.stale),
            None => State::Away,
        };
        match lost.error {
            SessionError::Framing {
                command, source, ..
            } => self.told(&command, &source),
            SessionError::Unasked { command, found, .. } => Error::Desynchronized {
                instrument: self.name.clone(),
                expected: command,
                found,
            },
            SessionError::Identity {
                expected, found, ..
            } => Error::Desynchronized {
                instrument: self.name.clone(),
                expected,
                found,
            },
        }
    }

    fn told(&self, command: &str, source: &FramingError) -> Error {
        let (instrument, command) = (self.name.clone(), command.to_owned());
        match source {
            FramingError::Transport(TransportError::Timeout { after_ms }) => Error::Timeout {
                instrument,
                command,
                after_ms: *after_ms,
            },
            FramingError::Transport(TransportError::Disconnected { .. }) => {
                Error::Disconnected { instrument }
            }
            FramingError::Transport(TransportError::Unsupported { what, .. }) => {
                Error::Unsupported {
                    instrument,
                    what: (*what).to_owned(),
                }
            }
            other => Error::Malformed {
                instrument,
                command,
                found: other.to_string(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::End;
    use crate::transport::dialogue::{Dialogue, Turn};

    const WIRE: Wire = Wire {
        patience: Duration::from_millis(20),
        silence: Duration::from_millis(1),
        ..Wire::SCPI
    };

    fn written(text: &str) -> Turn {
        Turn::Written(format!("{text}\n").into_bytes())
    }

    fn told(text: &str) -> Turn {
        Turn::Read(format!("{text}\n").into_bytes(), End::Open)
    }

    /// A line whose connections go like this, one after the other; each begins with who it is.
    fn line(connections: &[&[Turn]]) -> Line {
        let mut dialogues: Vec<Dialogue> = connections
            .iter()
            .map(|turns| {
                let who = [written("*IDN?"), told("A,B,1,0")];
                let twice = who.iter().chain(&who).cloned();
                Dialogue::new(twice.chain(turns.iter().cloned()))
            })
            .collect();
        dialogues.reverse();
        Line::new(
            "it",
            WIRE,
            Box::new(move |_| match dialogues.pop() {
                Some(dialogue) => Ok(Box::new(dialogue)),
                None => Err(TransportError::Disconnected {
                    why: "nobody there".into(),
                }),
            }),
        )
    }

    #[test]
    fn a_question_that_only_reads_is_asked_up_to_three_times() {
        let silent: &[Turn] = &[written("A?"), Turn::Silence];
        let answers: &[Turn] = &[written("A?"), told("1")];
        let mut twice = line(&[silent, silent, answers]);
        let answer = twice.ask("A?", Until::Line, None, Again::Harmless).unwrap();
        assert_eq!(answer, b"1");
        let mut never = line(&[silent, silent, silent, answers]);
        let error = never
            .ask("A?", Until::Line, None, Again::Harmless)
            .unwrap_err();
        assert!(
            matches!(error, Error::Timeout { after_ms: 20, .. }),
            "{error}"
        );
        // The next question finds it in step again.
        assert_eq!(
            never.ask("A?", Until::Line, None, Again::Never).unwrap(),
            b"1"
        );
    }

    #[test]
    fn what_may_have_changed_something_is_sent_once() {
        let lost: &[Turn] = &[written("ON"), Turn::Silence];
        let again: &[Turn] = &[written("ON"), told("ON")];
        let mut line = line(&[lost, again]);
        let error = line.ask("ON", Until::Line, None, Again::Never).unwrap_err();
        assert!(matches!(error, Error::Timeout { .. }), "{error}");
    }

    #[test]
    fn nobody_there_is_told_and_another_one_is_not_taken() {
        let error = line(&[]).identity().unwrap_err();
        assert!(matches!(error, Error::Disconnected { .. }), "{error}");
        let mut dialogues = vec![
            Dialogue::of_lines(&[("*IDN?", "OTHER,1"), ("*IDN?", "OTHER,1")]),
            Dialogue::new([
                written("*IDN?"),
                told("A,B,1,0"),
                written("*IDN?"),
                told("A,B,1,0"),
                written("A?"),
                Turn::Cut,
            ]),
        ];
        let connector = move |_: Deadline| match dialogues.pop() {
            Some(dialogue) => Ok(Box::new(dialogue) as Box<dyn Transport>),
            None => Err(TransportError::Disconnected { why: "no".into() }),
        };
        let mut line = Line::new("it", WIRE, Box::new(connector));
        let error = line.ask("A?", Until::Line, None, Again::Never).unwrap_err();
        assert!(matches!(error, Error::Disconnected { .. }), "{error}");
        let error = line.ask("A?", Until::Line, None, Again::Never).unwrap_err();
        assert!(matches!(error, Error::Desynchronized { .. }), "{error}");
    }
}

//! Questions and answers, and what becomes of them when an answer is lost.
//!
//! A [`Session`] is in step: whatever is asked next is answered next. When an answer does not come
//! in time, or is none, or more comes than was asked for, nobody knows any more which answer
//! belongs to which question, and the session is gone: what is left is a [`Stale`], which has no
//! method to ask anything. The way back is [`Stale::recover`]: clear or connect anew, and have the
//! instrument say who it is, twice, with silence behind each answer. So a late answer is never
//! taken for the next one, by type.
//!
//! ```compile_fail
//! fn late(stale: etalon_instruments::session::Stale) {
//!     stale.ask("*IDN?", etalon_instruments::framing::Until::Line, None);
//! }
//! ```

use std::time::Duration;

use crate::framing::{FramingError, Incoming, Until, shown};
use crate::transport::{Cleared, Deadline, Transport, TransportError};

/// How an instrument writes its lines, and how it is asked who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wire {
    /// What ends a command.
    pub command_end: &'static [u8],
    /// What ends a line of a reply.
    pub reply_end: &'static [u8],
    /// The question whose answer is always the same.
    pub identify: &'static str,
    /// Where that answer ends.
    pub identity: Until,
    /// How long a question takes that needs no work.
    pub patience: Duration,
    /// How long nothing may come before the line counts as silent.
    pub silence: Duration,
}

impl Wire {
    /// Lines that end with a line feed, and `*IDN?`.
    pub const SCPI: Self = Self {
        command_end: b"\n",
        reply_end: b"\n",
        identify: "*IDN?",
        identity: Until::Line,
        patience: Duration::from_secs(5),
        silence: Duration::from_millis(50),
    };
}

/// Why a question has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// Bytes did not come or go, or were no reply.
    #[error("{resource}: {command:?}: {source}")]
    Framing {
        /// Who was asked.
        resource: String,
        /// What was sent.
        command: String,
        /// What came of it.
        source: FramingError,
    },
    /// Something came that nobody had asked for.
    #[error("{resource}: {command:?}: expected silence, found {found}")]
    Unasked {
        /// Who sent it.
        resource: String,
        /// What was about to be sent, or had just been answered.
        command: String,
        /// What came.
        found: String,
    },
    /// Another instrument answers, or a late answer came.
    #[error("{resource}: expected {expected:?}, found {found:?}")]
    Identity {
        /// Who was asked.
        resource: String,
        /// Who it was.
        expected: String,
        /// Who answers.
        found: String,
    },
}

impl SessionError {
    /// True when time ran out.
    pub fn is_timeout(&self) -> bool {
        matches!(
            self,
            Self::Framing {
                source: FramingError::Transport(TransportError::Timeout { .. }),
                ..
            }
        )
    }

    /// True when the connection is gone.
    pub fn is_disconnected(&self) -> bool {
        matches!(
            self,
            Self::Framing {
                source: FramingError::Transport(TransportError::Disconnected { .. }),
                ..
            }
        )
    }
}

/// A session that is in step with its instrument.
#[derive(Debug)]
pub struct Session {
    transport: Box<dyn Transport>,
    wire: Wire,
    incoming: Incoming,
    identity: String,
}

/// What is left of a session that is out of step.
#[derive(Debug)]
pub struct Stale {
    transport: Option<Box<dyn Transport>>,
    wire: Wire,
    /// Who it has to be; nothing before it ever answered.
    identity: Option<String>,
}

/// A session that was lost, and why.
#[derive(Debug)]
pub struct Lost {
    /// The way back.
    pub stale: Stale,
    /// What happened.
    pub error: SessionError,
}

/// How a connection is made.
pub type Connect<'a> = &'a mut dyn FnMut(Deadline) -> Result<Box<dyn Transport>, TransportError>;

impl Session {
    /// Begins a session: the instrument has to say who it is.
    ///
    /// # Errors
    /// [`Lost`] with what came instead.
    pub fn open(transport: Box<dyn Transport>, wire: Wire) -> Result<Self, Box<Lost>> {
        let stale = Stale {
            transport: Some(transport),
            wire,
            identity: None,
        };
        stale.identified(Deadline::after(4 * wire.patience))
    }

    /// Returns what the instrument says of itself.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// Returns where it is.
    pub fn resource(&self) -> String {
        self.transport.resource()
    }

    /// Sends a command that is not answered.
    ///
    /// # Errors
    /// [`Lost`]: how much of it arrived is unknown.
    pub fn tell(mut self, command: &str, time: Option<Duration>) -> Result<Self, Box<Lost>> {
        let deadline = Deadline::after(time.unwrap_or(self.wire.patience));
        match self.send(command, deadline) {
            Ok(()) => Ok(self),
            Err(error) => Err(self.lose(error)),
        }
    }

    /// Sends a question and reads its answer, which has to come within `time` (the patience of
    /// the instrument, unless it is told).
    ///
    /// # Errors
    /// [`Lost`]: no answer, or none that is one.
    pub fn ask(
        mut self,
        command: &str,
        until: Until,
        time: Option<Duration>,
    ) -> Result<(Vec<u8>, Self), Box<Lost>> {
        let deadline = Deadline::after(time.unwrap_or(self.wire.patience));
        match self.exchange(command, until, deadline) {
            Ok(reply) => Ok((reply, self)),
            Err(error) => Err(self.lose(error)),
        }
    }

    /// Reads the status byte, which disturbs nothing that is under way.
    ///
    /// # Errors
    /// What the transport says; the session stays in step where it only lacks such a way.
    pub fn status_byte(
        mut self,
        time: Option<Duration>,
    ) -> Result<(Result<u8, TransportError>, Self), Box<Lost>> {
        let deadline = Deadline::after(time.unwrap_or(self.wire.patience));
        match self.transport.status_byte(deadline) {
            Ok(byte) => Ok((Ok(byte), self)),
            Err(error @ TransportError::Unsupported { .. }) => Ok((Err(error), self)),
            Err(error) => {
                let error = self.framing("(status byte)", error.into());
                Err(self.lose(error))
            }
        }
    }

    /// Lets the session go without a farewell, as after a crash of this side.
    pub fn abandon(self) -> Stale {
        let identity = Some(self.identity);
        Stale {
            transport: Some(self.transport),
            wire: self.wire,
            identity,
        }
    }

    fn send(&mut self, command: &str, deadline: Deadline) -> Result<(), SessionError> {
        // An instrument that answered twice, or talks by itself, would answer this by that.
        if self
            .transport
            .has_input()
            .map_err(|error| self.framing(command, error.into()))?
        {
            return Err(SessionError::Unasked {
                resource: self.transport.resource(),
                command: command.to_owned(),
                found: "bytes that nobody had asked for".into(),
            });
        }
        let message = [command.as_bytes(), self.wire.command_end].concat();
        self.transport
            .write(&message, deadline)
            .map_err(|error| self.framing(command, error.into()))
    }

    fn exchange(
        &mut self,
        command: &str,
        until: Until,
        deadline: Deadline,
    ) -> Result<Vec<u8>, SessionError> {
        self.send(command, deadline)?;
        let wire = self.wire;
        let reply = self
            .incoming
            .reply(self.transport.as_mut(), until, wire.reply_end, deadline)
            .map_err(|error| self.framing(command, error))?;
        if self.incoming.is_empty() {
            return Ok(reply);
        }
        Err(SessionError::Unasked {
            resource: self.transport.resource(),
            command: command.to_owned(),
            found: "more than one answer".into(),
        })
    }

    fn framing(&self, command: &str, source: FramingError) -> SessionError {
        SessionError::Framing {
            resource: self.transport.resource(),
            command: command.to_owned(),
            source,
        }
    }

    fn lose(self, error: SessionError) -> Box<Lost> {
        Box::new(Lost {
            stale: self.abandon(),
            error,
        })
    }
}

impl Stale {
    /// Returns who it has to be when it comes back.
    pub fn identity(&self) -> Option<&str> {
        self.identity.as_deref()
    }

    /// Comes back into step: a device clear where the transport has one, else a new connection;
    /// then the instrument has to say who it is, the same as ever.
    ///
    /// # Errors
    /// [`Lost`] with what hindered it; it may be tried again.
    pub fn recover(mut self, connect: Connect, time: Duration) -> Result<Session, Box<Lost>> {
        let deadline = Deadline::after(time);
        let cleared = self
            .transport
            .as_mut()
            .map(|transport| transport.clear(deadline.within(self.wire.patience)));
        if !matches!(cleared, Some(Ok(Cleared::Device))) {
            // Before the new one is made: some instruments serve one connection at a time.
            self.transport = None;
            match connect(deadline) {
                Ok(transport) => self.transport = Some(transport),
                Err(error) => {
                    let error = SessionError::Framing {
                        resource: String::new(),
                        command: "(connect)".into(),
                        source: error.into(),
                    };
                    return Err(Box::new(Lost { stale: self, error }));
                }
            }
        }
        self.identified(deadline)
    }

    /// Has the instrument say who it is, twice, each time with silence behind the answer: one
    /// answer that was late would be the first, and the second would follow it into the silence.
    fn identified(self, deadline: Deadline) -> Result<Session, Box<Lost>> {
        let Self {
            transport,
            wire,
            identity,
        } = self;
        let Some(transport) = transport else {
            let source = TransportError::Disconnected {
                why: "never connected".into(),
            };
            let error = SessionError::Framing {
                resource: String::new(),
                command: wire.identify.into(),
                source: source.into(),
            };
            let stale = Self {
                transport,
                wire,
                identity,
            };
            return Err(Box::new(Lost { stale, error }));
        };
        let mut session = Session {
            transport,
            wire,
            incoming: Incoming::default(),
            identity: identity.clone().unwrap_or_default(),
        };
        let mut wanted = identity.clone();
        for _ in 0..2 {
            let told = session
                .exchange(wire.identify, wire.identity, deadline.within(wire.patience))
                .and_then(|told| session.silence().map(|()| told));
            let told = told.and_then(|told| {
                let told = String::from_utf8_lossy(&told).trim().to_owned();
                match &wanted {
                    Some(wanted) if *wanted != told => Err(SessionError::Identity {
                        resource: session.transport.resource(),
                        expected: wanted.clone(),
                        found: told,
                    }),
                    _ => Ok(told),
                }
            });
            match told {
                Ok(told) => wanted = Some(told),
                Err(error) => {
                    let mut lost = session.lose(error);
                    // Who it was before counts, not who answered once.
                    lost.stale.identity = identity;
                    return Err(lost);
                }
            }
        }
        session.identity = wanted.unwrap_or_default();
        Ok(session)
    }
}

impl Session {
    /// Waits until nothing comes for a while.
    fn silence(&mut self) -> Result<(), SessionError> {
        let mut piece = [0; 256];
        let quiet = Deadline::after(self.wire.silence);
        match self.transport.listen(&mut piece, quiet) {
            Err(TransportError::Timeout { .. }) => Ok(()),
            // A message of nothing is nothing.
            Ok(chunk) if chunk.bytes == 0 => Ok(()),
            Ok(chunk) => Err(SessionError::Unasked {
                resource: self.transport.resource(),
                command: self.wire.identify.into(),
                found: shown(&piece[..chunk.bytes]),
            }),
            Err(error) => Err(self.framing(self.wire.identify, error.into())),
        }
    }
}

#[cfg(test)]
mod tests;

//! Leaves an instrument some time between two commands.
//!
//! Some firmware drops what comes too soon after the command before. The pause is kept between the
//! end of one message and the begin of the next; reading is not held up.

use std::time::{Duration, Instant};

use super::{Chunk, Cleared, Deadline, Transport, TransportError};

/// A transport that sends nothing too soon.
#[derive(Debug)]
pub struct Paced {
    inner: Box<dyn Transport>,
    pause: Duration,
    sent: Option<Instant>,
}

impl Paced {
    /// Keeps at least `pause` between two messages.
    pub fn new(inner: Box<dyn Transport>, pause: Duration) -> Self {
        Self {
            inner,
            pause,
            sent: None,
        }
    }

    /// Waits until something may be sent. Where that is after the deadline, nothing will be.
    fn wait(&self, deadline: Deadline) -> Result<(), TransportError> {
        let Some(sent) = self.sent else {
            return Ok(());
        };
        let still = self.pause.saturating_sub(sent.elapsed());
        let left = deadline.left().unwrap_or_default();
        std::thread::sleep(still.min(left));
        if still < left {
            Ok(())
        } else {
            Err(TransportError::timeout(deadline))
        }
    }
}

impl Transport for Paced {
    fn resource(&self) -> String {
        self.inner.resource()
    }

    fn write(&mut self, message: &[u8], deadline: Deadline) -> Result<(), TransportError> {
        self.wait(deadline)?;
        let written = self.inner.write(message, deadline);
        // One that failed may have been sent in part.
        self.sent = Some(Instant::now());
        written
    }

    fn read(&mut self, into: &mut [u8], deadline: Deadline) -> Result<Chunk, TransportError> {
        self.inner.read(into, deadline)
    }

    fn listen(&mut self, into: &mut [u8], deadline: Deadline) -> Result<Chunk, TransportError> {
        self.inner.listen(into, deadline)
    }

    fn has_input(&mut self) -> Result<bool, TransportError> {
        self.inner.has_input()
    }

    fn clear(&mut self, deadline: Deadline) -> Result<Cleared, TransportError> {
        self.inner.clear(deadline)
    }

    fn status_byte(&mut self, deadline: Deadline) -> Result<u8, TransportError> {
        self.inner.status_byte(deadline)
    }

    fn trigger(&mut self, deadline: Deadline) -> Result<(), TransportError> {
        self.wait(deadline)?;
        let triggered = self.inner.trigger(deadline);
        self.sent = Some(Instant::now());
        triggered
    }
}

#[cfg(test)]
mod tests;

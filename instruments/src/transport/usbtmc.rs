//! USBTMC by the kernel's own driver: `USBTMC/dev/usbtmc0::INSTR`.
//!
//! **No real instrument was ever seen.** The device file of Linux is read and written as a file.
//! What the driver has beyond that is reached by `ioctl`, which is `unsafe` code, and therefore
//! missing here: the device clear, the status byte, the trigger, and whether a message ended with
//! what was read. So a block without a length (`#0`) has to be told how long it is. A VISA library
//! has all of them.
//!
//! A call of the driver waits as long as the driver likes (five seconds, unless somebody set it
//! otherwise), and it cannot be asked to wait less. A thread of its own makes the calls, and
//! whoever waits for it gives up at the deadline; the thread ends when its call does.
//!
//! **Being in step.** An instrument on USB speaks only when it is asked (USBTMC 1.0, 3.3), so that
//! listening says nothing: an answer from before may wait in it without a sound, one step behind
//! for ever. Opening therefore sets and asks the event status enable register (`*ESE`, IEEE 488.2,
//! 10.10 and 10.11) to two numbers in turn, skips what answers something else, and sets it to 0,
//! which it is at power-on. An instrument that does not know `*ESE` is refused.

use std::fs::File;
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};

use super::{Chunk, Cleared, Deadline, End, Transport, TransportError};
use crate::framing::{Incoming, Until, shown};
use crate::resource::Resource;

/// Answers from before that are skipped at most.
const STALE_ANSWERS: usize = 16;

/// What the thread is to do.
enum Order {
    Write(Vec<u8>),
    Read(usize),
}

/// What came of it: bytes for a read, none for the others.
type Outcome = Result<Vec<u8>, TransportError>;

/// A USB instrument behind the kernel's driver.
#[derive(Debug)]
pub struct UsbTmc {
    resource: String,
    orders: Sender<Order>,
    outcomes: Receiver<Outcome>,
    /// The thread is at work.
    busy: bool,
    /// Bytes that came and were not yet read.
    ready: Vec<u8>,
    /// What the thread said when nobody waited for it any more.
    failed: Option<TransportError>,
}

impl UsbTmc {
    /// Opens a device file, and brings the instrument into step.
    ///
    /// # Errors
    /// [`TransportError::Disconnected`] when there is no such device, [`TransportError::Timeout`],
    /// [`TransportError::Protocol`] when it does not answer as an IEEE 488.2 instrument does.
    pub fn open(path: &str, deadline: Deadline) -> Result<Self, TransportError> {
        let resource = Resource::UsbTmc {
            path: path.to_owned(),
        };
        let (orders, taken) = channel();
        let (done, outcomes) = channel();
        let file = PathBuf::from(path);
        std::thread::Builder::new()
            .name("usbtmc".into())
            .spawn(move || work(&file, &taken, &done))
            .map_err(|error| TransportError::gone(&error))?;
        let mut device = Self {
            resource: resource.to_string(),
            orders,
            outcomes,
            busy: true,
            ready: Vec::new(),
            failed: None,
        };
        device.finish(deadline)?;
        for number in two_numbers() {
            device.settle(number, deadline)?;
        }
        device.write(b"*ESE 0\n", deadline)?;
        Ok(device)
    }

    /// Skips answers until the one to a question that only `number` answers.
    fn settle(&mut self, number: u8, deadline: Deadline) -> Result<(), TransportError> {
        self.write(format!("*ESE {number};*ESE?\n").as_bytes(), deadline)?;
        let mut incoming = Incoming::default();
        let mut found = Vec::new();
        for _ in 0..=STALE_ANSWERS {
            let line = incoming.reply(self, Until::Line, b"\n", deadline);
            found = line.map_err(|error| match error {
                crate::framing::FramingError::Transport(error) => error,
                other => TransportError::Protocol {
                    protocol: "USBTMC",
                    expected: "an answer to *ESE?".into(),
                    found: other.to_string(),
                },
            })?;
            let text = String::from_utf8_lossy(&found);
            let told = text.trim().trim_start_matches('+').parse::<u8>();
            if told == Ok(number) && incoming.is_empty() {
                return Ok(());
            }
        }
        Err(TransportError::Protocol {
            protocol: "USBTMC",
            expected: format!("{number} as the answer to *ESE?"),
            found: shown(&found),
        })
    }

    fn order(&mut self, order: Order) -> Result<(), TransportError> {
        self.orders.send(order).map_err(|_| ended())?;
        self.busy = true;
        Ok(())
    }

    /// Waits for the thread, if it is at work.
    fn finish(&mut self, deadline: Deadline) -> Result<(), TransportError> {
        if !self.busy {
            return self.failed.take().map_or(Ok(()), Err);
        }
        let left = deadline.left().ok_or(TransportError::timeout(deadline))?;
        let outcome = match self.outcomes.recv_timeout(left) {
            Ok(outcome) => outcome,
            Err(RecvTimeoutError::Timeout) => return Err(TransportError::timeout(deadline)),
            Err(RecvTimeoutError::Disconnected) => Err(ended()),
        };
        self.busy = false;
        self.ready.append(&mut outcome?);
        Ok(())
    }

    /// Takes what the thread did meanwhile, without waiting.
    fn look(&mut self) {
        if !self.busy {
            return;
        }
        let outcome = match self.outcomes.try_recv() {
            Ok(outcome) => outcome,
            Err(TryRecvError::Empty) => return,
            Err(TryRecvError::Disconnected) => Err(ended()),
        };
        self.busy = false;
        match outcome {
            Ok(mut bytes) => self.ready.append(&mut bytes),
            Err(error) => self.failed = Some(error),
        }
    }

    fn taken(&mut self, into: &mut [u8]) -> Chunk {
        let bytes = self.ready.len().min(into.len());
        into[..bytes].copy_from_slice(&self.ready[..bytes]);
        self.ready.drain(..bytes);
        let end = End::Open;
        Chunk { bytes, end }
    }
}

/// Draws two numbers that no earlier opening is likely to have asked for.
fn two_numbers() -> [u8; 2] {
    static OPENED: AtomicU32 = AtomicU32::new(0);
    let opened = OPENED.fetch_add(2, Ordering::Relaxed);
    let first = std::process::id().wrapping_mul(31).wrapping_add(opened);
    // 1 to 255: 0 is what the register holds by itself.
    [first, first.wrapping_add(1)].map(|n| (n % 255) as u8 + 1)
}

fn ended() -> TransportError {
    TransportError::Disconnected {
        why: "the device was closed".into(),
    }
}

/// Opens the device and does what it is told, until nobody tells it anything any more.
fn work(path: &std::path::Path, orders: &Receiver<Order>, done: &Sender<Outcome>) {
    let opened = File::options().read(true).write(true).open(path);
    let mut file = match opened {
        Ok(file) => file,
        Err(error) => {
            let why = format!("{}: {error}", path.display());
            // Whoever asked may have given up.
            let _ = done.send(Err(TransportError::Disconnected { why }));
            return;
        }
    };
    if done.send(Ok(Vec::new())).is_err() {
        return;
    }
    for order in orders {
        let outcome = match order {
            Order::Write(message) => write_whole(&mut file, &message),
            Order::Read(most) => read_some(&mut file, most),
        };
        if done.send(outcome).is_err() {
            return;
        }
    }
}

/// Writes a message by one call, since each call is a message of its own.
fn write_whole(file: &mut File, message: &[u8]) -> Outcome {
    loop {
        match file.write(message) {
            Ok(sent) if sent == message.len() => return Ok(Vec::new()),
            Ok(sent) => {
                return Err(TransportError::Protocol {
                    protocol: "USBTMC",
                    expected: format!("a message of {} bytes to be taken whole", message.len()),
                    found: format!("{sent} bytes taken"),
                });
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(&error)),
        }
    }
}

fn read_some(file: &mut File, most: usize) -> Outcome {
    let mut bytes = vec![0; most];
    loop {
        match file.read(&mut bytes) {
            Ok(0) => return Err(TransportError::gone(&ErrorKind::UnexpectedEof.into())),
            Ok(read) => {
                bytes.truncate(read);
                return Ok(bytes);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(&error)),
        }
    }
}

fn failed(error: &std::io::Error) -> TransportError {
    match error.kind() {
        // The driver's own limit, whatever it is.
        ErrorKind::TimedOut => TransportError::Disconnected {
            why: format!("the driver gave up before the deadline: {error}"),
        },
        _ => TransportError::gone(error),
    }
}

impl Transport for UsbTmc {
    fn resource(&self) -> String {
        self.resource.clone()
    }

    fn write(&mut self, message: &[u8], deadline: Deadline) -> Result<(), TransportError> {
        self.finish(deadline)?;
        self.order(Order::Write(message.to_vec()))?;
        self.finish(deadline)
    }

    fn read(&mut self, into: &mut [u8], deadline: Deadline) -> Result<Chunk, TransportError> {
        if self.ready.is_empty() {
            if !self.busy {
                self.finish(deadline)?;
                self.order(Order::Read(into.len()))?;
            }
            self.finish(deadline)?;
        }
        if self.ready.is_empty() {
            // What the thread was still at was a write.
            return self.read(into, deadline);
        }
        Ok(self.taken(into))
    }

    fn listen(&mut self, into: &mut [u8], deadline: Deadline) -> Result<Chunk, TransportError> {
        self.look();
        if self.ready.is_empty() {
            return Err(TransportError::timeout(deadline));
        }
        Ok(self.taken(into))
    }

    fn has_input(&mut self) -> Result<bool, TransportError> {
        self.look();
        match &self.failed {
            Some(error) => Err(error.clone()),
            None => Ok(!self.ready.is_empty()),
        }
    }

    fn clear(&mut self, _: Deadline) -> Result<Cleared, TransportError> {
        Err(TransportError::Unsupported {
            transport: "the kernel's device file",
            what: "device clear without ioctl",
        })
    }

    fn status_byte(&mut self, _: Deadline) -> Result<u8, TransportError> {
        Err(TransportError::Unsupported {
            transport: "the kernel's device file",
            what: "status byte without ioctl",
        })
    }

    fn trigger(&mut self, _: Deadline) -> Result<(), TransportError> {
        Err(TransportError::Unsupported {
            transport: "the kernel's device file",
            what: "trigger without ioctl",
        })
    }
}

#[cfg(all(test, unix))]
mod tests;

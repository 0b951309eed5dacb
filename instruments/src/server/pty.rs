//! A pseudo terminal, on whose one end a simulated serial instrument speaks and whose other end
//! any program opens as a serial port.
//!
//! The server keeps the port open itself. So it stays raw (Linux sets a pseudo terminal back to
//! echoing lines when its last user closes it), and what the instrument sends while nobody has the
//! port open waits for the next who opens it, as with the servers that put serial lines on a
//! network; who drops what is there when he opens, as this crate does, never sees it.
//!
//! Baud rates are kept but do not slow anything down. The server is simulated by nature; it was
//! tried on Linux only.

use std::fmt;
use std::io::{self, PipeReader, PipeWriter};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

use crate::resource::Resource;

/// Longest command; what is longer is dropped, as instruments do whose buffer is full.
pub const LONGEST_COMMAND: usize = 1 << 16;

/// A pseudo terminal with an instrument behind it, until it is dropped: then whoever has the port
/// open finds the line cut.
pub struct PtyServer {
    path: PathBuf,
    /// The thread ends when this end is closed.
    stop: Option<PipeWriter>,
    thread: Option<JoinHandle<()>>,
}

impl fmt::Debug for PtyServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PtyServer({})", self.path.display())
    }
}

impl PtyServer {
    /// Opens a pseudo terminal and answers each command that ends with `command_end`, which is not
    /// handed on, by the bytes that `answer` gives, line ends and all; by nothing where it gives
    /// none. Dropping the server waits for an `answer` that is being thought of.
    ///
    /// # Errors
    /// What the system says when it has no pseudo terminal.
    pub fn start(
        command_end: &'static [u8],
        answer: impl FnMut(&[u8]) -> Vec<u8> + Send + 'static,
    ) -> io::Result<Self> {
        let end = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
        grantpt(&end)?;
        unlockpt(&end)?;
        let name = ptsname(&end, Vec::new())?;
        let port = rustix::fs::open(
            name.as_c_str(),
            OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC,
            Mode::empty(),
        )?;
        let mut settings = tcgetattr(&port)?;
        settings.make_raw();
        tcsetattr(&port, OptionalActions::Now, &settings)?;
        rustix::io::fcntl_setfd(&end, rustix::io::FdFlags::CLOEXEC)?;
        rustix::fs::fcntl_setfl(&end, OFlags::NONBLOCK | OFlags::RDWR)?;
        let (stopped, stop) = io::pipe()?;
        let path = PathBuf::from(name.to_string_lossy().into_owned());
        let line = Line {
            end,
            stopped,
            _port: port,
        };
        let thread = std::thread::Builder::new()
            .name("pty".into())
            .spawn(move || line.serve(command_end, answer))?;
        Ok(Self {
            path,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Returns the device file that a program opens.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns where that is as a resource.
    pub fn resource(&self) -> Resource {
        Resource::Serial {
            port: self.path.to_string_lossy().into_owned(),
        }
    }
}

impl Drop for PtyServer {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // An instrument that panicked has said so already.
            let _ = thread.join();
        }
    }
}

/// What the thread has.
struct Line {
    end: OwnedFd,
    stopped: PipeReader,
    /// Keeps the port raw while nobody else has it open.
    _port: OwnedFd,
}

/// What came of waiting.
#[derive(PartialEq, Eq)]
enum Ready {
    Line,
    Stopped,
}

impl Line {
    fn serve(self, command_end: &[u8], mut answer: impl FnMut(&[u8]) -> Vec<u8>) {
        let mut commands = Commands::default();
        let mut piece = [0; 4096];
        loop {
            match self.wait(PollFlags::IN) {
                Ok(Ready::Line) => {}
                Ok(Ready::Stopped) | Err(_) => return,
            }
            match rustix::io::read(&self.end, &mut piece) {
                Ok(0) => return,
                Ok(read) => {
                    for command in commands.took(&piece[..read], command_end) {
                        if self.send(&answer(&command)).is_err() {
                            return;
                        }
                    }
                }
                Err(Errno::AGAIN | Errno::INTR) => {}
                Err(_) => return,
            }
        }
    }

    /// Waits until the line can be read or written, or the server is dropped.
    fn wait(&self, flags: PollFlags) -> Result<Ready, Errno> {
        const FOR_EVER: Option<&Timespec> = None;
        loop {
            let mut both = [
                PollFd::new(&self.stopped, PollFlags::IN),
                PollFd::new(&self.end, flags),
            ];
            match poll(&mut both, FOR_EVER) {
                Err(Errno::INTR) => continue,
                Err(error) => return Err(error),
                Ok(_) => {}
            }
            if !both[0].revents().is_empty() {
                return Ok(Ready::Stopped);
            }
            if !both[1].revents().is_empty() {
                return Ok(Ready::Line);
            }
        }
    }

    /// Sends all of a reply, as fast as it is read.
    fn send(&self, mut reply: &[u8]) -> Result<(), Errno> {
        while !reply.is_empty() {
            match rustix::io::write(&self.end, reply) {
                Ok(sent) => reply = &reply[sent..],
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    if self.wait(PollFlags::OUT)? == Ready::Stopped {
                        return Err(Errno::PIPE);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Commands out of bytes.
#[derive(Debug, Default)]
struct Commands {
    begun: Vec<u8>,
}

impl Commands {
    /// Takes bytes, and returns the commands that ended with them.
    fn took(&mut self, bytes: &[u8], end: &[u8]) -> Vec<Vec<u8>> {
        let mut whole = Vec::new();
        for byte in bytes {
            self.begun.push(*byte);
            if self.begun.ends_with(end) {
                let length = self.begun.len() - end.len();
                let mut command = std::mem::take(&mut self.begun);
                command.truncate(length);
                whole.push(command);
            } else if self.begun.len() > LONGEST_COMMAND {
                self.begun.clear();
            }
        }
        whole
    }
}

#[cfg(test)]
mod tests;

//! Serial lines: `ASRL1::INSTR`, `ASRL/dev/ttyUSB0::INSTR`.
//!
//! A line marks no ends of messages and has no device clear. What was sent while nobody listened
//! is dropped when the port is opened. The port is taken for this program alone (`TIOCEXCL` and an
//! advisory lock on Unix), so that two programs do not read each other's answers.
//!
//! Seen with pseudo terminals on Linux only; no real port was ever tried. A pseudo terminal has no
//! line: Linux keeps it at 8 data bits without parity, and other settings are refused there.

use std::fmt;
use std::io::{ErrorKind, Read as _, Write as _};
use std::str::FromStr;
use std::time::Duration;

use serialport::{ClearBuffer, SerialPort};

use super::{Chunk, Cleared, Deadline, End, Transport, TransportError};
use crate::resource::Resource;

/// Bits of a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataBits {
    /// 5 bits.
    Five,
    /// 6 bits.
    Six,
    /// 7 bits.
    Seven,
    /// 8 bits.
    Eight,
}

/// The check bit behind the data bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parity {
    /// No check bit.
    None,
    /// An odd number of ones.
    Odd,
    /// An even number of ones.
    Even,
}

/// Bits between two characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopBits {
    /// 1 bit.
    One,
    /// 2 bits.
    Two,
}

/// Who holds the other side up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowControl {
    /// Nobody.
    None,
    /// The characters XON and XOFF, which binary blocks may contain.
    XonXoff,
    /// The lines RTS and CTS.
    RtsCts,
}

/// How characters go over a line.
///
/// Written as `19200 8N1`, with ` xon-xoff` or ` rts-cts` behind it where there is flow control.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Symbols a second.
    pub baud: u32,
    /// Bits of a character.
    pub data_bits: DataBits,
    /// The check bit.
    pub parity: Parity,
    /// Bits between characters.
    pub stop_bits: StopBits,
    /// Who holds the other side up.
    pub flow_control: FlowControl,
}

impl Settings {
    /// Makes settings of 8 data bits, no parity, one stop bit and no flow control.
    pub const fn of_baud(baud: u32) -> Self {
        Self {
            baud,
            data_bits: DataBits::Eight,
            parity: Parity::None,
            stop_bits: StopBits::One,
            flow_control: FlowControl::None,
        }
    }
}

impl Default for Settings {
    /// 9600 8N1, what VISA has too (VPP-4.3, `VI_ATTR_ASRL_BAUD` and its kin).
    fn default() -> Self {
        Self::of_baud(9600)
    }
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = match self.data_bits {
            DataBits::Five => 5,
            DataBits::Six => 6,
            DataBits::Seven => 7,
            DataBits::Eight => 8,
        };
        let parity = match self.parity {
            Parity::None => 'N',
            Parity::Odd => 'O',
            Parity::Even => 'E',
        };
        let stop = match self.stop_bits {
            StopBits::One => 1,
            StopBits::Two => 2,
        };
        write!(f, "{} {bits}{parity}{stop}", self.baud)?;
        f.write_str(match self.flow_control {
            FlowControl::None => "",
            FlowControl::XonXoff => " xon-xoff",
            FlowControl::RtsCts => " rts-cts",
        })
    }
}

/// Why a text is no settings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected settings of a serial line as 19200 8N1 or 9600 7E1 rts-cts, found {found:?}")]
pub struct SettingsError {
    /// What was found.
    pub found: String,
}

impl FromStr for Settings {
    type Err = SettingsError;

    fn from_str(text: &str) -> Result<Self, SettingsError> {
        read_settings(text).ok_or_else(|| SettingsError {
            found: text.to_owned(),
        })
    }
}

fn read_settings(text: &str) -> Option<Settings> {
    let mut words = text.split_whitespace();
    let baud = words.next()?.parse().ok().filter(|baud| *baud > 0)?;
    let mut settings = Settings::of_baud(baud);
    if let Some(frame) = words.next() {
        let mut signs = frame.chars();
        settings.data_bits = match signs.next()? {
            '5' => DataBits::Five,
            '6' => DataBits::Six,
            '7' => DataBits::Seven,
            '8' => DataBits::Eight,
            _ => return None,
        };
        settings.parity = match signs.next()?.to_ascii_uppercase() {
            'N' => Parity::None,
            'O' => Parity::Odd,
            'E' => Parity::Even,
            _ => return None,
        };
        settings.stop_bits = match signs.as_str() {
            "1" => StopBits::One,
            "2" => StopBits::Two,
            _ => return None,
        };
    }
    settings.flow_control = match words.next() {
        None => FlowControl::None,
        Some("xon-xoff") => FlowControl::XonXoff,
        Some("rts-cts") => FlowControl::RtsCts,
        Some(_) => return None,
    };
    words.next().is_none().then_some(settings)
}

/// A serial port.
pub struct Serial {
    port: Box<dyn SerialPort>,
    resource: String,
}

impl fmt::Debug for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Serial({})", self.resource)
    }
}

/// Returns the name that the system has for a port: number 1 is the first.
pub fn port_name(port: &str) -> String {
    match port.parse::<u32>() {
        Ok(number) if cfg!(windows) => format!("COM{number}"),
        Ok(number) if number > 0 => format!("/dev/ttyS{}", number - 1),
        _ => port.to_owned(),
    }
}

impl Serial {
    /// Opens a port, by its number or its path, for this program alone; what it had received is
    /// dropped.
    ///
    /// # Errors
    /// [`TransportError::Disconnected`] when there is no such port or somebody has it;
    /// [`TransportError::Protocol`] when it does not take the settings.
    pub fn open(port: &str, settings: Settings) -> Result<Self, TransportError> {
        let name = port_name(port);
        let gone = |error: serialport::Error| TransportError::Disconnected {
            why: format!("{name}: {error}"),
        };
        let opened = serialport::new(&name, settings.baud)
            .data_bits(match settings.data_bits {
                DataBits::Five => serialport::DataBits::Five,
                DataBits::Six => serialport::DataBits::Six,
                DataBits::Seven => serialport::DataBits::Seven,
                DataBits::Eight => serialport::DataBits::Eight,
            })
            .parity(match settings.parity {
                Parity::None => serialport::Parity::None,
                Parity::Odd => serialport::Parity::Odd,
                Parity::Even => serialport::Parity::Even,
            })
            .stop_bits(match settings.stop_bits {
                StopBits::One => serialport::StopBits::One,
                StopBits::Two => serialport::StopBits::Two,
            })
            .flow_control(match settings.flow_control {
                FlowControl::None => serialport::FlowControl::None,
                FlowControl::XonXoff => serialport::FlowControl::Software,
                FlowControl::RtsCts => serialport::FlowControl::Hardware,
            })
            .exclusive(true)
            .open()
            .map_err(gone)?;
        let found = settings_of(opened.as_ref()).map_err(gone)?;
        if found != settings {
            return Err(TransportError::Protocol {
                protocol: "serial line",
                expected: settings.to_string(),
                found: format!("{found}, which is what {name} does"),
            });
        }
        opened.clear(ClearBuffer::All).map_err(gone)?;
        let port = port.to_owned();
        Ok(Self {
            port: opened,
            resource: Resource::Serial { port }.to_string(),
        })
    }

    /// Waits for what the port can do next, at most until the deadline.
    fn wait_at_most(&mut self, deadline: Deadline) -> Result<(), TransportError> {
        let left = deadline.left().ok_or(TransportError::timeout(deadline))?;
        self.port.set_timeout(left).map_err(lost)
    }

    /// Waits until the line has taken what was written: what is still waiting when the port is
    /// closed would be lost, or hold the closing up.
    fn drained(&mut self, deadline: Deadline) -> Result<(), TransportError> {
        const LOOK_AGAIN: Duration = Duration::from_millis(1);
        while self.port.bytes_to_write().map_err(lost)? > 0 {
            let left = deadline.left().ok_or(TransportError::timeout(deadline))?;
            std::thread::sleep(LOOK_AGAIN.min(left));
        }
        Ok(())
    }
}

/// Reads back how a port is set.
fn settings_of(port: &dyn SerialPort) -> serialport::Result<Settings> {
    Ok(Settings {
        baud: port.baud_rate()?,
        data_bits: match port.data_bits()? {
            serialport::DataBits::Five => DataBits::Five,
            serialport::DataBits::Six => DataBits::Six,
            serialport::DataBits::Seven => DataBits::Seven,
            serialport::DataBits::Eight => DataBits::Eight,
        },
        parity: match port.parity()? {
            serialport::Parity::None => Parity::None,
            serialport::Parity::Odd => Parity::Odd,
            serialport::Parity::Even => Parity::Even,
        },
        stop_bits: match port.stop_bits()? {
            serialport::StopBits::One => StopBits::One,
            serialport::StopBits::Two => StopBits::Two,
        },
        flow_control: match port.flow_control()? {
            serialport::FlowControl::None => FlowControl::None,
            serialport::FlowControl::Software => FlowControl::XonXoff,
            serialport::FlowControl::Hardware => FlowControl::RtsCts,
        },
    })
}

fn lost(error: serialport::Error) -> TransportError {
    TransportError::gone(&error.into())
}

impl Drop for Serial {
    fn drop(&mut self) {
        // Only what a write gave up on is still there. A closing would wait for it, half a minute
        // where the other side holds the line up; that it cannot be dropped changes nothing.
        let _ = self.port.clear(ClearBuffer::Output);
    }
}

impl Transport for Serial {
    fn resource(&self) -> String {
        self.resource.clone()
    }

    fn write(&mut self, mut message: &[u8], deadline: Deadline) -> Result<(), TransportError> {
        // On Unix the port says when it takes a byte, and a write of more would wait for the rest
        // without a limit where the other side holds the line up.
        let most = if cfg!(unix) { 1 } else { message.len() };
        while !message.is_empty() {
            self.wait_at_most(deadline)?;
            match self.port.write(&message[..most.min(message.len())]) {
                Ok(0) => return Err(TransportError::gone(&ErrorKind::WriteZero.into())),
                Ok(sent) => message = &message[sent..],
                Err(error) => retry_or_fail(&error, deadline)?,
            }
        }
        self.drained(deadline)
    }

    fn read(&mut self, into: &mut [u8], deadline: Deadline) -> Result<Chunk, TransportError> {
        loop {
            self.wait_at_most(deadline)?;
            match self.port.read(into) {
                Ok(0) => return Err(TransportError::gone(&ErrorKind::UnexpectedEof.into())),
                Ok(bytes) => {
                    let end = End::Open;
                    return Ok(Chunk { bytes, end });
                }
                Err(error) => retry_or_fail(&error, deadline)?,
            }
        }
    }

    fn has_input(&mut self) -> Result<bool, TransportError> {
        Ok(self.port.bytes_to_read().map_err(lost)? > 0)
    }

    fn clear(&mut self, _: Deadline) -> Result<Cleared, TransportError> {
        self.port.clear(ClearBuffer::All).map_err(lost)?;
        Ok(Cleared::Input)
    }

    fn status_byte(&mut self, _: Deadline) -> Result<u8, TransportError> {
        Err(TransportError::Unsupported {
            transport: "a serial line",
            what: "status byte outside of messages",
        })
    }

    fn trigger(&mut self, _: Deadline) -> Result<(), TransportError> {
        Err(TransportError::Unsupported {
            transport: "a serial line",
            what: "trigger outside of messages",
        })
    }
}

/// Nothing for what may be tried again, else what a system's error means.
fn retry_or_fail(error: &std::io::Error, deadline: Deadline) -> Result<(), TransportError> {
    match error.kind() {
        ErrorKind::Interrupted | ErrorKind::WouldBlock => Ok(()),
        ErrorKind::TimedOut => Err(TransportError::timeout(deadline)),
        _ => Err(TransportError::gone(error)),
    }
}

#[cfg(test)]
mod tests;

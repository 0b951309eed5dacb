//! VISA resource strings: where an instrument is, and how it is talked to.
//!
//! *Source*: the grammar of VPP-4.3, table 4.3.1, with what PyVISA writes beside it: a port after
//! the name of a HiSLIP device, a device file after `ASRL`. Three forms of our own have no name
//! there: LeCroy's `VICP`, a kernel device file of USBTMC, and a GPIB adapter by Prologix.
//!
//! ```
//! use etalon_instruments::Resource;
//!
//! let osa: Resource = "TCPIP::192.168.1.7::10001::SOCKET".parse()?;
//! assert_eq!(osa.to_string(), "TCPIP0::192.168.1.7::10001::SOCKET");
//! let pty: Resource = "ASRL/dev/pts/3::INSTR".parse()?;
//! assert!(matches!(pty, Resource::Serial { .. }));
//! # Ok::<(), etalon_instruments::ResourceError>(())
//! ```

use std::fmt;
use std::str::FromStr;

/// Where an instrument is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Resource {
    /// Bare bytes over TCP: `TCPIP0::HOST::PORT::SOCKET`.
    Socket {
        /// Name or address.
        host: String,
        /// Port.
        port: u16,
    },
    /// HiSLIP (IVI-6.1): `TCPIP0::HOST::hislip0::INSTR`, `TCPIP0::HOST::hislip0,4881::INSTR`.
    HiSlip {
        /// Name or address.
        host: String,
        /// Device behind it, `hislip0`.
        device: String,
        /// Port, 4880 unless it is told.
        port: u16,
    },
    /// VXI-11: `TCPIP0::HOST::inst0::INSTR`, or without a device.
    Vxi11 {
        /// Name or address.
        host: String,
        /// Device behind it, `inst0`.
        device: String,
    },
    /// A serial line: `ASRL1::INSTR`, `ASRL/dev/ttyUSB0::INSTR`.
    Serial {
        /// Number of the board or path of the device.
        port: String,
    },
    /// GPIB by way of a VISA library: `GPIB0::5::INSTR`.
    Gpib {
        /// Number of the board.
        board: u16,
        /// Primary address, 0 to 30.
        primary: u8,
        /// Secondary address.
        secondary: Option<u8>,
    },
    /// USBTMC by way of a VISA library: `USB0::0x0957::0x1755::MY123::INSTR`.
    Usb {
        /// Number of the board.
        board: u16,
        /// Vendor.
        vendor: u16,
        /// Product.
        product: u16,
        /// Serial number.
        serial: String,
        /// Interface, where there are several.
        interface: Option<u8>,
    },
    /// USBTMC by the kernel's own driver: `USBTMC/dev/usbtmc0::INSTR`.
    UsbTmc {
        /// The device file.
        path: String,
    },
    /// LeCroy's VICP: `VICP::HOST::INSTR`.
    Vicp {
        /// Name or address.
        host: String,
        /// Port, 1861 unless it is told.
        port: u16,
    },
    /// GPIB by way of a Prologix adapter on the network:
    /// `PRLGX-TCPIP0::HOST::1234::5::INSTR`.
    Prologix {
        /// Name or address of the adapter.
        host: String,
        /// Its port.
        port: u16,
        /// Primary address behind it, 0 to 30.
        primary: u8,
    },
}

/// Why a text is no resource.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?}: expected {expected}, found {found:?}")]
pub struct ResourceError {
    /// The whole text.
    pub text: String,
    /// What was expected.
    pub expected: &'static str,
    /// What was found.
    pub found: String,
}

/// Port of HiSLIP, registered for it.
pub const HISLIP_PORT: u16 = 4880;
/// Port of VICP.
pub const VICP_PORT: u16 = 1861;
/// Port of Prologix adapters.
pub const PROLOGIX_PORT: u16 = 1234;

/// Every form, for whoever typed none of them.
const FORMS: &str = "TCPIP::HOST::PORT::SOCKET, TCPIP::HOST::hislip0[,PORT]::INSTR, \
     TCPIP::HOST[::inst0]::INSTR, ASRL<number or path>::INSTR, GPIB::ADDRESS::INSTR, \
     USB::VENDOR::PRODUCT::SERIAL::INSTR, USBTMC/dev/usbtmc0::INSTR, VICP::HOST::INSTR or \
     PRLGX-TCPIP::HOST::PORT::ADDRESS::INSTR";

impl FromStr for Resource {
    type Err = ResourceError;

    fn from_str(text: &str) -> Result<Self, ResourceError> {
        let parts = split(text.trim());
        let wrong = |expected: &'static str, found: &str| ResourceError {
            text: text.to_owned(),
            expected,
            found: found.to_owned(),
        };
        let (head, rest) = (parts[0], &parts[1..]);
        let ends_with = |class: &str| rest.last().is_some_and(|c| c.eq_ignore_ascii_case(class));
        let upper = head.to_ascii_uppercase();
        let number = |prefix: &str| board(&upper, prefix);
        if number("TCPIP").is_some() && ends_with("SOCKET") {
            return match rest[..rest.len() - 1] {
                [host, number] if !host.is_empty() => Ok(Self::Socket {
                    host: host.to_owned(),
                    port: port(number).ok_or_else(|| wrong("a port of 1 to 65535", number))?,
                }),
                _ => Err(wrong("TCPIP::HOST::PORT::SOCKET", text)),
            };
        }
        let class = match rest.split_last() {
            Some((last, rest)) if last.eq_ignore_ascii_case("INSTR") => rest,
            // VISA lets the class out where it is INSTR.
            _ => rest,
        };
        if number("TCPIP").is_some() {
            return network(class).ok_or_else(|| wrong("TCPIP::HOST[::DEVICE]::INSTR", text));
        }
        if let Some(port) = tail(head, "ASRL").filter(|_| class.is_empty()) {
            return Ok(Self::Serial {
                port: port.to_owned(),
            });
        }
        if let Some(path) = tail(head, "USBTMC").filter(|_| class.is_empty()) {
            return Ok(Self::UsbTmc {
                path: path.to_owned(),
            });
        }
        if let Some(board) = number("GPIB") {
            return gpib(board, class)
                .ok_or_else(|| wrong("GPIB::0 to 30[::0 to 30]::INSTR", text));
        }
        if let Some(board) = number("USB") {
            let expected = "USB::0xVENDOR::0xPRODUCT::SERIAL[::INTERFACE]::INSTR";
            return usb(board, class).ok_or_else(|| wrong(expected, text));
        }
        if number("VICP").is_some() {
            return match *class {
                [host] if !host.is_empty() => {
                    let (host, number) = host.split_once(',').unwrap_or((host, ""));
                    let told = if number.is_empty() {
                        Some(VICP_PORT)
                    } else {
                        port(number)
                    };
                    Ok(Self::Vicp {
                        host: host.to_owned(),
                        port: told.ok_or_else(|| wrong("a port of 1 to 65535", number))?,
                    })
                }
                _ => Err(wrong("VICP::HOST::INSTR", text)),
            };
        }
        if number("PRLGX-TCPIP").is_some() {
            return prologix(class)
                .ok_or_else(|| wrong("PRLGX-TCPIP::HOST::PORT::ADDRESS::INSTR", text));
        }
        Err(wrong(FORMS, text))
    }
}

/// Splits at `::`, but not within the brackets of an IPv6 address.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0_i32);
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'[' => depth += 1,
            b']' => depth -= 1,
            b':' if depth <= 0 && bytes.get(at + 1) == Some(&b':') => {
                parts.push(&text[start..at]);
                at += 1;
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    parts.push(&text[start..]);
    parts
}

/// Returns the number after an interface's name, 0 where there is none.
fn board(head: &str, prefix: &str) -> Option<u16> {
    match head.strip_prefix(prefix)? {
        "" => Some(0),
        digits => digits.parse().ok(),
    }
}

/// Returns what stands after an interface's name, in the case it was typed.
fn tail<'a>(head: &'a str, prefix: &str) -> Option<&'a str> {
    let (name, rest) = head.split_at_checked(prefix.len())?;
    (name.eq_ignore_ascii_case(prefix) && !rest.is_empty()).then_some(rest)
}

fn port(text: &str) -> Option<u16> {
    text.parse().ok().filter(|port| *port > 0)
}

fn network(class: &[&str]) -> Option<Resource> {
    let (host, device) = match *class {
        [host] => (host, "inst0"),
        [host, device] => (host, device),
        _ => return None,
    };
    if host.is_empty() || device.is_empty() {
        return None;
    }
    if !device.to_ascii_lowercase().starts_with("hislip") {
        return Some(Resource::Vxi11 {
            host: host.to_owned(),
            device: device.to_owned(),
        });
    }
    let (device, number) = device.split_once(',').unwrap_or((device, ""));
    let told = if number.is_empty() {
        Some(HISLIP_PORT)
    } else {
        port(number)
    };
    Some(Resource::HiSlip {
        host: host.to_owned(),
        device: device.to_owned(),
        port: told?,
    })
}

fn address(text: &str) -> Option<u8> {
    text.parse().ok().filter(|address| *address <= 30)
}

fn gpib(board: u16, class: &[&str]) -> Option<Resource> {
    let (primary, secondary) = match *class {
        [primary] => (address(primary)?, None),
        [primary, secondary] => (address(primary)?, Some(address(secondary)?)),
        _ => return None,
    };
    Some(Resource::Gpib {
        board,
        primary,
        secondary,
    })
}

fn usb(board: u16, class: &[&str]) -> Option<Resource> {
    let id = |text: &str| {
        let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
        match digits {
            Some(digits) => u16::from_str_radix(digits, 16).ok(),
            None => text.parse().ok(),
        }
    };
    let (vendor, product, serial, interface) = match *class {
        [vendor, product, serial] => (vendor, product, serial, None),
        [vendor, product, serial, interface] => {
            (vendor, product, serial, Some(interface.parse().ok()?))
        }
        _ => return None,
    };
    Some(Resource::Usb {
        board,
        vendor: id(vendor)?,
        product: id(product)?,
        serial: Some(serial).filter(|s| !s.is_empty())?.to_owned(),
        interface,
    })
}

fn prologix(class: &[&str]) -> Option<Resource> {
    let (host, number, primary) = match *class {
        [host, primary] => (host, PROLOGIX_PORT, primary),
        [host, number, primary] => (host, port(number)?, primary),
        _ => return None,
    };
    Some(Resource::Prologix {
        host: Some(host).filter(|h| !h.is_empty())?.to_owned(),
        port: number,
        primary: address(primary)?,
    })
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket { host, port } => write!(f, "TCPIP0::{host}::{port}::SOCKET"),
            Self::HiSlip { host, device, port } if *port == HISLIP_PORT => {
                write!(f, "TCPIP0::{host}::{device}::INSTR")
            }
            Self::HiSlip { host, device, port } => {
                write!(f, "TCPIP0::{host}::{device},{port}::INSTR")
            }
            Self::Vxi11 { host, device } => write!(f, "TCPIP0::{host}::{device}::INSTR"),
            Self::Serial { port } => write!(f, "ASRL{port}::INSTR"),
            Self::Gpib {
                board,
                primary,
                secondary,
            } => {
                write!(f, "GPIB{board}::{primary}")?;
                if let Some(secondary) = secondary {
                    write!(f, "::{secondary}")?;
                }
                f.write_str("::INSTR")
            }
            Self::Usb {
                board,
                vendor,
                product,
                serial,
                interface,
            } => {
                write!(f, "USB{board}::0x{vendor:04X}::0x{product:04X}::{serial}")?;
                if let Some(interface) = interface {
                    write!(f, "::{interface}")?;
                }
                f.write_str("::INSTR")
            }
            Self::UsbTmc { path } => write!(f, "USBTMC{path}::INSTR"),
            Self::Vicp { host, port } if *port == VICP_PORT => write!(f, "VICP::{host}::INSTR"),
            Self::Vicp { host, port } => write!(f, "VICP::{host},{port}::INSTR"),
            Self::Prologix {
                host,
                port,
                primary,
            } => write!(f, "PRLGX-TCPIP0::{host}::{port}::{primary}::INSTR"),
        }
    }
}

/// Returns a host as the system's resolver takes it: an IPv6 address without its brackets.
pub(crate) fn bare_host(host: &str) -> &str {
    host.strip_prefix('[')
        .and_then(|h| h.strip_suffix(']'))
        .unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_and_written() {
        for (typed, written) in [
            (
                "TCPIP::10.0.0.2::5025::SOCKET",
                "TCPIP0::10.0.0.2::5025::SOCKET",
            ),
            (
                "tcpip2::scope.lab::5025::socket",
                "TCPIP0::scope.lab::5025::SOCKET",
            ),
            (
                "TCPIP::[fe80::1]::5025::SOCKET",
                "TCPIP0::[fe80::1]::5025::SOCKET",
            ),
            (
                "TCPIP0::10.0.0.2::hislip0::INSTR",
                "TCPIP0::10.0.0.2::hislip0::INSTR",
            ),
            (
                "TCPIP0::127.0.0.1::hislip0,4881::INSTR",
                "TCPIP0::127.0.0.1::hislip0,4881::INSTR",
            ),
            ("TCPIP::10.0.0.2::INSTR", "TCPIP0::10.0.0.2::inst0::INSTR"),
            ("TCPIP::10.0.0.2", "TCPIP0::10.0.0.2::inst0::INSTR"),
            (
                "TCPIP::10.0.0.2::gpib0,5::INSTR",
                "TCPIP0::10.0.0.2::gpib0,5::INSTR",
            ),
            ("ASRL1::INSTR", "ASRL1::INSTR"),
            ("asrl/dev/pts/3::INSTR", "ASRL/dev/pts/3::INSTR"),
            ("ASRLCOM4", "ASRLCOM4::INSTR"),
            ("GPIB::5::INSTR", "GPIB0::5::INSTR"),
            ("GPIB1::5::2::INSTR", "GPIB1::5::2::INSTR"),
            (
                "USB::0x0957::0x1755::MY1::INSTR",
                "USB0::0x0957::0x1755::MY1::INSTR",
            ),
            (
                "USB0::2391::5973::MY1::1::INSTR",
                "USB0::0x0957::0x1755::MY1::1::INSTR",
            ),
            ("USBTMC/dev/usbtmc0::INSTR", "USBTMC/dev/usbtmc0::INSTR"),
            ("VICP::10.0.0.2::INSTR", "VICP::10.0.0.2::INSTR"),
            ("VICP::10.0.0.2,1862::INSTR", "VICP::10.0.0.2,1862::INSTR"),
            (
                "PRLGX-TCPIP::10.0.0.2::1234::5::INSTR",
                "PRLGX-TCPIP0::10.0.0.2::1234::5::INSTR",
            ),
            (
                "PRLGX-TCPIP::10.0.0.2::5::INSTR",
                "PRLGX-TCPIP0::10.0.0.2::1234::5::INSTR",
            ),
        ] {
            let resource: Resource = typed.parse().unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(resource.to_string(), written);
            assert_eq!(written.parse::<Resource>().as_ref(), Ok(&resource));
        }
        assert_eq!(bare_host("[::1]"), "::1");
    }

    #[test]
    fn what_is_none_is_told_what_was_expected() {
        for (typed, expected) in [
            ("", "TCPIP::HOST"),
            ("scope", "TCPIP::HOST"),
            ("TCPIP::10.0.0.2::0::SOCKET", "a port"),
            ("TCPIP::10.0.0.2::99999::SOCKET", "a port"),
            ("TCPIP::::5025::SOCKET", "HOST::PORT"),
            ("TCPIP::10.0.0.2::hislip0,x::INSTR", "DEVICE"),
            ("TCPIPx::10.0.0.2::INSTR", "TCPIP::HOST"),
            ("GPIB0::31::INSTR", "0 to 30"),
            ("GPIB0::INSTR", "0 to 30"),
            ("USB0::0xZZ::0x1::S::INSTR", "VENDOR"),
            ("USB0::0x1::0x1::::INSTR", "VENDOR"),
            ("ASRL::INSTR", "ASRL<number"),
            ("VICP::::INSTR", "VICP::HOST"),
            ("PRLGX-TCPIP::h::1234::31::INSTR", "ADDRESS"),
        ] {
            let error = typed.parse::<Resource>().unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
}

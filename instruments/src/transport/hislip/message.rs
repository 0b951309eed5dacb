//! Messages of HiSLIP: a head of 16 bytes, and so many bytes behind it.
//!
//! *Source*: IVI-6.1, *IVI High-Speed LAN Instrument Protocol*, revision 1.1 of 2011-02-24: the
//! head in table 2, the numbers of the kinds in table 4, those of the errors in tables 8 and 10.
//! Revision 2.0 keeps all of them and adds kinds for encryption, which are not spoken here.

use crate::transport::TransportError;

/// Length of a head, in bytes.
pub(crate) const HEAD: usize = 16;
/// Identity of the first message (3.1.2 of IVI-6.1).
pub(crate) const FIRST_ID: u32 = 0xffff_ff00;
/// Identity that stands for the message before the first (4.5, 4.14).
pub(crate) const BEFORE_FIRST_ID: u32 = 0xffff_fefe;
/// Identity of an answer whose question is not known (3.1.1).
pub(crate) const UNKNOWN_ID: u32 = 0xffff_ffff;
/// Longest text behind an error or a lock (2.7: 256 characters), with room for those that do not
/// count so well.
pub(crate) const LONGEST_TEXT: u64 = 4096;

/// What a message is (table 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Initialize,
    InitializeResponse,
    FatalError,
    Error,
    AsyncLock,
    AsyncLockResponse,
    Data,
    DataEnd,
    DeviceClearComplete,
    DeviceClearAcknowledge,
    AsyncRemoteLocalControl,
    AsyncRemoteLocalResponse,
    Trigger,
    Interrupted,
    AsyncInterrupted,
    AsyncMaximumMessageSize,
    AsyncMaximumMessageSizeResponse,
    AsyncInitialize,
    AsyncInitializeResponse,
    AsyncDeviceClear,
    AsyncServiceRequest,
    AsyncStatusQuery,
    AsyncStatusResponse,
    AsyncDeviceClearAcknowledge,
    AsyncLockInfo,
    AsyncLockInfoResponse,
    /// A number that is none of these.
    Unknown(u8),
}

/// The kinds in the order of their numbers.
const KINDS: [Kind; 26] = [
    Kind::Initialize,
    Kind::InitializeResponse,
    Kind::FatalError,
    Kind::Error,
    Kind::AsyncLock,
    Kind::AsyncLockResponse,
    Kind::Data,
    Kind::DataEnd,
    Kind::DeviceClearComplete,
    Kind::DeviceClearAcknowledge,
    Kind::AsyncRemoteLocalControl,
    Kind::AsyncRemoteLocalResponse,
    Kind::Trigger,
    Kind::Interrupted,
    Kind::AsyncInterrupted,
    Kind::AsyncMaximumMessageSize,
    Kind::AsyncMaximumMessageSizeResponse,
    Kind::AsyncInitialize,
    Kind::AsyncInitializeResponse,
    Kind::AsyncDeviceClear,
    Kind::AsyncServiceRequest,
    Kind::AsyncStatusQuery,
    Kind::AsyncStatusResponse,
    Kind::AsyncDeviceClearAcknowledge,
    Kind::AsyncLockInfo,
    Kind::AsyncLockInfoResponse,
];

impl Kind {
    fn of(number: u8) -> Self {
        let known = KINDS.get(usize::from(number)).copied();
        known.unwrap_or(Self::Unknown(number))
    }

    fn number(self) -> u8 {
        match self {
            Self::Unknown(number) => number,
            known => KINDS.iter().position(|kind| *kind == known).unwrap_or(0) as u8,
        }
    }
}

/// The head of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub kind: Kind,
    /// The control code: flags or a number, by kind.
    pub control: u8,
    /// The message parameter: an identity, versions or a time, by kind.
    pub parameter: u32,
    /// How many bytes follow.
    pub length: u64,
}

impl Head {
    /// Makes the head of a message without a payload.
    pub(crate) fn bare(kind: Kind, control: u8, parameter: u32) -> Self {
        Self {
            kind,
            control,
            parameter,
            length: 0,
        }
    }

    /// Writes the head, and the payload behind it.
    pub(crate) fn with(self, payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEAD + payload.len());
        bytes.extend_from_slice(b"HS");
        bytes.push(self.kind.number());
        bytes.push(self.control);
        bytes.extend_from_slice(&self.parameter.to_be_bytes());
        bytes.extend_from_slice(&(payload.len() as u64).to_be_bytes());
        bytes.extend_from_slice(payload);
        bytes
    }

    /// Reads a head.
    ///
    /// # Errors
    /// [`TransportError::Protocol`] when it does not begin with `HS`.
    pub(crate) fn read(bytes: &[u8; HEAD]) -> Result<Self, TransportError> {
        let [h, s, kind, control, p0, p1, p2, p3, length @ ..] = *bytes;
        if [h, s] != *b"HS" {
            return Err(broken(
                "a head that begins with HS",
                crate::framing::shown(bytes),
            ));
        }
        Ok(Self {
            kind: Kind::of(kind),
            control,
            parameter: u32::from_be_bytes([p0, p1, p2, p3]),
            length: u64::from_be_bytes(length),
        })
    }
}

/// Makes the error of a side that does not keep to HiSLIP.
pub(crate) fn broken(expected: impl Into<String>, found: impl Into<String>) -> TransportError {
    TransportError::Protocol {
        protocol: "HiSLIP",
        expected: expected.into(),
        found: found.into(),
    }
}

/// Says what a `FatalError` means (table 8).
pub(crate) fn fatal_words(code: u8) -> &'static str {
    match code {
        1 => "poorly formed message head",
        2 => "a channel used before both were there",
        3 => "invalid initialization",
        4 => "too many clients",
        5 => "secure connection failed",
        _ => "unidentified error",
    }
}

/// Says what an `Error` means (table 10).
pub(crate) fn error_words(code: u8) -> &'static str {
    match code {
        1 => "unrecognized message type",
        2 => "unrecognized control code",
        3 => "unrecognized vendor-defined message",
        4 => "message too large",
        5 => "authentication failed",
        _ => "unidentified error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ref_heads_are_those_of_the_standard() {
        // Table 2 by hand: prologue, kind 7, control 1, parameter, length.
        let head = Head::bare(Kind::DataEnd, 1, 0xffff_ff02);
        let wire = b"HS\x07\x01\xff\xff\xff\x02\0\0\0\0\0\0\0\x03abc";
        assert_eq!(head.with(b"abc"), wire);
        let read = Head::read(wire[..HEAD].try_into().unwrap()).unwrap();
        assert_eq!(read, Head { length: 3, ..head });
        for number in 0..=255 {
            assert_eq!(Kind::of(number).number(), number);
        }
        assert_eq!(Kind::of(25), Kind::AsyncLockInfoResponse);
        let error = Head::read(b"HTTP/1.1 400 Bad").unwrap_err();
        assert!(error.to_string().contains("HTTP"), "{error}");
    }
}

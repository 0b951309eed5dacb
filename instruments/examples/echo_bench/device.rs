//! A device that gives back what it is told, and misbehaves on demand.

use std::time::Duration;

use etalon_instruments::server::{Client, Device, Reply};

/// What it says of itself.
pub const IDENTITY: &str = "ETALON,ECHO,0,0";

/// Answers `ECHO?`, `BLOCK?`, `FLOATS?`, `SLOW?`, `HANG?`, `DROP?`, and counts what happened.
#[derive(Debug, Default)]
pub struct Echo {
    status: u8,
    triggers: u32,
    clears: u32,
    errors: Vec<&'static str>,
}

impl Device for Echo {
    fn receive(&mut self, _: Client, message: &[u8]) -> Vec<Reply> {
        let space = message.iter().position(|byte| *byte == b' ');
        let (command, rest) = message.split_at(space.unwrap_or(message.len()));
        let rest = rest.get(1..).unwrap_or(&[]);
        let number = std::str::from_utf8(rest).ok();
        let number = number.and_then(|text| text.trim().parse::<usize>().ok());
        match (command, number) {
            (b"*IDN?", _) => line(IDENTITY.as_bytes()),
            (b"*ESR?" | b"*OPC?", _) => line(b"1"),
            (b"*CLS", _) => self.forget(),
            (b"SYST:ERR?", _) => line(self.errors.pop().unwrap_or("0,\"No error\"").as_bytes()),
            (b"ECHO?", _) => line(rest),
            (b"BLOCK?", Some(n)) => block((0..n).map(|i| (i % 251) as u8).collect()),
            (b"FLOATS?", Some(n)) => block((0..n).flat_map(half).collect()),
            (b"SLOW?", Some(ms)) => {
                let wait = Reply::Wait(Duration::from_millis(ms as u64));
                std::iter::once(wait).chain(line(b"SLOW")).collect()
            }
            (b"HANG?", Some(n)) => vec![Reply::Bytes(vec![b'x'; n]), Reply::Hang],
            (b"DROP?", _) => vec![Reply::Close],
            (b"STATUS", Some(n)) => {
                self.status = n as u8;
                Vec::new()
            }
            (b"SERVICE", _) => vec![Reply::ServiceRequest],
            (b"TRIGGERS?", _) => line(self.triggers.to_string().as_bytes()),
            (b"CLEARS?", _) => line(self.clears.to_string().as_bytes()),
            (b"", _) => Vec::new(),
            _ => {
                self.errors.insert(0, "-113,\"Undefined header\"");
                Vec::new()
            }
        }
    }

    fn status_byte(&mut self) -> u8 {
        self.status
    }

    fn clear(&mut self, _: Client) {
        self.clears += 1;
    }

    fn trigger(&mut self, _: Client) -> Vec<Reply> {
        self.triggers += 1;
        Vec::new()
    }

    fn interrupted(&mut self, _: Client) {
        self.errors.insert(0, "-410,\"Query INTERRUPTED\"");
    }
}

impl Echo {
    fn forget(&mut self) -> Vec<Reply> {
        self.errors.clear();
        Vec::new()
    }
}

fn line(text: &[u8]) -> Vec<Reply> {
    vec![Reply::Bytes([text, b"\n"].concat())]
}

/// The bytes of a number that is half as large.
fn half(i: usize) -> [u8; 4] {
    (i as f32 / 2.0).to_le_bytes()
}

/// A block of definite length (IEEE 488.2, 8.7.9).
fn block(data: Vec<u8>) -> Vec<Reply> {
    let length = data.len().to_string();
    let head = format!("#{}{length}", length.len());
    vec![Reply::Bytes([head.as_bytes(), &data, b"\n"].concat())]
}

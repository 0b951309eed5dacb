//! A simulated instrument behind a server.

use super::{Behaviour, Engine, Refusal};
use crate::server::{Client, Device, Reply};

impl<B: Behaviour> Device for Engine<B> {
    fn receive(&mut self, _: Client, message: &[u8]) -> Vec<Reply> {
        let answer = Engine::receive(self, message);
        let asked = !answer.is_empty();
        asked.then_some(Reply::Bytes(answer)).into_iter().collect()
    }

    fn status_byte(&mut self) -> u8 {
        Engine::status_byte(self)
    }

    fn interrupted(&mut self, _: Client) {
        self.refuse(Refusal::new(-410, "Query INTERRUPTED"));
    }
}

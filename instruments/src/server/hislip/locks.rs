//! Who holds the instrument (2.6 and 4.5 of IVI-6.1).

use std::collections::BTreeSet;

/// The locks over all sessions.
#[derive(Debug, Default)]
pub(super) struct Locks {
    exclusive: Option<u16>,
    shared: BTreeSet<u16>,
    word: Vec<u8>,
}

/// What a request for a lock comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    Granted,
    /// Another session is in the way, for now.
    NotNow,
    /// It holds it already.
    Redundant,
}

impl Locks {
    /// Takes a lock as table 15 has it: the exclusive one for an empty word.
    pub(super) fn take(&mut self, session: u16, word: &[u8]) -> Taken {
        let holds = self.shared.contains(&session);
        let other = self.exclusive.is_some_and(|holder| holder != session);
        if word.is_empty() {
            return match self.exclusive {
                Some(holder) if holder == session => Taken::Redundant,
                Some(_) => Taken::NotNow,
                None if holds || self.shared.is_empty() => {
                    self.exclusive = Some(session);
                    Taken::Granted
                }
                None => Taken::NotNow,
            };
        }
        if holds || self.exclusive == Some(session) {
            return Taken::Redundant;
        }
        let free = self.shared.is_empty() && !other;
        let right = !self.shared.is_empty() && self.word == word;
        if !(free || right) {
            return Taken::NotNow;
        }
        self.word = word.to_vec();
        self.shared.insert(session);
        Taken::Granted
    }

    /// Gives a lock back, the exclusive one first, and returns the control code of the answer.
    pub(super) fn release(&mut self, session: u16) -> u8 {
        if self.exclusive == Some(session) {
            self.exclusive = None;
            1
        } else if self.shared.remove(&session) {
            2
        } else {
            3
        }
    }

    /// Gives back whatever a session held.
    pub(super) fn release_all(&mut self, session: u16) {
        while self.release(session) != 3 {}
    }

    /// Says whether a session is listened to.
    pub(super) fn admits(&self, session: u16) -> bool {
        match self.exclusive {
            Some(holder) => holder == session,
            None => self.shared.is_empty() || self.shared.contains(&session),
        }
    }

    /// Returns whether there is an exclusive lock, and how many sessions hold any.
    pub(super) fn info(&self) -> (u8, u32) {
        let alone = self
            .exclusive
            .filter(|holder| !self.shared.contains(holder));
        let holders = self.shared.len() + usize::from(alone.is_some());
        (u8::from(self.exclusive.is_some()), holders as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Taken::{Granted, NotNow, Redundant};

    /// Table 15 of IVI-6.1, row by row, with sessions 1 and 2 (and 3, which comes last).
    #[test]
    fn ref_locks_are_those_of_table_15() {
        let (alone, key, wrong) = (b"".as_slice(), b"key".as_slice(), b"wrong".as_slice());
        // Unlocked.
        let mut locks = Locks::default();
        assert_eq!(locks.release(1), 3);
        assert!(locks.admits(1) && locks.admits(2));
        // Exclusive locked.
        assert_eq!(locks.take(1, alone), Granted);
        assert_eq!(locks.take(1, key), Redundant);
        assert_eq!(locks.take(2, key), NotNow);
        assert_eq!(locks.take(2, alone), NotNow);
        assert_eq!(locks.take(1, alone), Redundant);
        assert_eq!(locks.release(2), 3);
        assert!(locks.admits(1) && !locks.admits(2));
        assert_eq!(locks.info(), (1, 1));
        assert_eq!(locks.release(1), 1);
        // Shared locked.
        assert_eq!(locks.take(1, key), Granted);
        assert_eq!(locks.take(1, key), Redundant);
        assert_eq!(locks.take(2, key), Granted);
        assert_eq!(locks.take(3, wrong), NotNow);
        assert_eq!(locks.take(3, alone), NotNow);
        assert_eq!(locks.release(3), 3);
        assert!(locks.admits(2) && !locks.admits(3));
        // Both locks.
        assert_eq!(locks.take(1, alone), Granted);
        assert_eq!(locks.take(1, key), Redundant);
        assert_eq!(locks.take(3, wrong), NotNow);
        assert_eq!(locks.take(2, alone), NotNow);
        assert_eq!(locks.take(1, alone), Redundant);
        assert_eq!(locks.take(3, key), Granted);
        assert_eq!(locks.info(), (1, 3));
        assert!(locks.admits(1) && !locks.admits(2));
        assert_eq!(locks.release(2), 2);
        assert_eq!(locks.release(1), 1);
        assert_eq!(locks.release(1), 2);
        locks.release_all(3);
        assert_eq!(locks.info(), (0, 0));
    }
}

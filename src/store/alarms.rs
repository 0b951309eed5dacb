//! The alarm store: every change of every alarm, and the last word for each.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use etalon_types::{Alarm, AlarmState};

use super::digest::Digest;
use super::error::StoreError;
use super::journal::{self, Durability, Journal, Record, TornTail};
use super::lock::Patience;

const KIND: &str = "alarm";

/// What the alarm journal says: the latest record for every dedup key.
///
/// For a look without writing; any number of processes may read while one writes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlarmBook {
    current: BTreeMap<String, Alarm>,
    /// Dedup key of every incident there ever was, by its id.
    keys: HashMap<String, String>,
}

/// The alarms, open for writing.
#[derive(Debug)]
pub struct AlarmStore {
    journal: Journal,
    book: AlarmBook,
}

impl AlarmBook {
    /// Reads the alarms without a lock. A file that does not exist holds none.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Foreign`], [`StoreError::Io`].
    pub fn read(path: &Path) -> Result<Self, StoreError> {
        let mut book = Self::default();
        for alarm in alarms_in(path)? {
            book.note(alarm?);
        }
        Ok(book)
    }

    /// Returns the latest record for a dedup key, cleared or not.
    pub fn current(&self, dedup_key: &str) -> Option<&Alarm> {
        self.current.get(dedup_key)
    }

    /// Returns the latest record of an incident, if it is still the latest of its dedup key.
    pub fn by_id(&self, id: &str) -> Option<&Alarm> {
        self.current(self.keys.get(id)?)
            .filter(|alarm| alarm.id == id)
    }

    /// Returns the latest record for every dedup key, in the order of the keys.
    pub fn all(&self) -> impl Iterator<Item = &Alarm> {
        self.current.values()
    }

    /// Returns those that are not cleared.
    pub fn open_alarms(&self) -> impl Iterator<Item = &Alarm> {
        self.all()
            .filter(|alarm| alarm.state != AlarmState::Cleared)
    }

    fn note(&mut self, alarm: Alarm) {
        self.keys.insert(alarm.id.clone(), alarm.dedup_key.clone());
        self.current.insert(alarm.dedup_key.clone(), alarm);
    }

    /// Says which incident a record belongs to. An incident lasts from its first record until it
    /// is cleared and keeps one id throughout, whichever process wrote the records.
    fn incident(&self, alarm: &Alarm, seq: u64) -> String {
        if let Some(open) = self.current(&alarm.dedup_key)
            && open.state != AlarmState::Cleared
        {
            return open.id.clone();
        }
        if !alarm.id.is_empty() && !self.keys.contains_key(&alarm.id) {
            return alarm.id.clone();
        }
        // Unique because `seq` is; 64 bits keep it short enough to type.
        let digest = Digest::of(format!("{}\n{seq}", alarm.dedup_key).as_bytes()).to_string();
        format!("alm-{}", &digest[..16])
    }
}

impl AlarmStore {
    /// Opens the alarms for writing.
    ///
    /// # Errors
    /// As [`Journal::open`]; [`StoreError::Foreign`] when a record is no alarm.
    pub fn open(path: &Path, patience: Patience) -> Result<Self, StoreError> {
        let mut alarms = Vec::new();
        let journal = Journal::open_with(path, Durability::EachAppend, patience, |record| {
            alarms.push(decode(path, record));
        })?;
        let mut book = AlarmBook::default();
        for alarm in alarms {
            book.note(alarm?);
        }
        Ok(Self { journal, book })
    }

    /// Appends a record of an alarm and returns it as it was stored.
    ///
    /// `seq` is always the store's. So is `id` while the alarm of this dedup key is not cleared:
    /// it stays what it was. A new incident keeps the caller's `id` if that was never used, and
    /// gets one otherwise. When this returns, the record is on the disk.
    ///
    /// # Errors
    /// As [`Journal::append`]; [`StoreError::Value`] when the alarm would not be read back, such
    /// as one whose confidence is not a number.
    ///
    /// # Arguments
    /// `time` is when this record was made (RFC 3339).
    pub fn append(&mut self, time: &str, mut alarm: Alarm) -> Result<Alarm, StoreError> {
        alarm.seq = self.journal.next_seq();
        alarm.id = self.book.incident(&alarm, alarm.seq);
        let value = serde_json::to_value(&alarm).and_then(|value| {
            serde_json::from_value::<Alarm>(value.clone())?;
            Ok(value)
        });
        let value = value.map_err(|source| StoreError::Value {
            path: self.journal.path().to_owned(),
            expected: "an alarm",
            source,
        })?;
        self.journal.append(time, KIND, &value)?;
        self.book.note(alarm.clone());
        Ok(alarm)
    }

    /// Returns the latest record for every dedup key.
    pub fn book(&self) -> &AlarmBook {
        &self.book
    }

    /// Returns the records with a higher sequence number, oldest first.
    ///
    /// # Errors
    /// As [`since`].
    pub fn since(&self, seq: u64) -> Result<Vec<Alarm>, StoreError> {
        since(self.journal.path(), seq)
    }

    /// Returns what was cut from the end when the store was opened.
    pub fn torn(&self) -> Option<&TornTail> {
        self.journal.torn()
    }
}

/// Reads the records with a higher sequence number, oldest first, without a lock. A file that does
/// not exist holds none.
///
/// # Errors
/// [`StoreError::Corrupt`], [`StoreError::Foreign`], [`StoreError::Io`].
pub fn since(path: &Path, seq: u64) -> Result<Vec<Alarm>, StoreError> {
    alarms_in(path)?
        .filter(|alarm| !matches!(alarm, Ok(alarm) if alarm.seq <= seq))
        .collect()
}

fn alarms_in(path: &Path) -> Result<impl Iterator<Item = Result<Alarm, StoreError>>, StoreError> {
    let records = journal::read_if_there(path)?;
    Ok(records
        .into_iter()
        .flatten()
        .map(move |record| decode(path, record?)))
}

fn decode(path: &Path, record: Record) -> Result<Alarm, StoreError> {
    let seq = record.seq;
    let alarm: Alarm = journal::decode(path, record, KIND)?;
    if alarm.seq != seq {
        return Err(journal::unlike(
            path,
            seq,
            format!("seq {seq}"),
            format!("seq {}", alarm.seq),
        ));
    }
    Ok(alarm)
}

#[cfg(test)]
mod tests;

use std::io;

use proptest::prelude::*;
use serde_json::json;

use super::*;

const TIME: &str = "2026-01-02T03:04:05Z";

fn open(path: &Path) -> Result<Journal, StoreError> {
    Journal::open(path, Durability::EachAppend, Patience::None)
}

/// A journal of these records; also its bytes.
fn written(path: &Path, data: &[Value]) -> Vec<u8> {
    let mut journal = open(path).unwrap();
    for value in data {
        journal.append(TIME, "test", value).unwrap();
    }
    std::fs::read(path).unwrap()
}

fn data_of(records: impl Iterator<Item = Result<Record, StoreError>>) -> Vec<Value> {
    records.map(|record| record.unwrap().data).collect()
}

/// Reads bytes as a journal, without a file.
fn scan(bytes: Vec<u8>) -> Records {
    Records::new(Path::new("in memory"), Box::new(io::Cursor::new(bytes)))
}

fn three() -> Vec<Value> {
    vec![
        json!({ "ber": 1.8e-3 }),
        json!("Zeile\nmit \u{1F50C}"),
        json!([null, -0.0, ""]),
    ]
}

#[test]
fn records_come_back_with_numbers_and_hashes_in_a_chain() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.jsonl");
    let bytes = written(&path, &three());
    let mut journal = open(&path).unwrap();
    assert_eq!((journal.next_seq(), journal.torn()), (4, None));
    assert_eq!(journal.append(TIME, "more", &4).unwrap(), 4);

    let records: Vec<Record> = journal.records().unwrap().map(Result::unwrap).collect();
    assert_eq!(
        records.iter().map(|r| r.seq).collect::<Vec<_>>(),
        [1, 2, 3, 4]
    );
    assert_eq!(records[0].prev, Digest::GENESIS);
    assert!(
        records
            .windows(2)
            .all(|pair| pair[1].prev == pair[0].sha256)
    );
    assert_eq!(records[3].sha256, journal.last_hash());
    assert_eq!(records[1].data, three()[1]);
    assert_eq!(
        (records[3].kind.as_str(), records[3].time.as_str()),
        ("more", TIME)
    );

    // Another program can check the chain with nothing but this sentence: the hash is over the
    // line before `,"sha256"`.
    let line = bytes.split(|b| *b == b'\n').next().unwrap();
    let end = line
        .windows(11)
        .rposition(|w| w == br#","sha256":""#)
        .unwrap();
    assert_eq!(Digest::of(&line[..end]), records[0].sha256);
}

#[test]
fn a_second_writer_is_refused_with_the_pid_of_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.jsonl");
    let first = open(&path).unwrap();
    match open(&path).unwrap_err() {
        StoreError::Locked { holder, .. } => assert_eq!(holder, Some(std::process::id())),
        other => panic!("{other}"),
    }
    drop(first);
    open(&path).unwrap();
}

#[test]
fn a_patient_writer_waits_for_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.jsonl");
    let mut first = open(&path).unwrap();
    std::thread::scope(|scope| {
        let second = scope.spawn(|| {
            let patience = Patience::UpTo(std::time::Duration::from_secs(60));
            Journal::open(&path, Durability::EachAppend, patience)?.append(TIME, "second", &2)
        });
        first.append(TIME, "first", &1).unwrap();
        drop(first);
        assert_eq!(second.join().unwrap().unwrap(), 2);
    });
}

#[test]
fn a_journal_cut_at_any_byte_opens_with_a_prefix_and_keeps_what_was_cut() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.jsonl");
    let torn_path = folder.path().join("j.jsonl.torn");
    let data = three();
    let bytes = written(&path, &data);
    let ends: Vec<usize> = (0..bytes.len()).filter(|&i| bytes[i] == b'\n').collect();
    for cut in 0..=bytes.len() {
        std::fs::write(&path, &bytes[..cut]).unwrap();
        let _ = std::fs::remove_file(&torn_path);
        let mut journal = open(&path).unwrap();
        // A record that lacks only its newline is whole: its hash says so.
        let whole = ends.iter().filter(|&&end| end <= cut).count();
        assert_eq!(
            data_of(journal.records().unwrap()),
            data[..whole],
            "cut at {cut}"
        );
        let start = if whole == 0 { 0 } else { ends[whole - 1] + 1 };
        match journal.torn() {
            None => assert!(cut <= start, "cut at {cut}: bytes went without a word"),
            Some(torn) => {
                assert_eq!(
                    (torn.byte, torn.length),
                    (start as u64, (cut - start) as u64)
                );
                let mut kept = bytes[start..cut].to_vec();
                kept.push(b'\n');
                assert_eq!(std::fs::read(&torn.kept_in).unwrap(), kept, "cut at {cut}");
            }
        }
        // It goes on where it was cut, and the result verifies.
        assert_eq!(
            journal.append(TIME, "test", "after").unwrap(),
            whole as u64 + 1
        );
        drop(journal);
        assert_eq!(read(&path).unwrap().map(Result::unwrap).count(), whole + 1);
    }
}

#[test]
fn every_flipped_bit_is_an_error_or_a_reported_tear_of_the_last_line() {
    let folder = tempfile::tempdir().unwrap();
    let data = three();
    let bytes = written(&folder.path().join("j.jsonl"), &data);
    let last_line = bytes[..bytes.len() - 1]
        .iter()
        .rposition(|b| *b == b'\n')
        .unwrap()
        + 1;
    let (mut errors, mut tears) = (0, 0);
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let mut records = scan(flipped);
        let read: Vec<_> = records.by_ref().collect();
        let whole = read.iter().filter(|r| r.is_ok()).count();
        for (record, expected) in read.iter().flatten().zip(&data) {
            assert_eq!(&record.data, expected, "bit {bit}");
        }
        match (read.last(), records.tail()) {
            (Some(Err(StoreError::Corrupt { line, byte, .. })), _) => {
                assert_eq!(*line as usize, whole + 1, "bit {bit}");
                assert!(*byte as usize <= bit / 8, "bit {bit}");
                errors += 1;
            }
            (_, Tail::Torn { byte, .. }) => {
                assert_eq!(
                    (*byte as usize, whole),
                    (last_line, data.len() - 1),
                    "bit {bit}"
                );
                tears += 1;
            }
            other => panic!("bit {bit} flipped, and nobody noticed: {other:?}"),
        }
    }
    assert!(
        errors > tears && tears > 0,
        "{errors} errors, {tears} tears"
    );
}

#[test]
fn a_line_that_is_missing_doubled_or_moved_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.jsonl");
    let bytes = written(&path, &three());
    let lines: Vec<&[u8]> = bytes.split_inclusive(|b| *b == b'\n').collect();
    let cases: [(&[usize], u64); 4] = [
        (&[1, 2], 1),
        (&[0, 2], 2),
        (&[0, 1, 1, 2], 3),
        (&[0, 2, 1], 2),
    ];
    for (order, wrong) in cases {
        let shuffled: Vec<u8> = order.iter().flat_map(|&i| lines[i]).copied().collect();
        std::fs::write(&path, &shuffled).unwrap();
        match open(&path).unwrap_err() {
            StoreError::Corrupt { line, .. } => assert_eq!(line, wrong, "{order:?}"),
            other => panic!("{order:?}: {other}"),
        }
        assert_eq!(
            std::fs::read(&path).unwrap(),
            shuffled,
            "a failed open changes nothing"
        );
    }
}

#[test]
fn a_sealed_line_of_another_history_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.jsonl");
    let bytes = written(&path, &three());
    let other = written(
        &folder.path().join("k.jsonl"),
        &[json!("another start"), json!(2)],
    );
    let first_line = bytes.split_inclusive(|b| *b == b'\n').next().unwrap();
    let second_of_other = other.split_inclusive(|b| *b == b'\n').nth(1).unwrap();

    // Its number fits and its hash verifies: only its predecessor is another one.
    let mut expected = "prev ";
    let mut spliced = [first_line, second_of_other].concat();
    for _ in 0..2 {
        std::fs::write(&path, &spliced).unwrap();
        match open(&path).unwrap_err() {
            StoreError::Corrupt {
                line,
                byte,
                expected: found,
                ..
            } => {
                assert_eq!((line, byte as usize), (2, first_line.len()));
                assert!(found.starts_with(expected), "{found}");
            }
            other => panic!("{other}"),
        }
        // And one whose predecessor fits and whose number does not.
        std::fs::write(&path, first_line).unwrap();
        let mut journal = open(&path).unwrap();
        journal.next_seq = 7;
        let line = journal.encode(TIME, "test", &1).unwrap().0;
        spliced = [first_line, &line].concat();
        expected = "seq ";
    }
}

#[test]
fn unwritten_pages_at_the_end_are_a_tear_and_in_the_middle_damage() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.jsonl");
    let bytes = written(&path, &three());
    let mut tail = bytes.clone();
    let hole = tail.len() - 150..tail.len() - 100;
    tail[hole].fill(0);
    std::fs::write(&path, &tail).unwrap();
    let journal = open(&path).unwrap();
    assert_eq!((journal.next_seq(), journal.torn().is_some()), (3, true));
    drop(journal);

    let mut middle = bytes;
    middle[100..150].fill(0);
    std::fs::write(&path, &middle).unwrap();
    match open(&path).unwrap_err() {
        StoreError::Corrupt { line, byte, .. } => assert_eq!((line, byte), (1, 0)),
        other => panic!("{other}"),
    }
}

#[test]
fn a_record_that_is_too_long_is_refused_and_the_next_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = open(&folder.path().join("j.jsonl")).unwrap();
    match journal
        .append(TIME, "long", &"x".repeat(LONGEST_RECORD))
        .unwrap_err()
    {
        StoreError::TooLong {
            requested, allowed, ..
        } => assert!(requested > allowed),
        other => panic!("{other}"),
    }
    // The longest that is allowed can also be read again.
    let overhead = journal.encode(TIME, "long", "").unwrap().0.len();
    journal
        .append(TIME, "long", &"x".repeat(LONGEST_RECORD - overhead))
        .unwrap();
    assert_eq!(data_of(journal.records().unwrap()).len(), 1);
}

/// A file on a disk that is full after so many bytes, with a flush or a cut that may fail.
#[derive(Debug)]
struct FullDisk {
    file: File,
    room: usize,
    flush: io::Result<()>,
    cut: io::Result<()>,
}

fn again(result: &io::Result<()>) -> io::Result<()> {
    result.as_ref().map(|_| ()).map_err(|e| e.kind().into())
}

impl Medium for FullDisk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let fits = bytes.len().min(self.room);
        self.room -= fits;
        Medium::write(&mut self.file, &bytes[..fits])?;
        if fits < bytes.len() {
            Err(io::ErrorKind::StorageFull.into())
        } else {
            Ok(())
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        again(&self.flush)
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        again(&self.cut)?;
        self.room += usize::try_from(self.file.metadata()?.len() - length).unwrap();
        Medium::cut(&mut self.file, length)
    }
}

fn on_full_disk(path: &Path, room: usize, flush: io::Result<()>, cut: io::Result<()>) -> Journal {
    let mut journal = open(path).unwrap();
    let file = OpenOptions::new().append(true).open(path).unwrap();
    journal.medium = Box::new(FullDisk {
        file,
        room,
        flush,
        cut,
    });
    journal
}

#[test]
fn a_full_disk_refuses_the_record_and_leaves_no_part_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.jsonl");
    let one = written(&path, &[json!(1)]).len();
    for room in 0..one {
        let mut journal = on_full_disk(&path, room, Ok(()), Ok(()));
        match journal.append(TIME, "test", &2).unwrap_err() {
            StoreError::Io { source, .. } => {
                assert_eq!(source.kind(), io::ErrorKind::StorageFull);
            }
            other => panic!("{other}"),
        }
        assert_eq!(std::fs::read(&path).unwrap().len(), one, "room {room}");
    }
    // Once somebody makes room, the same journal goes on with the same number.
    let mut journal = on_full_disk(&path, 10, Ok(()), Ok(()));
    assert!(journal.append(TIME, "test", &2).is_err());
    journal.medium = Box::new(OpenOptions::new().append(true).open(&path).unwrap());
    assert_eq!(journal.append(TIME, "test", &2).unwrap(), 2);
    assert_eq!(data_of(journal.records().unwrap()), [json!(1), json!(2)]);
}

#[test]
fn when_the_part_of_a_record_cannot_be_taken_back_the_journal_stops() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.jsonl");
    written(&path, &[json!(1)]);
    let refused = Err(io::ErrorKind::PermissionDenied.into());
    let mut journal = on_full_disk(&path, 10, Ok(()), refused);
    assert!(matches!(
        journal.append(TIME, "test", &2),
        Err(StoreError::Io { .. })
    ));
    assert!(matches!(
        journal.append(TIME, "test", &3),
        Err(StoreError::Poisoned { .. })
    ));
    assert!(matches!(journal.sync(), Err(StoreError::Poisoned { .. })));
    drop(journal);
    let journal = open(&path).unwrap();
    assert_eq!(journal.torn().map(|torn| torn.length), Some(10));
    assert_eq!(data_of(journal.records().unwrap()), [json!(1)]);
}

#[test]
fn a_failed_flush_acknowledges_nothing_from_then_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.jsonl");
    let failed = Err(io::ErrorKind::Interrupted.into());
    let mut journal = on_full_disk(&path, usize::MAX / 2, failed, Ok(()));
    assert!(matches!(
        journal.append(TIME, "test", &1),
        Err(StoreError::Io { .. })
    ));
    assert!(matches!(
        journal.append(TIME, "test", &1),
        Err(StoreError::Poisoned { .. })
    ));
    drop(journal);
    assert_eq!(data_of(read(&path).unwrap()), Vec::<Value>::new());
}

#[test]
fn a_batch_is_flushed_once_and_by_the_caller() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.jsonl");
    let mut journal = Journal::open(&path, Durability::OnSync, Patience::None).unwrap();
    let file = OpenOptions::new().append(true).open(&path).unwrap();
    let failed = Err(io::ErrorKind::Interrupted.into());
    journal.medium = Box::new(FullDisk {
        file,
        room: usize::MAX / 2,
        flush: failed,
        cut: Ok(()),
    });
    // The flush that would fail is not asked for before `sync`.
    assert_eq!(journal.append(TIME, "test", &1).unwrap(), 1);
    assert_eq!(journal.append(TIME, "test", &2).unwrap(), 2);
    assert!(matches!(journal.sync(), Err(StoreError::Io { .. })));
    assert!(matches!(
        journal.append(TIME, "test", &3),
        Err(StoreError::Poisoned { .. })
    ));
}

#[test]
fn a_reader_stops_before_a_line_that_is_still_being_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.jsonl");
    let bytes = written(&path, &three());
    std::fs::write(&path, &bytes[..bytes.len() - 20]).unwrap();
    assert_eq!(data_of(read(&path).unwrap()), three()[..2]);
    assert_eq!(
        std::fs::read(&path).unwrap().len(),
        bytes.len() - 20,
        "reading changes nothing"
    );
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn prop_any_records_cut_at_every_byte_read_as_a_prefix(
        data in prop::collection::vec(any_json(), 1..5),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let bytes = written(&folder.path().join("j.jsonl"), &data);
        for cut in 0..=bytes.len() {
            let mut records = scan(bytes[..cut].to_vec());
            let found: Vec<Value> = data_of(&mut records);
            let whole = bytes[..cut].iter().filter(|b| **b == b'\n').count();
            let lacks_newline = *records.tail() == Tail::NoNewline;
            prop_assert_eq!(found.len(), whole + usize::from(lacks_newline), "cut {}", cut);
            prop_assert_eq!(&found[..], &data[..found.len()]);
        }
    }

    #[test]
    fn prop_rubbish_after_a_journal_never_adds_a_record(rubbish: Vec<u8>) {
        let folder = tempfile::tempdir().unwrap();
        let mut bytes = written(&folder.path().join("j.jsonl"), &three());
        bytes.extend_from_slice(&rubbish);
        let found = scan(bytes).filter(Result::is_ok).count();
        prop_assert_eq!(found, 3);
    }
}

//! The kill -9 suite: whatever the store acknowledged is there after the process was killed, once.
//!
//! The writer is this test binary itself, started again with [`ROLE`] set.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use etalon::store::{Digest, Durability, Journal, Patience, StateDir, StoreError, journal};
use etalon_types::alarm::{Alarm, AlarmLocation, AlarmState, Severity};
use etalon_types::{FaultKind, PlanRow, RowStatus};
use serde_json::{Value, json};

const ROLE: &str = "ETALON_TEST_WRITER";
const FOLDER: &str = "ETALON_TEST_WRITER_STATE";
const KILLS: u32 = 50;

/// What a writer was told by the store, as it tells it to its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stream {
    Audit,
    Alarms,
    Plans,
}

/// Says on standard output that the store acknowledged a record. A line of its own: the test
/// harness writes to the same output.
fn acknowledge(stream: Stream, seq: u64) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\nack {stream:?} {seq}")
        .and_then(|()| out.flush())
        .expect("parent reads");
}

fn acknowledged(line: &str) -> Option<(Stream, u64)> {
    let (stream, seq) = line.strip_prefix("ack ")?.split_once(' ')?;
    let stream = match stream {
        "Audit" => Stream::Audit,
        "Alarms" => Stream::Alarms,
        "Plans" => Stream::Plans,
        _ => return None,
    };
    Some((stream, seq.parse().ok()?))
}

/// Not a test by itself: the process that the tests below start. Without [`ROLE`] there is
/// nothing for it to do.
#[test]
fn writer_process() {
    let (Ok(role), Ok(folder)) = (std::env::var(ROLE), std::env::var(FOLDER)) else {
        return;
    };
    let patience = Patience::UpTo(Duration::from_secs(60));
    let state = StateDir::open(Path::new(&folder))
        .unwrap()
        .with_patience(patience);
    match role.as_str() {
        "all" => write_until_killed(&state),
        "full-disk" => write_until_full(&state),
        other => panic!("no role {other}"),
    }
}

fn write_until_killed(state: &StateDir) {
    let blobs = state.blobs().unwrap();
    let (mut audit, mut alarms, mut plans) = (
        state.audit().unwrap(),
        state.alarms().unwrap(),
        state.plans().unwrap(),
    );
    for round in 0u64.. {
        // Sizes from a few bytes to many pages, so that some kills fall into a long write.
        let seq = audit.next_seq();
        let bytes = vec![b'a' + (seq % 26) as u8; 1 << (seq % 17)];
        let blob = blobs.put(&bytes).unwrap().digest;
        let text = String::from_utf8(bytes).unwrap();
        let data = json!({ "mine": seq, "blob": blob, "text": text });
        acknowledge(Stream::Audit, audit.append("t", "test", &data).unwrap());
        acknowledge(
            Stream::Alarms,
            alarms.append("t", alarm(round)).unwrap().seq,
        );
        acknowledge(Stream::Plans, plans.record("t", "run", &row(seq)).unwrap());
    }
}

fn alarm(round: u64) -> Alarm {
    Alarm {
        schema: "etalon.alarm/1".into(),
        id: String::new(),
        seq: 0,
        dedup_key: format!("link/{}", round % 3),
        resource: format!("link/{}", round % 3),
        class: FaultKind::Mpi,
        severity: Severity::Major,
        state: if round % 7 == 6 {
            AlarmState::Cleared
        } else {
            AlarmState::Raised
        },
        confidence: 0.5,
        alternatives: vec![],
        first_seen: String::new(),
        last_seen: String::new(),
        count: round,
        raised_at: None,
        cleared_at: None,
        caused_by: None,
        location: AlarmLocation {
            span: None,
            distance_m: None,
            low_m: None,
            high_m: None,
        },
        evidence: vec![],
        metrics: Default::default(),
        recommended: vec![],
        simulated: true,
        versions: Default::default(),
    }
}

fn row(seq: u64) -> PlanRow {
    PlanRow {
        step: (seq % 5) as usize + 1,
        goal: "rerouted".into(),
        owner: "planner".into(),
        tool: "reroute".into(),
        args: Value::Null,
        precondition: String::new(),
        status: RowStatus::Running,
        evidence: Some(json!(seq)),
        attempt: 1,
        completion_percent: 0.0,
    }
}

fn writer(role: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args([
            "--exact",
            "writer_process",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(ROLE, role)
        .env(FOLDER, folder)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .stdout(Stdio::piped());
    command
}

/// Starts a writer, kills it after so many acknowledgements and so much time, and returns all
/// that it acknowledged, also what was still in the pipe.
fn run_and_kill(folder: &Path, records: usize, pause: Duration) -> Vec<(Stream, u64)> {
    let mut child = writer("all", folder).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut found = Vec::new();
    let mut line = Vec::new();
    let mut killed = false;
    // A line without its end was cut by the kill: its number may be cut too.
    while output.read_until(b'\n', &mut line).unwrap() > 0 && line.ends_with(b"\n") {
        found.extend(acknowledged(std::str::from_utf8(&line).unwrap().trim_end()));
        line.clear();
        if found.len() >= records && !killed {
            std::thread::sleep(pause);
            child.kill().unwrap();
            killed = true;
        }
    }
    let status = child.wait().unwrap();
    assert!(
        killed && !status.success(),
        "the writer ended by itself: {status}"
    );
    found
}

/// A generator for the times of the kills (Knuth's MMIX constants). Any spread will do; it only
/// has to be another place in the writer's work each time.
fn next(state: &mut u64) -> u64 {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

#[test]
fn nothing_acknowledged_is_lost_or_doubled_over_fifty_kills() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let mut random = 2026;
    let mut all: Vec<(Stream, u64)> = Vec::new();
    let mut unacknowledged = 0;
    for kill in 0..KILLS {
        let records = (next(&mut random) % 40) as usize;
        // Every other kill comes right behind an acknowledgement, into whatever follows it.
        let pause = Duration::from_micros(next(&mut random) % 20_000 * u64::from(kill % 2));
        all.extend(run_and_kill(&path, records, pause));
        unacknowledged = check(&path, &all);
    }
    assert!(
        all.len() >= KILLS as usize,
        "{} acknowledgements prove too little",
        all.len()
    );
    println!(
        "{KILLS} kills, {} acknowledged records there once each, {unacknowledged} more that were \
         written and not acknowledged in time",
        all.len()
    );
}

/// Compares what is on the disk with what was acknowledged, before any writer comes again.
/// Returns how many records there are that nobody was told of.
fn check(path: &Path, all: &[(Stream, u64)]) -> usize {
    let state = StateDir::open(path).unwrap();
    let blobs = state.blobs().unwrap();
    let mut unacknowledged = 0;
    let streams = [
        (Stream::Audit, state.audit_path()),
        (Stream::Alarms, state.alarms_path()),
        (Stream::Plans, state.plans_path()),
    ];
    for (stream, path) in streams {
        let told: Vec<u64> = all
            .iter()
            .filter(|(s, _)| *s == stream)
            .map(|(_, n)| *n)
            .collect();
        assert!(
            told.windows(2).all(|pair| pair[0] < pair[1]),
            "{stream:?} doubled: {told:?}"
        );
        if !path.exists() {
            assert!(told.is_empty(), "{stream:?} lost: {told:?}");
            continue;
        }
        let mut seq = 0;
        for record in journal::read(&path).unwrap() {
            let record = record.unwrap();
            seq += 1;
            assert_eq!(record.seq, seq, "{stream:?}");
            match stream {
                Stream::Audit => {
                    assert_eq!(record.data["mine"], seq, "{stream:?}");
                    let digest: Digest = record.data["blob"].as_str().unwrap().parse().unwrap();
                    assert_eq!(
                        digest,
                        Digest::of(record.data["text"].as_str().unwrap().as_bytes())
                    );
                    blobs.verify(digest).unwrap();
                }
                Stream::Alarms => assert_eq!(record.data["seq"], seq, "{stream:?}"),
                Stream::Plans => assert_eq!(record.data["run"], "run", "{stream:?}"),
            }
        }
        let last = told.last().copied().unwrap_or(0);
        assert!(
            seq >= last,
            "{stream:?}: {last} was acknowledged, {seq} are there"
        );
        unacknowledged += seq as usize - told.len();
    }
    unacknowledged
}

/// Writes until the system takes no more, and says what it was told then.
fn write_until_full(state: &StateDir) {
    let mut audit = state.audit().unwrap();
    loop {
        match audit.append("t", "test", &json!({ "text": "x".repeat(300) })) {
            Ok(seq) => acknowledge(Stream::Audit, seq),
            Err(StoreError::Io { path, .. }) => {
                assert_eq!(path, state.audit_path());
                // Smaller records may still fit; the journal is as good as before.
                let seq = audit.next_seq();
                if audit.append("t", "test", "small").is_ok() {
                    acknowledge(Stream::Audit, seq);
                }
                return;
            }
            Err(other) => panic!("{other}"),
        }
    }
}

/// A real limit of the system on the size of a file stands in for a full disk: the write that
/// crosses it is cut short by the kernel.
#[cfg(unix)]
#[test]
fn a_write_that_the_system_cuts_short_leaves_whole_records() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let inner = writer("full-disk", &path);
    let mut command = Command::new("sh");
    // Ignored before exec, the signal that comes with the limit becomes an error of write.
    command
        .args(["-c", "trap '' XFSZ; ulimit -f 16; exec \"$0\" \"$@\""])
        .arg(inner.get_program());
    command.args(inner.get_args()).stdin(Stdio::null());
    command.envs(
        inner
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let told: Vec<u64> = text
        .lines()
        .filter_map(acknowledged)
        .map(|(_, seq)| seq)
        .collect();
    // 16 blocks are 8 or 16 KiB by shell; a record is about 550 bytes.
    assert!((10..40).contains(&told.len()), "{told:?}");
    assert_eq!(told, (1..=told.len() as u64).collect::<Vec<_>>());

    let state = StateDir::open(&path).unwrap();
    let journal = state.audit().unwrap();
    assert_eq!(
        (journal.next_seq(), journal.torn()),
        (told.len() as u64 + 1, None)
    );
}

#[test]
fn a_writer_in_another_process_is_named_by_its_pid() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let mut child = writer("all", &path).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    let first = output.find_map(|line| acknowledged(&line.unwrap()));
    let audit = path.join("audit.jsonl");
    let refused = Journal::open(&audit, Durability::EachAppend, Patience::None);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(first, Some((Stream::Audit, 1)));
    match refused {
        Err(StoreError::Locked { holder, .. }) => assert_eq!(holder, Some(child.id())),
        other => panic!("{other:?}"),
    }
    // The dead hold nothing.
    Journal::open(&audit, Durability::EachAppend, Patience::None).unwrap();
}

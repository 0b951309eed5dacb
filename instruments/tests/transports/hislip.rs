//! The HiSLIP client against the server of this crate.

use std::time::{Duration, Instant};

use etalon_instruments::transport::hislip::{HiSlip, Lock, LockAnswer};
use etalon_instruments::transport::{Cleared, Deadline, End, Transport, TransportError};
use etalon_instruments::{Session, Wire};
use proptest::prelude::*;

use super::lines::{Fault, Line, Then};
use super::{asked, device, hislip_server, message, now, opened, soon};

fn client(port: u16) -> HiSlip {
    HiSlip::connect("127.0.0.1", port, "hislip0", soon()).expect("a session")
}

#[test]
fn a_session_opens_asks_and_comes_back_after_a_lost_answer() {
    let server = hislip_server();
    let resource = server.resource().to_string();
    let session = Session::open(opened(&resource), Wire::SCPI).expect("it says who it is");
    assert_eq!(session.identity(), device::IDENTITY);
    let until = etalon_instruments::framing::Until::Line;
    let lost = session.ask("SLOW? 60000", until, Some(Duration::from_millis(50)));
    let lost = lost.expect_err("it is slow");
    assert!(lost.error.is_timeout(), "{}", lost.error);
    // A device clear: no new connection is needed, and the late answer never comes.
    let session = lost.stale.recover(
        &mut |_| unreachable!("the connection is there"),
        Duration::from_secs(20),
    );
    let (clears, _) = session.unwrap().ask("CLEARS?", until, None).unwrap();
    assert_eq!(clears, b"1");
}

#[test]
fn the_status_byte_says_when_an_answer_waits() {
    let server = hislip_server();
    let mut client = client(server.address().port());
    assert_eq!(client.version(), (1, 0));
    assert_eq!(client.status_byte(soon()), Ok(0));
    client.write(b"STATUS 4\n", soon()).unwrap();
    client.write(b"ECHO? hello\n", soon()).unwrap();
    while client.status_byte(soon()).unwrap() != 0x14 {}
    assert_eq!(message(&mut client, 3), b"hello\n");
    assert_eq!(client.status_byte(soon()), Ok(4));
    assert_eq!(asked(&mut client, "SYST:ERR?"), "0,\"No error\"");
}

#[test]
fn a_late_answer_is_dropped_and_the_query_counts_as_interrupted() {
    let server = hislip_server();
    let mut client = client(server.address().port());
    client.write(b"SLOW? 150\n", soon()).unwrap();
    let error = client.read(&mut [0; 16], now()).unwrap_err();
    assert!(matches!(error, TransportError::Timeout { .. }), "{error}");
    assert_eq!(asked(&mut client, "ECHO? next"), "next");
    assert_eq!(
        asked(&mut client, "SYST:ERR?"),
        "-410,\"Query INTERRUPTED\""
    );
    // An answer that was sent whole and never read goes the same way.
    client.write(b"ECHO? old\n", soon()).unwrap();
    while client.status_byte(soon()).unwrap() & 0x10 == 0 {}
    assert_eq!(asked(&mut client, "ECHO? new"), "new");
    assert_eq!(
        asked(&mut client, "SYST:ERR?"),
        "-410,\"Query INTERRUPTED\""
    );
    assert_eq!(asked(&mut client, "SYST:ERR?"), "0,\"No error\"");
    assert_eq!(client.has_input(), Ok(false));
}

#[test]
fn triggers_and_requests_for_service_arrive() {
    let server = hislip_server();
    let mut client = client(server.address().port());
    client.trigger(soon()).unwrap();
    client.trigger(soon()).unwrap();
    assert_eq!(asked(&mut client, "TRIGGERS?"), "2");
    assert_eq!(client.service_request(), Ok(None));
    client.write(b"STATUS 1\n", soon()).unwrap();
    client.write(b"SERVICE\n", soon()).unwrap();
    assert_eq!(client.wait_for_service(soon()), Ok(0x41));
    // It is told once, and again only when the status byte was asked for.
    server.request_service();
    assert_eq!(client.status_byte(soon()), Ok(0x41));
    assert_eq!(client.status_byte(soon()), Ok(1));
    assert_eq!(client.service_request(), Ok(None));
    server.request_service();
    assert_eq!(client.wait_for_service(soon()), Ok(0x41));
}

#[test]
fn a_lock_keeps_others_out_until_it_is_given_back() {
    let server = hislip_server();
    let port = server.address().port();
    let (mut one, mut two) = (client(port), client(port));
    assert_eq!(one.lock(&Lock::Exclusive, soon()), Ok(LockAnswer::Granted));
    assert_eq!(one.lock(&Lock::Exclusive, soon()), Ok(LockAnswer::Held));
    assert_eq!(two.lock(&Lock::Exclusive, now()), Ok(LockAnswer::Denied));
    assert_eq!(two.unlock(soon()), Ok(false));
    two.write(b"ECHO? two\n", soon()).unwrap();
    let error = two.read(&mut [0; 16], now()).unwrap_err();
    assert!(matches!(error, TransportError::Timeout { .. }), "{error}");
    assert_eq!(asked(&mut one, "ECHO? one"), "one");
    assert_eq!(one.unlock(soon()), Ok(true));
    assert_eq!(message(&mut two, 64), b"two\n");
    // A shared one lets in who knows the word, and ends with its session.
    let word = Lock::Shared("bench".into());
    assert_eq!(one.lock(&word, soon()), Ok(LockAnswer::Granted));
    let waiting = std::thread::spawn(move || two.lock(&Lock::Exclusive, soon()));
    drop(one);
    assert_eq!(waiting.join().unwrap(), Ok(LockAnswer::Granted));
}

#[test]
fn a_client_that_is_locked_out_can_still_clear_its_connection() {
    let server = hislip_server();
    let port = server.address().port();
    let (mut one, mut two) = (client(port), client(port));
    assert_eq!(one.lock(&Lock::Exclusive, soon()), Ok(LockAnswer::Granted));
    two.write(b"ECHO? two\n", soon()).unwrap();
    assert_eq!(two.clear(soon()), Ok(Cleared::Device));
    assert_eq!(asked(&mut one, "CLEARS?"), "0");
    assert_eq!(one.unlock(soon()), Ok(true));
    assert_eq!(asked(&mut two, "ECHO? again"), "again");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn prop_messages_come_back_whatever_the_line_cuts(
        texts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..3000), 1..4),
        there in prop::collection::vec(1_usize..400, 1..6),
        late in prop::collection::vec(1_usize..9, 1..3),
        buffer in 1_usize..5000,
    ) {
        let server = hislip_server();
        let pieces = |pieces: &[usize]| Fault { pieces: pieces.to_vec(), ..Fault::none() };
        let line = Line::to(server.address(), vec![pieces(&there), pieces(&late)]);
        let mut client = opened(&line.hislip());
        for text in &texts {
            // What the device strips as the end of a line is not part of the text.
            let mut text = text.clone();
            text.push(b'.');
            client.write(&[b"ECHO? ", &text[..], b"\n"].concat(), soon()).unwrap();
            let status = client.status_byte(soon()).unwrap();
            prop_assert!(status & !0x10 == 0);
            text.push(b'\n');
            prop_assert_eq!(message(client.as_mut(), buffer), text);
            prop_assert_eq!(client.status_byte(soon()), Ok(0));
            prop_assert_eq!(client.has_input(), Ok(false));
        }
    }

    #[test]
    fn prop_long_messages_are_split_and_joined(length in 0_usize..400_000, buffer in 100_usize..200_000) {
        let server = hislip_server();
        let mut client = client(server.address().port());
        let text: Vec<u8> = (0..length).map(|i| b'a' + (i % 26) as u8).collect();
        client.write(&[b"ECHO? ", &text[..]].concat(), soon()).unwrap();
        prop_assert_eq!(message(&mut client, buffer), [&text[..], b"\n"].concat());
    }

    #[test]
    fn prop_a_clear_amid_ten_megabytes_leaves_nothing_behind(
        read in 0_usize..11_000_000,
        pieces in prop::collection::vec(20_000_usize..65_536, 1..4),
    ) {
        let server = hislip_server();
        let fault = Fault { pieces, ..Fault::none() };
        let line = Line::to(server.address(), vec![fault, Fault::none()]);
        let mut client = opened(&line.hislip());
        client.write(b"BLOCK? 10000000\n", soon()).unwrap();
        let (mut buffer, mut all) = (vec![0; 1 << 16], 0);
        while all < read {
            let chunk = client.read(&mut buffer, soon()).unwrap();
            all += chunk.bytes;
            if chunk.end == End::Message {
                prop_assert_eq!(all, 10_000_011);
                break;
            }
        }
        prop_assert_eq!(client.clear(soon()), Ok(Cleared::Device));
        prop_assert_eq!(client.has_input(), Ok(false));
        prop_assert_eq!(asked(client.as_mut(), "*IDN?"), device::IDENTITY);
        prop_assert_eq!(asked(client.as_mut(), "CLEARS?"), "1");
        prop_assert_eq!(client.status_byte(soon()), Ok(0));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn prop_no_answer_is_ever_taken_for_another(
        faults in prop::collection::vec((any::<bool>(), 0_usize..400, 0_usize..3), 1..6),
        slow in prop::collection::vec(prop::bool::weighted(0.2), 12),
    ) {
        let server = hislip_server();
        let mut faults = faults.into_iter();
        let mut lines = Vec::new();
        // One faulty line after the other, and at last a good one.
        let mut connect = |deadline: Deadline| {
            let fault = faults.next().map(|(first, after, then)| {
                let then = [Then::Stall, Then::Cut, Then::Drip(Duration::from_millis(5))][then];
                let mut both = vec![Fault::at(after, then), Fault::none()];
                both.rotate_right(usize::from(!first));
                both
            });
            let good = vec![Fault::none(), Fault::none()];
            let line = Line::to(server.address(), fault.unwrap_or(good));
            let resource = line.hislip().parse().expect("a resource");
            lines.push(line);
            etalon_instruments::transport::open(&resource, deadline)
        };
        const PATIENCE: Duration = Duration::from_millis(100);
        let wire = Wire { patience: PATIENCE, silence: Duration::from_millis(2), ..Wire::SCPI };
        let until = etalon_instruments::framing::Until::Line;
        let mut session = None;
        let mut lost = None;
        for (number, slow) in slow.into_iter().enumerate() {
            let mut tries = 0;
            let mut asked = loop {
                tries += 1;
                prop_assert!(tries < 40, "it does not come back");
                match lost.take() {
                    Some(etalon_instruments::session::Lost { stale, .. }) => {
                        match stale.recover(&mut connect, 4 * PATIENCE) {
                            Ok(back) => break back,
                            Err(again) => lost = Some(*again),
                        }
                    }
                    None => match session.take() {
                        Some(session) => break session,
                        None => if let Ok(way) = connect(Deadline::after(PATIENCE)) {
                            match Session::open(way, wire) {
                                Ok(session) => break session,
                                Err(again) => lost = Some(*again),
                            }
                        },
                    },
                }
            };
            prop_assert_eq!(asked.identity(), device::IDENTITY);
            if slow {
                // Its answer comes when something else is being asked.
                match asked.ask("SLOW? 120", until, None) {
                    Ok((answer, back)) => {
                        prop_assert_eq!(answer, b"SLOW");
                        asked = back;
                    }
                    Err(again) => {
                        lost = Some(*again);
                        continue;
                    }
                }
            }
            match asked.ask(&format!("ECHO? {number}"), until, None) {
                Ok((answer, back)) => {
                    prop_assert_eq!(answer, number.to_string().into_bytes());
                    session = Some(back);
                }
                Err(again) => lost = Some(*again),
            }
        }
    }
}

/// What a client does, one deadline each, until something fails.
fn everything(line: &Line, time: Duration, worst: &mut Duration) -> Result<(), TransportError> {
    let mut timed = |work: &mut dyn FnMut(Deadline) -> Result<(), TransportError>| {
        let begun = Instant::now();
        let done = work(Deadline::after(time));
        *worst = (*worst).max(begun.elapsed().saturating_sub(time));
        done
    };
    let mut client = None;
    timed(&mut |deadline| {
        let port = line.address.port();
        client = Some(HiSlip::connect("127.0.0.1", port, "hislip0", deadline)?);
        Ok(())
    })?;
    let mut client = client.expect("a session");
    timed(&mut |deadline| client.write(b"*IDN?\n", deadline))?;
    let mut ended = false;
    while !ended {
        timed(&mut |deadline| {
            ended = client.read(&mut [0; 8], deadline)?.end == End::Message;
            Ok(())
        })?;
    }
    timed(&mut |deadline| client.status_byte(deadline).map(drop))?;
    timed(&mut |deadline| client.clear(deadline).map(drop))
}

#[test]
fn deadlines_are_kept_wherever_the_server_hangs_drips_or_goes() {
    let server = hislip_server();
    let drip = Then::Drip(Duration::from_millis(60));
    // 16 bytes of session, 16 + 16 of an answer, 16 of a clear; and over the second connection
    // 16, 24, 16 and 16.
    let cases: Vec<_> = [Then::Stall, drip, Then::Cut]
        .into_iter()
        .flat_map(|then| {
            let first = (0..64).map(move |at| vec![Fault::at(at, then), Fault::none()]);
            let second = (0..72).map(move |at| vec![Fault::none(), Fault::at(at, then)]);
            first.chain(second)
        })
        .collect();
    let address = server.address();
    let mut worst = Duration::ZERO;
    for some in cases.chunks(24) {
        let threads: Vec<_> = some
            .iter()
            .cloned()
            .map(|faults| {
                std::thread::spawn(move || {
                    let mut worst = Duration::ZERO;
                    let line = Line::to(address, faults.clone());
                    let cut = faults.iter().any(|fault| fault.then == Then::Cut);
                    // A line that is cut is told at once; only the others run into it.
                    let time = Duration::from_millis(if cut { 20_000 } else { 40 });
                    let done = everything(&line, time, &mut worst);
                    (cut, faults, done, worst)
                })
            })
            .collect();
        for thread in threads {
            let (cut, faults, done, late) = thread.join().expect("no panic");
            match done {
                Err(TransportError::Timeout { .. }) if !cut => {}
                Err(TransportError::Disconnected { .. }) if cut => {}
                other => panic!("{faults:?}: {other:?}"),
            }
            worst = worst.max(late);
        }
    }
    println!(
        "{} cases, the latest {worst:?} behind its deadline",
        cases.len()
    );
    // No measurement: only that a deadline is one. The figure above is.
    assert!(worst < Duration::from_secs(5), "{worst:?}");
}

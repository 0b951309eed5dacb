use std::time::{Duration, Instant};

use super::super::echo::{Echo, Line, WHO, WIRE, until};
use super::*;
use crate::session::{Session, Stale};

/// How much later than its deadline a call may end.
const SLACK: Duration = Duration::from_millis(100);
/// Tries to come back into step.
const TRIES: usize = 3;

/// What one session under faults came to.
#[derive(Debug, Default)]
struct Day {
    answered: usize,
    lost: usize,
    recovered: usize,
    struck: usize,
    latest: Duration,
}

impl Day {
    /// Runs something that has a deadline and notes how late it was.
    fn timed<T>(&mut self, given: Duration, run: impl FnOnce() -> T) -> T {
        let begun = Instant::now();
        let value = run();
        self.latest = self.latest.max(begun.elapsed().saturating_sub(given));
        value
    }

    /// Asks a dozen questions over a faulty line, coming back into step where that is needed.
    fn of(seed: u64, fault: Fault) -> Self {
        let mut day = Self::default();
        let echo = Echo::thinking(Duration::from_micros([0, 500][seed as usize / 9 % 2]));
        let injector = Injector::new([fault], seed);
        let line = [Line::Socket, Line::Serial, Line::Messages][seed as usize % 3];
        let piece = [usize::MAX, 7, 1][seed as usize / 3 % 3];
        let connect = |_| -> Result<Box<dyn Transport>, TransportError> {
            Ok(Box::new(injector.wrap(echo.connect(line, piece))))
        };
        let first = connect(Deadline::after(WIRE.patience)).unwrap();
        let opened = day.timed(4 * WIRE.patience, || Session::open(first, WIRE));
        let mut session = match opened {
            Ok(session) => Some(session),
            Err(lost) => day.recovered(lost.stale, connect),
        };
        for k in 0..12 {
            let Some(now) = session.take() else {
                break;
            };
            let command = format!("{}? {k}", ["N", "N", "B"][k % 3]);
            let asked = day.timed(WIRE.patience, || now.ask(&command, until(&command), None));
            match asked {
                Ok((answer, same)) => {
                    day.answered += 1;
                    assert_ne!(answer, WHO.as_bytes(), "seed {seed}: {command}");
                    if let Some(question) = echo.question_of(&answer) {
                        assert_eq!(question, command, "seed {seed}: {fault:?}");
                    }
                    session = Some(same);
                }
                Err(lost) => {
                    day.lost += 1;
                    session = day.recovered(lost.stale, connect);
                }
            }
        }
        day.struck = injector.injected().len();
        day
    }

    fn recovered(
        &mut self,
        mut stale: Stale,
        mut connect: impl FnMut(Deadline) -> Result<Box<dyn Transport>, TransportError>,
    ) -> Option<Session> {
        let time = 4 * WIRE.patience;
        for _ in 0..TRIES {
            match self.timed(time, || stale.recover(&mut connect, time)) {
                Ok(session) => {
                    self.recovered += 1;
                    return Some(session);
                }
                Err(lost) => stale = lost.stale,
            }
        }
        None
    }
}

/// Runs a day of each seed and adds them up. A machine that is busy may wake a thread late: a day
/// that was late is run again, and what is late each time is our doing.
fn days(seeds: std::ops::Range<u64>, fault: impl Fn(u64) -> Fault + Sync) -> Day {
    const THREADS: u64 = 16;
    let all = Mutex::new(Day::default());
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (all, fault, seeds) = (&all, &fault, seeds.clone());
            scope.spawn(move || {
                for seed in seeds.filter(|seed| seed % THREADS == thread) {
                    let again = (0..4).map(|_| Day::of(seed, fault(seed)));
                    let mut again = again.skip_while(|day| day.latest > SLACK);
                    let day = again.next();
                    let day = day.unwrap_or_else(|| panic!("seed {seed}: always late"));
                    let mut all = all.lock().unwrap();
                    all.answered += day.answered;
                    all.lost += day.lost;
                    all.recovered += day.recovered;
                    all.latest = all.latest.max(day.latest);
                    all.struck += usize::from(day.struck > 0);
                }
            });
        }
    });
    all.into_inner().unwrap()
}

#[test]
fn prop_a_thousand_faults_and_no_answer_is_taken_for_anothers() {
    let all = days(0..1600, |seed| Fault::drawn(seed, 150));
    // Some bytes are never reached, and no block may come after others.
    assert!(all.struck >= 1000, "{all:?}");
    assert!(all.answered > 10_000, "{all:?}");
    assert!(all.recovered > 700, "{all:?}");
}

#[test]
fn prop_a_thousand_hangs_and_a_thousand_cuts_at_any_byte() {
    for kind in [Kind::Hang, Kind::Cut] {
        let all = days(0..1000, |seed| {
            let mut draws = Draws(seed ^ 0xc0ffee);
            let way = [Way::Sent, Way::Received][draws.below(2) as usize];
            Fault {
                kind: kind(way),
                // 60 bytes are sent before the last question, and more are received.
                at: draws.below(60),
                often: Often::Once,
            }
        });
        assert_eq!(all.struck, 1000, "{all:?}");
        assert!(all.recovered >= 990, "{all:?}");
    }
}

/// Asks once over a line with one fault, and returns what came and what was injected.
fn once(kind: Kind, at: u64, command: &str) -> (Result<Vec<u8>, String>, Vec<Injected>) {
    let injector = Injector::new(
        [Fault {
            kind,
            at,
            often: Often::Once,
        }],
        7,
    );
    let transport = injector.wrap(Echo::default().connect(Line::Socket, usize::MAX));
    let session = Session::open(Box::new(transport), WIRE).unwrap();
    let asked = session.ask(command, until(command), None);
    let reply = asked.map(|(reply, _)| reply);
    let reply = reply.map_err(|lost| lost.error.to_string());
    (reply, injector.injected())
}

#[test]
fn each_fault_does_what_it_says_and_says_that_it_did() {
    // The instrument has said twice who it is: 12 bytes sent, 32 received.
    let (said, known) = (12, 32);
    for (kind, at, command, expected) in [
        (Kind::Hang(Way::Sent), said + 3, "N? 1", "nothing within"),
        (
            Kind::Hang(Way::Received),
            known + 3,
            "N? 1",
            "nothing within",
        ),
        (Kind::Cut(Way::Sent), said + 3, "N? 1", "cut by a fault"),
        (
            Kind::Cut(Way::Received),
            known + 3,
            "N? 1",
            "cut by a fault",
        ),
        (Kind::WrongLength, known, "B? 1", ""),
        (Kind::Late, known, "N? 1", "nothing within"),
    ] {
        let (reply, injected) = once(kind, at, command);
        let error = reply.expect_err("a fault");
        assert!(error.contains(expected), "{kind:?}: {error}");
        assert_eq!(
            injected,
            [Injected {
                kind,
                connection: 0,
                byte: at
            }]
        );
    }
    let (reply, injected) = once(Kind::Garbage, known, "N? 1");
    assert_ne!(reply, Ok(b"1 N? 1".to_vec()));
    assert_eq!(injected.len(), 1);
    // The second of two answers is seen before anything else is sent.
    let (reply, injected) = once(Kind::Duplicate, known, "N? 1");
    assert_eq!(reply, Ok(b"1 N? 1".to_vec()));
    assert_eq!(injected.len(), 1);
    // What is not reached does not strike.
    let (reply, injected) = once(Kind::Cut(Way::Received), known + 7, "N? 1");
    assert_eq!((reply, injected), (Ok(b"1 N? 1".to_vec()), vec![]));
}

#[test]
fn a_second_answer_ends_the_session_before_the_next_question() {
    let fault = Fault {
        kind: Kind::Duplicate,
        at: 32,
        often: Often::Once,
    };
    let injector = Injector::new([fault], 1);
    let transport = injector.wrap(Echo::default().connect(Line::Socket, usize::MAX));
    let session = Session::open(Box::new(transport), WIRE).unwrap();
    let (_, session) = session.ask("N? 1", until("N? 1"), None).unwrap();
    let lost = session.ask("N? 2", until("N? 2"), None).unwrap_err();
    assert!(lost.error.to_string().contains("silence"), "{}", lost.error);
}

#[test]
fn what_strikes_always_comes_again_on_the_next_connection() {
    let fault = Fault {
        kind: Kind::Cut(Way::Received),
        at: 40,
        often: Often::Always,
    };
    let injector = Injector::new([fault], 1);
    let echo = Echo::default();
    for connection in 0..3 {
        let transport = injector.wrap(echo.connect(Line::Socket, usize::MAX));
        let session = Session::open(Box::new(transport), WIRE).unwrap();
        let lost = session.ask("B? 1", until("B? 1"), None).unwrap_err();
        assert!(lost.error.is_disconnected(), "{}", lost.error);
        assert_eq!(injector.injected().len(), connection + 1);
    }
    assert_eq!(injector.injected()[2].connection, 2);
}

#[test]
fn a_plan_and_a_seed_give_the_same_garbage() {
    let garbled = |seed| {
        let fault = Fault {
            kind: Kind::Garbage,
            at: 0,
            often: Often::Always,
        };
        let mut line =
            Injector::new([fault], seed).wrap(Echo::default().connect(Line::Socket, usize::MAX));
        let deadline = Deadline::after(Duration::from_millis(1000));
        let mut into = [0; 256];
        let mut all = Vec::new();
        for _ in 0..5 {
            line.write(b"N? 1\n", deadline).unwrap();
            let bytes = line.read(&mut into, deadline).unwrap().bytes;
            all.extend_from_slice(&into[..bytes]);
        }
        all
    };
    assert_eq!(garbled(5), garbled(5));
    assert_ne!(garbled(5), garbled(6));
}

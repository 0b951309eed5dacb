//! Worker processes: each analyzes one file after the other, within limits of memory and time.
//!
//! A process that dies over a file takes nothing with it but that file's analysis: it is replaced,
//! and whoever runs the crew decides whether the file is tried again. Workers read no journal and
//! write no result; when the batch itself dies they end with their standard input.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::protocol::{Answer, Job};

/// How often a waiting manager looks whether it should stop.
const LOOK: Duration = Duration::from_millis(100);
/// What is kept of the last words of a worker, in bytes.
const LAST_WORDS: u64 = 4096;

/// How workers are started and limited.
#[derive(Clone, Debug)]
pub struct Crew {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// How many work at once.
    pub size: usize,
    /// Limits of each.
    pub limits: Limits,
}

/// What a worker may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Memory in bytes; the worker sets it for itself.
    pub memory_bytes: u64,
    /// Time for a file.
    pub time: Duration,
    /// More time for every gibibyte of the file.
    pub time_per_gib: Duration,
}

impl Limits {
    /// Returns the time for a file of a length.
    pub fn time_for(&self, bytes: u64) -> Duration {
        let gib = bytes as f64 / (1_u64 << 30) as f64;
        self.time + self.time_per_gib.mul_f64(gib.min(1e6))
    }
}

/// What became of a job.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It was answered.
    Answered(Box<Answer>),
    /// The worker died over it, and how.
    Died(String),
}

/// What to do with a job after its outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It is done.
    Done,
    /// It is tried again, after all others.
    Again,
}

/// The jobs that are left, as managers share them.
struct Desk {
    queue: VecDeque<Job>,
    /// Jobs that are not done: in the queue, under way, or about to come back.
    open: usize,
    stopped: bool,
}

struct Office {
    desk: Mutex<Desk>,
    changed: Condvar,
}

/// Runs all jobs and shows every outcome to `each`, on this thread, as they come.
///
/// # Errors
/// The first error of `each`, or a worker that cannot be started; then all workers are stopped.
pub fn run<E: From<io::Error>>(
    crew: &Crew,
    jobs: Vec<Job>,
    mut each: impl FnMut(&Job, Outcome) -> Result<Next, E>,
) -> Result<(), E> {
    let size = crew.size.min(jobs.len());
    let office = Office {
        desk: Mutex::new(Desk {
            open: jobs.len(),
            queue: jobs.into(),
            stopped: false,
        }),
        changed: Condvar::new(),
    };
    let (tell, told) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..size {
            let tell = tell.clone();
            let office = &office;
            scope.spawn(move || manage(crew, office, &tell));
        }
        drop(tell);
        let result = told.iter().try_for_each(|(job, outcome)| {
            let next = each(&job, outcome.map_err(E::from)?)?;
            office.settle(job, next);
            Ok(())
        });
        office.stop();
        result
    })
}

impl Office {
    /// Whoever panicked over the desk has changed one field at most: it is as good as before.
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a job; `None` when there will be no more.
    fn take(&self) -> Option<Job> {
        let mut desk = self.desk();
        loop {
            if desk.stopped || desk.open == 0 {
                return None;
            }
            if let Some(job) = desk.queue.pop_front() {
                return Some(job);
            }
            desk = self
                .changed
                .wait(desk)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn settle(&self, job: Job, next: Next) {
        let mut desk = self.desk();
        match next {
            Next::Done => desk.open -= 1,
            Next::Again => desk.queue.push_back(job),
        }
        self.changed.notify_all();
    }

    fn stop(&self) {
        self.desk().stopped = true;
        self.changed.notify_all();
    }
}

type Told = (Job, io::Result<Outcome>);

/// Hands jobs to one worker, and replaces it when it dies.
fn manage(crew: &Crew, office: &Office, tell: &Sender<Told>) {
    let mut worker: Option<Worker> = None;
    while let Some(job) = office.take() {
        let own = match worker.take().map_or_else(|| Worker::start(crew), Ok) {
            Ok(own) => worker.insert(own),
            Err(error) => {
                let _ = tell.send((job, Err(error)));
                return;
            }
        };
        let bytes = std::fs::metadata(&job.path).map_or(0, |about| about.len());
        let outcome = own.work(&job, crew.limits.time_for(bytes), office);
        let Some(outcome) = outcome else { return };
        if matches!(outcome, Outcome::Died(_)) {
            worker = None;
        }
        if tell.send((job, Ok(outcome))).is_err() {
            return;
        }
    }
}

/// A worker process.
struct Worker {
    child: Child,
    input: Option<ChildStdin>,
    answers: Receiver<String>,
    last_words: Receiver<String>,
    memory_bytes: u64,
}

impl Worker {
    fn start(crew: &Crew) -> io::Result<Self> {
        let mut child = Command::new(&crew.program)
            .args(&crew.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (say, answers) = mpsc::channel();
        if let Some(output) = child.stdout.take() {
            thread::spawn(move || {
                for line in BufReader::new(output).lines() {
                    let Ok(line) = line else { break };
                    if say.send(line).is_err() {
                        break;
                    }
                }
            });
        }
        let (say, last_words) = mpsc::channel();
        if let Some(errors) = child.stderr.take() {
            thread::spawn(move || {
                let mut text = Vec::new();
                let mut errors = errors;
                let _ = (&mut errors).take(LAST_WORDS).read_to_end(&mut text);
                // Beyond what is kept it may say what it likes, without being blocked by it.
                let _ = io::copy(&mut errors, &mut io::sink());
                let _ = say.send(String::from_utf8_lossy(&text).into_owned());
            });
        }
        Ok(Self {
            input: child.stdin.take(),
            child,
            answers,
            last_words,
            memory_bytes: crew.limits.memory_bytes,
        })
    }

    /// Has a job done; `None` when it was told to stop in the middle.
    fn work(&mut self, job: &Job, time: Duration, office: &Office) -> Option<Outcome> {
        // Strings always serialize.
        let line = serde_json::to_string(job).unwrap_or_default() + "\n";
        let input = self.input.as_mut()?;
        // A worker that died in between does not read: its end is told below.
        let _ = input
            .write_all(line.as_bytes())
            .and_then(|()| input.flush());
        let end = Instant::now() + time;
        loop {
            match self.answers.recv_timeout(LOOK) {
                Ok(line) => {
                    return Some(match serde_json::from_str(&line) {
                        Ok(answer) => Outcome::Answered(Box::new(answer)),
                        Err(_) => Outcome::Died("it answered what is no answer".into()),
                    });
                }
                Err(RecvTimeoutError::Disconnected) => return Some(Outcome::Died(self.epitaph())),
                Err(RecvTimeoutError::Timeout) if office.desk().stopped => return None,
                Err(RecvTimeoutError::Timeout) if Instant::now() >= end => {
                    return Some(Outcome::Died(format!(
                        "it took longer than the limit of {:.0} s",
                        time.as_secs_f64()
                    )));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// Says how it died, in words that are the same for the same cause.
    fn epitaph(&mut self) -> String {
        let status = self.child.wait();
        let words = self.last_words.recv().unwrap_or_default();
        if words.contains("memory allocation of") {
            let mib = self.memory_bytes >> 20;
            return format!("it needed more memory than the limit of {mib} MiB");
        }
        if let Some(place) = words.lines().find_map(|l| l.trim().strip_prefix("where: ")) {
            return format!("etalon has a defect, at {place}");
        }
        match status {
            Ok(status) => told(status),
            Err(error) => format!("its end could not be told: {error}"),
        }
    }
}

#[cfg(unix)]
fn told(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt as _;
    match status.signal() {
        Some(9) => "it was killed by signal 9, as the system does when memory runs out".into(),
        Some(signal) => format!("it was killed by signal {signal}"),
        None => format!("it ended by itself: {status}"),
    }
}

#[cfg(not(unix))]
fn told(status: ExitStatus) -> String {
    format!("it ended by itself: {status}")
}

impl Drop for Worker {
    fn drop(&mut self) {
        drop(self.input.take());
        // One that is idle ends by itself; one that is stuck is killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    /// A worker out of a shell: it answers with an empty finding, and dies in several ways over
    /// files of certain names.
    const SCRIPT: &str = r#"
        while read -r line; do
            case "$line" in
                *signal*) kill -9 $$ ;;
                *memory*) echo "memory allocation of 99 bytes failed" >&2; exit 134 ;;
                *defect*) printf 'error[ETA-9000]: x\n  where: src/a.rs:1\n' >&2; exit 70 ;;
                *stuck*) sleep 100 ;;
                *) echo '{"finding":{"rows":[]},"key":null,"cached":"no","cost":{"wall_s":0,"cpu_s":null,"peak_bytes":null}}' ;;
            esac
        done"#;

    fn crew(size: usize) -> Crew {
        Crew {
            program: "sh".into(),
            arguments: vec!["-c".into(), SCRIPT.into()],
            size,
            limits: Limits {
                memory_bytes: 3 << 20,
                time: Duration::from_secs(2),
                time_per_gib: Duration::ZERO,
            },
        }
    }

    fn job(path: &str) -> Job {
        Job {
            path: path.into(),
            options: vec![],
            cache: None,
        }
    }

    #[test]
    fn the_dead_are_replaced_and_their_job_comes_back_once() {
        let names = [
            "a", "signal", "b", "memory", "c", "defect", "d", "stuck", "e",
        ];
        let mut seen: Vec<(String, Option<String>)> = Vec::new();
        let jobs = names.map(job).to_vec();
        run(&crew(3), jobs, |job, outcome| -> io::Result<Next> {
            let how = match outcome {
                Outcome::Answered(_) => None,
                Outcome::Died(how) => Some(how),
            };
            let again = how.is_some() && !seen.iter().any(|(path, _)| *path == job.path);
            seen.push((job.path.clone(), how));
            Ok(if again { Next::Again } else { Next::Done })
        })
        .unwrap();
        seen.sort();
        let count = |name: &str| seen.iter().filter(|(path, _)| path == name).count();
        for name in names {
            let dies = name.len() > 1;
            assert_eq!(count(name), 1 + usize::from(dies), "{name}: {seen:?}");
        }
        let how = |name: &str| {
            seen.iter()
                .find(|(p, _)| p == name)
                .unwrap()
                .1
                .clone()
                .unwrap()
        };
        assert!(how("signal").contains("signal 9"));
        assert_eq!(
            how("memory"),
            "it needed more memory than the limit of 3 MiB"
        );
        assert_eq!(how("defect"), "etalon has a defect, at src/a.rs:1");
        assert_eq!(how("stuck"), "it took longer than the limit of 2 s");
    }

    #[test]
    fn an_error_of_the_caller_stops_everybody() {
        let jobs = vec![job("stuck"), job("a"), job("b")];
        let begun = Instant::now();
        let mut slow = crew(2);
        slow.limits.time = Duration::from_secs(90);
        let result = run(&slow, jobs, |_, _| Err(io::Error::other("disk full")));
        assert_eq!(result.unwrap_err().to_string(), "disk full");
        assert!(begun.elapsed() < Duration::from_secs(60));
    }

    #[test]
    fn a_program_that_is_not_there_is_told() {
        let mut nobody = crew(1);
        nobody.program = "/there/is/no/such/program".into();
        let result = run(&nobody, vec![job("a")], |_, _| -> io::Result<Next> {
            panic!("there is nobody to answer")
        });
        assert_eq!(result.unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}

use std::process::{Command, Stdio};
use std::time::Duration;

use serde::Deserialize;

use super::*;

#[test]
fn prop_shards_split_the_seeds() {
    let shards: Vec<Shard> = (1..=3).map(|part| Shard { part, of: 3 }).collect();
    for at in 0..20 {
        assert_eq!(shards.iter().filter(|s| s.holds(at)).count(), 1);
        assert!(Shard::WHOLE.holds(at));
    }
    assert_eq!("2/3".parse(), Ok(shards[1]));
    for wrong in ["", "1", "0/2", "3/2", "1/0", "a/b"] {
        assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
    }
}

/// A study whose trials are numbers, and whose result is a file.
struct Toy {
    pause: Duration,
    answer: PathBuf,
}

#[derive(Clone, Serialize, Deserialize)]
struct Number {
    case: u8,
    seed: u64,
    value: u64,
    /// How often a trial was run is told by who ran it.
    process: u32,
}

impl Study for Toy {
    type Case = u8;
    type Trial = Number;

    const NAME: &'static str = "toy";
    const TRIALS: u64 = 60;

    fn cases(&self) -> Vec<(u8, u64)> {
        vec![(0, 1), (1, 5)]
    }

    fn case_name(&self, case: u8) -> String {
        case.to_string()
    }

    fn run(&self, case: u8, seed: u64) -> Result<Number, Error> {
        std::thread::sleep(self.pause);
        Ok(Number {
            case,
            seed,
            value: seed * seed + u64::from(case),
            process: std::process::id(),
        })
    }

    fn identify(&self, trial: &Number) -> Option<(u8, u64)> {
        Some((trial.case, trial.seed))
    }

    fn finish(&self, trials: &Trials<Self>, _: &Globals) -> Result<Exit, CliError> {
        let text: String = trials
            .iter()
            .map(|((case, seed), t)| format!("{case} {seed} {}\n", t.value))
            .collect();
        std::fs::write(&self.answer, text).map_err(|e| CliError::storage(&self.answer, &e))?;
        Ok(Exit::Done)
    }

    fn figures(&self, _: &Trials<Self>) -> Vec<(&'static str, Scene)> {
        Vec::new()
    }
}

fn study(state: &Path, pause: Duration, shard: Option<&str>) -> String {
    let toy = Toy {
        pause,
        answer: state.join("answer.txt"),
    };
    let options = Args {
        trials: None,
        shard: shard.map(|text| text.parse().unwrap()),
        figures: None,
    };
    let globals = Globals {
        state: Some(state.to_owned()),
        quiet: true,
        ..Globals::default()
    };
    run(&toy, &options, &globals).unwrap();
    std::fs::read_to_string(&toy.answer).unwrap()
}

const FOLDER: &str = "ETALON_TEST_STUDY_STATE";

/// Not a test by itself: the process that the next test starts and kills.
#[test]
fn a_study_to_be_killed() {
    if let Ok(folder) = std::env::var(FOLDER) {
        study(Path::new(&folder), Duration::from_millis(40), None);
    }
}

#[test]
fn a_killed_study_goes_on_and_comes_to_the_same() {
    let (whole, killed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let expected = study(whole.path(), Duration::ZERO, None);
    // 60 seeds of one case, every fifth of them of the other.
    assert_eq!(expected.lines().count(), 60 + 12);

    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "cli::study::harness::tests::a_study_to_be_killed",
        ])
        .env(FOLDER, killed.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let book = killed.path().join("toy.jsonl");
    let records = || std::fs::read_to_string(&book).map_or(0, |text| text.lines().count());
    for _ in 0..2000 {
        if records() >= 5 {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    // Kill -9: no handler of the process runs.
    child.kill().unwrap();
    child.wait().unwrap();
    let before = records();
    assert!((5..72).contains(&before), "{before} trials before the kill");

    assert_eq!(study(killed.path(), Duration::ZERO, None), expected);
    let own = std::process::id();
    let kept = journal::read(&book)
        .unwrap()
        .map(|record| serde_json::from_value::<Number>(record.unwrap().data).unwrap())
        .filter(|number| number.process != own)
        .count();
    // A torn last line is cut, so that one may be fewer.
    assert!(kept + 1 >= before, "{kept} of {before} kept");
    assert_eq!(records(), 72);
}

#[test]
fn shards_of_one_state_sum_up() {
    let (whole, shared) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let expected = study(whole.path(), Duration::ZERO, None);
    for shard in ["1/3", "2/3", "3/3"] {
        let part = study(shared.path(), Duration::ZERO, Some(shard));
        assert!(part.lines().count() < expected.lines().count());
    }
    assert_eq!(study(shared.path(), Duration::ZERO, None), expected);
}

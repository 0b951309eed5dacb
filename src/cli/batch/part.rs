//! `--shard`: which part of the list, told or taken from the cluster's environment.

use std::str::FromStr;

use crate::batch::Shard;
use crate::cli::error::CliError;

/// What `--shard` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// `I/N`.
    Told(Shard),
    /// `auto/N`: the cluster says which, the command how many.
    AutoOf(u64),
    /// `auto`: the cluster says both (Slurm).
    Auto,
}

impl FromStr for Part {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || format!("expected I/N with 1 <= I <= N, auto/N or auto, found {text}");
        match text.strip_prefix("auto") {
            Some("") => Ok(Self::Auto),
            Some(rest) => rest
                .strip_prefix('/')
                .and_then(|n| n.parse().ok())
                .filter(|&n| n > 0)
                .map(Self::AutoOf)
                .ok_or_else(expected),
            None => text.parse().map(Self::Told).map_err(|_| expected()),
        }
    }
}

/// Where a part came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The command line, or there is but one.
    Told,
    /// The environment of a cluster.
    Cluster(&'static str),
}

/// Finds the part that is meant.
///
/// Without `--shard`, a Slurm array of several tasks is taken as shards: each task would do all the
/// work otherwise, in one folder.
///
/// # Errors
/// Usage, when the environment does not say which part.
pub fn resolve(
    part: Option<Part>,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<(Shard, Source), CliError> {
    let number = |name: &str| environment(name).and_then(|text| text.parse::<u64>().ok());
    let slurm = || {
        let id = number("SLURM_ARRAY_TASK_ID")?;
        let first = number("SLURM_ARRAY_TASK_MIN").unwrap_or(1);
        let step = number("SLURM_ARRAY_TASK_STEP").unwrap_or(1).max(1);
        Some((
            id.checked_sub(first)? / step + 1,
            number("SLURM_ARRAY_TASK_COUNT"),
        ))
    };
    let from = |part, of, source| {
        let shard = Shard { part, of };
        if (1..=of).contains(&part) {
            Ok((shard, Source::Cluster(source)))
        } else {
            Err(refused(format!("{source} makes this part {part} of {of}")))
        }
    };
    const SLURM: &str = "SLURM_ARRAY_TASK_ID";
    const HQ: &str = "HQ_TASK_ID";
    match part {
        Some(Part::Told(shard)) => Ok((shard, Source::Told)),
        Some(Part::Auto) => match slurm() {
            Some((part, Some(of))) => from(part, of, SLURM),
            _ => Err(refused(
                "no SLURM_ARRAY_TASK_ID and SLURM_ARRAY_TASK_COUNT".into(),
            )),
        },
        Some(Part::AutoOf(of)) => match (slurm(), number(HQ)) {
            (Some((part, _)), _) => from(part, of, SLURM),
            (None, Some(part)) => from(part, of, HQ),
            (None, None) => Err(refused("neither SLURM_ARRAY_TASK_ID nor HQ_TASK_ID".into())),
        },
        None => match slurm() {
            Some((part, Some(of))) if of > 1 => from(part, of, SLURM),
            _ => Ok((Shard::WHOLE, Source::Told)),
        },
    }
}

fn refused(found: String) -> CliError {
    CliError::usage(
        "ETA-2012",
        "--shard",
        "the environment does not say which part of the list this is",
        format!("expected a task number from 1 to N, found {found}"),
        "number the tasks from 1 (sbatch --array=1-8, hq submit --array 1-8), or give --shard I/N",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(part: &str, environment: &[(&str, &str)]) -> Result<(u64, u64), &'static str> {
        let lookup = |name: &str| {
            let pair = environment.iter().find(|(n, _)| *n == name)?;
            Some(pair.1.to_owned())
        };
        let part = (!part.is_empty()).then(|| part.parse().unwrap());
        resolve(part, &lookup)
            .map(|(shard, _)| (shard.part, shard.of))
            .map_err(|error| error.code)
    }

    #[test]
    fn parts_are_told_or_come_from_slurm_and_hyperqueue() {
        let slurm = |id| {
            vec![
                ("SLURM_ARRAY_TASK_ID", id),
                ("SLURM_ARRAY_TASK_COUNT", "4"),
                ("SLURM_ARRAY_TASK_MIN", "10"),
                ("SLURM_ARRAY_TASK_STEP", "5"),
            ]
        };
        assert_eq!(found("", &[]), Ok((1, 1)));
        assert_eq!(found("2/3", &slurm("10")), Ok((2, 3)));
        assert_eq!(found("", &slurm("20")), Ok((3, 4)));
        assert_eq!(found("auto", &slurm("25")), Ok((4, 4)));
        assert_eq!(found("auto", &slurm("30")), Err("ETA-2012"));
        assert_eq!(found("auto/8", &[("HQ_TASK_ID", "8")]), Ok((8, 8)));
        assert_eq!(found("auto/8", &[("HQ_TASK_ID", "0")]), Err("ETA-2012"));
        assert_eq!(found("auto", &[("HQ_TASK_ID", "1")]), Err("ETA-2012"));
        // A task of HyperQueue that is told nothing does all the work, as any process does.
        assert_eq!(found("", &[("HQ_TASK_ID", "3")]), Ok((1, 1)));
        for wrong in ["0/3", "4/3", "auto/0", "auto/", "autos", "3"] {
            assert!(wrong.parse::<Part>().is_err(), "{wrong}");
        }
    }
}

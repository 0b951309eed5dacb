//! What the options of a batch, and those of a single file on top of them, mean.

use clap::{Args as _, FromArgMatches as _};
use etalon_dsp::ReceiveOptions;
use serde_json::json;

use crate::batch::row;
use crate::cli::capture::{self, Choice};
use crate::cli::error::CliError;
use crate::cli::limits;
use crate::cli::link_options::LinkArgs;
use crate::inventory::Inventory;
use crate::pipeline::config_sha256;
use crate::store::Digest;

/// Options, read and checked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// As they were typed.
    pub link: LinkArgs,
    /// What they mean to the receiver.
    pub options: ReceiveOptions,
    /// Which traces are meant.
    pub choice: Choice,
    /// Where the connectors are.
    pub inventory: Option<Inventory>,
    /// Whose limits are held against the transmitter.
    pub pmd: Option<String>,
    /// SHA-256 of all of it that a result depends on.
    pub config_sha256: String,
}

impl Settings {
    /// Reads options, with the words of a single file after them.
    ///
    /// # Errors
    /// Usage, for options that make no sense; input, for files that they name.
    pub fn new(link: &LinkArgs, pmd: Option<&str>, own: &[String]) -> Result<Self, CliError> {
        limits::check_name(pmd)?;
        let link = joined(link, own)?;
        let mut options = link.receive_options(|path| capture::pattern(path, &link))?;
        // Nobody sees the eye of a row.
        options.measures.eye = false;
        let choice = Choice::of(&link)?;
        let inventory = link.read_inventory()?;
        let config = json!({
            "rows": row::SCHEMA,
            "receiver": config_sha256(&options),
            "format": link.format,
            "sample_rate_hz": choice.sample_rate_hz,
            "channel": choice.channel,
            "segment": choice.segment,
            "pmd": pmd,
            "inventory": inventory,
        });
        Ok(Self {
            options,
            choice,
            pmd: pmd.map(str::to_owned),
            config_sha256: Digest::of(config.to_string().as_bytes()).to_string(),
            inventory,
            link,
        })
    }
}

/// Puts the words of a single file behind those of the batch; the last word counts.
fn joined(link: &LinkArgs, own: &[String]) -> Result<LinkArgs, CliError> {
    if own.is_empty() {
        return Ok(link.clone());
    }
    let words = link.words().into_iter().chain(own.iter().cloned());
    let matches = parser().try_get_matches_from(words);
    matches
        .and_then(|matches| LinkArgs::from_arg_matches(&matches))
        .map_err(|error| {
            let text = error.to_string();
            let first = text.lines().next().unwrap_or_default();
            CliError::usage(
                "ETA-2011",
                own.join(" "),
                "the options of this file make no sense",
                first.trim_start_matches("error: ").to_owned(),
                "etalon help analyze",
            )
        })
}

fn parser() -> clap::Command {
    LinkArgs::augment_args(clap::Command::new("link"))
        .no_binary_name(true)
        .args_override_self(true)
}

/// Says whether a column of a list is a link option that takes a value.
pub fn is_option(name: &str) -> bool {
    parser()
        .get_arguments()
        .any(|arg| arg.get_long() == Some(name) && arg.get_action().takes_values())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain() -> LinkArgs {
        let matches = parser().get_matches_from(["--baud", "10G"]);
        LinkArgs::from_arg_matches(&matches).unwrap()
    }

    #[test]
    fn the_options_of_a_file_stand_over_those_of_the_batch() {
        let own = ["--baud", "26.5625G"].map(str::to_owned);
        let all = Settings::new(&plain(), None, &[]).unwrap();
        let one = Settings::new(&plain(), None, &own).unwrap();
        assert_eq!(one.link.baud.text, "26.5625G");
        assert_ne!(all.config_sha256, one.config_sha256);
        let wrong = ["--baud", "fast"].map(str::to_owned);
        assert_eq!(
            Settings::new(&plain(), None, &wrong).unwrap_err().code,
            "ETA-2011"
        );
    }

    #[test]
    fn options_with_values_are_known_by_their_name() {
        for name in ["baud", "pattern", "sample-rate", "equalizer"] {
            assert!(is_option(name), "{name}");
        }
        for name in ["optical", "mpi_db", "", "help"] {
            assert!(!is_option(name), "{name}");
        }
    }
}

//! Capture files as the command line meets them: opened, chosen from, and their troubles told.

use std::io;
use std::path::Path;

use etalon_captures::{Capture, Format, OpenOptions, Trace};
use etalon_dsp::{Quantity, ReceiveOptions};
use etalon_types::report::Input;
use etalon_types::{Modulation, ReadError, WaveformSource, pattern};

use super::error::{CliError, Exit};
use super::link_options::{LinkArgs, ModulationArg};
use super::shell::join;
use crate::pipeline;

/// Which of a file's traces are meant, and what the file may not tell.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// Format.
    pub format: Format,
    /// Sample rate in samples per second, for files without a time base.
    pub sample_rate_hz: Option<f64>,
    /// Channel label; all when not told.
    pub channel: Option<String>,
    /// Segment number; all when not told.
    pub segment: Option<usize>,
}

impl Choice {
    /// Reads a choice from the words of the command line.
    ///
    /// # Errors
    /// Usage, when there is no such format.
    pub fn new(format: &str, sample_rate_hz: Option<f64>) -> Result<Self, CliError> {
        let format = format
            .parse()
            .map_err(|error| translate(Path::new(""), &error))?;
        Ok(Self {
            format,
            sample_rate_hz,
            channel: None,
            segment: None,
        })
    }

    /// Reads the choice out of link options.
    ///
    /// # Errors
    /// As [`Choice::new`].
    pub fn of(link: &LinkArgs) -> Result<Self, CliError> {
        let choice = Self::new(&link.format, link.sample_rate.as_ref().map(|r| r.value.0))?;
        Ok(Self {
            channel: link.channel.clone(),
            segment: link.segment,
            ..choice
        })
    }
}

/// Opens a file and keeps the traces that were chosen.
///
/// # Errors
/// Input, when the file cannot be read; usage, when it has no such channel or segment.
pub fn open(path: &Path, choice: &Choice) -> Result<Capture, CliError> {
    let hints = OpenOptions {
        format: choice.format,
        sample_rate_hz: choice.sample_rate_hz,
        ..OpenOptions::default()
    };
    let mut capture =
        etalon_captures::open(path, &hints).map_err(|error| translate(path, &error))?;
    let places: Vec<String> = capture.traces.iter().map(place).collect();
    capture.traces.retain(|trace| {
        let info = trace.info();
        choice.channel.as_ref().is_none_or(|c| *c == info.channel)
            && choice.segment.is_none_or(|k| k == info.segment)
    });
    if capture.traces.is_empty() {
        return Err(no_such_trace(path, choice, &places));
    }
    Ok(capture)
}

fn place(trace: &Trace) -> String {
    format!("{}/{}", trace.info().channel, trace.info().segment)
}

fn no_such_trace(path: &Path, choice: &Choice, places: &[String]) -> CliError {
    let wanted = format!(
        "{}/{}",
        choice.channel.as_deref().unwrap_or("any"),
        choice
            .segment
            .map_or_else(|| "any".to_owned(), |k| k.to_string())
    );
    let shown = if places.len() > 8 {
        format!("{}, ... ({} in all)", places[..8].join(", "), places.len())
    } else {
        places.join(", ")
    };
    CliError::usage(
        "ETA-2007",
        path.display().to_string(),
        "the file has no such channel or segment",
        format!("expected one of {shown} (channel/segment), found {wanted}"),
        join(&["etalon", "info", &path.display().to_string()]),
    )
}

/// Fits the options to a trace: a file in watts (or mW, uW) holds optical power.
pub fn with_unit(options: &ReceiveOptions, trace: &Trace) -> ReceiveOptions {
    let mut options = options.clone();
    if trace.info().unit.ends_with('W') {
        options.quantity = Quantity::OpticalPower;
    }
    options
}

/// Says whether a capture has its truth beside it: then it was simulated.
///
/// The truth names the capture by its SHA-256, so that a file of the same name does not count.
pub fn has_truth(input: &Input) -> bool {
    let beside = std::fs::read(format!("{}.truth.json", input.path)).ok();
    beside
        .and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok())
        .is_some_and(|truth| truth["capture_sha256"] == input.sha256)
}

/// Reads a pattern file: symbols, or bits that are paired for PAM-4.
///
/// # Errors
/// Input, when it cannot be read or holds anything else.
pub fn pattern(path: &Path, link: &LinkArgs) -> Result<Vec<u8>, CliError> {
    let symbols = etalon_captures::pattern_file(path).map_err(|error| CliError {
        code: "ETA-3006",
        exit: Exit::Input,
        what: "the pattern file cannot be read".into(),
        where_: path.display().to_string(),
        why: error.to_string(),
        hint: "give --pattern file:PATH with one bit or symbol a character, or --pattern none"
            .into(),
    })?;
    let bits_only = symbols.iter().all(|&symbol| symbol <= 1);
    Ok(match link.modulation {
        ModulationArg::Pam4 if bits_only => pattern::bits_to_symbols(&symbols, Modulation::Pam4),
        _ => symbols,
    })
}

/// Tells an error of the operating system about a capture file.
pub fn unreadable(path: &Path, error: &io::Error) -> CliError {
    let shown = path.display().to_string();
    let folder = path
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    CliError {
        code: "ETA-3001",
        exit: Exit::Input,
        what: match error.kind() {
            io::ErrorKind::NotFound => "there is no such file".into(),
            io::ErrorKind::PermissionDenied => "the file may not be read".into(),
            _ => "the file cannot be read".into(),
        },
        where_: shown,
        why: error.to_string(),
        hint: match error.kind() {
            io::ErrorKind::NotFound => join(&["ls", &folder.display().to_string()]),
            _ => "give a regular file that you may read".into(),
        },
    }
}

/// Tells an error of the captures room.
pub fn translate(path: &Path, error: &etalon_captures::Error) -> CliError {
    use etalon_captures::Error as E;
    let shown = path.display().to_string();
    let input = |code, what: &str, where_: String, why: String, hint: String| CliError {
        code,
        exit: Exit::Input,
        what: what.to_owned(),
        where_,
        why,
        hint,
    };
    match error {
        E::Io { path, source } => unreadable(path, source),
        E::Malformed { format, offset, field, expected, found } => input(
            "ETA-3002",
            "the file is not what its format asks for, or it ends too early",
            format!("{shown}: byte {offset}, {field} ({format})"),
            format!("expected {expected}, found {found}"),
            "copy the file again from the instrument, or name its format: --format raw-i8, csv, npy, ..."
                .into(),
        ),
        E::Unsupported { format, found, hint } => input(
            "ETA-3003",
            "the file is of a kind that etalon does not read",
            shown,
            format!("found {found} ({format})"),
            hint.clone(),
        ),
        E::Limit { format, field, limit, found } => input(
            "ETA-3004",
            "the file is larger than etalon goes",
            format!("{shown}: {field} ({format})"),
            format!("expected at most {limit}, found {found}"),
            "cut the file into smaller ones".into(),
        ),
        E::Option { option, expected, found } => CliError::usage(
            "ETA-2001",
            *option,
            "the value of an option is impossible",
            format!("expected {expected}, found {found}"),
            "etalon help analyze",
        ),
        other => input(
            "ETA-3007",
            "the file cannot be read",
            shown.clone(),
            other.to_string(),
            join(&["etalon", "info", &shown]),
        ),
    }
}

/// Tells that samples behind an accepted file could not be read.
pub fn cut_short(path: &Path, error: &ReadError) -> CliError {
    CliError {
        code: "ETA-3007",
        exit: Exit::Input,
        what: "the file could not be read to its end".into(),
        where_: format!("{}: sample {}", path.display(), error.first),
        why: error.reason.clone(),
        hint: "copy the file to a local disk and try again".into(),
    }
}

/// Tells why a trace could not be analyzed.
pub fn failed(path: &Path, error: &pipeline::Error, link: &LinkArgs) -> CliError {
    use etalon_dsp::Error as E;
    let shown = path.display().to_string();
    let again = |extra: &[&str]| {
        let mut words = vec!["etalon".to_owned(), "analyze".into(), shown.clone()];
        words.extend(link.words());
        words.extend(extra.iter().map(|&w| w.to_owned()));
        join(&words)
    };
    match error {
        pipeline::Error::Read(read) => cut_short(path, read),
        pipeline::Error::Receive(receive) => {
            let what = receive.to_string();
            let (code, why, hint) = match receive {
                E::NoSampleRate => (
                    "ETA-2003",
                    "the format has no time base and --sample-rate is not given".to_owned(),
                    again(&["--sample-rate", "56G"]),
                ),
                E::NoBaud { likely } => {
                    let rate = likely.first().copied().unwrap_or(26.5625e9);
                    let typed = format!("{}G", rate / 1e9);
                    (
                        "ETA-2004",
                        "the receiver found no symbol clock that it could trust".to_owned(),
                        again(&["--baud", &typed]),
                    )
                }
                E::ImpossibleBaud { .. } => (
                    "ETA-2005",
                    "fewer than one sample a symbol loses the signal".to_owned(),
                    "check the prefixes of --baud and --sample-rate: G is 1e9, M is 1e6".to_owned(),
                ),
                E::Option {
                    expected, found, ..
                } => (
                    "ETA-2001",
                    format!("expected {expected}, found {found}"),
                    "etalon help analyze".to_owned(),
                ),
                _ => ("ETA-2001", what.clone(), "etalon help analyze".to_owned()),
            };
            CliError::usage(code, shown.clone(), what, why, hint)
        }
    }
}

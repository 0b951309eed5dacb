//! `--touchstone FILE --ports TO,FROM`: a way through a measured channel.

use std::path::{Path, PathBuf};

use etalon_twin::link::MeasuredChannel;
use etalon_types::report::QualityFlag;
use etalon_types::units::engineering;
use etalon_types::{Route, SParameters};

use super::capture;
use super::error::{CliError, Exit};
use super::shell::join;
use crate::pipeline::file_sha256;

/// Options that name a measured channel.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ChannelArgs {
    /// Channel as a Touchstone file (.s2p, .s4p)
    #[arg(long, value_name = "FILE")]
    pub touchstone: Option<PathBuf>,
    /// Way through it: TO,FROM (2,1 is S21) or, differential, TO+,TO-,FROM+,FROM-
    #[arg(long, value_name = "PORTS", requires = "touchstone")]
    pub ports: Option<Route>,
}

/// A measured channel and what its file says beside the way through.
#[derive(Clone, Debug)]
pub struct Measured {
    /// The way through.
    pub channel: MeasuredChannel,
    /// Remarks on the whole file: warnings of the reader, and passivity.
    pub remarks: Vec<QualityFlag>,
}

impl ChannelArgs {
    /// Reads the channel, when one was named.
    ///
    /// # Errors
    /// Input, for a file that cannot be read; usage, for a way that is not there, or none told
    /// for a file of more than two ports.
    pub fn read(&self) -> Result<Option<Measured>, CliError> {
        self.touchstone
            .as_deref()
            .map(|path| measured(path, self.ports))
            .transpose()
    }

    /// Returns the options as words that can be typed again.
    pub fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        if let Some(path) = &self.touchstone {
            words.extend(["--touchstone".to_owned(), path.display().to_string()]);
        }
        if let Some(route) = self.ports {
            words.extend(["--ports".to_owned(), route.to_string()]);
        }
        words
    }
}

fn measured(path: &Path, route: Option<Route>) -> Result<Measured, CliError> {
    let file =
        etalon_captures::touchstone(path).map_err(|error| capture::translate(path, &error))?;
    let parameters = &file.parameters;
    let route = match route {
        Some(route) => route,
        None if parameters.ports() == 2 => Route::SingleEnded { to: 2, from: 1 },
        None => return Err(no_way_told(path, parameters)),
    };
    let response = parameters.response(route).map_err(|error| {
        CliError::usage(
            "ETA-2010",
            "--touchstone, --ports",
            "the channel has no such way through",
            format!("{}: {error}", path.display()),
            "name ports that the file has, like --ports 2,1, and frequencies enough for a curve",
        )
    })?;
    let sha256 = file_sha256(path).map_err(|error| CliError {
        code: "ETA-3001",
        exit: Exit::Input,
        what: "the channel could not be read".into(),
        where_: path.display().to_string(),
        why: error.to_string(),
        hint: "check that the file is there and may be read".into(),
    })?;
    let warned = file.warnings.into_iter().map(|detail| QualityFlag {
        flag: "channel-file".into(),
        detail,
    });
    let remarks = warned.chain(parameters.passivity().remark()).collect();
    let channel = MeasuredChannel {
        name: format!("{} {route}", path.display()),
        sha256: Some(sha256),
        response,
    };
    Ok(Measured { channel, remarks })
}

/// Which way is meant cannot be guessed; the strongest ways at the lowest frequency are told.
fn no_way_told(path: &Path, parameters: &SParameters) -> CliError {
    let mut ways: Vec<(f64, Route)> = (1..=parameters.ports())
        .flat_map(|to| (1..to).map(move |from| Route::SingleEnded { to, from }))
        .filter_map(|route| {
            let Route::SingleEnded { to, from } = route else {
                return None;
            };
            let first = *parameters.parameter(to, from).ok()?.first()?;
            Some((first.norm(), route))
        })
        .collect();
    ways.sort_by(|a, b| b.0.total_cmp(&a.0));
    let told: Vec<String> = ways
        .iter()
        .take(2)
        .map(|(gain, route)| format!("{route} ({:.1} dB)", 20.0 * gain.max(1e-12).log10()))
        .collect();
    let hint = match ways.first() {
        Some((_, route)) => join(&["--ports".to_owned(), route.to_string()]),
        None => "use a file of two ports or more".into(),
    };
    CliError::usage(
        "ETA-2010",
        "--ports",
        "the way through the channel is not told",
        format!(
            "{} has {} ports; strongest at {} are {}",
            path.display(),
            parameters.ports(),
            engineering(parameters.frequency_hz()[0], "Hz"),
            told.join(" and ")
        ),
        format!("add {hint}, or four ports TO+,TO-,FROM+,FROM- for a pair"),
    )
}

//! Simulating, and writing the capture beside its truth.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use etalon_twin::link::{LinkConfig, SymbolSource, Truth, simulate};
use etalon_types::units::engineering;
use schemars::JsonSchema;
use serde::Serialize;

use super::options::Args;
use crate::cli::capture;
use crate::cli::error::{CliError, Exit};
use crate::cli::figures::count;
use crate::cli::out_format::OutFormat;
use crate::cli::shell::join;
use crate::cli::talk::{Globals, print, print_json};
use crate::pipeline::file_sha256;
use crate::store::Staged;

/// `etalon.truth/1`: what a receiver ought to find in a simulated capture.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct TruthRecord {
    /// Always `etalon.truth/1`.
    pub schema: String,
    /// Always true: these samples come from a model, not from glass.
    pub simulated: bool,
    /// Path of the capture as it was given.
    pub capture: String,
    /// SHA-256 of the capture, hexadecimal.
    pub capture_sha256: String,
    /// Version of Etalon.
    pub version: String,
    /// Configuration and what follows from it.
    #[serde(flatten)]
    pub truth: Truth,
}

/// Simulates a link, writes FILE and FILE.truth.json: both or neither.
///
/// # Errors
/// Usage, for a link that cannot be; storage, when the files cannot be written.
pub fn run(args: &Args, globals: &Globals) -> Result<Exit, CliError> {
    let measured = args.channel.read()?;
    let config = args.config(globals.seed, measured.as_ref())?;
    let format = args.file_format()?;
    let mut simulated = simulate(&config).map_err(|error| impossible(&error))?;
    if let (Some(truth), Some(measured)) = (&mut simulated.truth.channel, &measured) {
        truth.remarks.extend(measured.remarks.iter().cloned());
    }
    let storage = |error: &std::io::Error| CliError::storage(&args.out, error);
    let staged = Staged::beside(&args.out).map_err(|e| storage(&e))?;
    etalon_captures::write(staged.path(), format.into(), &[&simulated.waveform])
        .map_err(|error| unwritten(&args.out, &error))?;
    let record = TruthRecord {
        schema: "etalon.truth/1".into(),
        simulated: true,
        capture: args.out.display().to_string(),
        capture_sha256: file_sha256(staged.path()).map_err(|e| storage(&e))?,
        version: env!("CARGO_PKG_VERSION").into(),
        truth: simulated.truth,
    };
    let truth_path = truth_path(&args.out);
    let text = serde_json::to_string_pretty(&record)
        .map_err(|error| CliError::storage(&truth_path, &std::io::Error::other(error)))?;
    let truth_file = Staged::beside(&truth_path).map_err(|e| storage(&e))?;
    std::fs::write(truth_file.path(), text + "\n")
        .map_err(|e| CliError::storage(&truth_path, &e))?;
    // Both are complete on the disk; only now do they get their names.
    truth_file
        .commit()
        .map_err(|e| CliError::storage(&truth_path, &e))?;
    staged.commit().map_err(|e| storage(&e))?;
    if globals.json {
        print_json(&record)?;
    } else {
        print(&screen(
            &record,
            &config,
            &truth_path,
            &next(args, format, &config),
        ))?;
    }
    Ok(Exit::Done)
}

fn truth_path(out: &Path) -> PathBuf {
    let mut name = OsString::from(out.as_os_str());
    name.push(".truth.json");
    name.into()
}

fn impossible(error: &etalon_twin::Error) -> CliError {
    CliError::usage(
        "ETA-2006",
        "etalon simulate link",
        "there is no such link",
        error.to_string(),
        "etalon help simulate link",
    )
}

fn unwritten(path: &Path, error: &etalon_captures::Error) -> CliError {
    match error {
        etalon_captures::Error::Io { source, .. } => CliError::storage(path, source),
        other => {
            let told = capture::translate(path, other);
            CliError {
                code: "ETA-5001",
                exit: Exit::Storage,
                ..told
            }
        }
    }
}

fn screen(record: &TruthRecord, config: &LinkConfig, truth_path: &Path, next: &str) -> String {
    let truth = &record.truth;
    let samples = config.symbols as u64 * config.samples_per_symbol as u64;
    let mut lines = vec![
        format!("SIMULATED  {}", record.capture),
        format!("truth      {}", truth_path.display()),
        format!(
            "link       {} symbols at {}, {} samples, seed {}",
            count(config.symbols as u64),
            engineering(config.baud.0, "Bd"),
            count(samples),
            config.seed
        ),
        format!(
            "light      {:.2} dBm, OMA {}, ER {}",
            config.rop.0,
            engineering(truth.oma_outer_w, "W"),
            truth
                .extinction_ratio
                .map_or_else(|| "infinite".into(), |er| er.to_string())
        ),
        format!(
            "SNR        {}",
            truth
                .snr
                .map_or_else(|| "no noise".into(), |snr| snr.to_string())
        ),
    ];
    lines.extend(interference(truth));
    if let Some(null) = truth.dispersion_null {
        lines.push(format!(
            "dispersion {} ps/nm at {}, first null at {null}",
            config.dispersion_ps_per_nm,
            engineering(config.wavelength.0, "m")
        ));
    }
    if let (Some(channel), Some(found)) = (&config.channel, &truth.channel) {
        lines.push(format!("channel    {}", channel.name));
        lines.push(format!(
            "           {:.2} dB of loss from DC to {}, delay of {} taken out",
            found.nyquist_loss.0,
            engineering(0.5 * config.baud.0, "Hz"),
            engineering(found.delay.0, "s")
        ));
        let remarks = found.remarks.iter();
        lines.extend(remarks.map(|remark| format!("remark     {}", remark.detail)));
    }
    lines.extend(disturbances(config));
    lines.push(format!("next: {next}"));
    lines.join("\n") + "\n"
}

/// Paths that the screen names; the truth names all.
const PATHS_SHOWN: usize = 6;

/// The interfering paths, strongest first, and what they make together.
fn interference(truth: &Truth) -> Vec<String> {
    let mut paths: Vec<_> = truth.paths.iter().collect();
    paths.sort_by(|a, b| b.level.0.total_cmp(&a.level.0));
    let shown = paths.iter().take(PATHS_SHOWN).map(|path| {
        let delay = engineering(path.delay.0, "s");
        let between = path.between.map_or_else(String::new, |two| {
            format!(", reflectors {} and {}", two.near + 1, two.far + 1)
        });
        format!(
            "MPI        {} after {delay}, overlap {:.2}{between}",
            path.level, path.overlap
        )
    });
    let mut lines: Vec<String> = shown.collect();
    if let Some(rayleigh) = truth.rayleigh {
        lines.push(format!(
            "           {} scattered by the glass, delays to {}",
            rayleigh.level,
            engineering(rayleigh.longest_delay.0, "s")
        ));
    }
    if let Some(mpi) = truth.mpi.filter(|_| lines.len() > 1) {
        let left = paths.len().saturating_sub(PATHS_SHOWN);
        let more = if left > 0 {
            format!(", with {left} weaker paths")
        } else {
            String::new()
        };
        lines.push(format!("           {mpi} in all{more}"));
    }
    lines
}

/// What disturbs without being interference, by the names of its options.
fn disturbances(config: &LinkConfig) -> Option<String> {
    let nuisances = &config.nuisances;
    let names: Vec<&str> = [
        ("tones", !nuisances.tones.is_empty()),
        ("offset ramp", nuisances.offset_ramp.is_some()),
        ("gain ramp", nuisances.gain_ramp.is_some()),
        ("AC", nuisances.ac_coupling.is_some()),
        ("echo", !nuisances.echoes.is_empty()),
        ("saturation", nuisances.saturation.is_some()),
        ("low RIN", config.low_frequency_rin.is_some()),
        ("jitter", config.jitter.is_some()),
    ]
    .into_iter()
    .filter_map(|(name, on)| on.then_some(name))
    .collect();
    (!names.is_empty()).then(|| format!("nuisances  {}", names.join(", ")))
}

/// The command that analyzes the capture; NumPy files carry neither time base nor unit.
fn next(args: &Args, format: OutFormat, config: &LinkConfig) -> String {
    let giga = |hertz: f64| format!("{}G", hertz / 1e9);
    let mut words: Vec<String> = ["etalon", "analyze"]
        .map(String::from)
        .into_iter()
        .chain([args.out.display().to_string()])
        .collect();
    words.extend(["--baud".to_owned(), giga(config.baud.0)]);
    if matches!(format, OutFormat::Npy | OutFormat::RawF32) {
        words.extend([
            "--optical".to_owned(),
            "--sample-rate".into(),
            giga(config.sample_rate().0),
        ]);
    }
    if format == OutFormat::RawF32 {
        words.extend(["--format".to_owned(), "raw-f32".into()]);
    }
    if matches!(config.source, SymbolSource::Random { .. }) {
        words.extend(["--pattern".to_owned(), "none".into()]);
    }
    join(&words)
}

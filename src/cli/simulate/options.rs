//! The options of `etalon simulate link`, and the link that they describe.

use std::path::PathBuf;
use std::str::FromStr;

use clap::ValueEnum;
use etalon_twin::link::{Adc, LinkConfig, Noise, SymbolSource, Transmitter};
use etalon_types::units::{Baud, Db, Dbm, Hertz, Metres};
use etalon_types::{Modulation, PatternName};

use super::disturbances::DisturbanceArgs;
use super::paths::PathArgs;
use super::quantities::{DbPerHz, GhzPerMw, PsPerNm};
use crate::cli::error::CliError;
use crate::cli::out_format::OutFormat;
use crate::cli::touchstone::{ChannelArgs, Measured};

/// Modulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ModulationArg {
    /// Two levels
    Nrz,
    /// Four levels
    Pam4,
}

/// Kind of transmitter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TransmitterArg {
    /// Ideal Mach-Zehnder modulator: no chirp
    Mzm,
    /// Electro-absorption modulator: transient chirp of 1
    Eml,
    /// Directly modulated laser: chirp of 3 and 10 GHz/mW
    Dml,
}

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SourceArg {
    /// Independent symbols from the seed.
    Random,
    /// A test pattern.
    Named(PatternName),
}

impl FromStr for SourceArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "random" {
            return Ok(Self::Random);
        }
        text.parse()
            .map(Self::Named)
            .map_err(|_| "expected random, prbs7..prbs31, prbs13q, prbs31q or ssprq".to_owned())
    }
}

/// Options of `simulate link`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Capture to write; the truth goes to FILE.truth.json
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Format (default: by the ending of FILE)
    #[arg(long, value_enum, value_name = "F")]
    pub format: Option<OutFormat>,
    /// Number of symbols
    #[arg(long, value_name = "N", default_value_t = 1 << 17)]
    pub symbols: usize,
    /// Symbol rate
    #[arg(long, value_name = "R", default_value = "26.5625G")]
    pub baud: Baud,
    /// Samples per symbol
    #[arg(long, value_name = "K", default_value_t = 4)]
    pub samples_per_symbol: usize,
    /// Modulation (default: that of the pattern, or pam4)
    #[arg(long, value_enum, value_name = "M")]
    pub modulation: Option<ModulationArg>,
    /// random, prbs7..31, prbs13q, prbs31q, ssprq (default: prbs31q or prbs31)
    #[arg(long, value_name = "P")]
    pub pattern: Option<SourceArg>,
    /// Extinction ratio
    #[arg(
        long,
        value_name = "DB",
        default_value = "4.5dB",
        allow_hyphen_values = true
    )]
    pub er: Db,
    /// Relative levels, lowest first, instead of an extinction ratio
    #[arg(
        long,
        value_name = "A,B,..",
        value_delimiter = ',',
        allow_hyphen_values = true
    )]
    pub levels: Option<Vec<f64>>,
    /// Received power; without --snr, thermal and shot noise follow from it
    #[arg(long, value_name = "DBM", allow_hyphen_values = true)]
    pub rop: Option<Dbm>,
    /// Signal-to-noise ratio at the slicer (default: 20dB, without --rop)
    #[arg(long, value_name = "DB", allow_hyphen_values = true)]
    pub snr: Option<Db>,
    /// Interfering paths.
    #[command(flatten)]
    pub paths: PathArgs,
    /// Laser linewidth
    #[arg(long, value_name = "HZ", default_value = "1MHz")]
    pub linewidth: Hertz,
    /// Relative intensity noise in dB/Hz
    #[arg(long, value_name = "DB", allow_hyphen_values = true)]
    pub rin: Option<DbPerHz>,
    /// Transmitter bandwidth
    #[arg(long, value_name = "HZ")]
    pub tx_bandwidth: Option<Hertz>,
    /// Receiver bandwidth
    #[arg(long, value_name = "HZ")]
    pub rx_bandwidth: Option<Hertz>,
    /// Effective bits of the digitizer
    #[arg(long, value_name = "B")]
    pub enob: Option<f64>,
    /// Full scale of the digitizer over the signal's span: below 1 it clips
    #[arg(long, value_name = "F")]
    pub clip: Option<f64>,
    /// Sample clock offset in parts per million
    #[arg(
        long,
        value_name = "X",
        default_value_t = 0.0,
        allow_hyphen_values = true
    )]
    pub ppm: f64,
    /// Kind of transmitter: presets of --chirp and --adiabatic-chirp
    #[arg(long, value_enum, value_name = "KIND", default_value = "mzm")]
    pub transmitter: TransmitterArg,
    /// Transient chirp (Henry's factor); shows with dispersion and paths
    #[arg(long, value_name = "A", allow_hyphen_values = true)]
    pub chirp: Option<f64>,
    /// Adiabatic chirp: times A/(4 pi) a shift for each mW, A of --chirp
    #[arg(long, value_name = "GHZ/MW")]
    pub adiabatic_chirp: Option<GhzPerMw>,
    /// Mean power that leaves the transmitter, for the adiabatic chirp
    #[arg(
        long,
        value_name = "DBM",
        default_value = "0dBm",
        allow_hyphen_values = true
    )]
    pub launch: Dbm,
    /// Chromatic dispersion of the fibre in ps/nm
    #[arg(long, value_name = "PS_PER_NM", allow_hyphen_values = true)]
    pub dispersion: Option<PsPerNm>,
    /// Wavelength of the laser
    #[arg(long, value_name = "M", default_value = "1550nm")]
    pub wavelength: Metres,
    /// A measured channel behind the detector.
    #[command(flatten)]
    pub channel: ChannelArgs,
    /// What disturbs without being interference.
    #[command(flatten)]
    pub disturbances: DisturbanceArgs,
}

impl Args {
    /// Returns the link that is described; `channel` is what the channel options name.
    ///
    /// # Errors
    /// Usage, for options that contradict each other.
    pub fn config(
        &self,
        seed: Option<u64>,
        channel: Option<&Measured>,
    ) -> Result<LinkConfig, CliError> {
        let plain = LinkConfig::default();
        let kind = match self.transmitter {
            TransmitterArg::Mzm => Transmitter::Mzm,
            TransmitterArg::Eml => Transmitter::Eml,
            TransmitterArg::Dml => Transmitter::Dml,
        };
        let adiabatic = self.adiabatic_chirp.map(GhzPerMw::hz_per_w);
        Ok(self.disturbances.disturb(LinkConfig {
            seed: seed.unwrap_or(plain.seed),
            source: self.source()?,
            symbols: self.symbols,
            baud: self.baud,
            samples_per_symbol: self.samples_per_symbol,
            extinction_ratio: self.er,
            levels: self.levels.clone(),
            rop: self.rop.unwrap_or(plain.rop),
            linewidth: self.linewidth,
            chirp: self.chirp.unwrap_or(kind.chirp()),
            adiabatic_chirp_hz_per_w: adiabatic.unwrap_or(kind.adiabatic_chirp_hz_per_w()),
            launch: self.launch,
            dispersion_ps_per_nm: self.dispersion.map_or(0.0, |d| d.0),
            wavelength: self.wavelength,
            channel: channel.map(|measured| measured.channel.clone()),
            reflections: self.paths.reflections()?,
            fibre: self.paths.fibre()?,
            scrambling_rate: self.paths.rate(),
            tx_bandwidth: self.tx_bandwidth,
            rx_bandwidth: self.rx_bandwidth,
            rin_db_per_hz: self.rin.map(|rin| rin.0),
            noise: match (self.snr, self.rop) {
                (Some(snr), _) => Noise::Snr { snr },
                (None, Some(_)) => Noise::thermal_and_shot(),
                (None, None) => plain.noise,
            },
            adc: self.adc(),
            clock_offset_ppm: self.ppm,
            ..plain
        }))
    }

    /// Returns the format: told, or known from the ending of the file's name.
    ///
    /// # Errors
    /// Usage, when neither says.
    pub fn file_format(&self) -> Result<OutFormat, CliError> {
        match OutFormat::choose(self.format, &self.out)? {
            OutFormat::Sigmf => Err(CliError::usage(
                "ETA-2001",
                "--format",
                "a simulated capture is one file",
                "expected a format of one file, found sigmf, which has two",
                "write .trc and then etalon convert it",
            )),
            format => Ok(format),
        }
    }

    fn source(&self) -> Result<SymbolSource, CliError> {
        let told = self.modulation.map(|m| match m {
            ModulationArg::Nrz => Modulation::Nrz,
            ModulationArg::Pam4 => Modulation::Pam4,
        });
        let modulation = told.unwrap_or(Modulation::Pam4);
        let name = match (self.pattern, modulation) {
            (Some(SourceArg::Random), _) => return Ok(SymbolSource::Random { modulation }),
            (Some(SourceArg::Named(name)), _) => name,
            (None, Modulation::Nrz) => PatternName::Prbs(31),
            (None, Modulation::Pam4) => PatternName::PrbsQ(31),
        };
        match told {
            Some(told) if told != name.modulation() => Err(CliError::usage(
                "ETA-2001",
                "--pattern, --modulation",
                "the pattern does not have this modulation",
                format!(
                    "expected a pattern of {} levels, found {name}",
                    told.levels()
                ),
                "use prbsN for nrz; prbs13q, prbs31q or ssprq for pam4; or --pattern random",
            )),
            _ => Ok(SymbolSource::Pattern { name }),
        }
    }

    fn adc(&self) -> Option<Adc> {
        if self.enob.is_none() && self.clip.is_none() {
            return None;
        }
        let plain = Adc::default();
        // Eight bits are a real-time oscilloscope's; more effective bits need a wider word.
        let bits = if self.enob.is_some_and(|enob| enob > 8.0) {
            16
        } else {
            plain.bits
        };
        Some(Adc {
            bits,
            enob: self.enob,
            clip: self.clip.unwrap_or(plain.clip),
        })
    }
}

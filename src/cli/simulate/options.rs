//! The options of `etalon simulate link`, and the link that they describe.

use std::path::PathBuf;
use std::str::FromStr;

use clap::ValueEnum;
use etalon_captures::Format;
use etalon_twin::link::{Adc, LinkConfig, Noise, Polarization, Reflection, SymbolSource};
use etalon_types::units::{Baud, Db, Dbm, Hertz, Metres, Seconds};
use etalon_types::{Modulation, PatternName};

use crate::cli::error::CliError;
use crate::cli::touchstone::{ChannelArgs, Measured};

/// File format of the capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FormatArg {
    /// NumPy; carries neither unit nor time base
    Npy,
    /// Text with time and power
    Csv,
    /// Teledyne LeCroy trace
    Trc,
}

impl From<FormatArg> for Format {
    fn from(format: FormatArg) -> Self {
        match format {
            FormatArg::Npy => Self::Npy,
            FormatArg::Csv => Self::Csv,
            FormatArg::Trc => Self::Trc,
        }
    }
}

/// Modulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ModulationArg {
    /// Two levels
    Nrz,
    /// Four levels
    Pam4,
}

/// Polarization of the reflections against the signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PolarizationArg {
    /// All of the reflection beats with the signal
    Aligned,
    /// None of it does
    Orthogonal,
    /// Drawn at random
    Scrambled,
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

/// A density of intensity noise in dB/Hz.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DbPerHz(pub f64);

impl FromStr for DbPerHz {
    type Err = etalon_types::units::QuantityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.strip_suffix("/Hz")
            .unwrap_or(text)
            .parse::<Db>()
            .map(|db| Self(db.0))
    }
}

/// An accumulated dispersion in ps/nm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PsPerNm(pub f64);

impl FromStr for PsPerNm {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.strip_suffix("ps/nm").unwrap_or(text).trim_end();
        number
            .parse()
            .ok()
            .filter(|value: &f64| value.is_finite())
            .map(Self)
            .ok_or_else(|| "expected a number in ps/nm, like 170 or -34.5ps/nm".to_owned())
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
    pub format: Option<FormatArg>,
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
    /// Pattern: random, prbs7..prbs31, prbs13q, prbs31q, ssprq (default: prbs31q, or prbs31 for nrz)
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
    /// Received optical power; without --snr the receiver's thermal noise follows from it
    #[arg(long, value_name = "DBM", allow_hyphen_values = true)]
    pub rop: Option<Dbm>,
    /// Signal-to-noise ratio at the slicer (default: 20dB, unless --rop is given)
    #[arg(long, value_name = "DB", allow_hyphen_values = true)]
    pub snr: Option<Db>,
    /// Level of a reflection pair over the signal (repeatable, each with its --mpi-delay)
    #[arg(long, value_name = "DB", allow_hyphen_values = true)]
    pub mpi: Vec<Db>,
    /// Round-trip delay of a reflection pair (repeatable, each with its --mpi)
    #[arg(long, value_name = "S")]
    pub mpi_delay: Vec<Seconds>,
    /// Polarization of the reflections against the signal
    #[arg(long, value_enum, value_name = "HOW", default_value = "aligned")]
    pub polarization: PolarizationArg,
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
    /// Not yet: a single reflector by position and return loss
    #[arg(long, hide = true, allow_hyphen_values = true)]
    pub reflector: Vec<String>,
    /// Chirp (Henry's factor) of the transmitter; it shows with dispersion and reflections
    #[arg(
        long,
        value_name = "A",
        default_value_t = 0.0,
        allow_hyphen_values = true
    )]
    pub chirp: f64,
    /// Chromatic dispersion of the fibre in ps/nm
    #[arg(long, value_name = "PS_PER_NM", allow_hyphen_values = true)]
    pub dispersion: Option<PsPerNm>,
    /// Wavelength of the laser
    #[arg(long, value_name = "M", default_value = "1550nm")]
    pub wavelength: Metres,
    /// A measured channel behind the detector.
    #[command(flatten)]
    pub channel: ChannelArgs,
    /// Not yet: jitter of the sample clock
    #[arg(long, hide = true, allow_hyphen_values = true)]
    pub jitter: Option<String>,
}

impl Args {
    /// Returns the link that is described; `channel` is what the channel options name.
    ///
    /// # Errors
    /// Usage, for options that come later or contradict each other.
    pub fn config(
        &self,
        seed: Option<u64>,
        channel: Option<&Measured>,
    ) -> Result<LinkConfig, CliError> {
        self.refuse_what_comes_later()?;
        let plain = LinkConfig::default();
        Ok(LinkConfig {
            seed: seed.unwrap_or(plain.seed),
            source: self.source()?,
            symbols: self.symbols,
            baud: self.baud,
            samples_per_symbol: self.samples_per_symbol,
            extinction_ratio: self.er,
            levels: self.levels.clone(),
            rop: self.rop.unwrap_or(plain.rop),
            linewidth: self.linewidth,
            chirp: self.chirp,
            dispersion_ps_per_nm: self.dispersion.map_or(0.0, |d| d.0),
            wavelength: self.wavelength,
            channel: channel.map(|measured| measured.channel.clone()),
            reflections: self.reflections()?,
            tx_bandwidth: self.tx_bandwidth,
            rx_bandwidth: self.rx_bandwidth,
            rin_db_per_hz: self.rin.map(|rin| rin.0),
            noise: match (self.snr, self.rop) {
                (Some(snr), _) => Noise::Snr { snr },
                (None, Some(_)) => Noise::thermal(),
                (None, None) => plain.noise,
            },
            adc: self.adc(),
            clock_offset_ppm: self.ppm,
            ..plain
        })
    }

    /// Returns the format: told, or known from the ending of the file's name.
    ///
    /// # Errors
    /// Usage, when neither says.
    pub fn file_format(&self) -> Result<FormatArg, CliError> {
        let ending = self
            .out
            .extension()
            .and_then(|e| e.to_str())
            .unwrap_or_default();
        self.format
            .or_else(|| FormatArg::from_str(ending, true).ok())
            .ok_or_else(|| {
                CliError::usage(
                    "ETA-2001",
                    "--format",
                    "the format of the capture is not known",
                    format!(
                        "expected a file that ends in .npy, .csv or .trc, found {}",
                        self.out.display()
                    ),
                    "add --format csv",
                )
            })
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

    fn reflections(&self) -> Result<Vec<Reflection>, CliError> {
        if self.mpi.len() != self.mpi_delay.len() {
            return Err(CliError::usage(
                "ETA-2001",
                "--mpi, --mpi-delay",
                "levels and delays of the reflections come in pairs",
                format!(
                    "expected as many delays as levels, found {} and {}",
                    self.mpi_delay.len(),
                    self.mpi.len()
                ),
                "give them like --mpi -30dB --mpi-delay 100ns, as often as needed",
            ));
        }
        let polarization = match self.polarization {
            PolarizationArg::Aligned => Polarization::Aligned,
            PolarizationArg::Orthogonal => Polarization::Orthogonal,
            PolarizationArg::Scrambled => Polarization::Scrambled,
        };
        let pairs = self.mpi.iter().zip(&self.mpi_delay);
        Ok(pairs
            .map(|(&level, &delay)| Reflection {
                level,
                delay,
                polarization,
            })
            .collect())
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

    fn refuse_what_comes_later(&self) -> Result<(), CliError> {
        let told = [
            (
                "--reflector",
                self.reflector.first(),
                "use --mpi -30dB --mpi-delay 100ns for a pair of reflectors",
            ),
            (
                "--jitter",
                self.jitter.as_ref(),
                "use --ppm for a clock that is off",
            ),
        ];
        match told
            .into_iter()
            .find_map(|(option, value, hint)| Some((option, value?, hint)))
        {
            Some((option, value, hint)) => Err(CliError::comes_later(option, value, hint)),
            None => Ok(()),
        }
    }
}

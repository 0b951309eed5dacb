//! The link options that `analyze` and `mpi` share, and what they mean to the receiver.

use std::path::PathBuf;
use std::str::FromStr;

use clap::ValueEnum;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use etalon_dsp::equalizer::registry;
use etalon_dsp::{
    BaudChoice, EqualizerChoice, LineCode, Measures, ModulationChoice, PatternChoice, Quantity,
    ReceiveOptions, ReferenceReceiver,
};
use etalon_types::units::{Baud, Hertz};
use etalon_types::{Modulation, PatternName};

use super::error::CliError;
use super::inventory;
use super::touchstone::ChannelArgs;
use super::typed::{OrAuto, Typed};
use crate::inventory::Inventory;

/// Modulation, told or to be found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ModulationArg {
    /// Found from the levels
    #[default]
    Auto,
    /// Two levels
    Nrz,
    /// Four levels
    Pam4,
}

/// The transmitted pattern.
#[derive(Clone, Debug, PartialEq)]
pub enum PatternArg {
    /// Every known pattern is tried.
    Auto,
    /// Blind.
    None,
    /// A named pattern.
    Named(PatternName),
    /// A file of bits or symbols.
    File(PathBuf),
}

impl FromStr for PatternArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "none" => Ok(Self::None),
            _ => match text.strip_prefix("file:") {
                Some("") => Err("expected a path after file:".into()),
                Some(path) => Ok(Self::File(path.into())),
                None => text.parse().map(Self::Named).map_err(|_| {
                    "expected auto, none, prbs7..prbs31, prbs13q, prbs31q, ssprq or file:PATH"
                        .into()
                }),
            },
        }
    }
}

/// Line code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LineCodeArg {
    /// No check
    #[default]
    None,
    /// Sync headers of 64b/66b
    #[value(name = "64b66b")]
    Code64b66b,
}

/// Reads the name of an equalizer; the names and what they mean are the receiver's registry.
fn equalizer() -> impl TypedValueParser<Value = EqualizerChoice> {
    PossibleValuesParser::new(
        registry::KINDS.map(|kind| PossibleValue::new(kind.name).help(kind.about)),
    )
    .map(|name| registry::by_name(&name).unwrap_or_default())
}

/// Reference receiver.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ReferenceReceiverArg {
    /// None
    #[default]
    None,
    /// Bessel-Thomson of fourth order, -3 dB at half the symbol rate
    Bt4,
}

/// Which measures are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MeasureArg(pub Measures);

impl FromStr for MeasureArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let none = Measures {
            mpi: false,
            reflectogram: false,
            eye: false,
            tdecq: false,
            cancellation: false,
        };
        let mut measures = match text {
            "all" => return Ok(Self(Measures::default())),
            "fast" => {
                return Ok(Self(Measures {
                    reflectogram: false,
                    tdecq: false,
                    ..Measures::default()
                }));
            }
            _ => none,
        };
        for name in text.split(',').map(str::trim) {
            match name {
                "mpi" => measures.mpi = true,
                "reflectogram" => measures.reflectogram = true,
                "eye" => measures.eye = true,
                "tdecq" => measures.tdecq = true,
                "cancellation" => measures.cancellation = true,
                // These come out of every reception.
                "ber" | "ser" | "snr" | "levels" => {}
                _ => {
                    return Err(
                        "expected all, fast or a list of ber, levels, mpi, reflectogram, cancellation, eye, tdecq"
                            .into(),
                    );
                }
            }
        }
        Ok(Self(measures))
    }
}

/// Link options of the command line.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Link options")]
pub struct LinkArgs {
    /// File format: auto, or a name as `etalon info` prints it (raw-i8, raw-i16, npy, csv, ...)
    #[arg(long, value_name = "F", default_value = "auto")]
    pub format: String,
    /// Sample rate, for files without a time base (56G)
    #[arg(long, value_name = "R")]
    pub sample_rate: Option<Typed<Hertz>>,
    /// Symbol rate (26.5625G), or auto
    #[arg(long, value_name = "R|auto", default_value = "auto")]
    pub baud: Typed<OrAuto<Baud>>,
    /// Modulation
    #[arg(long, value_enum, default_value = "auto", value_name = "M")]
    pub modulation: ModulationArg,
    /// Transmitted pattern: auto, none, prbs7..prbs31, prbs13q, prbs31q, ssprq, file:PATH
    #[arg(long, value_name = "P", default_value = "auto")]
    pub pattern: Typed<PatternArg>,
    /// Line code whose framing is checked
    #[arg(long, value_enum, default_value = "none", value_name = "CODE")]
    pub line_code: LineCodeArg,
    /// Channel, as `etalon info` prints it (default: all)
    #[arg(long, value_name = "C")]
    pub channel: Option<String>,
    /// Segment, from 0 (default: all)
    #[arg(long, value_name = "K")]
    pub segment: Option<usize>,
    /// Equalizer
    #[arg(long, value_parser = equalizer(), default_value = "auto", value_name = "E")]
    pub equalizer: EqualizerChoice,
    /// Feed-forward taps
    #[arg(long, value_name = "N")]
    pub taps: Option<usize>,
    /// Reference receiver
    #[arg(long, value_enum, default_value = "none", value_name = "R")]
    pub reference_receiver: ReferenceReceiverArg,
    /// Samples are optical power, so ER, OMA and MPI apply
    #[arg(long)]
    pub optical: bool,
    /// What the instrument reads with no light
    #[arg(long, value_name = "LEVEL", allow_hyphen_values = true)]
    pub zero: Option<Typed<Level>>,
    /// Measures: all, fast (no reflectogram, no TDECQ), or a list of mpi,reflectogram,cancellation,eye,tdecq
    #[arg(long, value_name = "LIST", default_value = "all")]
    pub measure: Typed<MeasureArg>,
    /// Laser linewidth, when known (1M)
    #[arg(long, value_name = "HZ")]
    pub linewidth: Option<Typed<Hertz>>,
    /// Measured channel that the link is compared with, up to half the symbol rate.
    #[command(flatten)]
    pub reference: ChannelArgs,
    /// Where the connectors are: TOML, see etalon schema inventory
    #[arg(long, value_name = "FILE")]
    pub inventory: Option<PathBuf>,
}

/// A level in the unit of the samples, with an SI prefix and V or W if one likes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level(pub f64);

impl FromStr for Level {
    type Err = etalon_types::units::QuantityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        use etalon_types::units::parse_quantity;
        parse_quantity(text, "W")
            .or_else(|_| parse_quantity(text, "V"))
            .map(Self)
    }
}

impl LinkArgs {
    /// Turns the options into the receiver's, for a trace in `unit`.
    ///
    /// `pattern_symbols` reads a pattern file; it is called only when one is named.
    ///
    /// # Errors
    /// Usage, for options that contradict each other; input, for a pattern file
    /// that cannot be read.
    pub fn receive_options(
        &self,
        pattern_symbols: impl FnOnce(&std::path::Path) -> Result<Vec<u8>, CliError>,
    ) -> Result<ReceiveOptions, CliError> {
        self.refuse_the_impossible()?;
        Ok(ReceiveOptions {
            baud: match self.baud.value {
                OrAuto::Auto => BaudChoice::Auto,
                OrAuto::Is(baud) => BaudChoice::Is(baud.0),
            },
            modulation: match self.modulation {
                ModulationArg::Auto => ModulationChoice::Auto,
                ModulationArg::Nrz => ModulationChoice::Is(Modulation::Nrz),
                ModulationArg::Pam4 => ModulationChoice::Is(Modulation::Pam4),
            },
            pattern: match &self.pattern.value {
                PatternArg::Auto => PatternChoice::Auto,
                PatternArg::None => PatternChoice::None,
                PatternArg::Named(name) => PatternChoice::Named(*name),
                PatternArg::File(path) => PatternChoice::Symbols {
                    name: self.pattern.text.clone(),
                    symbols: pattern_symbols(path)?,
                },
            },
            equalizer: self.equalizer,
            taps: self.taps,
            quantity: if self.optical {
                Quantity::OpticalPower
            } else {
                Quantity::Unknown
            },
            zero: self.zero.as_ref().map_or(0.0, |level| level.value.0),
            line_code: match self.line_code {
                LineCodeArg::None => LineCode::None,
                LineCodeArg::Code64b66b => LineCode::Code64b66b,
            },
            measures: self.measure.value.0,
            reference_channel: self.reference.read()?.map(|m| m.channel.response),
            reference_receiver: match self.reference_receiver {
                ReferenceReceiverArg::None => ReferenceReceiver::None,
                ReferenceReceiverArg::Bt4 => ReferenceReceiver::BesselThomson4,
            },
            linewidth_hz: self.linewidth.as_ref().map(|l| l.value.0),
        })
    }

    /// Reads the inventory of connectors, when one is named.
    ///
    /// # Errors
    /// Input, for a file that cannot be read; usage, for one that is no inventory.
    pub fn read_inventory(&self) -> Result<Option<Inventory>, CliError> {
        self.inventory.as_deref().map(inventory::read).transpose()
    }

    fn refuse_the_impossible(&self) -> Result<(), CliError> {
        let positive = |option: &str, value: Option<f64>, example: &str| match value {
            Some(v) if v <= 0.0 => Err(CliError::usage(
                "ETA-2001",
                option,
                "the value of an option is impossible",
                format!("expected more than 0, found {v}"),
                format!("give it like {option} {example}"),
            )),
            _ => Ok(()),
        };
        let baud = match self.baud.value {
            OrAuto::Is(baud) => Some(baud.0),
            OrAuto::Auto => None,
        };
        let rate = self.sample_rate.as_ref().map(|r| r.value.0);
        positive("--baud", baud, "26.5625G")?;
        positive("--sample-rate", rate, "56G")?;
        positive(
            "--linewidth",
            self.linewidth.as_ref().map(|l| l.value.0),
            "1M",
        )?;
        if let Some(taps) = self.taps {
            positive("--taps", Some(taps as f64), "31")?;
            if self.equalizer == EqualizerChoice::None {
                return Err(CliError::usage(
                    "ETA-2001",
                    "--taps",
                    "the options contradict each other",
                    format!("expected an equalizer for {taps} taps, found --equalizer none"),
                    "leave out --taps, or use --equalizer ffe",
                ));
            }
        }
        if let (Some(rate), Some(baud)) = (rate, baud)
            && rate < baud
        {
            return Err(CliError::usage(
                "ETA-2005",
                "--baud, --sample-rate",
                "the symbol rate is above the sample rate",
                format!("expected at least one sample a symbol, found {baud} Bd at {rate} S/s"),
                "check the prefixes: G is 1e9, M is 1e6",
            ));
        }
        Ok(())
    }

    /// Returns the options as words that can be typed again, without the defaults.
    pub fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        let mut push = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                words.push(name.to_owned());
                words.push(value);
            }
        };
        let unless = |value: String, default: &str| (value != default).then_some(value);
        push("--format", unless(self.format.clone(), "auto"));
        push(
            "--sample-rate",
            self.sample_rate.as_ref().map(|r| r.text.clone()),
        );
        push("--baud", unless(self.baud.text.clone(), "auto"));
        push("--modulation", unless(name_of(self.modulation), "auto"));
        push("--pattern", unless(self.pattern.text.clone(), "auto"));
        push("--line-code", unless(name_of(self.line_code), "none"));
        push("--channel", self.channel.clone());
        push("--segment", self.segment.map(|k| k.to_string()));
        push(
            "--equalizer",
            unless(registry::name(self.equalizer).to_owned(), "auto"),
        );
        push("--taps", self.taps.map(|n| n.to_string()));
        push(
            "--reference-receiver",
            unless(name_of(self.reference_receiver), "none"),
        );
        push("--zero", self.zero.as_ref().map(|l| l.text.clone()));
        push("--measure", unless(self.measure.text.clone(), "all"));
        push(
            "--linewidth",
            self.linewidth.as_ref().map(|l| l.text.clone()),
        );
        if self.optical {
            words.push("--optical".into());
        }
        words.extend(self.reference.words());
        if let Some(path) = &self.inventory {
            words.extend(["--inventory".into(), path.display().to_string()]);
        }
        words
    }
}

fn name_of(value: impl ValueEnum) -> String {
    value
        .to_possible_value()
        .map_or_else(String::new, |v| v.get_name().to_owned())
}

#[cfg(test)]
mod tests;

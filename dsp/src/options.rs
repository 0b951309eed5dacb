//! What the caller tells the receiver.

use etalon_types::FrequencyResponse;
use etalon_types::pattern::{Modulation, PatternName};

/// Modulation, told or to be found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ModulationChoice {
    /// Found from the levels.
    #[default]
    Auto,
    /// Told.
    Is(Modulation),
}

/// Symbol rate, told or to be found.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum BaudChoice {
    /// Found from the spectral line: any rate; see [`crate::timing::search`].
    #[default]
    Auto,
    /// Told, in baud.
    Is(f64),
}

/// The transmitted pattern, told or to be found.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum PatternChoice {
    /// Every known pattern is tried.
    #[default]
    Auto,
    /// The receiver works blind.
    None,
    /// A named pattern, in any rotation and polarity.
    Named(PatternName),
    /// Symbols (0..levels) that repeat, in any rotation and polarity.
    Symbols {
        /// What the report calls it.
        name: String,
        /// The symbols of one period.
        symbols: Vec<u8>,
    },
}

/// The equalizer; [`crate::equalizer::registry`] has their names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EqualizerChoice {
    /// The simplest that makes the fewest errors on training symbols held back.
    #[default]
    Auto,
    /// None: the sample nearest the decision instant.
    None,
    /// Feed-forward.
    Ffe,
    /// Feed-forward with decision feedback.
    FfeDfe,
    /// Feed-forward to a short channel, then maximum-likelihood sequence estimation.
    FfeMlse,
    /// Volterra equalizer: products of up to three samples.
    Volterra,
    /// Feed-forward by least mean squares.
    Lms,
    /// Feed-forward by least mean squares that take the error's sign.
    SignLms,
    /// Feed-forward by least mean squares, corrected block by block.
    BlockLms,
    /// Feed-forward by recursive least squares.
    Rls,
}

/// Whether samples are optical power, so that ER, OMA and MPI apply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quantity {
    /// The file does not say. Taken as optical power only when every level lies above zero, and
    /// then flagged.
    #[default]
    Unknown,
    /// Optical power (or a voltage proportional to it) above the zero level.
    OpticalPower,
    /// A voltage without a meaningful zero.
    Voltage,
}

/// Line code whose framing is checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LineCode {
    /// No check.
    #[default]
    None,
    /// 64b/66b sync headers.
    Code64b66b,
}

/// Whether the capture is still to go through the reference receiver's filter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReferenceReceiver {
    /// Not filtered: the instrument has done it, or it is not wanted.
    #[default]
    None,
    /// Filtered by [`crate::measure::reference_receiver`] before anything else.
    BesselThomson4,
}

/// Which measures are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measures {
    /// Multipath interference level and linewidth.
    pub mpi: bool,
    /// Delay of the strongest reflection.
    pub reflectogram: bool,
    /// The eye's density.
    pub eye: bool,
    /// TDECQ and the other transmitter measures, where the pattern and the sample rate allow.
    pub tdecq: bool,
    /// What cancelling the interference would do, once some was found. Not done by default: it
    /// decides every symbol anew three times.
    pub cancellation: bool,
}

impl Default for Measures {
    fn default() -> Self {
        Self {
            mpi: true,
            reflectogram: true,
            eye: true,
            tdecq: true,
            cancellation: false,
        }
    }
}

/// Everything the caller tells the receiver.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReceiveOptions {
    /// Symbol rate.
    pub baud: BaudChoice,
    /// Modulation.
    pub modulation: ModulationChoice,
    /// Pattern.
    pub pattern: PatternChoice,
    /// Equalizer.
    pub equalizer: EqualizerChoice,
    /// Feed-forward taps; `None` lets the receiver choose.
    pub taps: Option<usize>,
    /// What the samples are.
    pub quantity: Quantity,
    /// What the instrument reads with no light, in the unit of the samples.
    pub zero: f64,
    /// Line code to check.
    pub line_code: LineCode,
    /// Which measures are made.
    pub measures: Measures,
    /// Response that the channel should have; with a known or decided pattern the report's
    /// features tell how far it is from that.
    pub reference_channel: Option<FrequencyResponse>,
    /// Filter that the capture goes through first.
    pub reference_receiver: ReferenceReceiver,
    /// Laser linewidth in hertz, when known from elsewhere.
    pub linewidth_hz: Option<f64>,
}

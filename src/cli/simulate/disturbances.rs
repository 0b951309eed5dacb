//! The options of `etalon simulate link` about what disturbs without being interference.

use etalon_twin::link::{
    AcCoupling, Echo, Jitter, LinkConfig, LowFrequencyRin, Nuisances, Tone, ToneOn,
};
use etalon_types::units::Baud;

use super::quantities::{CouplingArg, EchoArg, JitterArg, RmsBelow, Share, ToneArg};

/// Options about nuisances of the receiver, its clock and the laser.
#[derive(Clone, Debug, clap::Args)]
pub struct DisturbanceArgs {
    /// Supply tone on the offset, 100kHz:3% of the mean (repeatable)
    #[arg(long, value_name = "FREQ:AMPLITUDE")]
    pub tone: Vec<ToneArg>,
    /// Supply tone on the gain, 1MHz:1% (repeatable)
    #[arg(long, value_name = "FREQ:AMPLITUDE")]
    pub gain_tone: Vec<ToneArg>,
    /// Drift of the offset from start to end, over the mean power
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    pub offset_ramp: Option<Share>,
    /// Drift of the gain from start to end
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    pub gain_ramp: Option<Share>,
    /// AC coupling by its corner; with :kept the mean is added back
    #[arg(long, value_name = "HZ[:kept]")]
    pub ac_coupling: Option<CouplingArg>,
    /// Intensity noise of the laser below a corner, 0.5%:5MHz
    #[arg(long, value_name = "RMS:CORNER")]
    pub rin_low: Option<RmsBelow>,
    /// Electrical echo behind the detector, 7.5ns:2% or 200UI:2% (repeatable)
    #[arg(long, value_name = "DELAY:AMPLITUDE")]
    pub echo: Vec<EchoArg>,
    /// Soft compression: part of the mean missing at twice the mean
    #[arg(long, value_name = "X")]
    pub saturation: Option<Share>,
    /// Jitter of the sample clock, 0.5ps, or below a corner, 0.02UI:5MHz
    #[arg(long, value_name = "RMS[:CORNER]")]
    pub jitter: Option<JitterArg>,
}

impl DisturbanceArgs {
    /// Returns the link with the disturbances.
    pub fn disturb(&self, link: LinkConfig) -> LinkConfig {
        LinkConfig {
            low_frequency_rin: self.rin_low.map(|rin| LowFrequencyRin {
                rms: rin.rms.0,
                corner: rin.corner,
            }),
            jitter: self.jitter.map(|jitter| Jitter {
                rms: jitter.rms.at(link.baud),
                corner: jitter.corner,
            }),
            nuisances: self.nuisances(link.baud),
            ..link
        }
    }

    fn nuisances(&self, baud: Baud) -> Nuisances {
        let tones = |given: &[ToneArg], on| {
            let tones = given.iter().map(|tone| Tone {
                frequency: tone.frequency,
                amplitude: tone.amplitude.0,
                on,
                phase_rad: 0.0,
            });
            tones.collect::<Vec<Tone>>()
        };
        let echoes = self.echo.iter().map(|echo| Echo {
            delay: echo.delay.at(baud),
            amplitude: echo.amplitude.0,
        });
        Nuisances {
            tones: [
                tones(&self.tone, ToneOn::Offset),
                tones(&self.gain_tone, ToneOn::Gain),
            ]
            .concat(),
            offset_ramp: self.offset_ramp.map(|ramp| ramp.0),
            gain_ramp: self.gain_ramp.map(|ramp| ramp.0),
            ac_coupling: self.ac_coupling.map(|coupling| AcCoupling {
                corner: coupling.corner,
                baseline: coupling.baseline,
            }),
            echoes: echoes.collect(),
            saturation: self.saturation.map(|x| x.0),
        }
    }
}

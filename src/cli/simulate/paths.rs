//! The options of `etalon simulate link` about interfering paths, and what they describe.

use clap::ValueEnum;
use etalon_twin::link::{Fibre, Polarization, Rayleigh, Reflection, Reflector};
use etalon_types::units::{Db, Hertz, Metres, Seconds};

use super::quantities::{DbPerKm, ReflectorArg};
use crate::cli::error::CliError;

/// Polarization of the reflections against the signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PolarizationArg {
    /// All of the reflection beats with the signal
    Aligned,
    /// None of it does
    Orthogonal,
    /// A random state that stands still
    Random,
    /// A random state that wanders at --scrambling-rate
    Scrambled,
}

/// Options about interfering paths.
#[derive(Clone, Debug, clap::Args)]
pub struct PathArgs {
    /// Level of a path over the signal (repeatable, with its --mpi-delay)
    #[arg(long, value_name = "DB", allow_hyphen_values = true)]
    pub mpi: Vec<Db>,
    /// Round-trip delay of a path (repeatable, with its --mpi)
    #[arg(long, value_name = "S")]
    pub mpi_delay: Vec<Seconds>,
    /// Connector, 12m:26dB (repeatable): every pair makes a path
    #[arg(long, value_name = "POS:RL", allow_hyphen_values = true)]
    pub reflector: Vec<ReflectorArg>,
    /// Loss of the fibre between connectors [default: 0.35dB/km, at 1310 nm]
    #[arg(long, value_name = "DB/KM")]
    pub fibre_loss: Option<DbPerKm>,
    /// Length of a fibre whose glass scatters, 10km (Rayleigh backscatter)
    #[arg(long, value_name = "M")]
    pub rayleigh: Option<Metres>,
    /// Polarization of the reflections against the signal
    #[arg(long, value_enum, value_name = "HOW", default_value = "aligned")]
    pub polarization: PolarizationArg,
    /// Rate at which a scrambled polarization wanders; 0 stands still
    #[arg(long, value_name = "HZ", default_value = "100kHz")]
    pub scrambling_rate: Hertz,
}

impl PathArgs {
    fn polarization(&self) -> Polarization {
        match self.polarization {
            PolarizationArg::Aligned => Polarization::Aligned,
            PolarizationArg::Orthogonal => Polarization::Orthogonal,
            PolarizationArg::Random => Polarization::Random,
            PolarizationArg::Scrambled => Polarization::Scrambled,
        }
    }

    /// Returns the rate at which states wander: none that is not scrambled does.
    pub fn rate(&self) -> Hertz {
        match self.polarization {
            PolarizationArg::Scrambled => self.scrambling_rate,
            _ => Hertz(0.0),
        }
    }

    /// Returns the paths by level and delay.
    ///
    /// # Errors
    /// Usage, for a level without a delay, or the other way round.
    pub fn reflections(&self) -> Result<Vec<Reflection>, CliError> {
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
        let polarization = self.polarization();
        let pairs = self.mpi.iter().zip(&self.mpi_delay);
        Ok(pairs
            .map(|(&level, &delay)| Reflection {
                level,
                delay,
                polarization,
            })
            .collect())
    }

    /// Returns the fibre with its connectors.
    ///
    /// # Errors
    /// Usage, for a single connector, which makes no path.
    pub fn fibre(&self) -> Result<Fibre, CliError> {
        if self.reflector.len() == 1 {
            return Err(CliError::usage(
                "ETA-2001",
                "--reflector",
                "a single reflector makes no path",
                "light has to be reflected twice to travel on: expected two or more, found one",
                "add a second one, like --reflector 0m:26dB --reflector 12m:26dB",
            ));
        }
        let plain = Fibre::default();
        let reflectors = self.reflector.iter().map(|given| Reflector {
            position: given.position,
            return_loss: given.return_loss,
        });
        Ok(Fibre {
            reflectors: reflectors.collect(),
            loss_db_per_km: self.fibre_loss.map_or(plain.loss_db_per_km, |loss| loss.0),
            polarization: self.polarization(),
            rayleigh: self.rayleigh.map(|length| Rayleigh {
                length,
                ..Rayleigh::default()
            }),
        })
    }
}

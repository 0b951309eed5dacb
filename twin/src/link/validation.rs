//! Which configurations describe a link.

use super::adc::Adc;
use super::{LinkConfig, Noise, Polarization, SymbolSource, transmitter};
use crate::Error;

impl LinkConfig {
    /// Checks every field.
    ///
    /// # Errors
    /// The first field that describes no link, with what was expected and what was found.
    pub fn validate(&self) -> Result<(), Error> {
        at_least_one("symbols", self.symbols)?;
        at_least_one("samples_per_symbol", self.samples_per_symbol)?;
        positive("baud", self.baud.0)?;
        within_200("rop", self.rop.0)?;
        check("linewidth", "0 to 1e15 Hz", self.linewidth.0, |x| {
            (0.0..=1e15).contains(&x)
        })?;
        self.validate_symbols()?;
        self.validate_levels()?;
        self.validate_fibre()?;
        self.channel
            .as_ref()
            .map_or(Ok(()), |channel| channel.validate(self.baud.0))?;
        for reflection in &self.reflections {
            within_200("reflections.level", reflection.level.0)?;
            not_negative("reflections.delay", reflection.delay.0)?;
            reflection
                .polarization
                .validate("reflections.polarization")?;
        }
        self.fibre.validate()?;
        self.tx_bandwidth
            .map_or(Ok(()), |f| positive("tx_bandwidth", f.0))?;
        self.rx_bandwidth
            .map_or(Ok(()), |f| positive("rx_bandwidth", f.0))?;
        self.rin_db_per_hz
            .map_or(Ok(()), |rin| within_200("rin_db_per_hz", rin))?;
        self.low_frequency_rin
            .map_or(Ok(()), |rin| rin.validate())?;
        self.nuisances.validate()?;
        self.jitter.map_or(Ok(()), |jitter| jitter.validate(self))?;
        match self.noise {
            Noise::None => {}
            Noise::Snr { snr } => within_200("noise.snr", snr.0)?,
            Noise::Thermal {
                current_a_per_sqrt_hz,
                responsivity_a_per_w,
            }
            | Noise::ThermalAndShot {
                current_a_per_sqrt_hz,
                responsivity_a_per_w,
            } => {
                not_negative("noise.current_a_per_sqrt_hz", current_a_per_sqrt_hz)?;
                positive("noise.responsivity_a_per_w", responsivity_a_per_w)?;
            }
        }
        self.adc.as_ref().map_or(Ok(()), Adc::validate)?;
        check(
            "clock_offset_ppm",
            "-10000 to 10000",
            self.clock_offset_ppm,
            |x| x.abs() <= 1e4,
        )
    }

    fn validate_fibre(&self) -> Result<(), Error> {
        transmitter::validate(self)?;
        transmitter::validate_shift(self)?;
        check(
            "scrambling_rate",
            "0 to the sample rate",
            self.scrambling_rate.0,
            |rate| rate >= 0.0 && rate <= self.sample_rate().0,
        )?;
        check(
            "dispersion_ps_per_nm",
            "-1e5 to 1e5 ps/nm",
            self.dispersion_ps_per_nm,
            |x| x.abs() <= 1e5,
        )?;
        check("wavelength", "100 nm to 10 um", self.wavelength.0, |x| {
            (100e-9..=10e-6).contains(&x)
        })?;
        if self.dispersion_ps_per_nm != 0.0 && self.samples_per_symbol < 2 {
            return Err(Error::OutOfRange {
                quantity: "samples_per_symbol",
                expected: "2 or more with dispersion, which works on the sidebands",
                found: self.samples_per_symbol.to_string(),
            });
        }
        Ok(())
    }

    fn validate_symbols(&self) -> Result<(), Error> {
        match &self.source {
            SymbolSource::Pattern { name } if name.taps().is_none() => Err(Error::OutOfRange {
                quantity: "source.name",
                expected: "a pattern with a polynomial",
                found: name.to_string(),
            }),
            SymbolSource::Explicit {
                modulation,
                symbols,
            } => {
                at_least_one("source.symbols", symbols.len())?;
                let levels = modulation.levels();
                match symbols
                    .iter()
                    .position(|&symbol| usize::from(symbol) >= levels)
                {
                    Some(index) => Err(Error::Symbol {
                        index,
                        levels,
                        found: symbols[index],
                    }),
                    None => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    fn validate_levels(&self) -> Result<(), Error> {
        let Some(levels) = &self.levels else {
            return check(
                "extinction_ratio",
                "above 0 dB, at most 200 dB",
                self.extinction_ratio.0,
                |x| x > 0.0 && x <= 200.0,
            );
        };
        let expected = self.source.modulation().levels();
        if levels.len() != expected {
            return Err(Error::LevelCount {
                expected,
                found: levels.len(),
            });
        }
        levels
            .iter()
            .try_for_each(|&level| not_negative("levels", level))?;
        if levels.windows(2).any(|pair| pair[0] >= pair[1]) {
            return Err(Error::OutOfRange {
                quantity: "levels",
                expected: "rising powers, lowest first",
                found: format!("{levels:?}"),
            });
        }
        Ok(())
    }
}

impl Polarization {
    /// Refuses an overlap that no two states have.
    pub(super) fn validate(self, quantity: &'static str) -> Result<(), Error> {
        let Self::Overlap(overlap) = self else {
            return Ok(());
        };
        check(quantity, "an overlap from 0 to 1", overlap, |x| {
            (0.0..=1.0).contains(&x)
        })
    }
}

/// Refuses a value that `holds` says no to; NaN must make it say no.
pub(super) fn check(
    quantity: &'static str,
    expected: &'static str,
    value: f64,
    holds: impl Fn(f64) -> bool,
) -> Result<(), Error> {
    if holds(value) {
        return Ok(());
    }
    Err(Error::OutOfRange {
        quantity,
        expected,
        found: value.to_string(),
    })
}

pub(super) fn positive(quantity: &'static str, value: f64) -> Result<(), Error> {
    check(quantity, "a number above 0", value, |x| {
        x > 0.0 && x.is_finite()
    })
}

pub(super) fn not_negative(quantity: &'static str, value: f64) -> Result<(), Error> {
    check(quantity, "a number from 0 on", value, |x| {
        x >= 0.0 && x.is_finite()
    })
}

/// Refuses decibels whose linear value would be lost in the arithmetic.
pub(super) fn within_200(quantity: &'static str, value: f64) -> Result<(), Error> {
    check(quantity, "-200 to 200 in its dB unit", value, |x| {
        x.abs() <= 200.0
    })
}

pub(super) fn at_least_one(quantity: &'static str, value: usize) -> Result<(), Error> {
    if value >= 1 {
        return Ok(());
    }
    Err(Error::OutOfRange {
        quantity,
        expected: "at least 1",
        found: value.to_string(),
    })
}

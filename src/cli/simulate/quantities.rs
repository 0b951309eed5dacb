//! Quantities that only the simulation's options take, and pairs of them with a colon between.

use std::str::FromStr;

use etalon_types::units::{Baud, Db, Hertz, Metres, Seconds};

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
        plain(text, "ps/nm")
            .map(Self)
            .ok_or_else(|| "expected a number in ps/nm, like 170 or -34.5ps/nm".to_owned())
    }
}

/// An adiabatic chirp in GHz/mW.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GhzPerMw(pub f64);

impl GhzPerMw {
    /// Returns it in Hz/W.
    pub fn hz_per_w(self) -> f64 {
        self.0 * 1e12
    }
}

impl FromStr for GhzPerMw {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        plain(text, "GHz/mW")
            .map(Self)
            .ok_or_else(|| "expected a number in GHz/mW, like 10 or 5.5GHz/mW".to_owned())
    }
}

/// A loss of fibre in dB/km.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DbPerKm(pub f64);

impl FromStr for DbPerKm {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.strip_suffix("/km").unwrap_or(text);
        number
            .parse::<Db>()
            .map(|db| Self(db.0))
            .map_err(|_| "expected a number in dB/km, like 0.35 or 0.2dB/km".to_owned())
    }
}

/// A part of the mean: `0.03` or `3%`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share(pub f64);

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = match text.trim().strip_suffix('%') {
            Some(percent) => plain(percent, "").map(|x| x / 100.0),
            None => plain(text, ""),
        };
        found
            .map(Self)
            .ok_or_else(|| "expected a part like 0.03 or 3%".to_owned())
    }
}

/// A time in seconds or in unit intervals, `7.5ns` or `200UI`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Time {
    /// Seconds.
    Seconds(f64),
    /// Unit intervals.
    UnitIntervals(f64),
}

impl Time {
    /// Returns the time in seconds at a symbol rate.
    pub fn at(self, baud: Baud) -> Seconds {
        match self {
            Self::Seconds(s) => Seconds(s),
            Self::UnitIntervals(ui) => Seconds(ui / baud.0),
        }
    }
}

impl FromStr for Time {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(ui) = plain(text, "UI").filter(|_| text.trim().ends_with("UI")) {
            return Ok(Self::UnitIntervals(ui));
        }
        text.parse::<Seconds>()
            .map(|s| Self::Seconds(s.0))
            .map_err(|_| "expected a time like 7.5ns or 200UI".to_owned())
    }
}

/// A reflector: position, and return loss or reflectance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReflectorArg {
    /// Position along the fibre.
    pub position: Metres,
    /// Return loss, positive.
    pub return_loss: Db,
}

impl FromStr for ReflectorArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (position, loss) = pair(
            text,
            "POS:RL, like 12m:26dB (or the reflectance, 12m:-26dB)",
        )?;
        let loss: Db = loss;
        Ok(Self {
            position,
            // A reflectance of -26 dB and a return loss of 26 dB are one thing.
            return_loss: Db(loss.0.abs()),
        })
    }
}

/// A frequency and an amplitude.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ToneArg {
    /// Frequency.
    pub frequency: Hertz,
    /// Amplitude over the mean.
    pub amplitude: Share,
}

impl FromStr for ToneArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (frequency, amplitude) = pair(text, "FREQ:AMPLITUDE, like 100kHz:3%")?;
        Ok(Self {
            frequency,
            amplitude,
        })
    }
}

/// A standard deviation over the mean, and a corner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RmsBelow {
    /// Standard deviation over the mean.
    pub rms: Share,
    /// Corner of the noise.
    pub corner: Hertz,
}

impl FromStr for RmsBelow {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (rms, corner) = pair(text, "RMS:CORNER, like 0.5%:5MHz")?;
        Ok(Self { rms, corner })
    }
}

/// A delay and an amplitude.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EchoArg {
    /// Delay behind the signal.
    pub delay: Time,
    /// Amplitude over the signal's.
    pub amplitude: Share,
}

impl FromStr for EchoArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (delay, amplitude) = pair(text, "DELAY:AMPLITUDE, like 7.5ns:2% or 200UI:2%")?;
        Ok(Self { delay, amplitude })
    }
}

/// A standard deviation of instants, and perhaps a corner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct JitterArg {
    /// Standard deviation.
    pub rms: Time,
    /// Corner, below which the instants wander together.
    pub corner: Option<Hertz>,
}

impl FromStr for JitterArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let shape = "RMS or RMS:CORNER, like 0.5ps or 0.02UI:5MHz";
        if text.contains(':') {
            let (rms, corner) = pair(text, shape)?;
            return Ok(Self {
                rms,
                corner: Some(corner),
            });
        }
        let rms = text.parse().map_err(|_| format!("expected {shape}"))?;
        Ok(Self { rms, corner: None })
    }
}

/// A corner of AC coupling, and whether the mean is kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CouplingArg {
    /// Corner of the high-pass.
    pub corner: Hertz,
    /// Whether the mean is added back.
    pub baseline: etalon_twin::link::Baseline,
}

impl FromStr for CouplingArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        use etalon_twin::link::Baseline::{Kept, Removed};
        let (corner, baseline) = match text.strip_suffix(":kept") {
            Some(corner) => (corner, Kept),
            None => (text, Removed),
        };
        let corner = corner
            .parse()
            .map_err(|_| "expected HZ or HZ:kept, like 1MHz or 1MHz:kept".to_owned())?;
        Ok(Self { corner, baseline })
    }
}

/// Reads `A:B`.
fn pair<A: FromStr, B: FromStr>(text: &str, shape: &str) -> Result<(A, B), String> {
    let both = text.split_once(':').and_then(|(a, b)| {
        let (a, b) = (a.trim().parse().ok()?, b.trim().parse().ok()?);
        Some((a, b))
    });
    both.ok_or_else(|| format!("expected {shape}"))
}

/// Reads a finite number with an optional unit.
fn plain(text: &str, unit: &str) -> Option<f64> {
    let trimmed = text.trim();
    let number = trimmed.strip_suffix(unit).unwrap_or(trimmed).trim_end();
    number.parse().ok().filter(|x: &f64| x.is_finite())
}

#[cfg(test)]
mod tests;

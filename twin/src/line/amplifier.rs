//! Fibre amplifiers: gain that saturates and tilts, and the noise that goes with it.
//!
//! The gain solves `G = G0 exp(-(G - 1) P_in / P_sat)`, as a two-level medium pumped along its
//! length has it; `P_sat` is set by the output power at which the gain is 3 dB below `G0`. The
//! noise of both polarisations has the density `(F G - 1) h nu`: from `F = 1/G + 2 n_sp (G - 1)/G`
//! and `S = 2 n_sp (G - 1) h nu`.
//!
//! *Source*: Desurvire, Erbium-Doped Fiber Amplifiers (1994), 1.10 and 2.4; Saleh et al., IEEE
//! Photon. Technol. Lett. 2 (1990) 714 for the form of the saturation.

use etalon_types::units::{Db, Dbm};

use super::{C, Light, Noise, PLANCK};

/// A fibre amplifier.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Amplifier {
    /// Gain for little light.
    pub small_signal_gain: Db,
    /// Output power at which the gain is half of that; infinite for one that never saturates.
    pub saturation: Dbm,
    /// Noise figure.
    pub noise_figure: Db,
    /// Tilt of the gain in dB per metre of wavelength.
    pub tilt_db_m: f64,
    /// Wavelength in metres that gain and noise figure are stated for.
    pub reference_m: f64,
    /// First and last wavelength in metres that it amplifies; other light is absorbed.
    pub band_m: (f64, f64),
}

impl Amplifier {
    /// An amplifier of the C band without gain, noise figure 5 dB, saturation at 20 dBm.
    pub fn c_band() -> Self {
        Self {
            small_signal_gain: Db(0.0),
            saturation: Dbm(20.0),
            noise_figure: Db(5.0),
            tilt_db_m: 0.0,
            reference_m: 1550e-9,
            band_m: (1528e-9, 1568e-9),
        }
    }

    /// The same, but it never saturates.
    pub fn linear() -> Self {
        Self {
            saturation: Dbm(f64::INFINITY),
            ..Self::c_band()
        }
    }

    /// Returns the gain at the reference wavelength with so much light coming in.
    pub fn gain(&self, input_w: f64) -> Db {
        let g0 = self.small_signal_gain.to_linear();
        if g0 <= 1.0 || input_w <= 0.0 || self.saturation.0 == f64::INFINITY {
            return self.small_signal_gain;
        }
        // At half the gain: ln 2 = (G0/2 - 1) P_in / P_sat with P_out = P_in G0/2.
        let half = (g0 / 2.0).max(1.0 + 1e-9);
        let saturation_w =
            self.saturation.to_watts() * (half - 1.0) / half / std::f64::consts::LN_2;
        // G + P_sat/P_in ln G rises with G: bisection needs no good start.
        let excess = |ln_g: f64| ln_g + (ln_g.exp() - 1.0) * input_w / saturation_w - g0.ln();
        let (mut low, mut high) = (0.0, g0.ln());
        for _ in 0..100 {
            let middle = 0.5 * (low + high);
            if excess(middle) < 0.0 {
                low = middle;
            } else {
                high = middle;
            }
        }
        Db::from_linear((0.5 * (low + high)).exp())
    }

    /// Returns what comes out.
    pub fn amplified(&self, light: &Light) -> Light {
        let gain = self.gain(light.power_w());
        let at =
            |wavelength_m: f64| Db(gain.0 + self.tilt_db_m * (wavelength_m - self.reference_m));
        let mut out = light.scaled(at);
        let inside = |f: f64| (self.band_m.0..=self.band_m.1).contains(&(C / f));
        out.channels.retain(|channel| inside(channel.frequency_hz));
        for noise in &mut out.noise {
            let (low, high) = (
                noise.band_m.0.max(self.band_m.0),
                noise.band_m.1.min(self.band_m.1),
            );
            noise.band_m = (low, high.max(low));
        }
        let factor = self.noise_figure.to_linear() * gain.to_linear() - 1.0;
        if factor > 0.0 && gain.0 > 0.0 {
            out.noise.push(Noise {
                density_w_hz: factor * PLANCK * C / self.reference_m,
                reference_m: self.reference_m,
                tilt_db_m: self.tilt_db_m,
                band_m: self.band_m,
            });
        }
        out
    }
}

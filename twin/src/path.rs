//! What a path through the simulated metro network does to a PAM-4 signal.
//!
//! This is a model of ours, kept simple on purpose, and no standard's: a detour has to cost
//! margin, a fault on one link has to show in every service that crosses it, and the numbers
//! have to be of the right size. Noise-to-signal ratios add along the path,
//!
//! ```text
//! 1/SNR = 10^(2A/10) / SNR_terminal + k L
//! ```
//!
//! with `L` the length in km, `k` the noise of the line amplifiers per km, `SNR_terminal` the
//! transmitter and receiver back to back, and `A` the optical loss in dB that a fault adds.
//! Direct detection turns optical power into current, so a loss of `A` dB lowers the signal by
//! `2A` dB (electrical) while the thermal noise of the receiver stays: the loss counts twice,
//! and only in the terminal's term. Line noise is attenuated with the signal.
//!
//! The constants put the forward-error-correction limit of PAM-4 (17.655 dB at 2.4e-4) at about
//! 330 km, so that a metro of 45 to 200 km services closes and a long detour does not.
//!
//! What the model leaves out: dispersion, polarization, wavelength, the phase noise that
//! filters turn into intensity noise. Interference is handed on as it is; its cost is found by
//! simulating and receiving the signal, not by a formula here.
//!
//! ```
//! use etalon_twin::path::{LinkFault, PathLink, PathModel};
//! use etalon_types::TransmissionMode;
//!
//! let model = PathModel::default();
//! let dirty = LinkFault::Mpi { level_db: -30.0, delay_s: 100e-9, linewidth_hz: 10e6 };
//! let path = [PathLink::healthy(37.5), PathLink { km: 30.0, fault: dirty }];
//! let condition = model.condition(&path, TransmissionMode::Pam4At53G);
//! assert_eq!(condition.mpi, [(-30.0, 100e-9)]);
//! assert!((condition.snr_db - 21.7).abs() < 0.1);
//! ```

use etalon_types::TransmissionMode;
use serde::{Deserialize, Serialize};

/// Pre-FEC bit error ratio that RS(544,514) corrects to the frame loss that IEEE 802.3 asks for
/// (independent errors).
pub const KP4_PRE_FEC_BER: f64 = 2.4e-4;

/// What is wrong with one link of the simulated network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "kebab-case")]
pub enum LinkFault {
    /// Nothing.
    #[default]
    None,
    /// A pair of reflections: multipath interference.
    Mpi {
        /// Interferer over signal power in dB.
        level_db: f64,
        /// Round-trip delay between the two reflections in seconds.
        delay_s: f64,
        /// Linewidth of the laser that is seen through it, in hertz (full width at half
        /// maximum).
        linewidth_hz: f64,
    },
    /// Something that low-passes the signal.
    Bandwidth {
        /// Its -3 dB bandwidth in hertz.
        hz: f64,
    },
    /// Optical loss beyond the planned one.
    Attenuation {
        /// The loss in dB (optical), positive.
        db: f64,
    },
}

/// One link of a path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PathLink {
    /// Length in km.
    pub km: f64,
    /// What is wrong with it.
    pub fault: LinkFault,
}

impl PathLink {
    /// Makes a link of `km` kilometres with nothing wrong.
    pub fn healthy(km: f64) -> Self {
        Self {
            km,
            fault: LinkFault::None,
        }
    }
}

/// What arrives at the end of a path: everything that a simulated capture of it needs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PathCondition {
    /// Signal-to-noise ratio at the slicer in dB for the mode asked for, before bandwidth limits
    /// and without interference: mean square of the levels about their mean over the noise
    /// variance.
    pub snr_db: f64,
    /// Extinction ratio in dB.
    pub er_db: f64,
    /// Interferers as (level in dB, delay in seconds), in path order.
    pub mpi: Vec<(f64, f64)>,
    /// Linewidth of the laser in hertz.
    pub linewidth_hz: f64,
    /// Bandwidth of everything between transmitter and slicer in hertz; none when nothing limits.
    pub rx_bandwidth_hz: Option<f64>,
    /// Bandwidth of the transmitter in hertz; none when nothing limits.
    pub tx_bandwidth_hz: Option<f64>,
    /// Mean received power in dBm.
    pub mean_power_dbm: f64,
}

/// Constants of the path model.
///
/// [`PathModel::default`] gives PAM-4 22.0 dB at 60 km, 20.0 dB at 150 km and 18.0 dB at 300 km.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PathModel {
    /// PAM-4 signal-to-noise ratio of the terminals back to back at the planned power, in dB.
    pub terminal_snr_db: f64,
    /// Noise-to-signal ratio (PAM-4, linear) that a kilometre adds.
    pub noise_per_km: f64,
    /// Extinction ratio of the transmitter in dB.
    pub er_db: f64,
    /// Linewidth of the laser in hertz, where no fault states a wider one.
    pub linewidth_hz: f64,
    /// Mean received power in dBm without a fault; the amplifiers hold it whatever the length.
    pub mean_power_dbm: f64,
    /// Bandwidth of the transmitter in hertz; none when nothing limits.
    pub tx_bandwidth_hz: Option<f64>,
}

impl Default for PathModel {
    fn default() -> Self {
        Self {
            terminal_snr_db: 24.0,
            noise_per_km: 4.0e-5,
            er_db: 4.5,
            linewidth_hz: 1e6,
            mean_power_dbm: -5.0,
            tx_bandwidth_hz: None,
        }
    }
}

impl PathModel {
    /// Returns what arrives at the end of a path of `links` in a mode.
    ///
    /// Losses add in dB, interferers are listed one by one, bandwidths combine as those of
    /// cascaded Gaussian low-passes do (`1/f^2` adds), and the laser is one for the whole path,
    /// so the widest linewidth that is stated holds. Lengths and losses that are not finite give
    /// a figure that is not finite: the topology's loader is the place where they are refused.
    pub fn condition(&self, links: &[PathLink], mode: TransmissionMode) -> PathCondition {
        let mut loss_db = 0.0;
        let mut inverse_square_hz = 0.0;
        let mut mpi = Vec::new();
        let mut linewidth_hz = self.linewidth_hz;
        for link in links {
            match link.fault {
                LinkFault::None => {}
                LinkFault::Mpi {
                    level_db,
                    delay_s,
                    linewidth_hz: seen,
                } => {
                    mpi.push((level_db, delay_s));
                    linewidth_hz = linewidth_hz.max(seen);
                }
                LinkFault::Bandwidth { hz } => inverse_square_hz += 1.0 / (hz * hz),
                LinkFault::Attenuation { db } => loss_db += db,
            }
        }
        let km: f64 = links.iter().map(|link| link.km).sum();
        let terminal = from_db(2.0 * loss_db - self.terminal_snr_db);
        let noise = terminal + self.noise_per_km * km;
        PathCondition {
            snr_db: -10.0 * noise.log10() + constellation_gain_db(mode),
            er_db: self.er_db,
            mpi,
            linewidth_hz,
            rx_bandwidth_hz: (inverse_square_hz > 0.0).then(|| 1.0 / inverse_square_hz.sqrt()),
            tx_bandwidth_hz: self.tx_bandwidth_hz,
            mean_power_dbm: self.mean_power_dbm - loss_db,
        }
    }

    /// Returns the margin of a path in a mode over [`KP4_PRE_FEC_BER`], in dB of
    /// signal-to-noise ratio. Noise and loss count; interference and bandwidth do not.
    pub fn margin_db(&self, links: &[PathLink], mode: TransmissionMode) -> f64 {
        self.condition(links, mode).snr_db - required_snr_db(mode, KP4_PRE_FEC_BER)
    }
}

/// Returns the signal-to-noise ratio of a mode over that of PAM-4 at the same outer modulation
/// amplitude and noise: levels at ±3 and ±1 have a mean square of 5, levels at ±3 alone of 9.
fn constellation_gain_db(mode: TransmissionMode) -> f64 {
    match mode {
        TransmissionMode::Pam4At53G => 0.0,
        TransmissionMode::NrzAt26G => 10.0 * (9.0f64 / 5.0).log10(),
    }
}

/// Returns the bit error ratio of a mode in white Gaussian noise at a signal-to-noise ratio in
/// dB.
///
/// NRZ: `Q(x)` with `x^2 = SNR`. Gray-coded PAM-4: `0.75 Q(x) + 0.5 Q(3x) - 0.25 Q(5x)` with
/// `5 x^2 = SNR` (Cho and Yoon, IEEE Trans. Commun. 50, 2002, for four levels).
pub fn bit_error_ratio(mode: TransmissionMode, snr_db: f64) -> f64 {
    let snr = from_db(snr_db);
    match mode {
        TransmissionMode::NrzAt26G => tail(snr.sqrt()),
        TransmissionMode::Pam4At53G => {
            let x = (snr / 5.0).sqrt();
            0.75 * tail(x) + 0.5 * tail(3.0 * x) - 0.25 * tail(5.0 * x)
        }
    }
}

/// Returns the signal-to-noise ratio in dB at which a mode has a bit error ratio, by bisection
/// of [`bit_error_ratio`] between -20 and 40 dB; a ratio outside that range gives the nearer end.
pub fn required_snr_db(mode: TransmissionMode, ber: f64) -> f64 {
    let (mut low, mut high) = (-20.0, 40.0);
    // 60 halvings of 60 dB go below the spacing of doubles.
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if bit_error_ratio(mode, middle) > ber {
            low = middle
        } else {
            high = middle
        }
    }
    0.5 * (low + high)
}

/// The Gaussian tail `Q(x)`.
fn tail(x: f64) -> f64 {
    0.5 * libm::erfc(x / std::f64::consts::SQRT_2)
}

fn from_db(db: f64) -> f64 {
    10f64.powf(db / 10.0)
}

#[cfg(test)]
mod tests;

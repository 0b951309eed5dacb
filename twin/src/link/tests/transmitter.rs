//! What chirp does to the beat: how much of its power stays near the laser's line.

use etalon_types::units::{Dbm, Seconds};
use num_complex::Complex64;
use rustfft::FftPlanner;

use super::*;
use crate::link::{Reflection, Transmitter};

const LINEWIDTH_HZ: f64 = 10e6;

/// A path of 7968 symbols (300 ns) at -30 dB behind a transmitter, one sample a symbol.
fn echoed(transmitter: Transmitter) -> LinkConfig {
    LinkConfig {
        linewidth: Hertz(LINEWIDTH_HZ),
        chirp: transmitter.chirp(),
        adiabatic_chirp_hz_per_w: transmitter.adiabatic_chirp_hz_per_w(),
        launch: Dbm(0.0),
        reflections: vec![Reflection {
            delay: Seconds(7968.0 / 26.5625e9),
            ..Reflection::default()
        }],
        ..clean(1 << 20)
    }
}

/// Part of the beat's power below five linewidths. The beat is what the path adds, less the
/// power of the interferer itself.
fn share_near_the_line(config: &LinkConfig) -> f64 {
    const SEGMENT: usize = 1 << 15;
    let simulated = run(config);
    let levels = &simulated.truth.levels_w;
    let sent = &simulated.symbols;
    let samples = watts(&simulated);
    let beat: Vec<f64> = (7968..samples.len())
        .map(|n| {
            let [now, late] = [n, n - 7968].map(|i| levels[usize::from(sent[i])]);
            samples[n] - now - 1e-3 * late
        })
        .collect();
    let fft = FftPlanner::new().plan_fft_forward(SEGMENT);
    let near = (5.0 * LINEWIDTH_HZ / config.baud.0 * SEGMENT as f64) as usize;
    let (mut inside, mut total) = (0.0, 0.0);
    for segment in beat.chunks_exact(SEGMENT) {
        let mut bins: Vec<Complex64> = segment.iter().map(|&x| x.into()).collect();
        fft.process(&mut bins);
        let power = |bins: &[Complex64]| bins.iter().map(Complex64::norm_sqr).sum::<f64>();
        // Bin 0 has no twin at a negative frequency.
        inside += power(&bins[..=near]) - 0.5 * bins[0].norm_sqr();
        total += power(&bins[..SEGMENT / 2]) - 0.5 * bins[0].norm_sqr();
    }
    inside / total
}

/// Part of the beat's power that the data leaves in the line: `|<P^(1/2 + j alpha/2)>|^4 / <P>^2`.
fn left_by_the_data(config: &LinkConfig) -> f64 {
    let levels = config.levels_w();
    let mean = levels.iter().sum::<f64>() / 4.0;
    let fields = levels
        .iter()
        .map(|p| Complex64::from_polar(p.sqrt(), 0.5 * config.chirp * (p / mean).ln()));
    let field = fields.sum::<Complex64>() / 4.0;
    field.norm_sqr().powi(2) / mean / mean
}

/// A Lorentzian of half width `w` has `2 / pi atan(f / w)` of its power below `f`; the rest of
/// the beat, modulated by the data, is white over 13.3 GHz, 0.4 % of which is below 50 MHz.
///
/// 2^20 symbols at 10 MHz hold 2,480 coherence angles: the power in the line is known to
/// 1 / sqrt(620) = 4 %, of which the ratio to the total (the line's power is in both) keeps less
/// than half.
#[test]
fn ref_transient_chirp_takes_power_out_of_the_line() {
    for transmitter in [Transmitter::Mzm, Transmitter::Eml] {
        let config = echoed(transmitter);
        let left = left_by_the_data(&config);
        let line = 5f64.atan() * 2.0 / std::f64::consts::PI;
        let white = (1.0 - left) * 5.0 * LINEWIDTH_HZ / (0.5 * config.baud.0);
        let share = share_near_the_line(&config);
        assert!(
            (share - left * line - white).abs() < 0.05,
            "{transmitter:?}: {share} {left}"
        );
    }
    // The two differ by more than that.
    let left = [Transmitter::Mzm, Transmitter::Eml].map(|t| left_by_the_data(&echoed(t)));
    assert!(left[0] - left[1] > 0.02, "{left:?}");
}

/// Adiabatic chirp widens the line to `linewidth + (alpha kappa)^2 T var(P) / (8 pi)`, here from
/// 10 to 181 MHz, so the share below 50 MHz falls from 0.8 to 0.11.
///
/// With steps `s x` of the phase (`x` the power above the mean, `s = alpha kappa T / 2`) and
/// `z = sqrt(P) exp(j alpha/2 ln P)`, the beat's correlation at a lag of `L` symbols is
/// `|<z> <z* e^(jsx)> <e^(jsx)>^(L-1)|^2`: its half width is `-ln|<e^(jsx)>|^2 / (2 pi T)`, of
/// which the formula above is the first term, and the part of the power in it
/// `|<z>|^2 |<z* e^(jsx)> / <e^(jsx)>|^2 / <P>^2`, the step of a symbol being bound to its level.
/// Below 50 MHz in 39 us there are 2,500 independent values on each side: 2 %, within four.
#[test]
fn ref_a_directly_modulated_laser_loses_its_line() {
    let config = echoed(Transmitter::Dml);
    let levels = config.levels_w();
    let mean_w = levels.iter().sum::<f64>() / 4.0;
    let average = |f: &dyn Fn(f64) -> Complex64| {
        levels.iter().map(|&p| f(p)).sum::<Complex64>() / levels.len() as f64
    };
    let drive = config.chirp * config.adiabatic_chirp_hz_per_w;
    let step = |p: f64| Complex64::cis(0.5 * drive / config.baud.0 * (p - mean_w));
    let sent =
        |p: f64| Complex64::from_polar((p / mean_w).sqrt(), 0.5 * config.chirp * (p / mean_w).ln());
    let stepped = average(&step).norm_sqr();
    let turn = 2.0 * std::f64::consts::PI;
    let width_hz = LINEWIDTH_HZ - stepped.ln() * config.baud.0 / turn;
    let variance = crate::link::theory::level_set_variance(&levels);
    let first_term_hz = LINEWIDTH_HZ + drive * drive * variance / config.baud.0 / (4.0 * turn);
    assert_close("width", first_term_hz, width_hz, 0.02);
    let bound = average(&|p| sent(p).conj() * step(p)).norm_sqr() / stepped;
    let left = average(&sent).norm_sqr() * bound;
    let line = (5.0 * LINEWIDTH_HZ / width_hz).atan() * 2.0 / std::f64::consts::PI;
    let white = (1.0 - left) * 5.0 * LINEWIDTH_HZ / (0.5 * config.baud.0);
    let share = share_near_the_line(&config);
    assert_close("share", share, left * line + white, 0.08);
    let without = share_near_the_line(&echoed(Transmitter::Mzm));
    assert!(share < 0.3 * without, "{share} {without}");
    // Where only the chirp's adiabatic part is missing, the line is back.
    let transient = LinkConfig {
        adiabatic_chirp_hz_per_w: 0.0,
        ..config
    };
    assert!(share_near_the_line(&transient) > 2.0 * share);
}

/// Two levels, held for 1000 symbols each: between them the carrier moves by
/// `alpha kappa (P1 - P0) / (4 pi)`, seen as the beat of the upper level with the lower one.
#[test]
fn ref_adiabatic_chirp_shifts_the_carrier() {
    const HELD: usize = 1000;
    let config = LinkConfig {
        source: SymbolSource::Explicit {
            modulation: Modulation::Nrz,
            symbols: [[0; HELD], [1; HELD]].concat(),
        },
        chirp: 3.0,
        adiabatic_chirp_hz_per_w: 5e12,
        launch: Dbm(3.0),
        rop: Dbm(-5.0),
        reflections: vec![Reflection {
            delay: Seconds(HELD as f64 / 26.5625e9),
            ..Reflection::default()
        }],
        ..clean(2 * HELD)
    };
    let simulated = run(&config);
    // The launched swing, 8 dB above the received one.
    let swing_w = simulated.truth.oma_outer_w * 10f64.powf(0.8);
    let expected_hz = 3.0 * 5e12 * swing_w / (4.0 * std::f64::consts::PI);
    let samples = watts(&simulated);
    let upper = &samples[HELD..];
    let mean = upper.iter().sum::<f64>() / HELD as f64;
    // Zero crossings of the beat, the first and the last interpolated.
    let crossings: Vec<f64> = upper
        .windows(2)
        .enumerate()
        .filter(|(_, pair)| (pair[0] < mean) != (pair[1] < mean))
        .map(|(n, pair)| n as f64 + (mean - pair[0]) / (pair[1] - pair[0]))
        .collect();
    let halves = crossings.len() - 1;
    let found_hz = 0.5 * halves as f64 / (crossings[halves] - crossings[0]) * 26.5625e9;
    // The mean is off by a part of a period in a thousand symbols, the crossing with it.
    assert_close("shift", found_hz, expected_hz, 0.01);
}

//! A PAM-4 or NRZ intensity-modulated, directly detected link with multipath interference.
//!
//! The model goes by field, in this order:
//!
//! ```text
//! symbols -> power levels -> Tx filter -> laser (RIN, phase, chirp) -> dispersion -> reflections
//!         -> square law -> sample clock -> measured channel -> nuisances -> noise -> Rx filter
//!         -> converter
//! ```
//!
//! With `E(t) = sqrt(P(t)) exp(j phi(t))`, `m_j` the level of reflection `j` as a power ratio,
//! `tau_j` its delay, `p_j` its polarisation overlap and `theta_j`, `chi_j` static random phases,
//! the detected power is
//!
//! ```text
//! I(t) = |E(t) + sum_j p_j sqrt(m_j) E(t - tau_j) e^(j theta_j)|^2
//!      + |sum_j sqrt(1 - p_j^2) sqrt(m_j) E(t - tau_j) e^(j chi_j)|^2
//! ```
//!
//! the first term in the signal's polarisation, the second across it. The interferer carries the
//! data of before the capture, because a lead-in is simulated. Beat noise of variance
//! `2 P_i <P> m` on level `i`, its Lorentzian spectrum and its slow limit for short delays all
//! come out of the field; none is put in.
//!
//! Assumptions: levels are rectangular over a symbol before the transmitter's filter; the laser
//! phase is a random walk (Lorentzian line) and, with chirp, follows the power ([`transmitter`]);
//! reflections are static over the capture but for polarisations that are scrambled
//! ([`config::Polarization`]); all paths disperse alike; the glass scatters only if told to
//! ([`rayleigh`]). Samples are optical power in watts, zero is no light; nothing is AC coupled unless
//! a measured channel is.
//!
//! Delays need not be whole samples: the complex field is interpolated linearly between samples.
//! That low-passes the interferer: half-way between two samples a still carrier keeps the part
//! `(1 + exp(-pi linewidth / sample rate)) / 2` of its power (all but 6e-4 at 10 MHz and 26 GS/s,
//! but 0.78 at 5 GHz), and where the two carry different symbols their mean field. With one
//! sample a symbol and a fractional delay that is a copy smeared over two symbols; take four or
//! more samples a symbol where it matters.

pub mod adc;
pub mod bessel_thomson;
pub mod channel;
pub mod config;
pub mod dispersion;
pub mod fibre;
mod field;
pub mod jitter;
pub mod low_frequency_rin;
mod low_pass_noise;
mod noise;
pub mod nuisance;
mod overlap_save;
pub mod rayleigh;
mod resample;
mod scrambling;
mod source;
mod streams;
pub mod theory;
pub mod transmitter;
pub mod truth;
mod validation;
mod window;

pub use adc::Adc;
pub use channel::{ChannelTruth, MeasuredChannel};
pub use config::{LinkConfig, Noise, Polarization, Reflection, SymbolSource};
pub use fibre::{Fibre, Reflector};
pub use jitter::Jitter;
pub use low_frequency_rin::LowFrequencyRin;
pub use nuisance::{AcCoupling, Baseline, Echo, Nuisances, Tone, ToneOn};
pub use rayleigh::{Rayleigh, RayleighTruth};
pub use transmitter::Transmitter;
pub use truth::{Between, PathTruth, Truth};

use etalon_types::{Samples, Storage, Waveform, WaveformInfo};

use crate::Error;
use streams::Stream;
use window::Window;

/// A simulated capture and what is true of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Simulated {
    /// The capture: optical power in W, `f32`, or `i8`/`i16` behind a converter.
    pub waveform: Waveform,
    /// The transmitted symbols of the capture, one each `samples_per_symbol` samples.
    pub symbols: Vec<u8>,
    /// What the receiver ought to find.
    pub truth: Truth,
}

/// Simulates a capture.
///
/// *Shapes:* `config.symbols` symbols, and `config.symbols * config.samples_per_symbol` samples;
/// symbol `i` is centred at sample `truth.first_symbol_sample + i *
/// truth.symbol_spacing_samples`, which without a clock offset is `(K - 1) / 2 + i K`.
///
/// *Determinism:* the same configuration gives the same bytes. Symbols, laser phase, reflections,
/// RIN, receiver noise and converter noise have streams of their own: switching one impairment
/// on leaves the draws of the others where they are.
///
/// # Errors
/// [`Error`] when the configuration describes no link; see the fields of [`LinkConfig`].
pub fn simulate(config: &LinkConfig) -> Result<Simulated, Error> {
    config.validate()?;
    let channel = config
        .channel
        .as_ref()
        .map(|measured| channel::Filter::new(measured, config));
    let stream = |stream| streams::stream(config.seed, stream);
    let paths = field::draw_paths(config, stream(Stream::Reflections));
    let scatterers = field::draw_scatterers(config, stream(Stream::Scattering));
    let delays = paths.iter().map(|path| path.delay.0);
    let delays = delays.chain(scatterers.iter().map(|scatterer| scatterer.delay_s));
    let longest_s = delays.reduce(f64::max);
    let reach = channel.as_ref().map_or(0, channel::Filter::reach);
    let window = Window::new(config, longest_s, reach)?;
    let sent = source::symbols(config, window.lead_symbols(), window.tail_symbols());

    let levels_w = config.levels_w();
    let mut power: Vec<f64> = Vec::with_capacity(sent.len() * window.samples_per_symbol);
    for &symbol in &sent {
        let level = levels_w[usize::from(symbol)];
        power.resize(power.len() + window.samples_per_symbol, level);
    }
    if let Some(cutoff) = config.tx_bandwidth {
        bessel_thomson::filter(&mut power, config.sample_rate().0, cutoff.0);
        // The overshoot of a deep low level would be negative light.
        power.iter_mut().for_each(|p| *p = p.max(0.0));
    }
    if let Some(rin_db_per_hz) = config.rin_db_per_hz {
        noise::add_rin(
            config,
            rin_db_per_hz,
            &window,
            &mut power,
            stream(Stream::Intensity),
        );
    }
    if let Some(rin) = &config.low_frequency_rin {
        let generator = stream(Stream::LowFrequencyIntensity);
        rin.apply(config, &window, &mut power, generator);
    }
    let detected = field::detect(
        config,
        &window,
        power,
        (&paths, &scatterers),
        stream(Stream::Phase),
    );
    let jitter = config
        .jitter
        .map(|jitter| jitter.draw(config, &window, stream(Stream::Jitter)));
    let mut received = resample::to_receiver_clock(detected, config, &window, jitter.as_deref());
    if let Some(channel) = &channel {
        channel.apply(&mut received);
    }
    nuisance::disturb(config, &window, &mut received);
    noise::add_receiver_noise(config, &window, &mut received, stream(Stream::Noise));
    if let Some(cutoff) = config.rx_bandwidth {
        bessel_thomson::filter(&mut received, config.sample_rate().0, cutoff.0);
    }
    let capture = &received[window.receiver_guard..window.receiver_guard + window.samples()];
    let (samples, scale, offset, clipped) = match &config.adc {
        Some(adc) => adc.convert(capture, stream(Stream::Converter)),
        None => (
            Samples::F32(capture.iter().map(|&power| power as f32).collect()),
            1.0,
            0.0,
            0,
        ),
    };
    let lead = window.lead_symbols();
    let fibre = &config.fibre;
    let rayleigh = fibre
        .rayleigh
        .map(|rayleigh| rayleigh.truth(fibre.loss_db_per_km, &scatterers));
    Ok(Simulated {
        waveform: waveform(config, samples, scale, offset),
        symbols: sent[lead..lead + config.symbols].to_vec(),
        truth: Truth::new(config, &paths, rayleigh, clipped),
    })
}

/// Describes the samples, with the nominal time base of the receiver.
fn waveform(config: &LinkConfig, samples: Samples, scale: f64, offset: f64) -> Waveform {
    Waveform::new(
        WaveformInfo {
            format: "simulated".into(),
            channel: "1".into(),
            segment: 0,
            samples: 0,
            t0_s: 0.0,
            sample_interval_s: Some(1.0 / config.sample_rate().0),
            unit: "W".into(),
            storage: Storage::F32,
            scale,
            offset,
            trigger_time_s: None,
            warnings: Vec::new(),
        },
        samples,
    )
}

#[cfg(test)]
mod tests;

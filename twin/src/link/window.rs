//! How much is simulated around the capture, and why.

use super::LinkConfig;
use super::bessel_thomson::LENGTH_PERIODS;
use super::dispersion;
use super::nuisance;
use super::resample::REACH;
use crate::Error;

/// Samples that are simulated at most; with the complex field they take some 40 bytes each.
const SAMPLE_LIMIT: u64 = 1 << 26;

/// Symbols of guard that every filter has at least, for the ringing of a response that the
/// sample rate cuts off.
const GUARD_SYMBOLS: usize = 16;

/// The simulated stretch: transmitter guard, echo lead-in, receiver guard, capture, receiver
/// guard, reserve for a slow clock, transmitter guard.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    /// Symbols in the capture.
    pub symbols: usize,
    /// Samples a symbol.
    pub samples_per_symbol: usize,
    /// Samples on each side that the transmitter's filter and the fibre's dispersion may spoil.
    pub transmitter_guard: usize,
    /// Samples before the first detected one, for the longest delay.
    pub echo: usize,
    /// Samples on each side that the measured channel and the receiver's filter may spoil, and
    /// from which electrical echoes come.
    pub receiver_guard: usize,
    /// Samples behind the capture that a slow or jittering sample clock reaches.
    pub reserve: usize,
}

impl Window {
    /// Lays the window out; `longest_s` is the longest delay of an optical path, `channel_reach`
    /// how far the measured channel reaches, in samples.
    pub fn new(
        config: &LinkConfig,
        longest_s: Option<f64>,
        channel_reach: usize,
    ) -> Result<Self, Error> {
        let per_symbol = config.samples_per_symbol;
        let in_symbols = |samples: usize| samples.div_ceil(per_symbol).saturating_mul(per_symbol);
        // Saturating throughout: an absurd delay ends as TooLarge, not as an overflow.
        let whole = |symbols: f64| (symbols.ceil() as usize).saturating_mul(per_symbol);
        let guard = |cutoff: Option<etalon_types::units::Hertz>| match cutoff {
            Some(cutoff) => whole(LENGTH_PERIODS * config.baud.0 / cutoff.0 + GUARD_SYMBOLS as f64),
            None => 0,
        };
        let echo = longest_s.map_or(0, |longest_s| whole(longest_s * config.baud.0 + 1.0));
        let receiver_guard = guard(config.rx_bandwidth)
            .saturating_add(in_symbols(channel_reach))
            .saturating_add(in_symbols(nuisance::reach(config)));
        let transmitter_guard =
            guard(config.tx_bandwidth).saturating_add(in_symbols(dispersion::reach(config)));
        let jitter = config.jitter.map_or(0, |jitter| jitter.reach(config));
        let reserve = if config.clock_offset_ppm == 0.0 && config.jitter.is_none() {
            0
        } else {
            let reach = config.symbols as f64 + receiver_guard as f64 / per_symbol as f64;
            // At -10000 ppm a sample lies 1.0102 times as far out as at nominal.
            whole(reach * config.clock_offset_ppm.abs() * 1.02e-6 + 2.0 + REACH as f64)
                .saturating_add(in_symbols(jitter))
        };
        let window = Self {
            symbols: config.symbols,
            samples_per_symbol: per_symbol,
            transmitter_guard,
            echo,
            receiver_guard,
            reserve,
        };
        let found = [
            window.transmitter_guard,
            echo,
            receiver_guard,
            receiver_guard,
            reserve,
        ]
        .into_iter()
        .fold(
            config.symbols.saturating_mul(per_symbol),
            usize::saturating_add,
        )
        .saturating_add(window.transmitter_guard) as u64;
        if found > SAMPLE_LIMIT {
            return Err(Error::TooLarge {
                limit: SAMPLE_LIMIT,
                found,
            });
        }
        Ok(window)
    }

    /// Samples in the capture.
    pub fn samples(&self) -> usize {
        self.symbols * self.samples_per_symbol
    }

    /// Samples before the capture.
    pub fn lead(&self) -> usize {
        // The clock's interpolation also looks one reserve to the left of the guard.
        self.transmitter_guard + self.echo + self.reserve + self.receiver_guard
    }

    /// Symbols before the capture.
    pub fn lead_symbols(&self) -> usize {
        self.lead() / self.samples_per_symbol
    }

    /// Symbols behind the capture.
    pub fn tail_symbols(&self) -> usize {
        (self.receiver_guard + self.reserve + self.transmitter_guard) / self.samples_per_symbol
    }
}

/// Indices of a stretch with the capture's first, then forwards, then those before it,
/// backwards: the order in which random numbers are drawn, so that a longer lead-in leaves the
/// capture's numbers as they are.
pub(super) fn capture_first(lead: usize, total: usize) -> impl Iterator<Item = usize> {
    (lead..total).chain((0..lead).rev())
}

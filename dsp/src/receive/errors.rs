//! Bit and symbol error ratios.

use etalon_types::Figure;
use etalon_types::pattern::{Modulation, symbols_to_bits};

use super::error_statistics::method;
use super::lane::Lane;
use crate::kernels::count::confusion;
use crate::kernels::level;
use crate::measure::burst_factor;
use crate::measure::error_positions::SymbolErrors;
use crate::measure::statistics::error_ratio_of_dependent;
use crate::options::{PatternChoice, ReceiveOptions};

impl Lane {
    /// Bit and symbol error ratios on symbols that trained nothing.
    pub fn error_ratios(&self, options: &ReceiveOptions) -> (Figure, Figure) {
        let trained = self.trained();
        let Some(pattern) = &self.pattern else {
            let reason = match options.pattern {
                PatternChoice::None => "no pattern was given: errors cannot be counted",
                PatternChoice::Auto => "no known pattern was found: errors cannot be counted",
                _ => "the pattern was not found in the capture: errors cannot be counted",
            };
            return (
                Figure::not_measurable(reason),
                Figure::not_measurable(reason),
            );
        };
        let sent = &pattern.sent[trained.judged.clone()];
        let decided = &trained.decided[trained.judged.clone()];
        let errors = SymbolErrors::new(sent, decided, self.modulation);
        let dependence = burst_factor::dependence(&errors);
        let method = method(&dependence);
        let n = sent.len() as u64;
        let bit_count = n * self.modulation.bits_per_symbol() as u64;
        (
            error_ratio_of_dependent(
                bit_errors(sent, decided, self.modulation),
                bit_count,
                dependence.factor,
                &method,
                "bit errors over bits that trained nothing, Gray-mapped",
            ),
            error_ratio_of_dependent(
                errors.count(),
                n,
                dependence.factor,
                &method,
                "symbol errors over symbols that trained nothing",
            ),
        )
    }
}

/// Counts the bits, Gray-mapped, that decisions got wrong.
pub(super) fn bit_errors(sent: &[u8], decided: &[u8], modulation: Modulation) -> u64 {
    let bits = |s: u8| symbols_to_bits(&[s], modulation);
    confusion(level(), sent, decided).weighted(|s, d| {
        let pairs = bits(s).into_iter().zip(bits(d));
        pairs.filter(|(a, b)| a != b).count() as u64
    })
}

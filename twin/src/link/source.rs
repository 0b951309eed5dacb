//! The transmitted symbols, with those before and behind the capture.

use etalon_types::Modulation;
use rand::Rng;

use super::streams::{Stream, stream};
use super::{LinkConfig, SymbolSource};

/// Returns `lead` symbols from before the capture, the capture's, and `tail` from behind it.
pub(super) fn symbols(config: &LinkConfig, lead: usize, tail: usize) -> Vec<u8> {
    let captured = config.symbols + tail;
    match &config.source {
        SymbolSource::Pattern { name } => {
            // A capture starts anywhere in the period; the lead-in is what came before.
            let start = stream(config.seed, Stream::Symbols).next_u64();
            let mut all = name.symbols_before_from(start, lead);
            all.extend(name.symbols_from(start, captured));
            all
        }
        SymbolSource::Explicit { symbols, .. } => {
            let period = symbols.len();
            let first = (period - lead % period) % period;
            symbols
                .iter()
                .copied()
                .cycle()
                .skip(first)
                .take(lead + captured)
                .collect()
        }
        SymbolSource::Random { modulation } => {
            // The capture is drawn first: a longer lead-in leaves its symbols as they are.
            let mut generator = stream(config.seed, Stream::Symbols);
            let mut draw = |n| random(&mut generator, *modulation, n);
            let behind = draw(captured);
            let mut all = draw(lead);
            all.extend(behind);
            all
        }
    }
}

/// Draws equally likely symbols, from the highest bits of each word.
fn random(generator: &mut impl Rng, modulation: Modulation, n: usize) -> Vec<u8> {
    let shift = 64 - modulation.bits_per_symbol();
    (0..n)
        .map(|_| (generator.next_u64() >> shift) as u8)
        .collect()
}

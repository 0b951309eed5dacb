//! Where the wrong symbols stand: gaps, bursts, and whether one error brings the next.
//!
//! [`SymbolErrors`] lists the wrong symbols among the judged ones with what was added to each
//! (decided less sent, mod the number of levels). From it come
//!
//! * the *gaps* between successive errors, in octaves;
//! * the *bursts*: runs of wrong symbols without a right one between them. A burst is one
//!   *event*: where errors come in bursts, events are what is independent;
//! * the four transition counts of a chain of two states, and from them
//!   `P(wrong | wrong before)` with its exact interval.
//!
//! *Assumes* nothing of the channel. *Breaks* where decisions are compared with the wrong
//! symbols: a lost alignment is one endless burst.

use etalon_types::report::{BurstLength, BurstReport, GapCount};
use etalon_types::{Estimate, Figure, Modulation};

use crate::kernels::count::difference_places;
use crate::kernels::level;
use crate::measure::statistics::{CONFIDENCE, clopper_pearson};

/// A wrong symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SymbolError {
    /// Place among the judged symbols, from 0.
    pub at: usize,
    /// Decided less sent, mod the number of levels; never 0.
    pub offset: u8,
}

/// The wrong symbols among the judged ones, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SymbolErrors {
    /// Symbols that were judged.
    pub judged: usize,
    /// Levels of a symbol.
    pub modulation: Modulation,
    /// The wrong ones, in order.
    pub errors: Vec<SymbolError>,
}

/// Counts of the four transitions between right and wrong symbols.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transitions {
    /// Right symbols that have a next one.
    pub from_right: u64,
    /// Wrong symbols behind a right one: events.
    pub onsets: u64,
    /// Wrong symbols that have a next one.
    pub from_wrong: u64,
    /// Wrong symbols behind a wrong one.
    pub continuations: u64,
}

impl SymbolErrors {
    /// Compares decided with sent symbols. What one slice has more than the other is not judged.
    pub fn new(sent: &[u8], decided: &[u8], modulation: Modulation) -> Self {
        let mask = modulation.levels() as u8 - 1;
        Self {
            judged: sent.len().min(decided.len()),
            modulation,
            errors: difference_places(level(), sent, decided)
                .into_iter()
                .map(|at| SymbolError {
                    at,
                    offset: decided[at].wrapping_sub(sent[at]) & mask,
                })
                .collect(),
        }
    }

    /// Returns the errors behind the `1 + D` of a precoded line with the same wrong decisions:
    /// `e(k) + e(k-1)` mod the number of levels.
    ///
    /// The symbol before the first judged one counts as right.
    pub fn behind_precoder(&self) -> Self {
        let mask = self.modulation.levels() as u8 - 1;
        let mut errors: Vec<SymbolError> = Vec::with_capacity(2 * self.errors.len());
        let mut put = |at: usize, offset: u8| match errors.last_mut() {
            Some(last) if last.at == at => last.offset = (last.offset + offset) & mask,
            _ => errors.push(SymbolError { at, offset }),
        };
        for error in &self.errors {
            put(error.at, error.offset);
            put(error.at + 1, error.offset);
        }
        errors.retain(|e| e.offset != 0 && e.at < self.judged);
        Self { errors, ..*self }
    }

    /// Returns how many symbols were wrong.
    pub fn count(&self) -> u64 {
        self.errors.len() as u64
    }

    /// Returns the share of wrong symbols, 0 when none was judged.
    pub fn ratio(&self) -> f64 {
        self.errors.len() as f64 / self.judged.max(1) as f64
    }

    /// Returns the distances from each error to the next.
    pub fn gaps(&self) -> Vec<usize> {
        self.errors.windows(2).map(|w| w[1].at - w[0].at).collect()
    }

    /// Returns the lengths of the bursts, in order.
    pub fn bursts(&self) -> Vec<usize> {
        self.errors
            .chunk_by(|a, b| b.at == a.at + 1)
            .map(<[SymbolError]>::len)
            .collect()
    }

    /// Counts the transitions between right and wrong symbols.
    pub fn transitions(&self) -> Transitions {
        if self.judged == 0 {
            return Transitions::default();
        }
        let wrong = self.count();
        let last_is_wrong = self.errors.last().is_some_and(|e| e.at + 1 == self.judged);
        let first_is_wrong = self.errors.first().is_some_and(|e| e.at == 0);
        let continuations = self.gaps().iter().filter(|&&g| g == 1).count() as u64;
        let from_wrong = wrong - u64::from(last_is_wrong);
        Transitions {
            from_right: self.judged as u64 - 1 - from_wrong,
            onsets: wrong - continuations - u64::from(first_is_wrong),
            from_wrong,
            continuations,
        }
    }

    /// Returns `P(wrong | wrong before)` with its exact interval.
    pub fn continuation(&self) -> Figure {
        let t = self.transitions();
        if t.from_wrong == 0 {
            return Figure::not_measurable("no wrong symbol was followed by another symbol");
        }
        let (low, high) = clopper_pearson(t.continuations, t.from_wrong, CONFIDENCE);
        Figure::Estimate(Estimate {
            value: t.continuations as f64 / t.from_wrong as f64,
            low,
            high,
            confidence: CONFIDENCE,
            n: t.from_wrong,
            errors: Some(t.continuations),
            unit: "1".into(),
            method: "pattern; Clopper-Pearson interval".into(),
            definition: "wrong symbols whose next symbol is wrong too, over wrong symbols".into(),
        })
    }

    /// Describes gaps and bursts for the report.
    pub fn bursts_report(&self) -> BurstReport {
        let bursts = self.bursts();
        let mut lengths: Vec<BurstLength> = Vec::new();
        let mut sorted = bursts.clone();
        sorted.sort_unstable();
        for same in sorted.chunk_by(|a, b| a == b) {
            lengths.push(BurstLength {
                symbols: same[0] as u64,
                count: same.len() as u64,
            });
        }
        let mut octaves: Vec<GapCount> = Vec::new();
        let mut gaps = self.gaps();
        gaps.sort_unstable();
        for same in gaps.chunk_by(|a, b| a.ilog2() == b.ilog2()) {
            let from = 1u64 << same[0].ilog2();
            octaves.push(GapCount {
                from,
                below: 2 * from,
                count: same.len() as u64,
            });
        }
        BurstReport {
            errors: self.count(),
            events: bursts.len() as u64,
            longest: bursts.iter().max().map_or(0, |&l| l as u64),
            continuation: self.continuation(),
            lengths,
            gaps: octaves,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;

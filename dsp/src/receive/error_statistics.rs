//! Statistics of the symbol errors: dependence, bursts, eyes, codewords, Q scale.

use etalon_types::Figure;
use etalon_types::kp4::Precoding;
use etalon_types::report::{CodewordErrors, ErrorStatistics};

use super::lane::Lane;
use crate::fec::burst_chain::Scheme;
use crate::measure::burst_factor::{self, Dependence};
use crate::measure::error_positions::SymbolErrors;
use crate::measure::frame_errors::frame_errors;
use crate::measure::{errors_by_eye, q_scale};
use crate::slicer::Slicer;

/// Codewords interleaved, as the report lists them.
const INTERLEAVES: [usize; 3] = [1, 2, 4];

/// The figures of the errors that stand among the estimates.
pub(super) struct ErrorFigures {
    /// Share of codewords that KP4 loses, neither interleaved nor precoded.
    pub frame_error_ratio_kp4: Figure,
    /// Variance of error counts over that of independent errors.
    pub burst_factor: Figure,
    /// All the rest; `None` when no sent symbols are known.
    pub statistics: Option<ErrorStatistics>,
}

impl Lane {
    /// The wrong symbols among the judged ones; `None` when no sent symbols are known.
    pub(super) fn symbol_errors(&self) -> Option<SymbolErrors> {
        let trained = self.trained();
        let sent = &self.pattern.as_ref()?.sent[trained.judged.clone()];
        let decided = &trained.decided[trained.judged.clone()];
        Some(SymbolErrors::new(sent, decided, self.modulation))
    }

    /// Statistics of the wrong symbols; `levels` are those of the judged symbols.
    pub(super) fn error_figures(&self, levels: &Slicer) -> ErrorFigures {
        let Some(errors) = self.symbol_errors() else {
            let none =
                || Figure::not_measurable("the sent symbols are not known: errors have no places");
            return ErrorFigures {
                frame_error_ratio_kp4: none(),
                burst_factor: none(),
                statistics: None,
            };
        };
        let kp4 = codewords(&errors);
        let statistics = self.statistics(&errors, kp4, levels);
        ErrorFigures {
            frame_error_ratio_kp4: statistics.kp4.first().map_or_else(
                || Figure::not_measurable("no scheme was judged"),
                |first| first.error_ratio.clone(),
            ),
            burst_factor: burst_factor::burst_factor(&errors),
            statistics: Some(statistics),
        }
    }

    fn statistics(
        &self,
        errors: &SymbolErrors,
        kp4: Vec<CodewordErrors>,
        levels: &Slicer,
    ) -> ErrorStatistics {
        let trained = self.trained();
        let (sent, _) = self.judged_symbols();
        let decided = &trained.decided[trained.judged.clone()];
        let decisions = errors_by_eye::decisions(sent, decided, self.modulation);
        ErrorStatistics {
            eyes: errors_by_eye::by_eye(&decisions),
            transitions: errors_by_eye::by_transition(sent, decided, self.modulation),
            decisions,
            bursts: errors.bursts_report(),
            kp4,
            ser_by_q_scale: self.by_q_scale(sent, levels),
        }
    }

    /// The symbol error ratio drawn on from the tails, where thresholds on samples decide.
    fn by_q_scale(&self, sent: &[u8], levels: &Slicer) -> Figure {
        let trained = self.trained();
        let decided = &trained.decided[trained.judged.clone()];
        let output = &trained.output[trained.judged.clone()];
        let by_sample = output
            .iter()
            .zip(decided)
            .all(|(&y, &d)| trained.slicer.decide(y) == d);
        if !by_sample {
            return Figure::not_measurable(
                "a detector behind the slicer decides: its errors do not follow from the samples at the slicer",
            );
        }
        let tails = q_scale::eyes(output, sent, levels);
        q_scale::symbol_error_ratio(&tails, &trained.slicer.thresholds, output.len())
    }
}

/// KP4 without and with precoding, and with 1, 2 and 4 codewords interleaved.
fn codewords(errors: &SymbolErrors) -> Vec<CodewordErrors> {
    [Precoding::None, Precoding::OneOverOnePlusD]
        .into_iter()
        .flat_map(|precoding| INTERLEAVES.map(|interleave| (precoding, interleave)))
        .map(|(precoding, interleave)| {
            let scheme = Scheme {
                modulation: errors.modulation,
                interleave,
                precoding,
                ..Scheme::KP4_PAM4
            };
            let found = frame_errors(errors, scheme);
            CodewordErrors {
                interleave: interleave as u64,
                precoding,
                histogram: found.histogram,
                error_ratio: found.ratio,
            }
        })
        .collect()
}

/// What the method of an error ratio says of dependence between the errors.
pub(super) fn method(dependence: &Dependence) -> String {
    if dependence.factor > 1.0 {
        format!(
            "pattern; errors come in bursts (their counts in windows of {} symbols vary {:.2} times as much as independent ones', chi-squared test at {:.0e}), so the interval is widened",
            dependence.window,
            dependence.factor,
            burst_factor::LEVEL
        )
    } else {
        "pattern".to_owned()
    }
}

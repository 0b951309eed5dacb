//! What taking the interference out would do to this link: an optional stage behind the receiver.
//!
//! Nothing else in the receiver uses what a canceller gives back: the figures of the report stay
//! those of the link as it is. Errors are counted against the known pattern only, on the symbols
//! that trained nothing and whose past of one delay is in the capture; the plain slicer before
//! and the canceller after see the same samples.

use etalon_types::Figure;
use etalon_types::cancellation::{
    Cancellation, CancellationAction, CancellationMethod, ErrorBursts,
};
use etalon_types::report::{LinkReport, MpiRegime, PathKind};

use super::error_statistics::method;
use super::errors::bit_errors;
use super::lane::Lane;
use crate::fec::burst_chain::Scheme;
use crate::measure::burst_factor::{self, burst_factor};
use crate::measure::channel;
use crate::measure::error_positions::SymbolErrors;
use crate::measure::frame_errors::frame_errors;
use crate::measure::statistics::error_ratio_of_dependent;
use crate::mpi::cancel::suppression::suppression_db;
use crate::mpi::cancel::{Action, Input, Method, cancel};
use crate::options::ReceiveOptions;
use crate::traces::Traces;

/// Linewidth in hertz by which blocks are chosen when nothing tells it: blocks do not get longer
/// below it.
const USUAL_LINEWIDTH_HZ: f64 = 1e6;

const METHODS: [(Method, CancellationMethod); 3] = [
    (Method::BlockTracker, CancellationMethod::BlockTracker),
    (Method::DelayAware, CancellationMethod::DelayAware),
    (Method::HighPass, CancellationMethod::HighPass),
];

/// Sent symbols, and the first of them that is counted.
struct Known<'a> {
    sent: &'a [u8],
    first: usize,
}

impl Lane {
    /// Runs every canceller on the samples in which interference was found, and enters what each
    /// would do; nothing when none was found.
    pub fn cancel_interference(
        &self,
        options: &ReceiveOptions,
        traces: &Traces,
        report: &mut LinkReport,
    ) {
        if !was_found(report) {
            return;
        }
        let Ok((power, slicer, _)) = self.usable_power(options, report) else {
            return;
        };
        let delay_s = strongest_delay_s(report);
        let input = Input {
            power: &power,
            slicer: &slicer,
            baud_hz: report.link.baud_hz,
            linewidth_hz: linewidth_hz(options, report, traces),
            delay: delay_s.map(|d| d * report.link.baud_hz),
        };
        let known = self.pattern.as_ref().map(|pattern| Known {
            sent: &pattern.sent,
            first: self.first_counted(&input),
        });
        let plain = slicer.decide_all(&power);
        let before = self.judge(&plain, known.as_ref());
        for (how, name) in METHODS {
            // What a canceller refuses, as a delay that is not known, is not offered.
            let Ok(cancelled) = cancel(&input, how) else {
                continue;
            };
            let Ok(suppression_db) = suppression_db(&input, &cancelled) else {
                continue;
            };
            let after = self.judge(&cancelled.symbols, known.as_ref());
            report.cancellation.push(Cancellation {
                method: name,
                action: match cancelled.action {
                    Action::Subtracted { gain } => CancellationAction::Subtracted { gain },
                    Action::Bypassed => CancellationAction::Bypassed,
                },
                block_symbols: cancelled.block as u64,
                delay_s: delay_s.filter(|_| how == Method::DelayAware),
                ber_before: before.0.clone(),
                ber_after: after.0,
                suppression_db,
                bursts_before: before.1.clone(),
                bursts_after: after.1,
            });
        }
    }

    /// First symbol that is counted: behind the ones that trained the link's equalizer and, where
    /// the capture is long enough, this stage's short one, and behind the first delay.
    fn first_counted(&self, input: &Input) -> usize {
        let delay = input.delay.map_or(0, |d| d.ceil() as usize + 1);
        let trained = match input.power.len() > 2 * channel::USED {
            true => channel::USED,
            false => 0,
        };
        self.trained().judged.start.max(delay).max(trained)
    }

    /// Bit error ratio and bursts of decisions.
    fn judge(&self, decided: &[u8], known: Option<&Known>) -> (Figure, Option<ErrorBursts>) {
        let range = known.map(|k| k.first..self.trained().judged.end.min(decided.len()));
        let pair = known.zip(range).and_then(|(k, range)| {
            let pair = (k.sent.get(range.clone())?, decided.get(range)?);
            (!pair.0.is_empty()).then_some(pair)
        });
        let Some((sent, decided)) = pair else {
            let reason = match known {
                Some(_) => "no symbol is left behind the delay: a longer capture tells",
                None => "no pattern: errors cannot be counted",
            };
            return (Figure::not_measurable(reason), None);
        };
        let errors = SymbolErrors::new(sent, decided, self.modulation);
        let dependence = burst_factor::dependence(&errors);
        let ratio = error_ratio_of_dependent(
            bit_errors(sent, decided, self.modulation),
            (sent.len() * self.modulation.bits_per_symbol()) as u64,
            dependence.factor,
            &method(&dependence),
            "bit errors over bits behind the first delay that trained nothing, Gray-mapped, short equalizer and slicer",
        );
        (ratio, Some(bursts(&errors)))
    }
}

fn bursts(errors: &SymbolErrors) -> ErrorBursts {
    let lengths = errors.bursts();
    let scheme = Scheme {
        modulation: errors.modulation,
        ..Scheme::KP4_PAM4
    };
    ErrorBursts {
        errors: errors.count(),
        events: lengths.len() as u64,
        longest: lengths.iter().copied().max().unwrap_or(0) as u64,
        errors_per_burst: (!lengths.is_empty())
            .then(|| errors.count() as f64 / lengths.len() as f64),
        burst_factor: burst_factor(errors),
        frame_error_ratio_kp4: frame_errors(errors, scheme).ratio,
    }
}

/// Says whether there is anything to cancel: a level was claimed, or a path found.
fn was_found(report: &LinkReport) -> bool {
    let claimed = report.estimates.mpi_db.estimate().is_some()
        && report.mpi_regime.is_some_and(|r| r != MpiRegime::None);
    claimed || !report.mpi_paths.is_empty()
}

/// Delay of the strongest path that is no fixed echo.
fn strongest_delay_s(report: &LinkReport) -> Option<f64> {
    let mut paths = report.mpi_paths.iter();
    paths
        .find(|p| p.kind != Some(PathKind::FixedEcho))
        .map(|p| p.delay_s)
}

/// Linewidth in hertz: told, measured, or as wide as the beat's spectrum.
fn linewidth_hz(options: &ReceiveOptions, report: &LinkReport, traces: &Traces) -> f64 {
    let of_the_beat = || traces.spectrum.as_ref().and_then(|s| s.half_width_hz);
    options
        .linewidth_hz
        .or_else(|| report.estimates.linewidth_hz.value())
        .or_else(of_the_beat)
        .filter(|width| width.is_finite() && *width > 0.0)
        .unwrap_or(USUAL_LINEWIDTH_HZ)
}

//! Multipath interference: gate, power, assessment.

use etalon_types::Figure;
use etalon_types::report::LinkReport;

use super::lane::Lane;
use crate::measure::channel;
use crate::mpi;
use crate::options::{Quantity, ReceiveOptions};
use crate::slicer::Slicer;
use crate::traces::Traces;

/// Symbol error ratio above which the residual is not that of the signal. Strong interference
/// makes many errors of a plain slicer (13 % at -21 dB) that tracked decisions take back.
const MAX_SER: f64 = 0.25;

impl Lane {
    /// The optical power of every symbol through an equalizer that cannot learn the beat, its
    /// levels, and the lags that its span covers. `None` when that equalizer does much worse than
    /// the link's own.
    fn power(&self, options: &ReceiveOptions) -> Option<(Vec<f32>, Slicer, usize)> {
        let trained = self.trained();
        let levels = self.modulation.levels();
        let channel = self.channel()?;
        let targets = self.targets(self.channel_symbols());
        let symbol_power =
            targets.iter().map(|&d| f64::from(d * d)).sum::<f64>() / targets.len() as f64;
        let equalizer = mpi::front::design(
            channel,
            symbol_power,
            channel.residual_power,
            self.front.pad,
        )?;
        let mut power = equalizer.feed_forward(&self.front.samples);
        if options.zero != 0.0 {
            power.iter_mut().for_each(|y| *y -= options.zero as f32);
        }
        to_unit_size(&mut power);
        let slicer = Slicer::from_symbols(&power, &trained.decided, levels);
        let compared = trained.output.len().min(channel::USED);
        let own = Slicer::from_symbols(&trained.output[..compared], &trained.decided, levels);
        let guard = equalizer.taps.len() / self.front.spacing + 4;
        // Half the SNR lost: what is left is intersymbol interference, not the beat.
        (slicer.is_sane() && slicer.snr() > 0.25 * own.snr()).then_some((power, slicer, guard))
    }

    /// Assesses the interference and enters it into report and traces.
    pub fn assess_mpi(
        &self,
        options: &ReceiveOptions,
        report: &mut LinkReport,
        traces: &mut Traces,
    ) {
        let (power, slicer, guard) = match self.usable_power(options, report) {
            Ok(usable) => usable,
            Err(reason) => {
                report.estimates.mpi_db = Figure::not_measurable(reason);
                return;
            }
        };
        let found = mpi::assess(&mpi::Input {
            power: &power,
            slicer: &slicer,
            baud_hz: report.link.baud_hz,
            guard,
            // What is as long as the capture does not repeat in it.
            period: self
                .pattern
                .as_ref()
                .map(|p| p.period)
                .filter(|&period| period < power.len()),
            linewidth_hz: options.linewidth_hz,
            search: match options.measures.reflectogram {
                true => mpi::Search::DelayedCopies,
                false => mpi::Search::Nothing,
            },
        });
        enter_features(&found, report);
        report.mpi_exponent = Some(found.exponent);
        report.estimates.mpi_db = found.level;
        report.estimates.linewidth_hz = found.linewidth;
        report.mpi_regime = found.regime;
        if options.measures.reflectogram {
            report.mpi_paths = found.paths;
            traces.reflectogram = found.reflectogram;
        }
        traces.spectrum = found.spectrum;
    }

    /// The power to look for a beat in, or the reason why there is none.
    pub(super) fn usable_power(
        &self,
        options: &ReceiveOptions,
        report: &LinkReport,
    ) -> Result<(Vec<f32>, Slicer, usize), &'static str> {
        let assumed = report.quality.iter().any(|q| q.flag == "assumed-optical");
        if options.quantity != Quantity::OpticalPower && !assumed {
            return Err(
                "the samples are not known to be optical power: the beat is told by its square-root law (--optical, --zero)",
            );
        }
        if report.quality.iter().any(|q| q.flag == "eye-closed") {
            return Err("the eye is shut: decisions tell nothing of the signal");
        }
        if report.estimates.ser.value().is_some_and(|s| s > MAX_SER) {
            return Err(
                "more than a quarter of the symbols are wrong: the residual is not that of the signal",
            );
        }
        let usable = self.power(options).ok_or(
            "the pulse response cannot be inverted by a short equalizer, and a long one would learn the beat",
        )?;
        if has_amplitudes(&usable.1) {
            Ok(usable)
        } else {
            Err(
                "the levels do not lie above the zero level (--zero), so that they have no amplitude",
            )
        }
    }
}

/// What the classifier sees of the interference.
fn enter_features(found: &mpi::Assessment, report: &mut LinkReport) {
    let mut put = |name: &str, value: f64| {
        if value.is_finite() {
            report.features.insert(name.to_owned(), value);
        }
    };
    put(
        "beat_significance",
        found.beat_significance.clamp(-1e6, 1e6),
    );
    put("beat_share", found.beat_share);
    put("snr_without_beat_db", found.snr_without_beat_db);
    if let (Some(exponent), Some(parts)) = (found.exponent.estimate(), found.parts) {
        put("beat_exponent", exponent.value);
        put("beat_exponent_low", exponent.low);
        put("beat_exponent_high", exponent.high);
        let names = ["beat_additive_share", "beat_root_share", "beat_gain_share"];
        for (name, share) in names.iter().zip(parts) {
            put(name, share);
        }
    }
    if let Some(level) = found.level.value() {
        put("mpi_db", level);
    }
    if let Some(gram) = &found.reflectogram {
        let peak = gram.significance.iter().copied().fold(0.0, f64::max);
        put("reflectogram_peak", peak);
        put("reflectogram_threshold", gram.threshold);
    }
}

/// Says whether the levels are powers: none below zero by more than noise would make it.
fn has_amplitudes(slicer: &Slicer) -> bool {
    let top = slicer.means[slicer.means.len() - 1];
    let bottom = slicer.means[0];
    top > 0.0 && bottom + 0.5 * top > 0.0
}

/// Multiplies by a power of two, which changes no mantissa, so that the largest magnitude lies
/// between 1 and 2: products of powers and amplitudes then neither overflow nor vanish whatever
/// the unit. Level, linewidth and delay do not depend on it.
fn to_unit_size(power: &mut [f32]) {
    let largest = power.iter().fold(0.0f32, |m, y| m.max(y.abs()));
    if largest > 0.0 && largest.is_finite() {
        let scale = (-libm::floor(libm::log2(f64::from(largest)))).exp2() as f32;
        power.iter_mut().for_each(|y| *y *= scale);
    }
}

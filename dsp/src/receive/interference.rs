//! Multipath interference: gate, power, assessment.

use etalon_types::Figure;
use etalon_types::report::LinkReport;

use super::lane::Lane;
use crate::channel::Channel;
use crate::mpi;
use crate::options::{Quantity, ReceiveOptions};
use crate::slicer::{Slicer, nominal};
use crate::traces::Traces;

impl Lane {
    /// The optical power of every symbol through an equalizer that cannot learn the beat, its
    /// levels, and the lags that its span covers. `None` when that equalizer does much worse than
    /// the link's own.
    fn power(&self, options: &ReceiveOptions) -> Option<(Vec<f32>, Slicer, usize)> {
        let trained = self.trained();
        let levels = self.modulation.levels();
        let targets: Vec<f32> = trained
            .decided
            .iter()
            .map(|&s| nominal(levels, s) as f32)
            .collect();
        let channel = Channel::fit(&self.front.samples, &targets, self.front.spacing)?;
        let symbol_power =
            targets.iter().map(|&d| f64::from(d * d)).sum::<f64>() / targets.len() as f64;
        let equalizer = mpi::front::design(
            &channel,
            symbol_power,
            channel.residual_power,
            self.front.pad,
        )?;
        let power: Vec<f32> = equalizer
            .feed_forward(&self.front.samples)
            .iter()
            .map(|&y| y - options.zero as f32)
            .collect();
        let slicer = Slicer::from_symbols(&power, &trained.decided, levels);
        let own = Slicer::from_symbols(&trained.output, &trained.decided, levels);
        let guard = equalizer.taps.len() / self.front.spacing + 4;
        // Half the SNR lost: what is left is intersymbol interference, not the beat.
        (slicer.is_sane() && slicer.snr() > 0.4 * own.snr()).then_some((power, slicer, guard))
    }

    /// Interference.
    pub fn assess_mpi(
        &self,
        options: &ReceiveOptions,
        report: &mut LinkReport,
        traces: &mut Traces,
    ) {
        let assumed = report.quality.iter().any(|q| q.flag == "assumed-optical");
        let none = |reason: &str| Figure::not_measurable(reason);
        if options.quantity != Quantity::OpticalPower && !assumed {
            report.estimates.mpi_db = none(
                "the samples are not known to be optical power: the beat is told by its square-root law (--optical, --zero)",
            );
            return;
        }
        if report.estimates.ser.value().is_some_and(|s| s > 0.1) {
            report.estimates.mpi_db = none(
                "more than a tenth of the symbols are wrong: the residual is not that of the signal",
            );
            return;
        }
        let Some((power, slicer, guard)) = self.power(options) else {
            report.estimates.mpi_db = none(
                "the pulse response cannot be inverted by a short equalizer, and a long one would learn the beat",
            );
            return;
        };
        let input = mpi::Input {
            power: &power,
            slicer: &slicer,
            baud_hz: report.link.baud_hz,
            guard,
            linewidth_hz: options.linewidth_hz,
        };
        let found = mpi::assess(&input);
        report.features.insert(
            "beat_significance".into(),
            found.beat_significance.clamp(-1e6, 1e6),
        );
        report
            .features
            .insert("beat_share".into(), found.beat_share);
        if let Some(level) = found.level.value() {
            report.features.insert("mpi_db".into(), level);
        }
        if let Some(gram) = &found.reflectogram {
            let peak = gram.significance.iter().copied().fold(0.0, f64::max);
            report.features.insert("reflectogram_peak".into(), peak);
            report
                .features
                .insert("reflectogram_threshold".into(), gram.threshold);
        }
        report.estimates.mpi_db = found.level;
        report.estimates.linewidth_hz = found.linewidth;
        report.mpi_regime = found.regime;
        if options.measures.reflectogram {
            report.mpi_paths = found.paths;
            traces.reflectogram = found.reflectogram;
        }
        traces.spectrum = found.spectrum;
    }
}

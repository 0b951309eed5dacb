//! Outer levels: modulation amplitude and extinction ratio.

use etalon_types::Figure;
use etalon_types::report::{Estimates, QualityFlag};

use super::lane::Lane;
use crate::condition::flag;
use crate::measure::levels::{self, OuterLevels};
use crate::options::{Quantity, ReceiveOptions};
use crate::slicer::Slicer;

/// Definition of the OMA from long runs.
const LONG_RUNS: &str = "P3 - P0: means over the central 2 UI of runs of at least seven 3s and six 0s before the equalizer, IEEE 802.3 121.8.4";

/// Definition of the OMA where the capture has no long runs.
const NO_LONG_RUNS: &str =
    "difference of the outer level means at the slicer: the capture holds no long runs";

impl Lane {
    /// Decides whether the samples are optical power.
    pub fn quantity(
        &self,
        options: &ReceiveOptions,
        slicer: &Slicer,
        quality: &mut Vec<QualityFlag>,
    ) -> Quantity {
        if options.quantity != Quantity::Unknown {
            return options.quantity;
        }
        let bottom = slicer.means[0] - options.zero;
        let top = slicer.means[slicer.means.len() - 1] - options.zero;
        let ratio_db = 10.0 * (top / bottom.max(f64::MIN_POSITIVE)).log10();
        if bottom > 5.0 * slicer.sigmas[0] / (slicer.counts[0].max(1) as f64).sqrt()
            && (1.0..=20.0).contains(&ratio_db)
            && bottom > 0.0
        {
            quality.push(flag(
                "assumed-optical",
                format!("every level lies above zero ({ratio_db:.1} dB from lowest to highest), so the samples are taken as optical power; --optical says so, --zero sets the dark level"),
            ));
            Quantity::OpticalPower
        } else {
            Quantity::Voltage
        }
    }

    /// OMA and extinction ratio.
    pub fn outer(
        &self,
        options: &ReceiveOptions,
        quantity: Quantity,
        slicer: &Slicer,
        estimates: &mut Estimates,
    ) {
        let symbols = self
            .pattern
            .as_ref()
            .map_or(&self.trained().decided, |p| &p.sent);
        let n = self.modulation.levels();
        let runs = levels::outer_levels(&self.front.samples, symbols, self.front.spacing, n);
        let (outer, definition) = match runs {
            Some(runs) => (runs, LONG_RUNS),
            None => (at_the_slicer(slicer), NO_LONG_RUNS),
        };
        let sigma = slicer.noise_variance().sqrt();
        let (oma, er) = levels::oma_and_er(&outer, options.zero, "sample", sigma, definition);
        estimates.oma_outer = oma;
        estimates.extinction_ratio_db = if quantity == Quantity::OpticalPower {
            er
        } else {
            Figure::not_measurable(
                "the samples are not known to be optical power: a ratio needs a true zero (--optical, --zero)",
            )
        };
    }
}

/// Outer levels from all symbols of the outer levels, where no long runs are.
fn at_the_slicer(slicer: &Slicer) -> OuterLevels {
    let last = slicer.means.len() - 1;
    let level = |i: usize| {
        let error = slicer.sigmas[i] / (slicer.counts[i].max(1) as f64).sqrt();
        (slicer.means[i], error)
    };
    OuterLevels {
        top: level(last),
        bottom: level(0),
        runs: (slicer.counts[last], slicer.counts[0]),
    }
}

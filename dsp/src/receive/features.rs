//! What a classifier sees of a capture, by name.

use std::collections::BTreeMap;

use etalon_types::report::Estimates;

use super::lane::Lane;
use crate::measure::channel::{self, Channel, Span};
use crate::measure::deviation::{self, Deviation, SymbolShape};
use crate::measure::spectrum;
use crate::options::ReceiveOptions;
use crate::slicer::Slicer;

/// Symbols over which a channel is compared with a given one: reflections of a connector come
/// tens of symbols late.
const LONG_SPAN: Span = Span {
    before: 15,
    after: 64,
};

impl Lane {
    /// What the classifier sees.
    pub fn features(
        &self,
        slicer: &Slicer,
        estimates: &Estimates,
        options: &ReceiveOptions,
    ) -> BTreeMap<String, f64> {
        let trained = self.trained();
        let mut features = BTreeMap::new();
        let mut put = |name: &str, value: f64| {
            if value.is_finite() {
                features.insert(name.to_owned(), value);
            }
        };
        put("levels", slicer.means.len() as f64);
        put("snr_db", 10.0 * slicer.snr().log10());
        put(
            "noise_enhancement_db",
            trained.equalizer.noise_enhancement_db(),
        );
        put("samples_per_symbol", self.front.timing.samples_per_symbol);
        put("clock_offset_ppm", self.front.timing.offset_ppm);
        put("clock_wander_ui", self.front.timing.wander_ui());
        put("feedback_taps", trained.equalizer.feedback.len() as f64);
        if let Some(rlm) = estimates.rlm_120d.value() {
            put("rlm_120d", rlm);
        }
        if let Some(channel) = self.channel() {
            put("channel_bandwidth_baud", channel.bandwidth());
            put("nyquist_loss_db", -channel.gain_db(0.5));
            put("quarter_baud_loss_db", -channel.gain_db(0.25));
        }
        if let Some(deviation) = self.deviation(options) {
            put("channel_deviation_db", deviation.worst_db);
            put("channel_deviation_rms_db", deviation.rms_db);
        }
        if let Some(loss) = spectrum::loss_db(&self.front.samples, self.front.spacing) {
            put("spectrum_loss_db", loss);
        }
        put("noise_slope", noise_slope(slicer));
        put("raw_snr_db", self.raw_snr_db());
        features
    }

    /// The channel against the response that it should have, when one was told.
    fn deviation(&self, options: &ReceiveOptions) -> Option<Deviation> {
        let given = options.reference_channel.as_ref()?;
        let spacing = self.front.spacing;
        let targets = self.targets(self.channel_symbols());
        let channel = Channel::fit_over(&self.front.samples, &targets, spacing, LONG_SPAN)?;
        deviation::compare(&channel, given, self.front.baud_hz, SymbolShape::Rectangle)
    }

    /// SNR at the decision instants before the equalizer.
    fn raw_snr_db(&self) -> f64 {
        let trained = self.trained();
        let judged = trained.judged.clone().take(channel::USED);
        let instants: Vec<f32> = judged
            .map(|k| self.front.samples[self.front.spacing * k])
            .collect();
        let (symbols, _) = self.judged_symbols();
        let raw = Slicer::from_symbols(&instants, symbols, self.modulation.levels());
        10.0 * raw.snr().log10()
    }
}

/// Relative growth of the noise variance from the lowest to the highest level.
fn noise_slope(slicer: &Slicer) -> f64 {
    let last = slicer.means.len() - 1;
    (slicer.sigmas[last] / slicer.sigmas[0].max(f64::MIN_POSITIVE)).powi(2)
}

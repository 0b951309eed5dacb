//! The report, all but the interference.

use std::collections::BTreeMap;

use etalon_types::Figure;
use etalon_types::pattern::symbols_to_bits;
use etalon_types::report::{
    EqualizerReport, Estimates, Input, Level, LineCodeCheck, LinkParameters, LinkReport,
    Provenance, QualityFlag,
};

use super::lane::Lane;
use super::unmeasured::nothing;
use crate::condition::flag;
use crate::measure::levels;
use crate::options::{LineCode, ReceiveOptions};
use crate::pattern::line_code;
use crate::slicer::Slicer;

/// Symbol error ratio from which on the eye is called closed.
const CLOSED_SER: f64 = 0.3;

impl Lane {
    /// Makes the report, all but the interference; `slicer` has the levels of the judged symbols.
    pub fn report(
        &self,
        slicer: &Slicer,
        count: usize,
        sample_interval_s: f64,
        options: &ReceiveOptions,
        mut quality: Vec<QualityFlag>,
    ) -> LinkReport {
        let (_, source) = self.judged_symbols();
        let quantity = self.quantity(options, slicer, &mut quality);
        let (ber, ser) = self.error_ratios(options);
        if let Some(ser) = ser.value()
            && ser > CLOSED_SER
        {
            quality.push(flag(
                "eye-closed",
                format!("symbol error ratio {ser:.2}: no figure of this report is to be trusted"),
            ));
        }
        let mut estimates = not_yet(slicer, source);
        (estimates.pre_fec_ber, estimates.ser) = (ber, ser);
        (estimates.rlm_120d, estimates.rlm_94) = levels::rlm(slicer);
        let errors = self.error_figures(slicer);
        estimates.frame_error_ratio_kp4 = errors.frame_error_ratio_kp4;
        estimates.burst_factor = errors.burst_factor;
        self.outer(options, quantity, slicer, &mut estimates);
        let untrue = quality.iter().find_map(|q| match q.flag.as_str() {
            "eye-closed" => Some("the eye is shut and no pattern is known"),
            "level-missing" => Some("a level is missing and no pattern is known"),
            _ => None,
        });
        if let (None, Some(reason)) = (&self.pattern, untrue) {
            let shut = || Figure::not_measurable(reason);
            estimates.snr_db = shut();
            (estimates.rlm_120d, estimates.rlm_94) = (shut(), shut());
            (estimates.oma_outer, estimates.extinction_ratio_db) = (shut(), shut());
        }
        let features = self.features(slicer, &estimates, options);
        LinkReport {
            schema: LinkReport::SCHEMA.into(),
            input: Input {
                samples: count as u64,
                sample_interval_s,
                ..Input::default()
            },
            link: self.link(),
            estimates,
            mpi_paths: Vec::new(),
            cancellation: Vec::new(),
            line_code: self.line_code(options),
            equalizer: self.equalizer_report(),
            levels: levels_of(slicer),
            error_statistics: errors.statistics,
            transmitter: None,
            limits: Vec::new(),
            mpi_regime: None,
            mpi_exponent: None,
            features,
            quality,
            classification: None,
            provenance: Provenance::default(),
            timing_s: BTreeMap::new(),
        }
    }

    fn link(&self) -> LinkParameters {
        let offset = 1.0 + self.front.timing.offset_ppm * 1e-6;
        LinkParameters {
            modulation: self.modulation,
            baud_hz: self.front.baud_hz * offset,
            samples_per_symbol: self.front.timing.samples_per_symbol / offset,
            pattern: self.pattern.as_ref().map(|p| p.name.clone()),
            polarity: self
                .pattern
                .as_ref()
                .map(|p| if p.inverted { "inverted" } else { "normal" }.to_owned()),
            lag: self.pattern.as_ref().and_then(|p| p.lag),
        }
    }

    fn equalizer_report(&self) -> EqualizerReport {
        let trained = self.trained();
        EqualizerReport {
            kind: trained.kind.into(),
            taps: trained
                .equalizer
                .taps
                .iter()
                .map(|&w| f64::from(w))
                .collect(),
            tap_spacing_ui: 1.0 / trained.equalizer.shape.spacing as f64,
            feedback: trained
                .equalizer
                .feedback
                .iter()
                .map(|&w| f64::from(w))
                .collect(),
            main_cursor: trained.equalizer.main_cursor(),
            training_symbols: trained.training_symbols as u64,
            judged_symbols: trained.judged.len() as u64,
            why: trained.why.clone(),
        }
    }

    fn line_code(&self, options: &ReceiveOptions) -> Option<LineCodeCheck> {
        match options.line_code {
            LineCode::None => None,
            LineCode::Code64b66b => {
                line_code::check_64b66b(&symbols_to_bits(&self.trained().decided, self.modulation))
            }
        }
    }
}

fn levels_of(slicer: &Slicer) -> Vec<Level> {
    (0..slicer.means.len())
        .map(|i| Level {
            mean: slicer.means[i],
            sigma: slicer.sigmas[i],
            count: slicer.counts[i],
        })
        .collect()
}

/// Figures before any was measured, with the SNR.
fn not_yet(slicer: &Slicer, source: &str) -> Estimates {
    Estimates {
        snr_db: levels::snr(slicer, source),
        tdecq_db: Figure::not_measurable("not asked for (--measure)"),
        ceq_db: Figure::not_measurable("not asked for (--measure)"),
        mpi_db: Figure::not_measurable("not asked for (--measure)"),
        linewidth_hz: Figure::not_measurable("no interference to take it from"),
        ..nothing("not measured yet")
    }
}

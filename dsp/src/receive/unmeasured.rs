//! The report of a capture in which nothing can be measured.

use std::collections::BTreeMap;

use etalon_types::Figure;
use etalon_types::pattern::Modulation;
use etalon_types::report::{
    EqualizerReport, Estimates, Input, LinkParameters, LinkReport, Provenance, QualityFlag,
};

use crate::Reception;
use crate::options::{BaudChoice, ModulationChoice, ReceiveOptions};
use crate::traces::Traces;

/// Makes the report of a capture in which nothing can be measured, and why.
pub(super) fn unmeasured(
    count: usize,
    sample_interval_s: f64,
    options: &ReceiveOptions,
    quality: Vec<QualityFlag>,
    reason: &str,
) -> Reception {
    let report = LinkReport {
        schema: LinkReport::SCHEMA.into(),
        input: Input {
            samples: count as u64,
            sample_interval_s,
            ..Input::default()
        },
        link: told(sample_interval_s, options),
        estimates: nothing(reason),
        mpi_paths: Vec::new(),
        cancellation: Vec::new(),
        line_code: None,
        equalizer: no_equalizer(reason),
        levels: Vec::new(),
        error_statistics: None,
        transmitter: None,
        limits: Vec::new(),
        mpi_regime: None,
        mpi_exponent: None,
        features: BTreeMap::new(),
        quality,
        classification: None,
        provenance: Provenance::default(),
        timing_s: BTreeMap::new(),
    };
    Reception {
        report,
        traces: Traces::default(),
    }
}

/// What was told of the link: nothing was found.
fn told(sample_interval_s: f64, options: &ReceiveOptions) -> LinkParameters {
    let baud_hz = match options.baud {
        BaudChoice::Is(baud_hz) => baud_hz,
        BaudChoice::Auto => 0.0,
    };
    LinkParameters {
        modulation: match options.modulation {
            ModulationChoice::Is(m) => m,
            ModulationChoice::Auto => Modulation::Pam4,
        },
        baud_hz,
        samples_per_symbol: if baud_hz > 0.0 {
            1.0 / (sample_interval_s * baud_hz)
        } else {
            0.0
        },
        pattern: None,
        polarity: None,
        lag: None,
    }
}

/// Figures that all have the same reason for having no value.
pub(super) fn nothing(reason: &str) -> Estimates {
    let none = || Figure::not_measurable(reason);
    Estimates {
        pre_fec_ber: none(),
        ser: none(),
        snr_db: none(),
        oma_outer: none(),
        extinction_ratio_db: none(),
        rlm_120d: none(),
        rlm_94: none(),
        tdecq_db: none(),
        ceq_db: none(),
        mpi_db: none(),
        linewidth_hz: none(),
        frame_error_ratio_kp4: none(),
        burst_factor: none(),
    }
}

fn no_equalizer(reason: &str) -> EqualizerReport {
    EqualizerReport {
        kind: "none".into(),
        taps: Vec::new(),
        tap_spacing_ui: 1.0,
        feedback: Vec::new(),
        main_cursor: 0,
        training_symbols: 0,
        judged_symbols: 0,
        why: reason.into(),
    }
}

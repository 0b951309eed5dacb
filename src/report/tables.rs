//! Tables of a link report, each figure with its interval, count and definition.

use etalon_types::cancellation::{Cancellation, ErrorBursts};
use etalon_types::limits::LimitCheck;
use etalon_types::report::{MpiPath, Provenance, QualityFlag};
use etalon_types::{Classification, Figure, LinkReport};

use super::Table;
use crate::plots::numbers::{fixed, grouped, worded};
use crate::plots::{limit_words, path_words};

impl Table {
    /// Lists every figure of a link report: value, interval, count, method and definition, or
    /// the reason why there is none.
    pub fn of_figures(report: &LinkReport) -> Self {
        let e = &report.estimates;
        let figures = [
            ("Pre-FEC BER", &e.pre_fec_ber),
            ("SER", &e.ser),
            ("SNR at the slicer", &e.snr_db),
            ("OMA outer", &e.oma_outer),
            ("Extinction ratio", &e.extinction_ratio_db),
            ("RLM (120D.3.1.2)", &e.rlm_120d),
            ("RLM (clause 94)", &e.rlm_94),
            ("TDECQ", &e.tdecq_db),
            ("Ceq", &e.ceq_db),
            ("MPI", &e.mpi_db),
            ("Linewidth", &e.linewidth_hz),
            ("Frame error ratio after KP4", &e.frame_error_ratio_kp4),
            ("Burst factor", &e.burst_factor),
        ];
        let transmitter = report.transmitter.as_ref().map(|t| {
            [
                ("K = TDECQ - Ceq", &t.k_db),
                ("SNDR", &t.sndr_db),
                ("Overshoot", &t.overshoot_percent),
                ("Undershoot", &t.undershoot_percent),
                ("Power excursion", &t.power_excursion),
                ("Rise time, 20 % to 80 %", &t.rise_time_s),
                ("Fall time, 80 % to 20 %", &t.fall_time_s),
                ("Transition time", &t.transition_time_s),
            ]
        });
        Self {
            caption: "Every figure with its interval and definition".into(),
            columns: texts([
                "Figure",
                "Value",
                "Interval",
                "n",
                "Method",
                "Definition, or why there is no value",
            ]),
            rows: figures
                .into_iter()
                .chain(transmitter.into_iter().flatten())
                .map(|(name, figure)| figure_row(name, figure))
                .collect(),
        }
    }

    /// Lists the reflections that were found.
    pub fn of_paths(paths: &[MpiPath]) -> Self {
        let level = |value: Option<f64>| {
            value.map_or("not measurable".into(), |v| format!("{} dB", fixed(v, 1)))
        };
        let interval = |p: &MpiPath| match (p.low_db, p.high_db) {
            (Some(low), Some(high)) => format!("{} to {} dB", fixed(low, 1), fixed(high, 1)),
            _ => String::new(),
        };
        // Columns that only some captures have.
        let named = paths.iter().any(|p| p.connectors.is_some());
        let told = paths
            .iter()
            .any(|p| p.kind.is_some() || p.modulo_s.is_some());
        let mut columns = texts(["Distance", "Delay", "Level", "Interval", "Significance"]);
        columns.extend(told.then(|| "What".to_owned()));
        columns.extend(named.then(|| "Connectors".to_owned()));
        Self {
            caption: "Reflections, strongest first (n = 1.468)".into(),
            columns,
            rows: paths
                .iter()
                .map(|p| {
                    let mut row = vec![
                        format!("{} m", fixed(p.distance_m, 2)),
                        format!("{} ns", fixed(p.delay_s * 1e9, 2)),
                        level(p.level_db),
                        interval(p),
                        format!("{} σ", fixed(p.significance, 1)),
                    ];
                    row.extend(told.then(|| path_words::what(p)));
                    row.extend(named.then(|| path_words::connectors(p)));
                    row
                })
                .collect(),
        }
    }

    /// Lists what each canceller of interference would do.
    pub fn of_cancellation(all: &[Cancellation]) -> Self {
        let bursts = |b: &Option<ErrorBursts>| {
            b.as_ref().map_or(String::new(), |b| {
                format!("{} errors, longest burst {}", grouped(b.errors), b.longest)
            })
        };
        let both = |figure: &Figure| {
            let words = worded(figure);
            format!("{} {}", words.value, words.interval)
        };
        Self {
            caption:
                "What taking the interference out would do (short equalizer, plain slicer before)"
                    .into(),
            columns: texts([
                "Canceller",
                "Action",
                "BER before",
                "BER after",
                "Beat left",
                "Before",
                "After",
            ]),
            rows: all
                .iter()
                .map(|c| {
                    vec![
                        path_words::method(c.method).to_owned(),
                        path_words::action(c),
                        both(&c.ber_before),
                        both(&c.ber_after),
                        both(&c.suppression_db),
                        bursts(&c.bursts_before),
                        bursts(&c.bursts_after),
                    ]
                })
                .collect(),
        }
    }

    /// Lists the limits of a PMD with the figures that were held to them.
    pub fn of_limits(checks: &[LimitCheck]) -> Self {
        let pmd = checks.first().map_or("", |check| &check.limit.pmd);
        Self {
            caption: format!("Limits of {pmd} (rows marked M are from memory: check the text)"),
            columns: texts([
                "Quantity", "Verdict", "Value", "Interval", "Limit", "Source", "Mark", "Why",
            ]),
            rows: checks
                .iter()
                .map(|check| {
                    let words = worded(&check.figure);
                    vec![
                        limit_words::quantity(&check.limit.quantity).0,
                        limit_words::verdict(check.verdict).to_owned(),
                        words.value,
                        words.interval,
                        limit_words::bounds(&check.limit),
                        limit_words::source(&check.limit),
                        format!("{:?}", check.limit.mark),
                        check.reason.clone().unwrap_or_default(),
                    ]
                })
                .collect(),
        }
    }

    /// Lists the named cause, its alternatives and the evidence.
    pub fn of_classification(classification: &Classification) -> Self {
        let percent = |share: f64| format!("{} %", fixed(100.0 * share, 0));
        let name = |kind: &etalon_types::FaultKind| {
            // The name that the JSON uses: one word for one thing everywhere.
            serde_json::to_value(kind)
                .ok()
                .and_then(|v| v.as_str().map(str::to_owned))
                .unwrap_or_default()
        };
        let mut rows = vec![vec![
            "cause".into(),
            name(&classification.kind),
            percent(classification.confidence),
        ]];
        for other in &classification.alternatives {
            rows.push(vec![
                "runner-up".into(),
                name(&other.kind),
                percent(other.confidence),
            ]);
        }
        for evidence in &classification.evidence {
            // Ratios of errors are told by their power of ten.
            let value = evidence.value.map_or_else(String::new, |v| match v.abs() {
                small if small > 0.0 && small < 5e-3 => format!("{v:.2e}"),
                _ => fixed(v, 3),
            });
            rows.push(vec![
                format!("evidence: {}", evidence.metric),
                evidence.note.clone(),
                value,
            ]);
        }
        Self {
            caption: "Cause, runners-up and evidence".into(),
            columns: texts(["What", "Finding", "Confidence or value"]),
            rows,
        }
    }

    /// Lists what is odd about the capture.
    pub fn of_quality(flags: &[QualityFlag]) -> Self {
        Self {
            caption: "Quality flags".into(),
            columns: texts(["Flag", "What was seen"]),
            rows: flags
                .iter()
                .map(|f| vec![f.flag.clone(), f.detail.clone()])
                .collect(),
        }
    }
}

/// Puts the provenance of a link report into names and values.
pub fn provenance_rows(provenance: &Provenance) -> Vec<(String, String)> {
    let pair = |name: &str, value: String| (name.to_owned(), value);
    vec![
        pair("version", provenance.version.clone()),
        pair("commit", provenance.git.clone()),
        pair("options (SHA-256)", provenance.config_sha256.clone()),
        pair(
            "seed",
            provenance.seed.map_or("none".into(), |s| s.to_string()),
        ),
        pair("CPU features", provenance.cpu_features.join(" ")),
        pair("threads", provenance.threads.to_string()),
    ]
}

fn texts<const N: usize>(names: [&str; N]) -> Vec<String> {
    names.iter().map(|n| (*n).to_owned()).collect()
}

fn figure_row(name: &str, figure: &Figure) -> Vec<String> {
    let words = worded(figure);
    let (method, why) = match figure {
        Figure::Estimate(e) => (e.method.clone(), e.definition.clone()),
        Figure::NotMeasurable(none) => (String::new(), none.reason.clone()),
    };
    let count = if words.count.is_empty() {
        figure.estimate().map_or(String::new(), |e| grouped(e.n))
    } else {
        words.count
    };
    vec![
        name.to_owned(),
        words.value,
        words.interval,
        count,
        method,
        why,
    ]
}

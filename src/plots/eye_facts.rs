//! The figures printed below an eye, each with the name of its definition.

use etalon_types::Figure;

use super::eye::EyePlot;
use super::limit_words;
use super::numbers::{grouped, worded};
use super::scene::{Scene, Stroke, Text};
use super::style;
use super::vertical_scale::VerticalScale;

/// A figure's name, value and what qualifies it.
struct Fact {
    name: &'static str,
    value: String,
    interval: String,
    note: String,
}

impl Fact {
    fn of(name: &'static str, figure: &Figure) -> Self {
        let words = worded(figure);
        Self {
            name,
            value: words.value,
            interval: words.interval,
            note: words.note,
        }
    }

    fn plain(name: &'static str, value: String, note: String) -> Self {
        Self {
            name,
            value,
            interval: String::new(),
            note,
        }
    }
}

/// Draws the figures in three columns from `top` down.
pub(super) fn draw(scene: &mut Scene, plot: &EyePlot, scale: &VerticalScale, top: f64) {
    let e = &plot.report.estimates;
    let columns = [
        vec![
            Fact::of("OMA outer", &e.oma_outer),
            Fact::of("Extinction ratio", &e.extinction_ratio_db),
            Fact::of("RLM (120D.3.1.2)", &e.rlm_120d),
            Fact::of("RLM (clause 94)", &e.rlm_94),
        ],
        vec![
            Fact::of("SNR at the slicer", &e.snr_db),
            errors("Pre-FEC BER", &e.pre_fec_ber),
            tdecq(plot),
            Fact::of("MPI", &e.mpi_db),
        ],
        about_the_capture(plot, scale),
    ];
    let left = 28.0;
    let width = (scene.width - 2.0 * left) / 3.0;
    scene.line(
        (left, top - 16.0),
        (scene.width - left, top - 16.0),
        Stroke::solid(style::GRID, 1.2),
    );
    for (c, facts) in columns.into_iter().enumerate() {
        let x = left + c as f64 * width;
        for (r, fact) in facts.into_iter().enumerate() {
            let y = top + 8.0 + 42.0 * r as f64;
            let name = Text::new(fact.name, style::TICK).color(style::MUTED);
            let end = x + width - 18.0;
            let start = x + name.width() + 9.0;
            scene.text(x, y, name);
            let value = Text::new(fact.value, style::TICK).bold().fit(end - start);
            let after = start + value.width() + 9.0;
            scene.text(start, y, value);
            if end - after > 40.0 {
                scene.text(
                    after,
                    y,
                    Text::new(fact.interval, style::NOTE).fit(end - after),
                );
            }
            let note = Text::new(fact.note, 12.5)
                .color(style::MUTED)
                .fit(width - 22.0);
            scene.text(x, y + 17.0, note);
        }
    }
}

/// TDECQ says what its limit is when one was told.
fn tdecq(plot: &EyePlot) -> Fact {
    let mut fact = Fact::of("TDECQ", &plot.report.estimates.tdecq_db);
    let mut checks = plot.report.limits.iter();
    if let Some(check) = checks.find(|check| check.limit.quantity == "tdecq_db") {
        fact.note = format!(
            "{}: {}, {} ({})",
            limit_words::verdict(check.verdict),
            limit_words::bounds(&check.limit),
            check.limit.pmd,
            limit_words::source(&check.limit)
        );
    }
    fact
}

/// A ratio of errors says how many were counted among how many.
fn errors(name: &'static str, figure: &Figure) -> Fact {
    let words = worded(figure);
    let mut fact = Fact::of(name, figure);
    if !words.count.is_empty() {
        fact.note = format!("{} bits; {}", words.count, words.note);
    }
    fact
}

fn about_the_capture(plot: &EyePlot, scale: &VerticalScale) -> Vec<Fact> {
    let (report, equalizer) = (plot.report, &plot.report.equalizer);
    let thresholds: Vec<String> = plot.eye.thresholds.iter().map(|t| scale.bare(*t)).collect();
    let thresholds = if thresholds.is_empty() {
        "none".to_owned()
    } else {
        format!("{} {}", thresholds.join(" / "), scale.unit_text())
    };
    let taps = match equalizer.feedback.len() {
        0 => format!("{} taps", equalizer.taps.len()),
        feedback => format!("{} + {feedback} taps", equalizer.taps.len()),
    };
    let (on, detail) = if plot.eye.equalized {
        (
            format!("on: {}, {taps}", equalizer.kind),
            equalizer.why.clone(),
        )
    } else {
        ("off".to_owned(), "samples as captured".to_owned())
    };
    let pattern = report
        .link
        .pattern
        .clone()
        .unwrap_or_else(|| "none found".into());
    let judged = format!(
        "{} symbols trained, {} judged",
        grouped(equalizer.training_symbols),
        grouped(equalizer.judged_symbols)
    );
    vec![
        Fact::plain("Samples in the eye", grouped(plot.eye.samples), judged),
        Fact::plain("Equalizer", on, detail),
        Fact::plain(
            "Thresholds",
            thresholds,
            "at the slicer, lowest first".into(),
        ),
        Fact::plain("Pattern", pattern, report.input.path.clone()),
    ]
}

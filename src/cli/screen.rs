//! One analysis on one screen of 80 columns and 24 lines.
//!
//! The verdict stands first, the eye beside the figures, then what speaks for the verdict and
//! what is odd about the capture; the last line is a command to type next.

use etalon_types::fault::Classification;
use etalon_types::report::{MpiRegime, QualityFlag};
use etalon_types::units::engineering;
use etalon_types::{Figure, LinkReport, Modulation};

use super::classified::rejecting;
use super::figures::{Notation, count, cut, cut_left, figure, quantity, short, wrap};
use super::limits;

/// Columns of the screen.
pub const COLUMNS: usize = 80;
/// Lines of the screen, one left for the prompt.
pub const LINES: usize = 23;
/// Columns of the eye.
pub const EYE_COLUMNS: usize = 34;
/// Lines of the eye and of the figures beside it.
pub const EYE_LINES: usize = 12;

/// How the screen may look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colours {
    /// ANSI colours.
    Ansi,
    /// None.
    Plain,
}

/// Draws the screen of one analysis; `eye` holds the lines of the eye, if there is one.
pub fn single(report: &LinkReport, eye: &[String], next: &str, colours: Colours) -> String {
    let mut lines = vec![paint(&verdict(report), report, colours)];
    lines.push(cut(&input_line(report), COLUMNS));
    lines.push(cut(&link_line(report), COLUMNS));
    lines.extend(side_by_side(eye, &figure_lines(report)));
    // Two lines are kept for `next:`, which may be long and must not be cut.
    let room = LINES.saturating_sub(lines.len() + 1 + next_lines(next));
    let limits = limits::lines(report, room);
    let room = room - limits.len();
    lines.extend(limits);
    lines.extend(remarks(report).into_iter().take(room));
    lines.push(format!("next: {next}"));
    lines.join("\n") + "\n"
}

fn next_lines(next: &str) -> usize {
    ("next: ".len() + next.chars().count())
        .div_ceil(COLUMNS)
        .saturating_sub(1)
}

/// Draws a table with a row for each of several analyses.
pub fn table(reports: &[LinkReport], next: &str) -> String {
    let mut lines = vec![format!(
        "{:<25} {:>4} {:>3} {:<17} {:>9} {:>7} {:>8}",
        "file", "ch", "seg", "verdict", "BER", "SNR dB", "MPI dB"
    )];
    // Header, summary and next line are beside the rows.
    let room = LINES - 3;
    for report in reports.iter().take(room) {
        lines.push(row(report));
    }
    let bad = reports
        .iter()
        .filter(|r| super::classified::exit(r) != super::error::Exit::Done)
        .count();
    let hidden = reports.len().saturating_sub(room);
    let more = if hidden > 0 {
        format!(" ({hidden} not shown: use --json)")
    } else {
        String::new()
    };
    lines.push(format!(
        "{} analyzed, {bad} with findings{more}",
        reports.len()
    ));
    lines.push(format!("next: {next}"));
    lines.join("\n") + "\n"
}

fn row(report: &LinkReport) -> String {
    let estimates = &report.estimates;
    cut(
        &format!(
            "{:<25} {:>4} {:>3} {:<17} {:>9} {:>7} {:>8}",
            cut_left(&report.input.path, 25),
            cut(&report.input.channel, 4),
            report.input.segment,
            short_verdict(report),
            short(&estimates.pre_fec_ber, Notation::Scientific),
            short(&estimates.snr_db, Notation::Decibel),
            short(&estimates.mpi_db, Notation::Decibel),
        ),
        COLUMNS,
    )
}

fn short_verdict(report: &LinkReport) -> String {
    match (rejecting(&report.quality), &report.classification) {
        (Some(flag), _) => cut(&flag.flag, 17),
        (None, Some(classification)) => classification.kind.name().to_owned(),
        (None, None) => "-".to_owned(),
    }
}

/// The verdict in one line: rejected, the cause with its runner-up, or not classified.
pub fn verdict(report: &LinkReport) -> String {
    let text = match (rejecting(&report.quality), &report.classification) {
        (Some(flag), _) => format!("REJECTED ({}): {}", flag.flag, flag.detail),
        (None, Some(classification)) => diagnosis(classification),
        (None, None) => "measured; not classified".to_owned(),
    };
    cut(&text, COLUMNS)
}

fn diagnosis(classification: &Classification) -> String {
    let percent = |p: f64| format!("{:.0} %", 100.0 * p);
    let runner_up = classification.alternatives.first().map_or_else(
        || "no runner-up".to_owned(),
        |second| {
            format!(
                "runner-up {} {}",
                second.kind.name(),
                percent(second.confidence)
            )
        },
    );
    let kind = classification.kind.name().to_uppercase();
    format!(
        "{kind}  confidence {}, {runner_up}",
        percent(classification.confidence)
    )
}

fn paint(line: &str, report: &LinkReport, colours: Colours) -> String {
    // Red for findings, green for none; the words alone say the same.
    let code = if super::classified::exit(report) == super::error::Exit::Done {
        32
    } else {
        31
    };
    match colours {
        Colours::Ansi => format!("\x1b[1;{code}m{line}\x1b[0m"),
        Colours::Plain => line.to_owned(),
    }
}

/// What was analyzed, in one line.
pub fn input_line(report: &LinkReport) -> String {
    let input = &report.input;
    let rest = format!(
        "  {}, channel {}, segment {}, {} samples, {}",
        input.format,
        input.channel,
        input.segment,
        count(input.samples),
        engineering(1.0 / input.sample_interval_s, "S/s"),
    );
    format!(
        "{}{rest}",
        cut_left(&input.path, COLUMNS.saturating_sub(rest.len()).max(12))
    )
}

/// Modulation, rate and pattern, in one line.
pub fn link_line(report: &LinkReport) -> String {
    let link = &report.link;
    let modulation = match link.modulation {
        Modulation::Nrz => "NRZ",
        Modulation::Pam4 => "PAM-4",
    };
    let pattern = match (&link.pattern, &link.polarity, link.lag) {
        (Some(name), Some(polarity), Some(lag)) => {
            format!("{name} ({polarity}, starts at symbol {lag})")
        }
        (Some(name), _, _) => name.clone(),
        (None, _, _) => "no pattern: blind".to_owned(),
    };
    let rate = engineering(link.baud_hz, "Bd");
    format!(
        "{modulation} at {rate}, {:.3} samples/symbol, {pattern}",
        link.samples_per_symbol
    )
}

/// The figures beside the eye, one a line.
fn figure_lines(report: &LinkReport) -> Vec<String> {
    let e = &report.estimates;
    let mut lines = vec![format!(
        "BER    {}",
        figure(&e.pre_fec_ber, Notation::Scientific)
    )];
    lines.extend(counted(&e.pre_fec_ber));
    lines.push(format!("SER    {}", figure(&e.ser, Notation::Scientific)));
    lines.push(format!("SNR    {}", figure(&e.snr_db, Notation::Decibel)));
    lines.push(format!(
        "OMA    {}",
        figure(&e.oma_outer, Notation::Engineering)
    ));
    lines.push(format!(
        "ER     {}",
        figure(&e.extinction_ratio_db, Notation::Decibel)
    ));
    if report.link.modulation == Modulation::Pam4 {
        let both = [("120D", &e.rlm_120d), ("94", &e.rlm_94)]
            .map(|(name, rlm)| format!("{} ({name})", short(rlm, Notation::Plain)));
        lines.push(format!("RLM    {}", both.join("  ")));
    }
    lines.extend(transmitter(report));
    lines.push(format!("levels {}", levels(report)));
    lines.push(format!(
        "MPI    {}{}",
        figure(&e.mpi_db, Notation::Decibel),
        regime(report.mpi_regime)
    ));
    if let Some(path) = report.mpi_paths.first() {
        let more = report.mpi_paths.len() - 1;
        let others = if more > 0 {
            format!(", {more} more")
        } else {
            String::new()
        };
        lines.push(format!(
            "path   {} = {:.2} m ({:.0} sigma{others})",
            engineering(path.delay_s, "s"),
            path.distance_m,
            path.significance
        ));
    }
    if e.linewidth_hz.value().is_some() {
        lines.push(format!(
            "laser  {}",
            figure(&e.linewidth_hz, Notation::Engineering)
        ));
    }
    lines.push(format!("EQ     {}", equalizer(report)));
    if let Some(check) = &report.line_code {
        lines.push(format!(
            "{:<6} {} blocks, {} bad sync headers",
            check.code,
            count(check.blocks),
            check.bad_sync_headers
        ));
    }
    lines
}

/// TDECQ with its parts, and what else a known pattern tells of the transmitter.
fn transmitter(report: &LinkReport) -> Vec<String> {
    let e = &report.estimates;
    let Some(t) = &report.transmitter else {
        return Vec::new();
    };
    let mut tdecq = format!("TDECQ  {}", figure(&e.tdecq_db, Notation::Decibel));
    if e.tdecq_db.value().is_some() {
        for (name, part) in [("Ceq", &e.ceq_db), ("K", &t.k_db)] {
            tdecq += &format!("  {name} {}", short(part, Notation::Decibel));
        }
    }
    let percent = |of: &Figure| {
        of.value()
            .map_or("n/a".to_owned(), |percent| format!("{percent:.1} %"))
    };
    let edge = match t.transition_time_s.value() {
        Some(seconds) => quantity(seconds, "s"),
        None => "n/a".to_owned(),
    };
    vec![
        tdecq,
        format!("SNDR   {}", figure(&t.sndr_db, Notation::Decibel)),
        format!(
            "shoot  {} over, {} under; edge {edge}",
            percent(&t.overshoot_percent),
            percent(&t.undershoot_percent)
        ),
    ]
}

/// Errors, count and method of the BER, when anything was counted.
fn counted(ber: &Figure) -> Option<String> {
    match ber {
        Figure::Estimate(e) => {
            let errors = e
                .errors
                .map_or_else(String::new, |n| format!("{} errors, ", count(n)));
            let method = e.method.split(';').next().unwrap_or_default();
            Some(format!("       {errors}n = {}, {method}", count(e.n)))
        }
        Figure::NotMeasurable(none) => none.n.map(|n| format!("       n = {}", count(n))),
    }
}

fn levels(report: &LinkReport) -> String {
    // The report's levels carry no unit of their own; they share that of the amplitude.
    let unit = report
        .estimates
        .oma_outer
        .estimate()
        .map_or("", |oma| &oma.unit);
    let means: Vec<String> = report
        .levels
        .iter()
        .map(|l| quantity(l.mean, unit))
        .collect();
    means.join("  ")
}

fn equalizer(report: &LinkReport) -> String {
    let eq = &report.equalizer;
    let trained = format!(
        "trained {}, judged {}",
        count(eq.training_symbols),
        count(eq.judged_symbols)
    );
    match eq.kind.as_str() {
        "none" => format!("none, judged {}", count(eq.judged_symbols)),
        kind if eq.feedback.is_empty() => format!("{kind} {}, {trained}", eq.taps.len()),
        kind => format!("{kind} {}+{}, {trained}", eq.taps.len(), eq.feedback.len()),
    }
}

fn regime(regime: Option<MpiRegime>) -> &'static str {
    match regime {
        Some(MpiRegime::Incoherent) => " incoherent",
        Some(MpiRegime::Coherent) => " coherent",
        Some(MpiRegime::Frozen) => " frozen",
        Some(MpiRegime::None) | None => "",
    }
}

fn side_by_side(eye: &[String], figures: &[String]) -> Vec<String> {
    if eye.is_empty() {
        return figures.iter().map(|f| cut(f, COLUMNS)).collect();
    }
    let blank = String::new();
    (0..eye.len().max(figures.len()))
        .map(|i| {
            let left = eye.get(i).unwrap_or(&blank);
            let pad = " ".repeat(EYE_COLUMNS.saturating_sub(left.chars().count()));
            let right = cut(figures.get(i).unwrap_or(&blank), COLUMNS - EYE_COLUMNS - 1);
            format!("{left}{pad} {right}").trim_end().to_owned()
        })
        .collect()
}

/// What speaks for the verdict, what is odd, and what the BER means.
fn remarks(report: &LinkReport) -> Vec<String> {
    let mut lines = Vec::new();
    for QualityFlag { flag, detail } in &report.quality {
        lines.extend(
            wrap(&format!("! {flag}: {detail}"), COLUMNS, 2)
                .into_iter()
                .take(2),
        );
    }
    if let Some(classification) = &report.classification {
        for evidence in classification.evidence.iter().take(3) {
            lines.extend(
                wrap(
                    &format!("- {}: {}", evidence.metric, evidence.note),
                    COLUMNS,
                    2,
                )
                .into_iter()
                .take(2),
            );
        }
    }
    if let Some(ber) = report.estimates.pre_fec_ber.estimate() {
        let text = format!(
            "BER: {}; {:.0} % interval",
            ber.definition,
            100.0 * ber.confidence
        );
        lines.extend(wrap(&text, COLUMNS, 2).into_iter().take(2));
    }
    if let Some(reason) = report.estimates.mpi_db.reason() {
        lines.extend(
            wrap(&format!("MPI: {reason}"), COLUMNS, 2)
                .into_iter()
                .take(2),
        );
    }
    lines
}

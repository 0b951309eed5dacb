//! `analyze --pmd NAME`: figures held to the limits of a PMD, and how the screen tells it.

use etalon_dsp::measure::limits::{LimitCheck, Verdict, check};
use etalon_types::limits::{self, UnknownPmd};
use etalon_types::{Figure, LinkReport};

use super::classified::rejecting;
use super::error::CliError;
use super::figures::{cut, quantity as scaled};
use super::screen::COLUMNS;
use crate::plots::limit_words::{bounds, quantity, verdict};

/// Refuses a name that has no rows.
///
/// # Errors
/// Usage, with the names that have some.
pub fn check_name(pmd: Option<&str>) -> Result<(), CliError> {
    let Some(pmd) = pmd else {
        return Ok(());
    };
    limits::of(pmd).map(|_| ()).map_err(|unknown| {
        CliError::usage(
            "ETA-2001",
            "--pmd",
            "there are no limits under this name",
            unknown.to_string(),
            "give it like --pmd 100GBASE-FR1",
        )
    })
}

/// Enters the checks of a PMD into a report.
///
/// A capture that was rejected is not the link's: nothing passes or fails on it.
///
/// # Errors
/// [`UnknownPmd`].
pub fn enter(report: &mut LinkReport, pmd: &str) -> Result<(), UnknownPmd> {
    let mut checks = check(report, pmd)?;
    if let Some(flag) = rejecting(&report.quality) {
        for check in checks
            .iter_mut()
            .filter(|c| c.verdict != Verdict::Undecided)
        {
            check.verdict = Verdict::Undecided;
            check.reason = Some(format!("the capture was rejected: {}", flag.flag));
        }
    }
    report.limits = checks;
    Ok(())
}

/// Says whether a limit is violated for certain.
pub fn any_failed(report: &LinkReport) -> bool {
    report.limits.iter().any(|c| c.verdict == Verdict::Fail)
}

/// Lines of the screen: how many limits came out how, then one line each, failed ones first and
/// those without a figure last, as many as `room` holds.
pub fn lines(report: &LinkReport, room: usize) -> Vec<String> {
    let Some(first) = report.limits.first() else {
        return Vec::new();
    };
    let count = |v: Verdict| report.limits.iter().filter(|c| c.verdict == v).count();
    let mut checks: Vec<&LimitCheck> = report.limits.iter().collect();
    checks.sort_by_key(|check| match (check.verdict, &check.figure) {
        (Verdict::Fail, _) => 0,
        (Verdict::Undecided, Figure::Estimate(_)) => 1,
        (Verdict::Pass, _) => 2,
        (Verdict::Undecided, Figure::NotMeasurable(_)) => 3,
    });
    let shown = checks.len().min(room.saturating_sub(1));
    let more = if shown < checks.len() {
        "; all rows with --json"
    } else {
        ""
    };
    let head = format!(
        "{}: {} fail, {} pass, {} undecided{more}",
        first.limit.pmd,
        count(Verdict::Fail),
        count(Verdict::Pass),
        count(Verdict::Undecided),
    );
    let rows = checks[..shown].iter().map(|check| line(check));
    std::iter::once(head)
        .chain(rows)
        .map(|line| cut(&line, COLUMNS))
        .take(room)
        .collect()
}

/// Clause and edition in few letters: `151, 802.3cu-2021`.
fn place(check: &LimitCheck) -> String {
    let edition = &check.limit.edition;
    let edition = edition.strip_prefix("IEEE ").unwrap_or(edition);
    format!("{}, {edition}", check.limit.clause)
}

fn line(check: &LimitCheck) -> String {
    let (name, unit) = quantity(&check.limit.quantity);
    let word = verdict(check.verdict);
    let show = |value: f64| match unit {
        "s" => scaled(value, "s"),
        _ => format!("{value:.2}"),
    };
    match &check.figure {
        Figure::Estimate(e) => {
            let suffix = match unit {
                "s" => String::new(),
                unit => format!(" {unit}"),
            };
            format!(
                "{word:<9} {name} {}{suffix} [{}, {}], {} ({})",
                show(e.value),
                show(e.low),
                show(e.high),
                bounds(&check.limit),
                place(check),
            )
        }
        Figure::NotMeasurable(none) => format!(
            "{word:<9} {name}, {} ({}): {}",
            bounds(&check.limit),
            place(check),
            none.reason
        ),
    }
}

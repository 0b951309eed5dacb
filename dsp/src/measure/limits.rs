//! A link report held to the limits of a PMD.
//!
//! The rows are [`etalon_types::limits`], data with clause, edition and mark. A figure
//! passes or fails when its whole interval is on one side of the limit; one that straddles it, or
//! that the report does not have, leaves it undecided, and the result says why.
//!
//! Powers in dBm (OMA, OMA less TDECQ) are judged only when the samples are watts.

use etalon_types::limits::{self, LimitRow, UnknownPmd};
pub use etalon_types::limits::{LimitCheck, Verdict};
use etalon_types::{Estimate, Figure, LinkReport};

/// Holds a report to every limit of a PMD; rows whose extinction ratio is another's are left out.
///
/// # Errors
/// [`UnknownPmd`], with the names that have rows.
pub fn check(report: &LinkReport, pmd: &str) -> Result<Vec<LimitCheck>, UnknownPmd> {
    let rows = limits::of(pmd)?;
    let extinction_ratio_db = report.estimates.extinction_ratio_db.value();
    Ok(rows
        .into_iter()
        .filter(|row| applies(row, extinction_ratio_db))
        .map(|row| {
            let figure = figure(report, &row.quantity);
            let needs_ratio =
                row.from_extinction_ratio_db.is_some() || row.below_extinction_ratio_db.is_some();
            let (verdict, reason) = if needs_ratio && extinction_ratio_db.is_none() {
                undecided("the limit depends on the extinction ratio, which was not measured")
            } else {
                judge(row, &figure)
            };
            LimitCheck {
                limit: row.clone(),
                figure,
                verdict,
                reason,
            }
        })
        .collect())
}

/// Says whether a row is for this extinction ratio; without one every row is shown.
fn applies(row: &LimitRow, extinction_ratio_db: Option<f64>) -> bool {
    extinction_ratio_db.is_none_or(|ratio_db| {
        row.from_extinction_ratio_db
            .is_none_or(|from| ratio_db >= from)
            && row
                .below_extinction_ratio_db
                .is_none_or(|below| ratio_db < below)
    })
}

fn undecided(reason: impl Into<String>) -> (Verdict, Option<String>) {
    (Verdict::Undecided, Some(reason.into()))
}

fn judge(row: &LimitRow, figure: &Figure) -> (Verdict, Option<String>) {
    let Figure::Estimate(e) = figure else {
        return undecided(figure.reason().unwrap_or_default());
    };
    let (least, most) = (
        row.minimum.unwrap_or(f64::NEG_INFINITY),
        row.maximum.unwrap_or(f64::INFINITY),
    );
    if e.low >= least && e.high <= most {
        (Verdict::Pass, None)
    } else if e.high < least || e.low > most {
        (Verdict::Fail, None)
    } else {
        undecided(format!(
            "the interval from {:.4} to {:.4} {} holds the limit",
            e.low, e.high, e.unit
        ))
    }
}

/// The figure of a quantity.
fn figure(report: &LinkReport, quantity: &str) -> Figure {
    let estimates = &report.estimates;
    let transmitter = |of: fn(&etalon_types::report::TransmitterReport) -> &Figure| {
        report.transmitter.as_ref().map_or_else(
            || Figure::not_measurable("no transmitter measures in this report"),
            |t| of(t).clone(),
        )
    };
    match quantity {
        "tdecq_db" => estimates.tdecq_db.clone(),
        "ceq_db" => estimates.ceq_db.clone(),
        "extinction_ratio_db" => estimates.extinction_ratio_db.clone(),
        "oma_outer_dbm" => in_dbm(&estimates.oma_outer),
        "oma_minus_tdecq_dbm" => less(&in_dbm(&estimates.oma_outer), &estimates.tdecq_db),
        "k_db" => transmitter(|t| &t.k_db),
        "transition_time_s" => transmitter(|t| &t.transition_time_s),
        "overshoot_percent" => transmitter(|t| &t.overshoot_percent),
        "undershoot_percent" => transmitter(|t| &t.undershoot_percent),
        "sndr_db" => transmitter(|t| &t.sndr_db),
        _ => Figure::not_measurable("a link report does not have this quantity"),
    }
}

/// A power in watts as dBm.
fn in_dbm(power: &Figure) -> Figure {
    match power {
        Figure::Estimate(e) if e.unit == "W" && e.low > 0.0 => {
            let dbm = |watts: f64| 10.0 * watts.log10() + 30.0;
            Figure::Estimate(Estimate {
                value: dbm(e.value),
                low: dbm(e.low),
                high: dbm(e.high),
                unit: "dBm".into(),
                ..e.clone()
            })
        }
        Figure::Estimate(_) => {
            Figure::not_measurable("a level in dBm needs samples that are calibrated watts")
        }
        none => none.clone(),
    }
}

/// The difference of a level and a ratio: errors add in squares.
fn less(level: &Figure, ratio: &Figure) -> Figure {
    match (level, ratio) {
        (Figure::Estimate(a), Figure::Estimate(b)) => {
            let value = a.value - b.value;
            let down = (a.value - a.low).hypot(b.high - b.value);
            let up = (a.high - a.value).hypot(b.value - b.low);
            Figure::Estimate(Estimate {
                value,
                low: value - down,
                high: value + up,
                definition: "OMAouter less TDECQ".into(),
                ..a.clone()
            })
        }
        (Figure::NotMeasurable(_), _) => level.clone(),
        _ => ratio.clone(),
    }
}

#[cfg(test)]
mod tests;

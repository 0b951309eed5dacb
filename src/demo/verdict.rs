//! The verdict in a few lines.

use etalon_types::{FaultKind, Figure};

use super::{DemoRecord, Rerouted, ReroutedState};
use crate::cli::figures::{Notation, figure};

/// Most services that are listed one by one.
const LISTED: usize = 4;

/// Writes the verdict, the most important line first. "Restored" is said of services that were
/// measured on their new path, and of nothing else.
pub fn lines(record: &DemoRecord) -> Vec<String> {
    let mut lines = vec![fault(record)];
    if record.fault.kind == FaultKind::Mpi {
        lines.push(format!("MPI {}", figure(&record.mpi_db, Notation::Decibel)));
        lines.push(match record.distance_m {
            Some(metres) => format!("the two reflections are {metres:.2} m apart"),
            None => "no delay of the reflection was found".into(),
        });
    }
    if let Some(link) = &record.failed_link {
        lines.push(format!("failed link {link}"));
    } else if !record.alarms.is_empty() {
        lines.push("the failed link could not be told".into());
    }
    lines.extend(record.rerouted.iter().take(LISTED).map(service));
    if record.rerouted.len() > LISTED {
        lines.push(format!(
            "and {} more services",
            record.rerouted.len() - LISTED
        ));
    }
    if let Some(percent) = record.completion_percent {
        let count = record.rerouted.len();
        lines.push(if record.restored {
            format!("restored: {count} of {count} services measured; plan {percent:.0} % complete")
        } else {
            format!(
                "NOT restored: plan {percent:.0} % complete, {}",
                record.outcome
            )
        });
    }
    lines
}

/// Writes the comparison with the truth: what was sealed, whether the seal holds, and what of the
/// verdict is right.
pub fn truth_lines(record: &DemoRecord) -> Vec<String> {
    let seal = if record.agreement.seal {
        "matches"
    } else {
        "DOES NOT MATCH"
    };
    vec![
        format!("truth    {}", record.truth_text),
        format!("its SHA-256 {seal} the seal {}", record.sealed_sha256),
        format!("verdict  {}", agreement(record)),
    ]
}

/// Says what of the verdict is right.
pub fn agreement(record: &DemoRecord) -> String {
    let agreement = record.agreement;
    let mark = |right: bool| if right { "right" } else { "WRONG" };
    let mut words = vec![
        format!("fault {}", mark(agreement.kind)),
        format!("link {}", mark(agreement.link)),
    ];
    if let Some(right) = agreement.mpi_within_1_db {
        words.push(format!("level within 1 dB {}", mark(right)));
    }
    words.join(", ")
}

fn fault(record: &DemoRecord) -> String {
    let finding = &record.fault;
    let name = match finding.kind {
        FaultKind::Healthy => "healthy: no alarm".to_owned(),
        FaultKind::Mpi => "multipath interference (mpi)".to_owned(),
        other => other.name().to_owned(),
    };
    let runner_up = match &finding.runner_up {
        Some(other) => {
            format!(
                "; runner-up {}, {}",
                other.kind.name(),
                percent(other.confidence)
            )
        }
        None => "; no runner-up".to_owned(),
    };
    format!(
        "{name}, confidence {}{runner_up}",
        percent(finding.confidence)
    )
}

/// A share in whole percent; what is not certain is not called 100 %.
fn percent(share: f64) -> String {
    if share > 0.99 {
        ">99 %".into()
    } else {
        format!("{:.0} %", 100.0 * share)
    }
}

fn service(moved: &Rerouted) -> String {
    let old = moved.old_path.join("-");
    match (&moved.new_path, moved.mode, moved.state) {
        (Some(path), Some(mode), ReroutedState::Restored) => format!(
            "{}: {old} -> {} in {}, BER {}",
            moved.service,
            path.join("-"),
            mode.name(),
            ber(&moved.ber)
        ),
        _ => format!(
            "{}: still on {old}, BER {}",
            moved.service,
            ber(&moved.ber_before)
        ),
    }
}

fn ber(figure_of: &Figure) -> String {
    figure(figure_of, Notation::Scientific)
}

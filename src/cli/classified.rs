//! From a report to an exit code: what counts as a finding.

use etalon_types::report::QualityFlag;
use etalon_types::{FaultKind, LinkReport};

use super::error::Exit;

/// Quality flags that reject a capture: its figures are not those of a link.
pub const REJECTING: [&str; 7] = [
    "nan",
    "constant",
    "clipping",
    "wrong-rate",
    "pattern-not-found",
    "too-short",
    "level-missing",
];

/// Returns the first flag that rejects the capture.
pub fn rejecting(quality: &[QualityFlag]) -> Option<&QualityFlag> {
    quality
        .iter()
        .find(|flag| REJECTING.contains(&flag.flag.as_str()))
}

/// Says how a command ends that has made this report.
///
/// A rejecting flag, any classification but `healthy` and a violated limit are findings.
pub fn exit(report: &LinkReport) -> Exit {
    let ill = report
        .classification
        .as_ref()
        .is_some_and(|c| c.kind != FaultKind::Healthy);
    if ill || rejecting(&report.quality).is_some() || super::limits::any_failed(report) {
        Exit::Findings
    } else {
        Exit::Done
    }
}

//! A capture with what was found in it, and the record of a stage.

use etalon_agents::answers::ServiceState;
use etalon_twin::path::KP4_PRE_FEC_BER;
use etalon_types::alarm::AlarmLocation;
use etalon_types::{FaultKind, LinkReport};
use schemars::JsonSchema;
use serde::Serialize;

use crate::bench::{BAUD_HZ, Capture};
use crate::pipeline::Analysis;
use crate::plots::distance_m;

/// A stage of a run (`etalon.demo-stage/1`).
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct StageRecord {
    /// Always `etalon.demo-stage/1`.
    pub schema: String,
    /// Its name.
    pub stage: String,
    /// How long it took in seconds.
    pub seconds: f64,
    /// What came of it.
    pub note: String,
    /// SHA-256 of what is true, with the stage that hides it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sealed_sha256: Option<String>,
    /// Always true here.
    pub simulated: bool,
}

/// A capture and what the receiver and the classifier say of it.
#[derive(Clone, Debug)]
pub struct Measured {
    /// The samples.
    pub capture: Capture,
    /// The report and its curves.
    pub analysis: Analysis,
}

impl Measured {
    /// Returns the report.
    pub fn report(&self) -> &LinkReport {
        &self.analysis.report
    }

    /// Returns the kind that the capture was given.
    pub fn kind(&self) -> FaultKind {
        self.report()
            .classification
            .as_ref()
            .map_or(FaultKind::Unknown, |c| c.kind)
    }

    /// Returns where the strongest reflection pair is: its distance, give or take the distance
    /// that light goes and comes back in one symbol, the grid of the correlation.
    pub fn location(&self, span: Option<&str>) -> AlarmLocation {
        let path = self
            .report()
            .mpi_paths
            .first()
            .filter(|_| self.kind() == FaultKind::Mpi);
        let metres = path.map(|path| path.distance_m);
        let grid_m = distance_m(1.0 / BAUD_HZ);
        AlarmLocation {
            span: span.map(str::to_owned),
            distance_m: metres,
            low_m: metres.map(|m| m - grid_m),
            high_m: metres.map(|m| m + grid_m),
        }
    }
}

/// Says in what state a service is that was measured.
///
/// A named fault is a degradation. So is a bit error ratio whose interval lies above the limit of
/// KP4, whatever the classifier makes of it; without either, an unknown kind stays unknown.
pub fn service_state(report: &LinkReport) -> ServiceState {
    let ber = &report.estimates.pre_fec_ber;
    let beyond = ber.low().is_some_and(|low| low > KP4_PRE_FEC_BER);
    match report.classification.as_ref().map(|c| c.kind) {
        _ if beyond => ServiceState::Degraded,
        Some(FaultKind::Healthy) => ServiceState::Healthy,
        Some(FaultKind::Unknown) | None => ServiceState::Unknown,
        Some(_) => ServiceState::Degraded,
    }
}

/// Says what the receiver spent its time on, summed over captures.
pub(super) fn work_of(measured: &[Measured]) -> String {
    let spent = |stage: &str| -> f64 {
        measured
            .iter()
            .filter_map(|m| m.report().timing_s.get(stage))
            .sum()
    };
    let estimate = spent("align") + spent("measure") + spent("mpi");
    format!(
        "equalize {:.2} s, estimate {:.2} s (sums over captures)",
        spent("timing") + spent("equalize"),
        estimate
    )
}

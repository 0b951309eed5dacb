//! The record of a demo (`etalon.demo/1`).

use std::collections::BTreeMap;

use etalon_agents::answers::Verified;
use etalon_agents::task3;
use etalon_twin::path::LinkFault;
use etalon_types::{
    Alternative, Evidence, FaultKind, Figure, Localization, TransmissionMode, Verdict,
};
use schemars::JsonSchema;
use serde::Serialize;

use super::Plan;
use crate::bench::Truth;
use crate::store::Digest;
use crate::tools::Workbench;

/// Largest difference in dB between an estimated and a true level of interference that counts as
/// agreement.
const LEVEL_DB: f64 = 1.0;

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct FaultFinding {
    /// The named kind; `healthy` when no alarm was raised.
    pub kind: FaultKind,
    /// Confidence in it, 0 to 1.
    pub confidence: f64,
    /// What came second.
    pub runner_up: Option<Alternative>,
    /// What speaks for it.
    pub evidence: Vec<Evidence>,
}

/// Where a service that was degraded ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReroutedState {
    /// Moved, measured, and inside the limit.
    Restored,
    /// Not moved, or moved and taken back.
    NotRestored,
}

/// A service that was degraded.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Rerouted {
    /// The service.
    pub service: String,
    /// Nodes of its path before.
    pub old_path: Vec<String>,
    /// Nodes of its path after; none when it was not moved.
    pub new_path: Option<Vec<String>>,
    /// Its mode after; none when it was not moved.
    pub mode: Option<TransmissionMode>,
    /// Bit error ratio before the reroute.
    pub ber_before: Figure,
    /// Bit error ratio that was measured on the new path.
    pub ber: Figure,
    /// Where it ended.
    pub state: ReroutedState,
    /// The proposal that did it.
    pub proposal: Option<String>,
    /// Who approved it.
    pub approved_by: Option<String>,
}

/// Whether the verdict agrees with the truth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Agreement {
    /// The kind is right.
    pub kind: bool,
    /// The link is right.
    pub link: bool,
    /// The level is within 1 dB; null when the truth has none.
    pub mpi_within_1_db: Option<bool>,
    /// The text of the truth has the hash that was shown before.
    pub seal: bool,
}

impl Agreement {
    /// Says whether everything agrees.
    pub fn holds(self) -> bool {
        self.kind && self.link && self.seal && self.mpi_within_1_db != Some(false)
    }
}

/// What a demo came to (`etalon.demo/1`).
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct DemoRecord {
    /// Always `etalon.demo/1`.
    pub schema: String,
    /// Always true.
    pub simulated: bool,
    /// Seed of everything that was drawn.
    pub seed: u64,
    /// What was asked for: `mpi`, `bandwidth`, `low-power`, `none` or `surprise`.
    pub requested: String,
    /// What is wrong.
    pub fault: FaultFinding,
    /// Level of the interference in dB.
    pub mpi_db: Figure,
    /// Distance between the two reflections in metres.
    pub distance_m: Option<f64>,
    /// The link that failed, when one explains everything.
    pub failed_link: Option<String>,
    /// The localization behind it.
    pub localization: Option<Localization>,
    /// Services that were degraded.
    pub rerouted: Vec<Rerouted>,
    /// True when services were degraded and every one was moved and measured good.
    pub restored: bool,
    /// How the agents' task ended, in words.
    pub outcome: String,
    /// Completion of the agents' plan in percent; null when there was nothing to do.
    pub completion_percent: Option<f64>,
    /// Alarms that were raised.
    pub alarms: Vec<String>,
    /// SHA-256 of the truth, as it was shown before the analysis.
    pub sealed_sha256: String,
    /// The truth: the text that was sealed.
    pub truth_text: String,
    /// The truth, to read.
    #[schemars(with = "serde_json::Value")]
    pub truth: Option<Truth>,
    /// Whether the verdict agrees with the truth.
    pub agreement: Agreement,
    /// Seconds by stage; stages of one name are added up.
    pub timings_s: BTreeMap<String, f64>,
    /// The report's page, when one was written.
    pub report: Option<String>,
}

impl DemoRecord {
    /// Name and version of the schema.
    pub const SCHEMA: &'static str = "etalon.demo/1";

    /// Says whether the demo did what it is there for: the right verdict, and every degraded
    /// service measured good on a new path.
    pub fn succeeded(&self) -> bool {
        self.agreement.holds() && (self.restored || self.alarms.is_empty())
    }

    /// Takes the truth in and compares the verdict with it.
    pub(super) fn compare(&mut self, truth: &Truth, seal_holds: bool) {
        self.agreement = Agreement {
            kind: self.fault.kind == truth.kind,
            link: self.failed_link == truth.link,
            mpi_within_1_db: match truth.fault {
                LinkFault::Mpi { level_db, .. } => {
                    let found = self.mpi_db.value();
                    Some(found.is_some_and(|found| (found - level_db).abs() <= LEVEL_DB))
                }
                _ => None,
            },
            seal: seal_holds,
        };
        self.truth_text = truth.text();
        self.truth = Some(truth.clone());
    }
}

/// Writes down what was found. The truth is not known here.
pub(super) fn of(
    plan: &Plan,
    seal: Digest,
    workbench: &Workbench,
    task: Option<&task3::Run>,
) -> DemoRecord {
    let fault = fault(workbench);
    let witness = workbench.witness(fault.kind).map(|(_, measured)| measured);
    let mpi_db = witness.map_or_else(
        || Figure::not_measurable("no capture was classified as this kind"),
        |measured| measured.report().estimates.mpi_db.clone(),
    );
    let localization = workbench.localization().cloned();
    let mut timings_s = BTreeMap::new();
    for stage in workbench.stages() {
        *timings_s.entry(stage.stage.clone()).or_default() += stage.seconds;
    }
    let rerouted = task.map_or_else(Vec::new, |task| rerouted(workbench, task));
    let all = |r: &Rerouted| r.state == ReroutedState::Restored;
    let restored = task.is_some_and(|t| t.outcome == task3::Outcome::Restored)
        && !rerouted.is_empty()
        && rerouted.iter().all(all);
    DemoRecord {
        schema: DemoRecord::SCHEMA.into(),
        simulated: true,
        seed: plan.seed,
        requested: plan.how.name().into(),
        distance_m: witness.and_then(|measured| measured.location(None).distance_m),
        fault,
        mpi_db,
        failed_link: localization.as_ref().and_then(failed_link),
        localization,
        restored,
        rerouted,
        outcome: outcome(task),
        completion_percent: task.map(|task| task.completion_percent),
        alarms: workbench
            .raised()
            .iter()
            .map(|alarm| alarm.id.clone())
            .collect(),
        sealed_sha256: seal.to_string(),
        truth_text: String::new(),
        truth: None,
        agreement: Agreement::default(),
        timings_s,
        report: None,
    }
}

/// The kind that the localization gives the link, else that of the first alarm; healthy without
/// alarms. The confidence is that of the best look at it.
fn fault(workbench: &Workbench) -> FaultFinding {
    let localized = workbench
        .localization()
        .and_then(|l| l.candidates.first())
        .map(|c| c.class);
    let alarmed = workbench.raised().first().map(|alarm| alarm.class);
    let kind = localized.or(alarmed).unwrap_or(FaultKind::Healthy);
    let best = workbench
        .witness(kind)
        .and_then(|(_, m)| m.report().classification.clone());
    match best {
        Some(best) => FaultFinding {
            kind,
            confidence: best.confidence,
            runner_up: best.alternatives.first().cloned(),
            evidence: best.evidence,
        },
        None => FaultFinding {
            kind,
            confidence: 0.0,
            runner_up: None,
            evidence: Vec::new(),
        },
    }
}

fn failed_link(localization: &Localization) -> Option<String> {
    match (localization.verdict, localization.candidates.as_slice()) {
        (Verdict::Localized, [one]) => one.element.strip_prefix("link/").map(str::to_owned),
        _ => None,
    }
}

fn rerouted(workbench: &Workbench, task: &task3::Run) -> Vec<Rerouted> {
    let before = |service: &str| {
        let looked = workbench.looked_at(service);
        looked.map_or_else(
            || Figure::not_measurable("the service was not measured"),
            |measured| measured.report().estimates.pre_fec_ber.clone(),
        )
    };
    let old_path = |service: &str| {
        let services = &workbench.bench().topology().services;
        services
            .iter()
            .find(|s| s.id == service)
            .map_or_else(Vec::new, |s| s.path.clone())
    };
    let moved = task.restored.iter().map(|restored| {
        let Verified {
            service,
            path,
            mode,
            pre_fec_ber,
            ..
        } = restored.measured.clone();
        Rerouted {
            old_path: old_path(&service),
            ber_before: before(&service),
            service,
            new_path: Some(path),
            mode: Some(mode),
            ber: pre_fec_ber,
            state: ReroutedState::Restored,
            approved_by: workbench
                .proposal(&restored.proposal)
                .and_then(|proposal| proposal.approved_by.clone()),
            proposal: Some(restored.proposal.clone()),
        }
    });
    let left = task.not_restored.iter().map(|service| Rerouted {
        service: service.clone(),
        old_path: old_path(service),
        new_path: None,
        mode: None,
        ber_before: before(service),
        ber: Figure::not_measurable("no new path was measured inside the limit"),
        state: ReroutedState::NotRestored,
        proposal: None,
        approved_by: None,
    });
    let mut all: Vec<_> = moved.chain(left).collect();
    all.sort_by(|one, two| one.service.cmp(&two.service));
    all
}

fn outcome(task: Option<&task3::Run>) -> String {
    match task.map(|task| &task.outcome) {
        None => "no alarm: nothing to do".into(),
        Some(task3::Outcome::Restored) => "every degraded service was moved and measured".into(),
        Some(task3::Outcome::NothingToDo) => "no service was degraded".into(),
        Some(task3::Outcome::Stopped { because }) => format!("stopped: {because}"),
    }
}

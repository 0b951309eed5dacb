//! Tables of the demo's page: services, alarms, the survey and the agents' plan.

use etalon_types::{Alarm, RowStatus};

use super::path_of;
use crate::cli::figures::{Notation, figure};
use crate::demo::{Demo, Rerouted, ReroutedState};
use crate::report::{Section, Table};
use crate::tools::service_state;

pub(super) fn rerouted(services: &[Rerouted]) -> Table {
    let row = |moved: &Rerouted| {
        vec![
            moved.service.clone(),
            moved.old_path.join("-"),
            figure(&moved.ber_before, Notation::Scientific),
            moved
                .new_path
                .as_ref()
                .map_or("not moved".into(), |path| path.join("-")),
            moved
                .mode
                .map_or(String::new(), |mode| mode.name().to_owned()),
            figure(&moved.ber, Notation::Scientific),
            match moved.state {
                ReroutedState::Restored => "restored (measured)".into(),
                ReroutedState::NotRestored => "NOT restored".into(),
            },
            moved.approved_by.clone().unwrap_or_default(),
        ]
    };
    Table {
        caption: "Services that were degraded; BER before error correction, 95 % interval".into(),
        columns: texts([
            "Service",
            "Old path",
            "BER there",
            "New path",
            "Mode",
            "BER measured there",
            "State",
            "Approved by",
        ]),
        rows: services.iter().map(row).collect(),
    }
}

pub(super) fn alarms(raised: &[Alarm]) -> Table {
    let row = |alarm: &Alarm| {
        let place = match (&alarm.location.span, alarm.location.distance_m) {
            (Some(span), Some(metres)) => format!("{span}, {metres:.2} m"),
            (Some(span), None) => span.clone(),
            (None, Some(metres)) => format!("{metres:.2} m"),
            (None, None) => String::new(),
        };
        vec![
            alarm.raised_at.clone().unwrap_or_default(),
            alarm.resource.clone(),
            alarm.class.name().to_owned(),
            format!("{:?}", alarm.severity).to_lowercase(),
            format!("{:.0} %", 100.0 * alarm.confidence),
            place,
            alarm.id.clone(),
        ]
    };
    Table {
        caption: "Alarms as they were raised; those of the paths are consequences of the link's"
            .into(),
        columns: texts([
            "Raised (UTC)",
            "Resource",
            "Class",
            "Severity",
            "Confidence",
            "Place",
            "Id",
        ]),
        rows: raised.iter().map(row).collect(),
    }
}

pub(super) fn survey(demo: &Demo) -> Section {
    let rows = demo.findings.survey.iter().map(|(service, measured)| {
        let report = measured.report();
        let named = report.classification.as_ref();
        vec![
            service.clone(),
            path_of(demo, service).join("-"),
            format!("{:?}", service_state(report)).to_lowercase(),
            named.map_or(String::new(), |c| {
                format!("{} ({:.0} %)", c.kind.name(), 100.0 * c.confidence)
            }),
            figure(&report.estimates.pre_fec_ber, Notation::Scientific),
            figure(&report.estimates.snr_db, Notation::Decibel),
        ]
    });
    Section {
        heading: "The survey of all services".into(),
        paragraphs: vec![
            "Which services are degraded and which are not names the link: it is the one that \
             every degraded service crosses and no healthy one."
                .into(),
        ],
        pictures: Vec::new(),
        tables: vec![Table {
            caption: "One capture of each service; pre-FEC BER and SNR with 95 % interval".into(),
            columns: texts([
                "Service",
                "Path",
                "State",
                "Class",
                "BER",
                "SNR at the slicer",
            ]),
            rows: rows.collect(),
        }],
    }
}

pub(super) fn plan(task: &etalon_agents::task3::Run) -> Section {
    let rows = task.plan.rows().iter().map(|row| {
        let status = match row.status {
            RowStatus::Open => "open",
            RowStatus::Running => "running",
            RowStatus::Done => "done",
            RowStatus::Skipped => "skipped",
            RowStatus::Failed => "FAILED",
        };
        vec![
            row.step.to_string(),
            row.goal.clone(),
            row.owner.clone(),
            status.into(),
            row.attempt.to_string(),
            format!("{:.0} %", row.completion_percent),
            reason(row.evidence.as_ref()),
        ]
    });
    Section {
        heading: "The agents' plan".into(),
        paragraphs: vec![format!(
            "Failure management, decided by policy/{}: {:.0} % complete. {} lines of transcript \
             are attached.",
            task.policy,
            task.completion_percent,
            task.transcript.len()
        )],
        pictures: Vec::new(),
        tables: vec![Table {
            caption: "The plan tracking table".into(),
            columns: texts([
                "Row",
                "Goal",
                "Owner",
                "Status",
                "Attempts",
                "Completion",
                "Evidence",
            ]),
            rows: rows.collect(),
        }],
    }
}

/// What a row's evidence says in words; long evidence is in the attachment.
fn reason(evidence: Option<&serde_json::Value>) -> String {
    let Some(evidence) = evidence else {
        return String::new();
    };
    let text = ["not_needed", "failed"]
        .iter()
        .find_map(|key| evidence[key].as_str());
    match text {
        Some(text) => text.to_owned(),
        None => {
            let keys = evidence
                .as_object()
                .into_iter()
                .flat_map(serde_json::Map::keys);
            format!("attached: {}", keys.cloned().collect::<Vec<_>>().join(", "))
        }
    }
}

fn texts<const N: usize>(names: [&str; N]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

//! The demo as a report page.

mod looks;
mod tables;

use std::collections::BTreeSet;

use etalon_types::FaultKind;

use super::{Demo, Rerouted, ReroutedState, verdict};
use crate::plots::{NetworkPlot, Origin, positions_of};
use crate::report::{Attachment, Outcome, Picture, Report, Section, Stage, provenance_rows};

const ORIGIN: Origin = Origin::Simulated;

/// Composes the page: the verdict, the network, the eye before and after, the interference, the
/// survey, the agents' plan, the alarms and the truth.
pub fn compose(demo: &Demo) -> Report {
    let record = &demo.record;
    let mut sections = vec![network(demo)];
    if let Some((service, measured)) = demo.findings.broken.as_ref() {
        sections.push(looks::broken(demo, service, measured));
    }
    if let Some((service, measured)) = &demo.findings.healed {
        sections.push(looks::healed(demo, service, measured));
    }
    sections.push(tables::survey(demo));
    sections.extend(demo.task.as_ref().map(tables::plan));
    sections.push(truth(demo));
    let mut lines = verdict::lines(record);
    lines.push(format!(
        "held against the sealed truth: {}",
        verdict::agreement(record)
    ));
    Report {
        title: match record.fault.kind {
            FaultKind::Healthy => "Etalon demo: nothing is broken".into(),
            kind if record.restored => {
                format!("Etalon demo: {} found and gone around", kind.name())
            }
            kind => format!("Etalon demo: {} found", kind.name()),
        },
        origin: ORIGIN,
        // What the page is about is the fault: a healed network still has a faulty link.
        outcome: match record.fault.kind {
            FaultKind::Healthy => Outcome::Healthy,
            FaultKind::Unknown => Outcome::Undecided,
            _ => Outcome::Finding,
        },
        verdict: lines,
        sections,
        timeline: record_stages(demo),
        attachments: attachments(demo),
        provenance: provenance(demo),
    }
}

/// The service that the pictures follow: the one that was looked at most closely.
fn followed(demo: &Demo) -> Option<&Rerouted> {
    let (service, _) = demo.findings.broken.as_ref()?;
    demo.record
        .rerouted
        .iter()
        .find(|moved| moved.service == *service)
}

fn network(demo: &Demo) -> Section {
    let topology = &demo.findings.topology;
    let moved = followed(demo);
    let plot = NetworkPlot {
        topology,
        positions: &positions_of(topology),
        failed: demo.record.failed_link.as_deref(),
        old_path: moved.map_or(&[], |moved| &moved.old_path),
        new_path: moved
            .and_then(|moved| moved.new_path.as_deref())
            .unwrap_or(&[]),
        before: moved.map(|moved| &moved.ber_before),
        after: moved
            .filter(|m| m.state == ReroutedState::Restored)
            .map(|moved| &moved.ber),
        decision_s: demo.findings.decision_s,
        origin: ORIGIN,
    };
    let caption = match moved {
        Some(moved) => format!("The failed link, and {} before and after", moved.service),
        None => "The network: no link failed".to_owned(),
    };
    let mut shown = Vec::new();
    if !demo.record.rerouted.is_empty() {
        shown.push(tables::rerouted(&demo.record.rerouted));
    }
    if !demo.findings.raised.is_empty() {
        shown.push(tables::alarms(&demo.findings.raised));
    }
    Section {
        heading: "The network".into(),
        paragraphs: vec![
            format!("{}: {}.", topology.name, topology.source),
            "One matrix switch stands for the optical cross-connects of all nodes; every \
             route was patched to a port of it before the run."
                .into(),
        ],
        pictures: vec![Picture {
            name: "network".into(),
            scene: plot.scene(),
            caption,
        }],
        tables: shown,
    }
}

fn truth(demo: &Demo) -> Section {
    let record = &demo.record;
    Section {
        heading: "The sealed truth".into(),
        paragraphs: vec![
            format!(
                "Before anything was analyzed, the bench gave the SHA-256 of what was broken: {}. \
                 After the verdict it gave the text, whose hash {}:",
                record.sealed_sha256,
                if record.agreement.seal {
                    "is the same"
                } else {
                    "is ANOTHER"
                }
            ),
            record.truth_text.clone(),
        ],
        pictures: Vec::new(),
        tables: Vec::new(),
    }
}

fn record_stages(demo: &Demo) -> Vec<Stage> {
    let stage = |stage: &crate::tools::StageRecord| Stage {
        name: stage.stage.clone(),
        seconds: stage.seconds,
        note: stage.note.clone(),
    };
    demo.findings.stages.iter().map(stage).collect()
}

fn attachments(demo: &Demo) -> Vec<Attachment> {
    let json = |value: Result<String, serde_json::Error>| value.unwrap_or_default();
    let mut attached = vec![Attachment {
        file_name: "demo.json".into(),
        description: "etalon.demo/1: the verdict and everything it rests on".into(),
        json: json(serde_json::to_string_pretty(&demo.record)),
    }];
    let looks = [
        ("before", &demo.findings.broken),
        ("after", &demo.findings.healed),
    ];
    for (name, look) in looks {
        if let Some((_, measured)) = look {
            attached.push(Attachment {
                file_name: format!("link-report-{name}.json"),
                description: "etalon.link-report/1".into(),
                json: json(serde_json::to_string_pretty(measured.report())),
            });
        }
    }
    if !demo.findings.raised.is_empty() {
        attached.push(Attachment {
            file_name: "alarms.json".into(),
            description: "etalon.alarm/1, as they were raised".into(),
            json: json(serde_json::to_string_pretty(&demo.findings.raised)),
        });
    }
    if let Some(task) = &demo.task {
        attached.push(Attachment {
            file_name: "plan.json".into(),
            description: "the agents' plan and transcript".into(),
            json: json(serde_json::to_string_pretty(task)),
        });
    }
    attached
}

fn provenance(demo: &Demo) -> Vec<(String, String)> {
    let looks = demo.findings.survey.first();
    let mut rows = looks.map_or_else(Vec::new, |(_, m)| provenance_rows(&m.report().provenance));
    // The receiver is told no seed; the bench's is known now that the truth is open.
    rows.retain(|(name, _)| name != "seed");
    rows.insert(
        0,
        ("seed of the bench".into(), demo.record.seed.to_string()),
    );
    let versions: BTreeSet<_> = demo
        .findings
        .raised
        .iter()
        .flat_map(|alarm| alarm.versions.clone())
        .collect();
    rows.extend(versions);
    rows
}

/// Nodes of the path that a service was planned on.
fn path_of<'d>(demo: &'d Demo, service: &str) -> &'d [String] {
    let services = &demo.findings.topology.services;
    services
        .iter()
        .find(|s| s.id == service)
        .map_or(&[], |s| &s.path)
}

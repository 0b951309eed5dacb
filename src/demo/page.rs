//! The demo as a report page.

use std::collections::BTreeSet;

use etalon_types::{Alarm, FaultKind, RowStatus};

use super::{Demo, Rerouted, ReroutedState, verdict};
use crate::cli::figures::{Notation, figure};
use crate::plots::{
    EyePlot, NetworkPlot, Origin, ReflectogramPlot, SpectrumPlot, TapsPlot, positions_of,
};
use crate::report::{Attachment, Outcome, Picture, Report, Section, Stage, Table, provenance_rows};
use crate::tools::{Measured, service_state};

const ORIGIN: Origin = Origin::Simulated;

/// Composes the page: the verdict, the network, the eye before and after, the interference, the
/// survey, the agents' plan, the alarms and the truth.
pub fn compose(demo: &Demo) -> Report {
    let record = &demo.record;
    let mut sections = vec![network(demo)];
    if let Some((service, measured)) = demo.findings.broken.as_ref() {
        sections.push(broken(demo, service, measured));
    }
    if let Some((service, measured)) = &demo.findings.healed {
        sections.push(healed(demo, service, measured));
    }
    sections.push(survey(demo));
    sections.extend(demo.task.as_ref().map(plan));
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
    let mut tables = Vec::new();
    if !demo.record.rerouted.is_empty() {
        tables.push(rerouted(&demo.record.rerouted));
    }
    if !demo.findings.raised.is_empty() {
        tables.push(alarms(&demo.findings.raised));
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
        tables,
    }
}

fn rerouted(services: &[Rerouted]) -> Table {
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

fn alarms(raised: &[Alarm]) -> Table {
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

fn broken(demo: &Demo, service: &str, measured: &Measured) -> Section {
    let report = measured.report();
    let healthy = report
        .classification
        .as_ref()
        .is_some_and(|c| c.kind == FaultKind::Healthy);
    let mut tables: Vec<Table> = report
        .classification
        .iter()
        .map(Table::of_classification)
        .collect();
    if !report.mpi_paths.is_empty() {
        tables.push(Table::of_paths(&report.mpi_paths));
    }
    tables.push(Table::of_figures(report));
    if !report.quality.is_empty() {
        tables.push(Table::of_quality(&report.quality));
    }
    Section {
        heading: if healthy {
            format!("{service}, the least sure of the healthy services")
        } else {
            format!("{service}, before")
        },
        paragraphs: vec![format!(
            "On {}: {} samples, {} symbols trained the equalizer and {} others were judged.",
            path_of(demo, service).join("-"),
            report.input.samples,
            report.equalizer.training_symbols,
            report.equalizer.judged_symbols
        )],
        pictures: pictures(measured, "before"),
        tables,
    }
}

fn healed(demo: &Demo, service: &str, measured: &Measured) -> Section {
    let moved = demo
        .record
        .rerouted
        .iter()
        .find(|moved| moved.service == service);
    let restored = moved.filter(|moved| moved.state == ReroutedState::Restored);
    let path = moved.and_then(|moved| moved.new_path.as_ref());
    let report = measured.report();
    let mut tables: Vec<Table> = report
        .classification
        .iter()
        .map(Table::of_classification)
        .collect();
    tables.push(Table::of_figures(report));
    Section {
        heading: match restored {
            Some(_) => format!("{service}, on its new path"),
            None => format!("{service}, the last path that was tried"),
        },
        paragraphs: vec![match (restored, path) {
            (Some(moved), Some(path)) => format!(
                "Measured on {} after the reroute: BER {}.",
                path.join("-"),
                figure(&moved.ber, Notation::Scientific)
            ),
            _ => "This measurement was not good enough: the service was taken back.".into(),
        }],
        pictures: pictures(measured, "after"),
        tables,
    }
}

/// Pictures of one look, their names ending in `suffix`.
fn pictures(measured: &Measured, suffix: &str) -> Vec<Picture> {
    let (report, traces) = (measured.report(), &measured.analysis.traces);
    let mut pictures = Vec::new();
    let mut add = |stem: &str, scene, caption: &str| {
        pictures.push(Picture {
            name: format!("{stem}-{suffix}"),
            scene,
            caption: caption.to_owned(),
        });
    };
    if let Some(eye) = &traces.eye {
        let histogram = traces.levels.as_ref();
        let unit = &measured.analysis.unit;
        let plot = EyePlot {
            eye,
            histogram,
            report,
            unit,
            origin: ORIGIN,
        };
        add(
            "eye",
            plot.scene(),
            "The eye after the equalizer, with the histogram of each level",
        );
    }
    if !report.equalizer.taps.is_empty() {
        let ceq_db = &report.estimates.ceq_db;
        let plot = TapsPlot {
            equalizer: &report.equalizer,
            ceq_db,
            origin: ORIGIN,
        };
        add("taps", plot.scene(), "The equalizer's taps, main cursor 1");
    }
    if let Some(trace) = &traces.spectrum {
        let caption =
            "What the decided levels leave: interference stands above the floor at low frequencies";
        add(
            "spectrum",
            SpectrumPlot {
                trace,
                origin: ORIGIN,
            }
            .scene(),
            caption,
        );
    }
    if let Some(trace) = &traces.reflectogram {
        let plot = ReflectogramPlot {
            trace,
            paths: &report.mpi_paths,
            origin: ORIGIN,
        };
        let caption = "Correlation with the delayed signal: a peak is a pair of reflections";
        add("reflectogram", plot.scene(), caption);
    }
    pictures
}

fn survey(demo: &Demo) -> Section {
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

fn plan(task: &etalon_agents::task3::Run) -> Section {
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

fn texts<const N: usize>(names: [&str; N]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

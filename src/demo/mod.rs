//! The whole chain once: break the simulated bench, find out what is wrong, go around it, and
//! say "restored" only of what was measured.
//!
//! [`run`] composes the rooms: [`crate::bench`] is broken, the [`crate::tools`] observe it, and
//! the failure-management task of [`etalon_agents::task3`] runs over them with the rule policy.
//! The truth stays with the bench until the verdict stands; then it is opened and compared. The
//! result is a [`Demo`]: a [`DemoRecord`] for programs, [`verdict::lines`] for people and
//! [`page::compose`] for a report.
//!
//! ```
//! use etalon::bench::Break;
//! use etalon::demo::{Plan, run};
//!
//! let state = tempfile::tempdir()?;
//! let plan = Plan { seed: 1, how: Break::None, switch_fault: None };
//! let demo = run(&plan, state.path(), Box::new(|_stage| {}))?;
//! assert!(demo.record.alarms.is_empty() && !demo.record.restored);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod page;
mod record;
pub mod verdict;

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::time::Instant;

use etalon_agents::{RulePolicy, task3};
use etalon_diagnosis::gate::rfc3339;
use etalon_instruments::simulated::SwitchFault;
use etalon_types::FaultKind;

pub use record::{Agreement, DemoRecord, FaultFinding, Rerouted, ReroutedState};

use crate::apply::now_s;
use crate::bench::{Break, SimBench, Truth, is_sealed_by};
use crate::store::{Digest, StateDir, StoreError};
use crate::tools::{StageRecord, Workbench, WorkbenchError, failure_management};

/// Why a demo came to no end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DemoError {
    /// The bench, the receiver or the alarms failed.
    #[error(transparent)]
    Workbench(#[from] WorkbenchError),
    /// The state directory cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<crate::bench::BenchError> for DemoError {
    fn from(error: crate::bench::BenchError) -> Self {
        Self::Workbench(error.into())
    }
}

/// What a demo is told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// Seed of everything that is drawn.
    pub seed: u64,
    /// How the bench is broken.
    pub how: Break,
    /// A fault of the switch on top, for tests of what happens when a reroute does not work.
    pub switch_fault: Option<SwitchFault>,
}

/// Told of what happens, as it happens.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// The bench is broken; the SHA-256 of what is true is this, and nothing was analyzed yet.
    Sealed(Digest),
    /// A stage ended.
    Stage(&'a StageRecord),
}

/// What a demo came to.
pub struct Demo {
    /// The record for programs.
    pub record: DemoRecord,
    /// What really was so.
    pub truth: Truth,
    /// The record of the agents; none when there was no alarm.
    pub task: Option<task3::Run>,
    /// The bench's measurements; its truth is gone from it.
    pub findings: Findings,
}

/// What was measured, for the report.
pub struct Findings {
    /// The network.
    pub topology: etalon_types::Topology,
    /// Every survey, by service.
    pub survey: Vec<(String, crate::tools::Measured)>,
    /// The look that the verdict rests on, with its service.
    pub broken: Option<(String, crate::tools::Measured)>,
    /// The last verification of the first service that was restored.
    pub healed: Option<(String, crate::tools::Measured)>,
    /// Alarms that were raised.
    pub raised: Vec<etalon_types::Alarm>,
    /// Stages in their order.
    pub stages: Vec<StageRecord>,
    /// Seconds from the first alarm to the first change of the hardware.
    pub decision_s: Option<f64>,
}

/// Runs the demo with its state in a folder. `watch` is told of the seal before anything is
/// analyzed, and of every stage as it ends.
///
/// # Errors
/// [`DemoError`]. A fault that is not found, a service that cannot be moved and a verdict that is
/// wrong are no errors: the record says so.
pub fn run(plan: &Plan, state: &Path, watch: Box<dyn FnMut(Event<'_>)>) -> Result<Demo, DemoError> {
    let state = StateDir::open(state)?;
    let began = Instant::now();
    let bench = SimBench::new(plan.seed, plan.how)?;
    let seal = bench.seal();
    let mut watch = watch;
    watch(Event::Sealed(seal));
    let stages = Box::new(move |stage: &StageRecord| watch(Event::Stage(stage)));
    let mut workbench = Workbench::new(bench, &state, stages)?;
    workbench.bench_mut().inject_switch_fault(plan.switch_fault);
    let topology = workbench.bench().topology();
    let note = format!(
        "{}, {} services, 1 sealed state",
        topology.name,
        topology.services.len()
    );
    workbench.stage("inject", began, note);

    let raised = workbench.monitor()?;
    let alarm_at = Instant::now();
    let shared = Rc::new(RefCell::new(workbench));
    let mut decision_s = None;
    let task = match raised.first() {
        None => {
            let mut workbench = shared.borrow_mut();
            let doubtful = workbench
                .witness(FaultKind::Healthy)
                .map(|(s, _)| s.to_owned());
            if let Some(service) = doubtful {
                workbench.look_closely(&service)?;
            }
            None
        }
        Some(alarm) => {
            let task = task3::Task3::new(&alarm.id);
            let mut tools = failure_management(&shared);
            let done = task3::run(&task, &RulePolicy, &mut tools);
            drop(tools);
            decision_s = shared.borrow().first_applied_s(alarm_at);
            Some(done)
        }
    };
    let workbench = Rc::into_inner(shared).map(RefCell::into_inner);
    let mut workbench = workbench.expect("the tools were dropped with the task");
    if let Some(task) = &task {
        keep_plan(
            &state,
            &format!("demo-{}-{:.0}", plan.seed, now_s() * 1e3),
            task,
        )?;
        if task.outcome == task3::Outcome::Restored {
            workbench.acknowledge_root("services were moved off this link; it is still faulty")?;
        }
    }
    Ok(conclude(plan, seal, workbench, task, decision_s))
}

/// Writes the plan's rows, as they stand at the end, into the plan store.
fn keep_plan(state: &StateDir, run: &str, task: &task3::Run) -> Result<(), StoreError> {
    let mut plans = state.plans()?;
    for row in task.plan.rows() {
        plans.record(&rfc3339(now_s()), run, row)?;
    }
    Ok(())
}

/// Writes the verdict, and only then opens the truth.
fn conclude(
    plan: &Plan,
    seal: Digest,
    workbench: Workbench,
    task: Option<task3::Run>,
    decision_s: Option<f64>,
) -> Demo {
    let mut record = record::of(plan, seal, &workbench, task.as_ref());
    let findings = findings(&workbench, &record, decision_s);
    let truth = workbench.into_bench().open();
    record.compare(&truth, is_sealed_by(&truth.text(), seal));
    Demo {
        record,
        truth,
        task,
        findings,
    }
}

fn findings(workbench: &Workbench, record: &DemoRecord, decision_s: Option<f64>) -> Findings {
    let topology = workbench.bench().topology().clone();
    let survey = topology
        .services
        .iter()
        .filter_map(|s| Some((s.id.clone(), workbench.surveyed(&s.id)?.clone())))
        .collect();
    let broken = workbench.witness(record.fault.kind);
    let moved = record
        .rerouted
        .iter()
        .find(|r| r.state == ReroutedState::Restored);
    // The new path of the service that was looked at most closely, if that one was moved.
    let same = broken.and_then(|(service, _)| Some((service, workbench.verified(service)?)));
    let other = moved.and_then(|r| Some((r.service.as_str(), workbench.verified(&r.service)?)));
    let own = |found: Option<(&str, &crate::tools::Measured)>| {
        found.map(|(service, measured)| (service.to_owned(), measured.clone()))
    };
    Findings {
        broken: own(broken),
        healed: own(same.or(other)),
        raised: workbench.raised().to_vec(),
        stages: workbench.stages().to_vec(),
        survey,
        topology,
        decision_s,
    }
}

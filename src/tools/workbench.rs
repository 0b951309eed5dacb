//! What the tools share: the bench, its stores, and what is known so far.

use std::collections::BTreeMap;
use std::time::Instant;

use etalon_diagnosis::gate::HoldOff;
use etalon_instruments::Envelope;
use etalon_types::{
    Action, Alarm, Approval, Circuit, FaultKind, Localization, Proposal, TransmissionMode,
};
use rayon::prelude::*;
use serde::Serialize;

use super::measured::{Measured, StageRecord, work_of};
use crate::alarms::{AlarmDesk, AlarmError};
use crate::apply::{ApplyError, Hardware as _, ReadBack, execute};
use crate::bench::{BenchError, Capture, Look, SWITCH, SimBench, transceiver_name};
use crate::pipeline::{Identity, analyze_trace};
use crate::store::{Journal, StateDir, StoreError};

/// Why the workbench could not go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkbenchError {
    /// The bench did not answer.
    #[error(transparent)]
    Bench(#[from] BenchError),
    /// A capture could not be analyzed.
    #[error(transparent)]
    Pipeline(#[from] crate::pipeline::Error),
    /// An alarm could not be dealt with.
    #[error(transparent)]
    Alarm(#[from] AlarmError),
    /// The state could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What was there before a proposal was applied, and the approval that covers the way back.
#[derive(Clone, Debug)]
pub(super) struct Before {
    pub service: String,
    pub actions: Vec<Action>,
    pub approval: Approval,
}

/// The bench, its stores and what is known so far.
pub struct Workbench {
    bench: SimBench,
    envelope: Envelope,
    audit: Journal,
    pub(super) alarms: AlarmDesk,
    /// Newest survey of every service.
    pub(super) survey: BTreeMap<String, Measured>,
    /// Closer looks at degraded services.
    pub(super) close: BTreeMap<String, Measured>,
    /// Newest verification of every service that was moved.
    pub(super) verified: BTreeMap<String, Measured>,
    pub(super) localization: Option<Localization>,
    pub(super) proposals: BTreeMap<String, Proposal>,
    pub(super) before: BTreeMap<String, Before>,
    root: Option<Alarm>,
    raised: Vec<Alarm>,
    stages: Vec<StageRecord>,
    applied: Option<Instant>,
    watch: Box<dyn FnMut(&StageRecord)>,
}

impl Workbench {
    /// Sets up a bench with its state directory. `watch` is told of every stage as it ends.
    ///
    /// # Errors
    /// [`WorkbenchError::Store`] when the state cannot be opened for writing.
    pub fn new(
        bench: SimBench,
        state: &StateDir,
        watch: Box<dyn FnMut(&StageRecord)>,
    ) -> Result<Self, WorkbenchError> {
        Ok(Self {
            envelope: bench.envelope(),
            audit: state.audit()?,
            alarms: AlarmDesk::simulated(state, HoldOff::BENCH)?,
            bench,
            survey: BTreeMap::new(),
            close: BTreeMap::new(),
            verified: BTreeMap::new(),
            localization: None,
            proposals: BTreeMap::new(),
            before: BTreeMap::new(),
            root: None,
            raised: Vec::new(),
            stages: Vec::new(),
            applied: None,
            watch,
        })
    }

    /// Returns the bench.
    pub fn bench(&self) -> &SimBench {
        &self.bench
    }

    /// Returns the bench to break or mend its instruments.
    pub fn bench_mut(&mut self) -> &mut SimBench {
        &mut self.bench
    }

    /// Gives the bench back, to open its truth.
    pub fn into_bench(self) -> SimBench {
        self.bench
    }

    /// Returns the newest survey of a service.
    pub fn surveyed(&self, service: &str) -> Option<&Measured> {
        self.survey.get(service)
    }

    /// Returns the closest look at a service before it was moved.
    pub fn looked_at(&self, service: &str) -> Option<&Measured> {
        self.close.get(service).or_else(|| self.survey.get(service))
    }

    /// Returns the newest measurement of a service after it was moved.
    pub fn verified(&self, service: &str) -> Option<&Measured> {
        self.verified.get(service)
    }

    /// Returns the localization, once there is one.
    pub fn localization(&self) -> Option<&Localization> {
        self.localization.as_ref()
    }

    /// Returns the alarm of the link that was localized.
    pub fn root(&self) -> Option<&Alarm> {
        self.root.as_ref()
    }

    /// Returns every alarm that was raised, oldest first.
    pub fn raised(&self) -> &[Alarm] {
        &self.raised
    }

    /// Returns a proposal that was made.
    pub fn proposal(&self, id: &str) -> Option<&Proposal> {
        self.proposals.get(id)
    }

    /// Returns the stages so far.
    pub fn stages(&self) -> &[StageRecord] {
        &self.stages
    }

    /// Ends a stage that began at an instant.
    pub fn stage(&mut self, name: &str, since: Instant, note: impl Into<String>) {
        let record = StageRecord {
            schema: "etalon.demo-stage/1".into(),
            stage: name.to_owned(),
            seconds: since.elapsed().as_secs_f64(),
            note: note.into(),
            sealed_sha256: (name == "inject").then(|| self.bench.seal().to_string()),
            simulated: true,
        };
        (self.watch)(&record);
        self.stages.push(record);
    }

    /// Captures and analyzes services, in parallel, and returns the results in their order.
    ///
    /// # Errors
    /// [`WorkbenchError`] of the first service that could not be measured.
    pub fn measure(
        &mut self,
        services: &[String],
        look: Look,
    ) -> Result<Vec<Measured>, WorkbenchError> {
        let began = Instant::now();
        let captures: Vec<Capture> = services
            .par_iter()
            .map(|service| self.bench.capture(service, look))
            .collect::<Result<_, _>>()?;
        let count = format!("{} x {} symbols", captures.len(), look.symbols());
        self.stage("capture", began, count);
        let began = Instant::now();
        let measured: Vec<Measured> = services
            .par_iter()
            .zip(captures)
            .map(|(service, capture)| {
                let identity = Identity::memory(&format!("simulated/{service}"));
                let options = look.options(capture.mode);
                let analysis = analyze_trace(&capture.waveform, &options, &identity)?;
                Ok(Measured { capture, analysis })
            })
            .collect::<Result<_, crate::pipeline::Error>>()?;
        self.stage("receive", began, work_of(&measured));
        Ok(measured)
    }

    /// Surveys every service and raises alarms for those that are not healthy. Returns the
    /// alarms.
    ///
    /// # Errors
    /// [`WorkbenchError`].
    pub fn monitor(&mut self) -> Result<Vec<Alarm>, WorkbenchError> {
        let services: Vec<String> = self
            .bench
            .topology()
            .services
            .iter()
            .map(|s| s.id.clone())
            .collect();
        let measured = self.measure(&services, Look::Survey)?;
        let began = Instant::now();
        let mut raised = Vec::new();
        for (service, measured) in services.into_iter().zip(measured) {
            raised.extend(self.report_alarm(&service, &measured)?);
            self.survey.insert(service, measured);
        }
        let note = match raised.as_slice() {
            [] => "no alarm".to_owned(),
            alarms => {
                let list = |a: &Alarm| format!("{} {}", a.resource, a.class.name());
                alarms.iter().map(list).collect::<Vec<_>>().join(", ")
            }
        };
        self.stage("alarm", began, note);
        Ok(raised)
    }

    /// Takes a closer look at a service.
    ///
    /// # Errors
    /// [`WorkbenchError`].
    pub fn look_closely(&mut self, service: &str) -> Result<(), WorkbenchError> {
        let looked = self.measure(&[service.to_owned()], Look::Close)?;
        self.close.extend(
            looked
                .into_iter()
                .map(|measured| (service.to_owned(), measured)),
        );
        Ok(())
    }

    /// Lets the alarm desk see a measurement of a service, and returns the alarms that changed.
    pub(super) fn report_alarm(
        &mut self,
        service: &str,
        measured: &Measured,
    ) -> Result<Vec<Alarm>, WorkbenchError> {
        let waveform = &measured.capture.waveform;
        let resource = format!("path/{service}");
        let location = measured.location(None);
        let changed = self
            .alarms
            .observe(&resource, measured.report(), waveform, location)?;
        let is_raised = |alarm: &&Alarm| alarm.state == etalon_types::AlarmState::Raised;
        self.raised
            .extend(changed.iter().filter(is_raised).cloned());
        Ok(changed)
    }

    /// Raises the alarm of the localized link, with the best look at its fault as evidence.
    pub(super) fn raise_root(&mut self, localization: &Localization) -> Result<(), WorkbenchError> {
        let [found] = localization.candidates.as_slice() else {
            return Ok(());
        };
        let (class, span) = (
            found.class,
            found.element.trim_start_matches("link/").to_owned(),
        );
        let Some((_, best)) = self.witness(class) else {
            return Ok(());
        };
        let (capture, location) = (best.capture.waveform.clone(), best.location(Some(&span)));
        let report = best.report().clone();
        let Some(classification) = report.classification.clone() else {
            return Ok(());
        };
        let root =
            self.alarms
                .locate(localization, &classification, &report, &capture, location)?;
        self.raised.extend(root.clone());
        self.root = root;
        Ok(())
    }

    /// Returns the look that says most of a kind of fault: for interference the one with the
    /// narrowest interval of the level, for `healthy` the least sure one, else the surest.
    pub fn witness(&self, kind: FaultKind) -> Option<(&str, &Measured)> {
        let looks = self
            .survey
            .keys()
            .filter_map(|s| Some((s.as_str(), self.looked_at(s)?)));
        let badness = |measured: &Measured| {
            let report = measured.report();
            let width = report.estimates.mpi_db.estimate().map(|e| e.high - e.low);
            let doubt = report
                .classification
                .as_ref()
                .map_or(1.0, |c| 1.0 - c.confidence);
            match kind {
                // All is well when the least sure one is.
                FaultKind::Healthy => -doubt,
                FaultKind::Mpi => width.unwrap_or(f64::INFINITY),
                _ => doubt,
            }
        };
        looks
            .filter(|(_, measured)| measured.kind() == kind)
            .min_by(|(_, one), (_, two)| badness(one).total_cmp(&badness(two)))
    }

    /// Reads the circuits of the switch.
    pub(super) fn circuits(&mut self) -> Result<Vec<Circuit>, etalon_instruments::Error> {
        match self.bench.switch_mut(SWITCH) {
            Some(switch) => switch.circuits(),
            None => Err(gone(SWITCH)),
        }
    }

    /// Reads the mode of a service's transceiver.
    pub(super) fn mode(
        &mut self,
        service: &str,
    ) -> Result<TransmissionMode, etalon_instruments::Error> {
        let name = transceiver_name(service);
        match self.bench.transceiver_mut(&name) {
            Some(module) => module.mode(),
            None => Err(gone(&name)),
        }
    }

    /// Carries out actions through the one gate.
    pub(super) fn apply(
        &mut self,
        actions: &[Action],
        approval: &Approval,
    ) -> Result<Vec<ReadBack>, ApplyError> {
        self.applied.get_or_insert_with(Instant::now);
        execute(
            &mut self.bench,
            &mut self.envelope,
            &mut self.audit,
            actions,
            approval,
        )
    }

    /// Returns the seconds from an instant to the first change of the hardware that was asked
    /// for.
    pub fn first_applied_s(&self, since: Instant) -> Option<f64> {
        Some(self.applied?.saturating_duration_since(since).as_secs_f64())
    }

    /// Writes a line into the audit.
    pub(super) fn audit(&mut self, kind: &str, data: &impl Serialize) -> Result<(), StoreError> {
        let time = etalon_diagnosis::gate::rfc3339(crate::apply::now_s());
        self.audit.append(&time, kind, data).map(|_| ())
    }

    /// Notes on the link's alarm what was done about it.
    ///
    /// # Errors
    /// [`WorkbenchError::Alarm`].
    pub fn acknowledge_root(&mut self, note: &str) -> Result<(), WorkbenchError> {
        if let Some(root) = &self.root {
            self.alarms.acknowledge(&root.id, note)?;
        }
        Ok(())
    }

    /// Returns the alarms that stand.
    pub fn open_alarms(&self) -> Vec<Alarm> {
        self.alarms.open_alarms()
    }
}

fn gone(name: &str) -> etalon_instruments::Error {
    etalon_instruments::Error::Disconnected {
        instrument: name.to_owned(),
    }
}

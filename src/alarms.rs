//! From classified captures to stored alarms with their evidence.
//!
//! An [`AlarmDesk`] joins the gate of `diagnosis`, which decides when an alarm is raised or
//! cleared, with the stores: the link report and the beginning of the capture become blobs, the
//! alarm names them by hash, and every change of an alarm is in the journal.

use etalon_diagnosis::gate::{Gate, HoldOff, Observation, Step, Transition, rfc3339};
use etalon_types::alarm::{AlarmLocation, EvidenceRef};
use etalon_types::{
    Alarm, AlarmState, Classification, FaultKind, LinkReport, Localization, Samples, Verdict,
    Waveform,
};

use crate::apply::now_s;
use crate::store::{AlarmStore, Blobs, StateDir, StoreError};

/// Samples of a capture that are kept as evidence.
const EXCERPT: usize = 1 << 14;

/// Why an alarm could not be dealt with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AlarmError {
    /// The gate refused an observation.
    #[error(transparent)]
    Gate(#[from] etalon_diagnosis::Error),
    /// A record or a blob could not be stored.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A report could not be written as JSON.
    #[error("a link report could not be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// Raises, locates and clears alarms, and keeps their evidence.
#[derive(Debug)]
pub struct AlarmDesk {
    gate: Gate,
    store: AlarmStore,
    blobs: Blobs,
    simulated: bool,
}

impl AlarmDesk {
    /// Opens the desk over a state directory, for simulated captures.
    ///
    /// Alarms that earlier runs left open are cleared with a note: the simulated bench that they
    /// were about is gone.
    ///
    /// # Errors
    /// [`AlarmError::Store`] when the state cannot be opened, also when another process has it.
    pub fn simulated(state: &StateDir, hold_off: HoldOff) -> Result<Self, AlarmError> {
        let mut desk = Self {
            gate: Gate::new(hold_off)?,
            store: state.alarms()?,
            blobs: state.blobs()?,
            simulated: true,
        };
        let open = desk
            .store
            .book()
            .open_alarms()
            .filter(|alarm| alarm.simulated);
        for mut alarm in open.cloned().collect::<Vec<_>>() {
            alarm.recommended = vec!["cleared: its simulated bench is gone".to_owned()];
            desk.clear(alarm)?;
        }
        Ok(desk)
    }

    /// Takes what was found of a resource, such as `path/svc-01`, stores the evidence when it is
    /// a fault, and returns the alarms that this raised or cleared, as stored.
    ///
    /// # Errors
    /// [`AlarmError`].
    pub fn observe(
        &mut self,
        resource: &str,
        report: &LinkReport,
        capture: &Waveform,
        location: AlarmLocation,
    ) -> Result<Vec<Alarm>, AlarmError> {
        let Some(classification) = &report.classification else {
            return Ok(Vec::new());
        };
        let evidence = match classification.kind {
            FaultKind::Healthy => Vec::new(),
            _ => self.evidence(report, capture)?,
        };
        let observation = Observation {
            location,
            evidence,
            metrics: metrics(report),
            simulated: self.simulated,
            ..Observation::new(resource, classification, now_s())
        };
        let transitions = self.gate.observe(&observation)?;
        self.write(&transitions)
    }

    /// Raises the alarm of the link that a localization names and marks the alarms of the paths
    /// over it as its consequences. Nothing happens without a single candidate.
    ///
    /// # Errors
    /// [`AlarmError`].
    pub fn locate(
        &mut self,
        localization: &Localization,
        classification: &Classification,
        report: &LinkReport,
        capture: &Waveform,
        location: AlarmLocation,
    ) -> Result<Option<Alarm>, AlarmError> {
        let [found] = localization.candidates.as_slice() else {
            return Ok(None);
        };
        if localization.verdict != Verdict::Localized {
            return Ok(None);
        }
        let named = Classification {
            kind: found.class,
            confidence: classification.confidence.min(found.confidence),
            ..classification.clone()
        };
        let observation = Observation {
            location,
            evidence: self.evidence(report, capture)?,
            metrics: metrics(report),
            simulated: self.simulated,
            ..Observation::new(&found.element, &named, now_s())
        };
        let raised = self.gate.observe(&observation)?;
        let stored = self.write(&raised)?;
        let Some(root) = stored.into_iter().next() else {
            return Ok(None);
        };
        let standing = self
            .store
            .book()
            .open_alarms()
            .filter(|alarm| alarm.id != root.id);
        for mut alarm in standing.cloned().collect::<Vec<_>>() {
            alarm.caused_by = Some(root.id.clone());
            self.store.append(&rfc3339(now_s()), alarm)?;
        }
        Ok(Some(root))
    }

    /// Notes on an alarm that somebody looks after it, and what was done.
    ///
    /// # Errors
    /// [`AlarmError::Store`].
    pub fn acknowledge(&mut self, id: &str, note: &str) -> Result<(), AlarmError> {
        if let Some(alarm) = self.store.book().by_id(id).cloned() {
            let mut alarm = Alarm {
                state: AlarmState::Acknowledged,
                ..alarm
            };
            alarm.recommended.push(note.to_owned());
            self.store.append(&rfc3339(now_s()), alarm)?;
        }
        Ok(())
    }

    /// Returns the alarms that are not cleared.
    pub fn open_alarms(&self) -> Vec<Alarm> {
        self.store.book().open_alarms().cloned().collect()
    }

    /// Stores the bytes of a capture and returns their hash.
    ///
    /// # Errors
    /// [`AlarmError::Store`].
    pub fn keep(&self, capture: &Waveform) -> Result<String, AlarmError> {
        let bytes = raw_bytes(capture, usize::MAX);
        Ok(self.blobs.put(&bytes)?.digest.to_string())
    }

    fn clear(&mut self, alarm: Alarm) -> Result<(), AlarmError> {
        let now = rfc3339(now_s());
        let cleared = Alarm {
            state: AlarmState::Cleared,
            severity: etalon_types::Severity::Cleared,
            cleared_at: Some(now.clone()),
            ..alarm
        };
        self.store.append(&now, cleared)?;
        Ok(())
    }

    fn evidence(
        &self,
        report: &LinkReport,
        capture: &Waveform,
    ) -> Result<Vec<EvidenceRef>, AlarmError> {
        let report = serde_json::to_vec(report)?;
        let excerpt = raw_bytes(capture, EXCERPT);
        [("link-report", report), ("capture-excerpt", excerpt)]
            .into_iter()
            .map(|(kind, bytes)| {
                let digest = self.blobs.put(&bytes)?.digest;
                Ok(EvidenceRef {
                    sha256: digest.to_string(),
                    kind: kind.to_owned(),
                    uri: format!("blob:{digest}"),
                })
            })
            .collect()
    }

    /// Stores transitions. An alarm that was marked as a consequence stays one when it clears.
    fn write(&mut self, transitions: &[Transition]) -> Result<Vec<Alarm>, AlarmError> {
        let mut stored = Vec::new();
        for transition in transitions {
            let mut alarm = transition.alarm(0);
            if transition.step == Step::Cleared
                && let Some(before) = self.store.book().current(&alarm.dedup_key)
            {
                alarm.caused_by.clone_from(&before.caused_by);
            }
            stored.push(self.store.append(&rfc3339(now_s()), alarm)?);
        }
        Ok(stored)
    }
}

/// The figures that decide.
fn metrics(report: &LinkReport) -> std::collections::BTreeMap<String, etalon_types::Figure> {
    let e = &report.estimates;
    [
        ("pre_fec_ber", &e.pre_fec_ber),
        ("snr_db", &e.snr_db),
        ("mpi_db", &e.mpi_db),
    ]
    .map(|(name, figure)| (name.to_owned(), figure.clone()))
    .into()
}

/// The first raw samples as they are stored, little-endian.
fn raw_bytes(capture: &Waveform, count: usize) -> Vec<u8> {
    match capture.samples() {
        Samples::I8(raw) => raw.iter().take(count).map(|&x| x.cast_unsigned()).collect(),
        Samples::I16(raw) => raw
            .iter()
            .take(count)
            .flat_map(|x| x.to_le_bytes())
            .collect(),
        Samples::F32(raw) => raw
            .iter()
            .take(count)
            .flat_map(|x| x.to_le_bytes())
            .collect(),
        other => (0..other.len().min(count))
            .flat_map(|at| {
                let mut value = [0.0];
                other.scaled_into(at, 1.0, 0.0, &mut value);
                (value[0] as f32).to_le_bytes()
            })
            .collect(),
    }
}

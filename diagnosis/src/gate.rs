//! The alarm gate: from a stream of classifications to alarms that do not flap.
//!
//! One alarm per resource and class. A fault has to be seen again, with nothing healthy in
//! between, at least the *raise* hold-off after it was first seen; then its alarm is raised. A
//! raised alarm is cleared when its resource classifies as healthy, with no fault in between,
//! for the *clear* hold-off. The two times are the hysteresis. Silence does neither: no telemetry
//! is no evidence.
//!
//! Time is an argument, in seconds since the Unix epoch, and observations may come late, twice
//! or shuffled: first and last sight are the smallest and the largest time, so that a burst of
//! faults gives the same alarms in any order. A fault that is older than the last healthy
//! observation of its resource is history and raises nothing.
//!
//! A fault of one class neither clears nor holds back another: a link that turns from one kind
//! into a second carries both alarms until it is healthy.

use std::collections::BTreeMap;

use etalon_types::alarm::{AlarmLocation, EvidenceRef};
use etalon_types::{Alarm, AlarmState, Classification, FaultKind, Figure};

use crate::Error;

mod rfc3339;

pub use rfc3339::rfc3339;

/// How long a condition has to last before an alarm follows it, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HoldOff {
    /// From first sight to raising.
    pub raise_s: f64,
    /// From the first healthy observation to clearing.
    pub clear_s: f64,
}

impl Default for HoldOff {
    /// 2.5 s to raise and 10 s to clear: the soak times of transport equipment (ITU-T G.7710,
    /// Telcordia GR-253).
    fn default() -> Self {
        Self {
            raise_s: 2.5,
            clear_s: 10.0,
        }
    }
}

impl HoldOff {
    /// For a bench where each capture is asked for: the first sight decides.
    pub const BENCH: Self = Self {
        raise_s: 0.0,
        clear_s: 0.0,
    };
}

/// One classification of one resource at one time.
#[derive(Clone, Debug)]
pub struct Observation<'a> {
    /// What it is about, such as `path/svc-01`.
    pub resource: &'a str,
    /// What the classifier says.
    pub classification: &'a Classification,
    /// When it was measured, in seconds since the Unix epoch.
    pub time_s: f64,
    /// Where the fault is, as far as this observation tells.
    pub location: AlarmLocation,
    /// Evidence that is already stored.
    pub evidence: Vec<EvidenceRef>,
    /// Figures that decided.
    pub metrics: BTreeMap<String, Figure>,
    /// Whether anything behind it was simulated.
    pub simulated: bool,
}

impl<'a> Observation<'a> {
    /// Makes an observation of real hardware without location, evidence or metrics.
    pub fn new(resource: &'a str, classification: &'a Classification, time_s: f64) -> Self {
        Self {
            resource,
            classification,
            time_s,
            location: AlarmLocation {
                span: None,
                distance_m: None,
                low_m: None,
                high_m: None,
            },
            evidence: Vec::new(),
            metrics: BTreeMap::new(),
            simulated: false,
        }
    }
}

/// What happened to an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It was raised.
    Raised,
    /// It was cleared.
    Cleared,
}

/// A change of state, with the alarm as it is after it.
#[derive(Clone, Debug, PartialEq)]
pub struct Transition {
    /// What happened.
    pub step: Step,
    record: Alarm,
}

impl Transition {
    /// Returns the alarm record with the sequence number that the store gave it.
    pub fn alarm(&self, seq: u64) -> Alarm {
        Alarm {
            seq,
            ..self.record.clone()
        }
    }
}

/// Returns the key that is the same for the same resource and class on every machine and in
/// every run: FNV-1a (64 bit) of `RESOURCE`, a zero byte and the class's name, as 16
/// hexadecimal digits.
///
/// *Source*: Fowler, Noll, Vo; constants of draft-eastlake-fnv.
pub fn dedup_key(resource: &str, class: FaultKind) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in resource.bytes().chain([0]).chain(class.name().bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    format!("{hash:016x}")
}

/// What is known of one resource and class.
#[derive(Clone, Debug)]
struct Entry {
    first_s: f64,
    last_s: f64,
    count: u64,
    /// Set while the alarm stands.
    raised_s: Option<f64>,
    /// Time of the observation that `latest` describes.
    latest_s: f64,
    latest: Latest,
}

/// The newest observation of an entry.
#[derive(Clone, Debug)]
struct Latest {
    classification: Classification,
    location: AlarmLocation,
    evidence: Vec<EvidenceRef>,
    metrics: BTreeMap<String, Figure>,
    simulated: bool,
}

impl Latest {
    fn of(observation: &Observation<'_>) -> Self {
        Self {
            classification: observation.classification.clone(),
            location: observation.location.clone(),
            evidence: observation.evidence.clone(),
            metrics: observation.metrics.clone(),
            simulated: observation.simulated,
        }
    }
}

/// What is known of one resource.
#[derive(Clone, Debug, Default)]
struct Resource {
    entries: BTreeMap<FaultKind, Entry>,
    /// First healthy observation since the last fault.
    healthy_since_s: Option<f64>,
    /// Last healthy observation.
    healthy_last_s: Option<f64>,
}

/// The alarm gate.
///
/// It keeps one small record per resource and class that is pending or raised.
#[derive(Clone, Debug)]
pub struct Gate {
    hold_off: HoldOff,
    resources: BTreeMap<String, Resource>,
}

impl Gate {
    /// Makes a gate without alarms.
    ///
    /// # Errors
    /// [`Error::Time`] when a hold-off is negative or not finite.
    pub fn new(hold_off: HoldOff) -> Result<Self, Error> {
        for (what, found) in [
            ("raise hold-off", hold_off.raise_s),
            ("clear hold-off", hold_off.clear_s),
        ] {
            if !found.is_finite() || found < 0.0 {
                return Err(Error::Time {
                    what,
                    expected: "0 s or more",
                    found,
                });
            }
        }
        Ok(Self {
            hold_off,
            resources: BTreeMap::new(),
        })
    }

    /// Takes one observation and returns what it raised or cleared: nothing, one alarm raised,
    /// or any number cleared.
    ///
    /// # Errors
    /// [`Error::Time`] when the time is not between 1970 and 9999; nothing is changed then.
    pub fn observe(&mut self, observation: &Observation<'_>) -> Result<Vec<Transition>, Error> {
        let time_s = observation.time_s;
        if !(0.0..rfc3339::END_S).contains(&time_s) {
            let expected = "seconds since 1970, before the year 10000";
            return Err(Error::Time {
                what: "observation",
                expected,
                found: time_s,
            });
        }
        let resource = self
            .resources
            .entry(observation.resource.to_owned())
            .or_default();
        if observation.classification.kind == FaultKind::Healthy {
            Ok(resource.healthy(observation.resource, time_s, self.hold_off.clear_s))
        } else {
            let raised = resource.fault(observation, self.hold_off.raise_s);
            Ok(raised.into_iter().collect())
        }
    }

    /// Returns the alarms that stand, in the order of resource and class, each with the count
    /// and the last sight of now. Sequence numbers are 0: they belong to the store.
    pub fn standing(&self) -> Vec<Alarm> {
        let mut all = Vec::new();
        for (name, resource) in &self.resources {
            for (&class, entry) in &resource.entries {
                if entry.raised_s.is_some() {
                    all.push(record(name, class, entry, None));
                }
            }
        }
        all
    }
}

impl Resource {
    fn fault(&mut self, observation: &Observation<'_>, raise_s: f64) -> Option<Transition> {
        let (time_s, class) = (observation.time_s, observation.classification.kind);
        let history = self.healthy_last_s.is_some_and(|healthy| time_s <= healthy);
        if !history {
            self.healthy_since_s = None;
        } else if self
            .entries
            .get(&class)
            .is_none_or(|entry| entry.raised_s.is_none())
        {
            return None;
        }
        let entry = self.entries.entry(class).or_insert_with(|| Entry {
            first_s: time_s,
            last_s: time_s,
            count: 0,
            raised_s: None,
            latest_s: time_s,
            latest: Latest::of(observation),
        });
        entry.count += 1;
        entry.first_s = entry.first_s.min(time_s);
        entry.last_s = entry.last_s.max(time_s);
        if time_s >= entry.latest_s {
            entry.latest_s = time_s;
            entry.latest = Latest::of(observation);
        }
        if entry.raised_s.is_some() || entry.last_s - entry.first_s < raise_s {
            return None;
        }
        entry.raised_s = Some(entry.last_s);
        let record = record(observation.resource, class, entry, None);
        Some(Transition {
            step: Step::Raised,
            record,
        })
    }

    fn healthy(&mut self, name: &str, time_s: f64, clear_s: f64) -> Vec<Transition> {
        let newest_fault = self
            .entries
            .values()
            .map(|e| e.last_s)
            .fold(f64::MIN, f64::max);
        if time_s < newest_fault {
            return Vec::new();
        }
        let since = self
            .healthy_since_s
            .map_or(time_s, |since| since.min(time_s));
        let last = self.healthy_last_s.map_or(time_s, |last| last.max(time_s));
        self.healthy_since_s = Some(since);
        self.healthy_last_s = Some(last);
        self.entries.retain(|_, entry| entry.raised_s.is_some());
        if last - since < clear_s {
            return Vec::new();
        }
        std::mem::take(&mut self.entries)
            .into_iter()
            .map(|(class, entry)| Transition {
                step: Step::Cleared,
                record: record(name, class, &entry, Some(last)),
            })
            .collect()
    }
}

/// Writes the alarm record of an entry; `cleared_s` when it has just been cleared.
fn record(resource: &str, class: FaultKind, entry: &Entry, cleared_s: Option<f64>) -> Alarm {
    let dedup_key = dedup_key(resource, class);
    let state = match (cleared_s, entry.raised_s) {
        (Some(_), _) => AlarmState::Cleared,
        (None, Some(_)) => AlarmState::Raised,
        (None, None) => AlarmState::Pending,
    };
    let latest = &entry.latest;
    Alarm {
        schema: "etalon.alarm/1".into(),
        // The same fault coming back later is another alarm under the same key.
        id: format!("alm-{dedup_key}-{:.0}", (entry.first_s * 1e3).floor()),
        seq: 0,
        dedup_key,
        resource: resource.into(),
        class,
        severity: match state {
            AlarmState::Cleared => etalon_types::Severity::Cleared,
            _ => class.severity(),
        },
        state,
        confidence: latest.classification.confidence,
        alternatives: latest.classification.alternatives.clone(),
        first_seen: rfc3339(entry.first_s),
        last_seen: rfc3339(entry.last_s),
        count: entry.count,
        raised_at: entry.raised_s.map(rfc3339),
        cleared_at: cleared_s.map(rfc3339),
        caused_by: None,
        location: latest.location.clone(),
        evidence: latest.evidence.clone(),
        metrics: latest.metrics.clone(),
        recommended: recommended(class).into_iter().map(str::to_owned).collect(),
        simulated: latest.simulated,
        versions: BTreeMap::from([(
            "etalon-diagnosis".to_owned(),
            env!("CARGO_PKG_VERSION").to_owned(),
        )]),
    }
}

/// What a person at the bench would do first.
fn recommended(class: FaultKind) -> Vec<&'static str> {
    match class {
        FaultKind::Healthy => vec![],
        FaultKind::Mpi | FaultKind::Reflection => vec![
            "inspect and clean the connectors at the stated distance from each other",
            "reroute the service around the link until its reflections are gone",
        ],
        FaultKind::LowPower | FaultKind::SpanLoss | FaultKind::Cut => {
            vec![
                "compare launched and received power",
                "look for a bend, dirt or a break",
            ]
        }
        FaultKind::Bandwidth => vec!["compare with a capture of the transmitter back to back"],
        FaultKind::Nonlinearity => vec!["check the driver's bias and swing"],
        FaultKind::Unknown => vec!["capture again, longer, and with a known pattern"],
        _ => vec!["look at the evidence"],
    }
}

#[cfg(test)]
mod tests;

//! Time bases of files that hold variables by name: what `dt`, `fs` or `t` beside a vector say.
//!
//! Letter case and underscores do not count. Tektronix writes `sampleInterval`, `zeroIndex` and
//! `recordLength`, PicoScope `Tinterval`, `Tstart` and `Length`; the others are what people use.

use etalon_types::WaveformInfo;

/// What a variable's name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Seconds from one sample to the next.
    Interval,
    /// Samples a second.
    Rate,
    /// Place of the trigger in samples after the first.
    ZeroIndex,
    /// Time of the first sample in seconds.
    Start,
    /// Number of samples.
    Length,
    /// The time of every sample.
    Instants,
}

/// Tells the role of a variable's name.
pub(crate) fn role(name: &str) -> Option<Role> {
    let plain: String = name
        .chars()
        .filter(|c| *c != '_')
        .map(|c| c.to_ascii_lowercase())
        .collect();
    Some(match plain.as_str() {
        "sampleinterval" | "samplinginterval" | "sampleperiod" | "tinterval" | "xincrement"
        | "dt" | "ts" => Role::Interval,
        "samplerate" | "samplingrate" | "samplefrequency" | "samplingfrequency" | "fs" => {
            Role::Rate
        }
        "zeroindex" => Role::ZeroIndex,
        "tstart" | "starttime" | "t0" => Role::Start,
        "recordlength" | "length" => Role::Length,
        "t" | "time" => Role::Instants,
        _ => return None,
    })
}

/// A vector of times, by its ends and its middle.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Instants {
    pub(crate) samples: u64,
    pub(crate) first_s: f64,
    pub(crate) middle_s: f64,
    pub(crate) last_s: f64,
}

impl Instants {
    /// Returns the interval, from the ends: neighbours are rounded.
    fn interval_s(&self) -> Option<f64> {
        let interval_s = (self.last_s - self.first_s) / (self.samples.checked_sub(1)? as f64);
        (interval_s.is_finite() && interval_s > 0.0).then_some(interval_s)
    }

    /// Says whether the middle is where even steps put it, within half a step.
    fn even(&self, interval_s: f64) -> bool {
        let steps = (self.samples / 2) as f64;
        (self.middle_s - self.first_s - steps * interval_s).abs() <= 0.5 * interval_s
    }
}

/// What the variables of one file say about time.
#[derive(Clone, Debug, Default)]
pub(crate) struct TimeBase {
    interval_s: Option<f64>,
    rate_hz: Option<f64>,
    zero_index: Option<f64>,
    start_s: Option<f64>,
    length: Option<f64>,
    /// Vectors of times with the names of their variables.
    pub(crate) instants: Option<(String, Instants)>,
}

impl TimeBase {
    /// Takes the single number that a variable of this role holds.
    pub(crate) fn take(&mut self, role: Role, value: f64) {
        let slot = match role {
            Role::Interval => &mut self.interval_s,
            Role::Rate => &mut self.rate_hz,
            Role::ZeroIndex => &mut self.zero_index,
            Role::Start | Role::Instants => &mut self.start_s,
            Role::Length => &mut self.length,
        };
        *slot = Some(value);
    }

    /// Fills in a trace's time base. `parts` is 2 when a sample is a pair (I and Q).
    pub(crate) fn apply(&self, info: &mut WaveformInfo, parts: u64) {
        let steps = self.values_a_sample(info, parts);
        let usable = |x: &f64| x.is_finite() && *x > 0.0;
        let interval_s = self.interval_s.filter(usable);
        let of_rate_s = self.rate_hz.filter(usable).map(f64::recip).filter(usable);
        let per_sample_s = interval_s.map(|x| x * steps).or(of_rate_s);
        for (name, value, used) in [
            ("interval", self.interval_s, interval_s),
            ("rate", self.rate_hz, of_rate_s),
        ] {
            if let (Some(value), None) = (value, used) {
                info.warnings
                    .push(format!("the sample {name} {value} is not usable"));
            }
        }
        // Printed rates carry a few digits; closer than this they agree.
        if let (Some(a), Some(b)) = (per_sample_s, of_rate_s)
            && (a / b - 1.0).abs() > 1e-4
        {
            info.warnings.push(format!(
                "its sample interval of {a:e} s is used, not its sample rate of {:e} Sa/s",
                1.0 / b
            ));
        }
        info.sample_interval_s = per_sample_s;
        let at_zero = self.zero_index.zip(interval_s).map(|(k, dt)| 0.0 - k * dt);
        let start_s = at_zero.or(self.start_s).filter(|x| x.is_finite());
        info.t0_s = start_s.unwrap_or(0.0);
        if let Some((name, instants)) = &self.instants {
            self.by_instants(info, name, instants);
        }
    }

    /// Says how many values of the record one sample takes: Tektronix counts I and Q apart.
    fn values_a_sample(&self, info: &mut WaveformInfo, parts: u64) -> f64 {
        let Some(length) = self.length else {
            return 1.0;
        };
        let samples = info.samples as f64;
        if length == samples {
            return 1.0;
        }
        if parts == 2 && length == 2.0 * samples {
            info.warnings.push(
                "the record counts I and Q apart: one pair takes two sample intervals".into(),
            );
            return 2.0;
        }
        info.warnings.push(format!(
            "a record of {length} is announced, {samples} samples are there"
        ));
        1.0
    }

    fn by_instants(&self, info: &mut WaveformInfo, name: &str, instants: &Instants) {
        if instants.samples != info.samples {
            info.warnings.push(format!(
                "`{name}` has {} times and says nothing of this trace",
                instants.samples
            ));
            return;
        }
        let Some(interval_s) = instants.interval_s() else {
            info.warnings
                .push(format!("the times in `{name}` do not rise"));
            return;
        };
        if !instants.even(interval_s) {
            info.warnings.push(format!(
                "the times in `{name}` are not evenly spaced; even steps are taken"
            ));
        }
        // A number that says the interval outright is not rounded as a difference is.
        info.sample_interval_s.get_or_insert(interval_s);
        info.t0_s = instants.first_s;
    }
}

/// Lists names for a warning, and not without end.
pub(crate) fn listed(names: &[String]) -> String {
    const SHOWN: usize = 16;
    let shown = names[..names.len().min(SHOWN)].join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

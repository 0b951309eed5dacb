//! What is wrong with one link, from its report alone.
//!
//! [`classify`] attributes the link's loss of signal-to-noise ratio, in decibels, to the causes
//! that one waveform can tell apart, and names the largest:
//!
//! | cause | what it is measured by | penalty |
//! |---|---|---|
//! | multipath interference | the signal-to-noise ratio with the tracked beat taken out | what that wins; from the level alone `-10 log10(1 - N_mpi / N)`, `N_mpi = 2 <P>^2 m` the beat's mean noise, `N` all noise |
//! | bandwidth | loss of the measured pulse at half the symbol rate | the part beyond [`USUAL_LOSS_DB`], times [`LOSS_WEIGHT`] |
//! | nonlinearity | RLM (120D) | `-20 log10(RLM)`: the smallest eye against an even one |
//! | low power, noise | what is missing to the threshold when the others are given back | the rest |
//!
//! A link whose causes all stay below [`SIGNIFICANT_DB`] and whose signal-to-noise ratio clears
//! the threshold of the forward error correction by [`HEALTHY_MARGIN_DB`] is healthy. A link that
//! fails without a significant cause is `unknown`, and so is one whose noise grows with the level
//! without a beat (laser, shot or amplifier noise: this version does not tell them apart).
//!
//! The penalties are first-order models, good for ranking causes, not for budgets.

mod attribution;

#[cfg(test)]
mod tests;

pub use attribution::{
    HEALTHY_MARGIN_DB, LOSS_WEIGHT, Penalties, SIGNIFICANT_DB, USUAL_LOSS_DB, attribute,
};

use etalon_types::report::MpiRegime;
use etalon_types::{Alternative, Classification, Evidence, FaultKind, LinkReport};

/// Share of the samples clipped from which on clipping is the cause; the flag's text has it.
const CLIPPING_FLAG: &str = "clipping";
/// Flags after which no cause can be named.
const BLIND_FLAGS: [&str; 5] = ["nan", "constant", "too-short", "wrong-rate", "eye-closed"];
/// Growth of the noise variance from the lowest to the highest level from which on the noise
/// depends on the signal: thermal noise alone stays within a few hundredths of 1.
const SIGNAL_DEPENDENT: f64 = 1.5;

/// Names what is wrong with a link.
pub fn classify(report: &LinkReport) -> Classification {
    let flagged = |name: &str| report.quality.iter().find(|q| q.flag == name);
    let Some(penalties) = attribute(report) else {
        let reason = report
            .quality
            .iter()
            .find(|q| BLIND_FLAGS.contains(&q.flag.as_str()))
            .map_or("no signal-to-noise ratio was measured", |q| {
                q.detail.as_str()
            });
        return unknown(vec![note("snr_db", None, reason)], &[]);
    };
    let evidence = evidence(report, &penalties);
    if let Some(clipped) = flagged(CLIPPING_FLAG) {
        let mut evidence = evidence;
        evidence.insert(0, note("clipping", None, &clipped.detail));
        return Classification {
            kind: FaultKind::Clipping,
            confidence: 0.8,
            alternatives: alternatives(&penalties, FaultKind::Clipping, 0.2),
            evidence,
        };
    }
    if report.quality.iter().any(|q| q.flag == "eye-closed")
        && penalties.bandwidth_db < SIGNIFICANT_DB
    {
        return unknown(evidence, &penalties.ranked());
    }
    decide(report, &penalties, evidence)
}

fn decide(report: &LinkReport, penalties: &Penalties, evidence: Vec<Evidence>) -> Classification {
    let ranked = penalties.ranked();
    let (kind, worst) = ranked[0];
    let total: f64 = ranked.iter().map(|r| r.1).sum();
    let slope = report.features.get("noise_slope").copied().unwrap_or(1.0);
    let unexplained_slope =
        slope > SIGNAL_DEPENDENT && matches!(report.mpi_regime, Some(MpiRegime::None) | None);
    if worst < SIGNIFICANT_DB {
        if penalties.margin_db >= HEALTHY_MARGIN_DB {
            let confidence = 1.0 - 0.5 * (-(penalties.margin_db - HEALTHY_MARGIN_DB + 0.5)).exp();
            return Classification {
                kind: FaultKind::Healthy,
                confidence,
                alternatives: alternatives(penalties, FaultKind::Healthy, 1.0 - confidence),
                evidence,
            };
        }
        return unknown(evidence, &ranked);
    }
    if kind == FaultKind::LowPower && unexplained_slope {
        return unknown(evidence, &ranked);
    }
    // Half a significant penalty stands for the causes that this version does not know.
    let confidence = worst / (total + 0.5 * SIGNIFICANT_DB);
    Classification {
        kind,
        confidence,
        alternatives: alternatives(penalties, kind, 1.0 - confidence),
        evidence,
    }
}

fn unknown(evidence: Vec<Evidence>, ranked: &[(FaultKind, f64)]) -> Classification {
    let total: f64 = ranked.iter().map(|r| r.1).sum();
    let alternatives = ranked
        .iter()
        .filter(|r| r.1 > 0.0)
        .map(|&(kind, db)| Alternative {
            kind,
            confidence: 0.5 * db / (total + SIGNIFICANT_DB),
        })
        .collect();
    Classification {
        kind: FaultKind::Unknown,
        confidence: 0.5,
        alternatives,
        evidence,
    }
}

/// Shares what is left of the confidence by penalty.
fn alternatives(penalties: &Penalties, named: FaultKind, left: f64) -> Vec<Alternative> {
    let others: Vec<(FaultKind, f64)> = penalties
        .ranked()
        .into_iter()
        .filter(|r| r.0 != named && r.1 > 0.05)
        .collect();
    let total: f64 = others.iter().map(|r| r.1).sum::<f64>() + 0.5 * SIGNIFICANT_DB;
    others
        .into_iter()
        .map(|(kind, db)| Alternative {
            kind,
            confidence: left * db / total,
        })
        .collect()
}

fn note(metric: &str, value: Option<f64>, text: &str) -> Evidence {
    Evidence {
        metric: metric.into(),
        value,
        note: text.into(),
    }
}

fn evidence(report: &LinkReport, p: &Penalties) -> Vec<Evidence> {
    let feature = |name: &str| report.features.get(name).copied();
    let mut list = vec![note(
        "snr_db",
        feature("snr_db"),
        &format!(
            "{:+.1} dB against the {:.2} dB that a pre-FEC BER of 2.4e-4 takes",
            p.margin_db, p.required_db
        ),
    )];
    if let Some(ber) = report.estimates.pre_fec_ber.estimate() {
        let side = if ber.low > 2.4e-4 {
            "above"
        } else if ber.high < 2.4e-4 {
            "below"
        } else {
            "not told apart from"
        };
        list.push(note(
            "pre_fec_ber",
            Some(ber.value),
            &format!("{side} the KP4 limit of 2.4e-4"),
        ));
    }
    let level = report.estimates.mpi_db.value();
    let text = match (level, report.estimates.mpi_db.reason()) {
        (Some(_), _) => format!("costs about {:.1} dB of signal-to-noise ratio", p.mpi_db),
        (None, Some(reason)) => reason.to_owned(),
        (None, None) => "not measured".to_owned(),
    };
    list.push(note("mpi_db", level, &text));
    if let Some(loss) = feature("nyquist_loss_db") {
        list.push(note(
            "nyquist_loss_db",
            Some(loss),
            &format!(
                "loss of the pulse at half the symbol rate; {:.1} dB is usual, the rest costs about {:.1} dB",
                p.usual_loss_db, p.bandwidth_db
            ),
        ));
    }
    if let Some(rlm) = report.estimates.rlm_120d.value() {
        list.push(note(
            "rlm_120d",
            Some(rlm),
            &format!("uneven levels cost about {:.1} dB", p.nonlinearity_db),
        ));
    }
    if let Some(slope) = feature("noise_slope") {
        let text = if slope > SIGNAL_DEPENDENT {
            "the noise grows with the level: beat, laser, shot or amplifier noise"
        } else {
            "the noise hardly depends on the level"
        };
        list.push(note("noise_slope", Some(slope), text));
    }
    list
}

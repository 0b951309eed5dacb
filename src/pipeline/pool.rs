//! One report from the reports of many blocks of one trace.
//!
//! | part | how it is pooled |
//! |---|---|
//! | counts: error ratios, eyes, bursts, codewords, levels | added up |
//! | other figures | mean over the blocks, see `figures` |
//! | reflection pairs | those of at least half of the blocks, by their delay |
//! | flags | once each, with how many blocks have it |
//! | regime of the interference | that of most blocks |
//! | features | mean over the blocks |
//! | equalizer's taps, reference equalizer, lag | the first good block's |
//!
//! What was not measurable in half of the blocks or more is not measurable. A flag that fewer
//! than half of the blocks have is told as `in-some-blocks` and does not speak for the whole:
//! neither rejects one bad block of hundreds a link, nor do hundreds hide it.

mod errors;
mod figures;
mod paths;
mod transmitter;

use std::collections::BTreeMap;

use etalon_types::report::{
    EqualizerReport, Estimates, LineCodeCheck, LinkParameters, LinkReport, QualityFlag,
};
use etalon_types::{Figure, Modulation};
use figures::{Figures, is_most};

/// Name of the flag that says that a report is pooled.
pub const POOLED: &str = "analyzed-in-blocks";
/// Name of the flag for what fewer than half of the blocks have.
pub const IN_SOME: &str = "in-some-blocks";

/// Says whether a block was received: its signal-to-noise ratio is known.
pub fn is_good(report: &LinkReport) -> bool {
    report.estimates.snr_db.value().is_some() && report.link.baud_hz > 0.0
}

/// Pools the reports of the blocks of one trace, in order; `first` is the block whose curves and
/// taps stand for all, the first good one where there is one.
///
/// The input, the classification and the provenance are the caller's to fill in.
pub fn pool(reports: &[LinkReport], first: usize) -> LinkReport {
    let blocks = reports.len();
    let (used, apart) = alike(reports);
    let shown = &reports[first];
    let statistics: Vec<_> = used
        .iter()
        .filter_map(|r| r.error_statistics.as_ref())
        .collect();
    let error_statistics = errors::statistics(&statistics, blocks);
    let transmitters: Vec<_> = used.iter().filter_map(|r| r.transmitter.as_ref()).collect();
    let link = link(&used, shown, first);
    let mut estimates = estimates(&used, blocks);
    if let Some(kp4) = error_statistics.as_ref().and_then(|s| s.kp4.first()) {
        estimates.frame_error_ratio_kp4 = kp4.error_ratio.clone();
    }
    let exponents: Vec<&Figure> = used
        .iter()
        .filter_map(|r| r.mpi_exponent.as_ref())
        .collect();
    let mpi_paths: Vec<_> = used.iter().map(|r| r.mpi_paths.as_slice()).collect();
    let cancellation: Vec<_> = used.iter().map(|r| r.cancellation.as_slice()).collect();
    let levels: Vec<_> = used.iter().map(|r| r.levels.as_slice()).collect();
    LinkReport {
        mpi_paths: paths::paths(&mpi_paths, blocks, 1.0 / link.baud_hz),
        cancellation: errors::cancellations(&cancellation, blocks),
        line_code: line_code(&used, blocks),
        equalizer: equalizer(&used, shown, first),
        levels: transmitter::levels(&levels),
        error_statistics,
        transmitter: transmitter::transmitter(&transmitters, blocks),
        mpi_regime: most_common(used.iter().map(|r| r.mpi_regime)).flatten(),
        mpi_exponent: (!exponents.is_empty()).then(|| {
            Figures {
                each: exponents,
                blocks,
            }
            .pooled()
        }),
        features: features(&used, blocks, &estimates),
        quality: quality(reports, first, apart),
        timing_s: timing(reports),
        link,
        estimates,
        ..shown.clone()
    }
}

/// The blocks that show the link that most good blocks show, and how many show another one.
fn alike(reports: &[LinkReport]) -> (Vec<&LinkReport>, usize) {
    type Seen<'a> = (Modulation, Option<&'a str>, Option<&'a str>);
    fn seen(r: &LinkReport) -> Seen<'_> {
        (
            r.link.modulation,
            r.link.pattern.as_deref(),
            r.link.polarity.as_deref(),
        )
    }
    let Some(usual) = most_common(reports.iter().filter(|r| is_good(r)).map(seen)) else {
        return (reports.iter().collect(), 0);
    };
    // A block in which no pattern was found contradicts nothing: it has no errors to count.
    let fits = |r: &&LinkReport| {
        let (modulation, pattern, polarity) = seen(r);
        !is_good(r)
            || modulation == usual.0
                && (pattern.is_none() || (pattern, polarity) == (usual.1, usual.2))
    };
    let used: Vec<&LinkReport> = reports.iter().filter(fits).collect();
    let apart = reports.len() - used.len();
    (used, apart)
}

/// The most frequent value, the earliest of those that are equally frequent.
fn most_common<T: PartialEq + Copy>(values: impl Iterator<Item = T>) -> Option<T> {
    let mut counts: Vec<(T, usize)> = Vec::new();
    for value in values {
        match counts.iter_mut().find(|(known, _)| *known == value) {
            Some((_, count)) => *count += 1,
            None => counts.push((value, 1)),
        }
    }
    let most = counts.iter().map(|c| c.1).max()?;
    counts.into_iter().find(|c| c.1 == most).map(|c| c.0)
}

fn estimates(used: &[&LinkReport], blocks: usize) -> Estimates {
    let pooled = |get: fn(&Estimates) -> &Figure| {
        let each = used.iter().map(|r| get(&r.estimates)).collect();
        Figures { each, blocks }.pooled()
    };
    Estimates {
        pre_fec_ber: pooled(|e| &e.pre_fec_ber),
        ser: pooled(|e| &e.ser),
        snr_db: pooled(|e| &e.snr_db),
        oma_outer: pooled(|e| &e.oma_outer),
        extinction_ratio_db: pooled(|e| &e.extinction_ratio_db),
        rlm_120d: pooled(|e| &e.rlm_120d),
        rlm_94: pooled(|e| &e.rlm_94),
        tdecq_db: pooled(|e| &e.tdecq_db),
        ceq_db: pooled(|e| &e.ceq_db),
        mpi_db: pooled(|e| &e.mpi_db),
        linewidth_hz: pooled(|e| &e.linewidth_hz),
        frame_error_ratio_kp4: pooled(|e| &e.frame_error_ratio_kp4),
        burst_factor: pooled(|e| &e.burst_factor),
    }
}

fn link(used: &[&LinkReport], shown: &LinkReport, first: usize) -> LinkParameters {
    let good: Vec<&LinkParameters> = used
        .iter()
        .filter(|r| is_good(r))
        .map(|r| &r.link)
        .collect();
    let mean = |get: fn(&LinkParameters) -> f64| match good.len() {
        0 => get(&shown.link),
        k => good.iter().map(|l| get(l)).sum::<f64>() / k as f64,
    };
    // The pattern is that of the blocks that are used, whichever block is shown.
    let patterned = good
        .iter()
        .find(|l| l.pattern.is_some())
        .copied()
        .unwrap_or(&shown.link);
    LinkParameters {
        modulation: good.first().map_or(shown.link.modulation, |l| l.modulation),
        baud_hz: mean(|l| l.baud_hz),
        samples_per_symbol: mean(|l| l.samples_per_symbol),
        pattern: patterned.pattern.clone(),
        polarity: patterned.polarity.clone(),
        // Counted from the trace's first symbol, which only the first block knows.
        lag: shown.link.lag.filter(|_| first == 0),
    }
}

fn line_code(used: &[&LinkReport], blocks: usize) -> Option<LineCodeCheck> {
    let checks: Vec<&LineCodeCheck> = used.iter().filter_map(|r| r.line_code.as_ref()).collect();
    let first = *checks.first()?;
    is_most(checks.len(), blocks).then(|| LineCodeCheck {
        blocks: checks.iter().map(|c| c.blocks).sum(),
        bad_sync_headers: checks.iter().map(|c| c.bad_sync_headers).sum(),
        ..first.clone()
    })
}

fn equalizer(used: &[&LinkReport], shown: &LinkReport, first: usize) -> EqualizerReport {
    let all = || used.iter().map(|r| &r.equalizer);
    EqualizerReport {
        training_symbols: all().map(|e| e.training_symbols).sum(),
        judged_symbols: all().map(|e| e.judged_symbols).sum(),
        why: format!(
            "{}; every block trained its own, these are the taps of block {first}",
            shown.equalizer.why
        ),
        ..shown.equalizer.clone()
    }
}

/// Means of what at least half of the blocks have. What is also a figure says the same as it.
fn features(used: &[&LinkReport], blocks: usize, estimates: &Estimates) -> BTreeMap<String, f64> {
    let mut sums: BTreeMap<&String, (f64, usize)> = BTreeMap::new();
    for (name, value) in used.iter().flat_map(|r| &r.features) {
        let (sum, count) = sums.entry(name).or_default();
        *sum += value;
        *count += 1;
    }
    let often = sums
        .into_iter()
        .filter(|(_, (_, count))| 2 * count >= blocks);
    let mut features: BTreeMap<String, f64> = often
        .map(|(name, (sum, count))| (name.clone(), sum / count as f64))
        .collect();
    for (name, figure) in [
        ("rlm_120d", &estimates.rlm_120d),
        ("mpi_db", &estimates.mpi_db),
    ] {
        match figure.value() {
            Some(value) => features.insert(name.into(), value),
            None => features.remove(name),
        };
    }
    features
}

/// Every flag once, after the one that says what was done.
fn quality(reports: &[LinkReport], first: usize, apart: usize) -> Vec<QualityFlag> {
    let blocks = reports.len();
    let flag = |flag: &str, detail: String| QualityFlag {
        flag: flag.into(),
        detail,
    };
    let mut flags = vec![flag(
        POOLED,
        format!(
            "analyzed in {blocks} blocks of about {} samples: counts are added up, other figures are means over the blocks, and curves and taps are those of block {first}",
            reports[0].input.samples
        ),
    )];
    if apart > 0 {
        flags.push(flag(
            "blocks-differ",
            format!(
                "{apart} of {blocks} blocks show another modulation, pattern or polarity than most and are left out"
            ),
        ));
    }
    let mut seen: Vec<(&QualityFlag, usize, usize)> = Vec::new();
    for (block, own) in reports.iter().enumerate() {
        for new in &own.quality {
            match seen.iter_mut().find(|(old, _, _)| old.flag == new.flag) {
                // One block may have a flag twice.
                Some((_, count, last)) if *last != block => (*count, *last) = (*count + 1, block),
                Some(_) => {}
                None => seen.push((new, 1, block)),
            }
        }
    }
    for (one, count, _) in seen {
        let detail = format!("in {count} of {blocks} blocks, first: {}", one.detail);
        flags.push(if 2 * count >= blocks {
            flag(&one.flag, detail)
        } else {
            flag(IN_SOME, format!("{} {detail}", one.flag))
        });
    }
    flags
}

fn timing(reports: &[LinkReport]) -> BTreeMap<String, f64> {
    let mut sums = BTreeMap::new();
    for (stage, seconds) in reports.iter().flat_map(|r| &r.timing_s) {
        *sums.entry(stage.clone()).or_default() += seconds;
    }
    sums
}

#[cfg(test)]
mod tests;

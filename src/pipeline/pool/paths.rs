//! Reflection pairs that most blocks agree on.

use etalon_dsp::measure::statistics::CONFIDENCE;
use etalon_types::report::MpiPath;
use etalon_types::{Estimate, Figure};

use super::figures::Figures;

/// Pools the paths that are there, at the same delay within a symbol, in at least half of all
/// `blocks`; strongest first.
///
/// A path's significance is the mean over all blocks, and 0 where it was not found: it is never
/// more than that of a usual block.
pub(super) fn paths(each: &[&[MpiPath]], blocks: usize, symbol_s: f64) -> Vec<MpiPath> {
    let mut all: Vec<(usize, &MpiPath)> = each
        .iter()
        .enumerate()
        .flat_map(|(block, paths)| paths.iter().map(move |path| (block, path)))
        .collect();
    all.sort_by(|a, b| a.1.delay_s.total_cmp(&b.1.delay_s).then(a.0.cmp(&b.0)));
    let mut pooled = Vec::new();
    // A group ends where its next delay is more than a symbol after its first.
    let mut rest = all.as_slice();
    while let Some((_, first)) = rest.first() {
        let end = first.delay_s + symbol_s;
        let count = rest.partition_point(|(_, path)| path.delay_s <= end);
        let (group, others) = rest.split_at(count);
        rest = others;
        let one_a_block = strongest_of_each_block(group);
        if 2 * one_a_block.len() >= blocks {
            pooled.push(path(&one_a_block, blocks));
        }
    }
    pooled.sort_by(|a, b| b.significance.total_cmp(&a.significance));
    pooled
}

fn strongest_of_each_block<'a>(group: &[(usize, &'a MpiPath)]) -> Vec<&'a MpiPath> {
    let mut by_block = group.to_vec();
    by_block.sort_by(|a, b| {
        a.0.cmp(&b.0)
            .then(b.1.significance.total_cmp(&a.1.significance))
    });
    by_block.dedup_by_key(|entry| entry.0);
    by_block.into_iter().map(|(_, path)| path).collect()
}

fn path(each: &[&MpiPath], blocks: usize) -> MpiPath {
    let mean = |get: fn(&MpiPath) -> f64| {
        each.iter().map(|path| get(path)).sum::<f64>() / each.len() as f64
    };
    let levels: Vec<Figure> = each.iter().map(|path| level(path)).collect();
    let level = Figures {
        each: levels.iter().collect(),
        blocks: each.len(),
    }
    .pooled();
    let kind = each[0].kind;
    let modulo_s = each[0].modulo_s;
    MpiPath {
        delay_s: mean(|path| path.delay_s),
        distance_m: mean(|path| path.distance_m),
        level_db: level.value(),
        low_db: level.estimate().map(|e| e.low),
        high_db: level.estimate().map(|e| e.high),
        significance: each.iter().map(|path| path.significance).sum::<f64>() / blocks as f64,
        // What blocks do not agree on is not said.
        kind: kind.filter(|_| each.iter().all(|path| path.kind == kind)),
        modulo_s: modulo_s.filter(|_| each.iter().all(|path| path.modulo_s == modulo_s)),
        connectors: None,
    }
}

/// A path's level as a figure.
fn level(path: &MpiPath) -> Figure {
    match (path.level_db, path.low_db, path.high_db) {
        (Some(value), Some(low), Some(high)) => Figure::Estimate(Estimate {
            value,
            low,
            high,
            confidence: CONFIDENCE,
            n: 1,
            errors: None,
            unit: "dB".into(),
            method: String::new(),
            definition: String::new(),
        }),
        _ => Figure::not_measurable("no level"),
    }
}

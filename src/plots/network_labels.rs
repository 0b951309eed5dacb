//! Where the lengths of links are written: beside their line and not on top of anything.

/// A box of text, centre and size in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Patch {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

impl Patch {
    /// Area that two boxes share.
    fn shared(&self, other: &Patch) -> f64 {
        let along = |a: f64, wa: f64, b: f64, wb: f64| {
            (0.5 * (wa + wb) - (a - b).abs()).clamp(0.0, wa.min(wb))
        };
        along(self.x, self.width, other.x, other.width)
            * along(self.y, self.height, other.y, other.height)
    }
}

/// A straight line in pixels.
pub(super) type Line = ((f64, f64), (f64, f64));

/// Returns the centre of a label for each line, greedily: along the line from its middle
/// outwards, on it or on either side, wherever it covers least of the boxes already placed, of
/// `taken` (nodes, crosses) and of other lines.
///
/// *Complexity*: labels times (labels + lines) times a few dozen candidates.
pub(super) fn place(lines: &[Line], sizes: &[(f64, f64)], taken: &[Patch]) -> Vec<(f64, f64)> {
    const ALONG: [f64; 9] = [0.5, 0.44, 0.56, 0.38, 0.62, 0.32, 0.68, 0.27, 0.73];
    let mut placed: Vec<Patch> = taken.to_vec();
    let mut centres = Vec::with_capacity(lines.len());
    for (i, (line, size)) in lines.iter().zip(sizes).enumerate() {
        let ((x0, y0), (x1, y1)) = *line;
        let length = (x1 - x0).hypot(y1 - y0).max(1.0);
        let (nx, ny) = ((y0 - y1) / length, (x1 - x0) / length);
        // Half of the box across the line, and a little air.
        let reach = 0.5 * (nx.abs() * size.0 + ny.abs() * size.1) + 3.0;
        let mut best: Option<(f64, Patch)> = None;
        for (rank, t) in ALONG.iter().enumerate() {
            for side in [0.0, 1.0, -1.0] {
                let (x, y) = (
                    x0 + (x1 - x0) * t + nx * reach * side,
                    y0 + (y1 - y0) * t + ny * reach * side,
                );
                let patch = Patch {
                    x,
                    y,
                    width: size.0,
                    height: size.1,
                };
                let covered: f64 = placed.iter().map(|p| p.shared(&patch)).sum();
                let crossed = lines
                    .iter()
                    .enumerate()
                    .filter(|(k, l)| *k != i && crosses(l, &patch))
                    .count();
                let cost = covered
                    + 120.0 * crossed as f64
                    + 6.0 * rank as f64
                    + if side == 0.0 { 0.0 } else { 9.0 };
                if best.is_none_or(|(least, _)| cost < least) {
                    best = Some((cost, patch));
                }
            }
        }
        let patch = best.map_or(
            Patch {
                x: x0,
                y: y0,
                width: size.0,
                height: size.1,
            },
            |b| b.1,
        );
        centres.push((patch.x, patch.y));
        placed.push(patch);
    }
    centres
}

/// True when a line runs through a box: some of its points lie within.
fn crosses(line: &Line, patch: &Patch) -> bool {
    let ((x0, y0), (x1, y1)) = *line;
    let steps = ((x1 - x0).hypot(y1 - y0) / 4.0).clamp(1.0, 500.0) as usize;
    (0..=steps).any(|i| {
        let t = i as f64 / steps as f64;
        let (x, y) = (x0 + (x1 - x0) * t, y0 + (y1 - y0) * t);
        (x - patch.x).abs() * 2.0 < patch.width && (y - patch.y).abs() * 2.0 < patch.height
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_crossing_and_parallel_links_do_not_touch() {
        let lines: Vec<Line> = vec![
            ((0.0, 0.0), (200.0, 200.0)),
            ((0.0, 200.0), (200.0, 0.0)),
            ((0.0, 100.0), (200.0, 100.0)),
            ((0.0, 112.0), (200.0, 112.0)),
        ];
        let size = (40.0, 14.0);
        let node = Patch {
            x: 100.0,
            y: 100.0,
            width: 30.0,
            height: 30.0,
        };
        let centres = place(&lines, &[size; 4], &[node]);
        let patches: Vec<Patch> = centres
            .iter()
            .map(|(x, y)| Patch {
                x: *x,
                y: *y,
                width: size.0,
                height: size.1,
            })
            .collect();
        for (i, a) in patches.iter().enumerate() {
            assert_eq!(a.shared(&node), 0.0, "{a:?}");
            assert!(
                patches[..i].iter().all(|b| a.shared(b) == 0.0),
                "{patches:?}"
            );
        }
    }
}

//! Long curves as few points: at most two a pixel column, and no extreme is lost.

use super::axes::Axis;

/// Returns the curve in pixels: for every pixel column its first, lowest, highest and last
/// point, in the order of the data. Points that are not finite are left out; the curve goes on
/// after them in a new piece, so that no line is drawn across a hole.
///
/// *Complexity*: one pass. *Units*: pixels out, axis values in.
pub(super) fn pieces(x: &Axis, y: &Axis, xs: &[f64], ys: &[f64]) -> Vec<Vec<(f64, f64)>> {
    let mut pieces = Vec::new();
    let mut piece: Vec<(f64, f64)> = Vec::new();
    let mut column = Column::default();
    for (value, height) in xs.iter().zip(ys) {
        if !(value.is_finite() && height.is_finite()) {
            column.flush(&mut piece);
            if !piece.is_empty() {
                pieces.push(std::mem::take(&mut piece));
            }
            continue;
        }
        let point = (x.within(*value), y.within(*height));
        if column.number != Some(point.0.floor() as i64) {
            column.flush(&mut piece);
            column.number = Some(point.0.floor() as i64);
        }
        column.add(point);
    }
    column.flush(&mut piece);
    if !piece.is_empty() {
        pieces.push(piece);
    }
    pieces
}

/// Returns the highest point of every pixel column, left to right, of a dense curve without the
/// last, which may be cut; points that are not finite are left out.
///
/// *Complexity*: one pass. *Units*: pixels out, axis values in.
pub(super) fn envelope(x: &Axis, y: &Axis, xs: &[f64], ys: &[f64]) -> Vec<(f64, f64)> {
    let mut tops: Vec<(f64, f64)> = Vec::new();
    for (value, height) in xs.iter().zip(ys) {
        if !(value.is_finite() && height.is_finite()) {
            continue;
        }
        let point = (x.within(*value), y.within(*height));
        match tops.last_mut() {
            // Pixels count downwards.
            Some(top) if top.0.floor() == point.0.floor() => {
                if point.1 < top.1 {
                    *top = point;
                }
            }
            _ => tops.push(point),
        }
    }
    // Of many points a column the last one may hold a few only, and would stand lower for it.
    if xs.len() > 8 * tops.len() {
        tops.pop();
    }
    tops
}

/// Points of one pixel column.
#[derive(Default)]
struct Column {
    number: Option<i64>,
    seen: usize,
    first: (f64, f64),
    lowest: (usize, (f64, f64)),
    highest: (usize, (f64, f64)),
    last: (f64, f64),
}

impl Column {
    fn add(&mut self, point: (f64, f64)) {
        if self.seen == 0 {
            self.first = point;
            self.lowest = (0, point);
            self.highest = (0, point);
        }
        if point.1 < self.lowest.1.1 {
            self.lowest = (self.seen, point);
        }
        if point.1 > self.highest.1.1 {
            self.highest = (self.seen, point);
        }
        self.last = point;
        self.seen += 1;
    }

    fn flush(&mut self, piece: &mut Vec<(f64, f64)>) {
        if self.seen > 0 {
            let (low, high) = (self.lowest, self.highest);
            let (a, b) = if low.0 <= high.0 {
                (low.1, high.1)
            } else {
                (high.1, low.1)
            };
            for point in [self.first, a, b, self.last] {
                if piece.last() != Some(&point) {
                    piece.push(point);
                }
            }
        }
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prop_a_long_curve_keeps_its_extremes_and_few_points() {
        let n = 100_000;
        let xs: Vec<f64> = (0..n).map(f64::from).collect();
        let ys: Vec<f64> = xs
            .iter()
            .map(|x| {
                if *x == 54_321.0 {
                    99.0
                } else {
                    (x * 0.1).sin()
                }
            })
            .collect();
        let x = Axis::linear(0.0, f64::from(n), 0.0, 800.0);
        let y = Axis::linear(-2.0, 100.0, 400.0, 0.0);
        let pieces = pieces(&x, &y, &xs, &ys);
        assert_eq!(pieces.len(), 1);
        assert!(pieces[0].len() <= 4 * 801);
        assert!(pieces[0].iter().any(|p| (p.1 - y.at(99.0)).abs() < 1e-9));
    }

    #[test]
    fn an_envelope_keeps_the_highest_of_every_column() {
        let xs: Vec<f64> = (0..1000).map(|i| f64::from(i) / 100.0).collect();
        let ys: Vec<f64> = xs
            .iter()
            .map(|v| if *v == 5.37 { 9.0 } else { v.fract() })
            .collect();
        let x = Axis::linear(0.0, 10.0, 0.0, 10.0);
        let y = Axis::linear(0.0, 10.0, 10.0, 0.0);
        let tops = envelope(&x, &y, &xs, &ys);
        assert_eq!(tops.len(), 9);
        assert_eq!(tops[5], (5.37, 1.0));
        assert!(
            tops.iter()
                .enumerate()
                .all(|(i, t)| i == 5 || (t.1 - 9.01).abs() < 1e-9)
        );
        assert!(envelope(&x, &y, &[f64::NAN], &[1.0]).is_empty());
    }

    #[test]
    fn a_hole_splits_the_curve() {
        let x = Axis::linear(0.0, 4.0, 0.0, 400.0);
        let y = Axis::linear(0.0, 1.0, 100.0, 0.0);
        let pieces = pieces(
            &x,
            &y,
            &[0.0, 1.0, 2.0, 3.0, 4.0],
            &[0.1, 0.2, f64::NAN, 0.3, 0.4],
        );
        assert_eq!(pieces.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2]);
        assert!(super::pieces(&x, &y, &[], &[]).is_empty());
    }
}

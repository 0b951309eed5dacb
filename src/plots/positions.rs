//! Where nodes stand on a map.

use etalon_types::Topology;

/// Places of the 14 nodes of `dci-metro-14` in the order 1 to 14, x to the right and y down,
/// 0 to 1 each.
///
/// They keep the west-east order of the graph that the network is made of and were shifted until
/// only two pairs of links cross and no link runs through a node.
pub const DCI_METRO_14: [(f64, f64); 14] = [
    (0.03, 0.14),
    (0.14, 0.53),
    (0.00, 0.88),
    (0.26, 0.32),
    (0.36, 0.59),
    (0.48, 0.96),
    (0.51, 0.43),
    (0.62, 0.22),
    (0.75, 0.44),
    (0.68, 0.73),
    (0.73, 0.00),
    (0.94, 0.22),
    (0.89, 0.62),
    (0.99, 0.86),
];

/// Returns `nodes` places on a circle, clockwise from the top, 0 to 1 each.
pub fn circle(nodes: usize) -> Vec<(f64, f64)> {
    (0..nodes)
        .map(|i| {
            let angle = std::f64::consts::TAU * i as f64 / nodes as f64;
            (0.5 + 0.5 * angle.sin(), 0.5 - 0.5 * angle.cos())
        })
        .collect()
}

/// Returns the places of a topology's nodes: the map of `dci-metro-14` for a network of that
/// name and size, else a circle.
pub fn positions_of(topology: &Topology) -> Vec<(f64, f64)> {
    if topology.name == "dci-metro-14" && topology.nodes.len() == DCI_METRO_14.len() {
        DCI_METRO_14.to_vec()
    } else {
        circle(topology.nodes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_apart_and_inside() {
        let rings: Vec<Vec<(f64, f64)>> =
            (0..20).map(circle).chain([DCI_METRO_14.to_vec()]).collect();
        for places in rings {
            for (i, a) in places.iter().enumerate() {
                assert!((-1e-9..=1.0 + 1e-9).contains(&a.0) && (-1e-9..=1.0 + 1e-9).contains(&a.1));
                assert!(
                    places[..i]
                        .iter()
                        .all(|b| (a.0 - b.0).hypot(a.1 - b.1) > 0.1),
                    "{places:?}"
                );
            }
        }
    }
}

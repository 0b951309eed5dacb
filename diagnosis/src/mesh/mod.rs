//! Which link is behind a set of degraded services.
//!
//! Set cover, exact for one fault: a link explains what was seen when every degraded service
//! crosses it and no healthy one does. Services whose state is not known neither accuse nor
//! acquit. When no single link explains everything, pairs are tried: every degraded service
//! crosses at least one of the two, and no healthy one crosses either. More than two faults at
//! once are not looked for.
//!
//! **Confidence** is a posterior, not a feeling: links fail independently with the same prior
//! ([`LINK_FAULT_PRIOR`]), the hypotheses are all single links and all pairs, and a link's
//! confidence is the share of the weight of the hypotheses that contain it among those that
//! explain what was seen. Candidates that nothing separates share it evenly. It takes the
//! classifications for granted and knows nothing of nodes and ducts: a node that fails shows as
//! several links.
//!
//! ```
//! use etalon_diagnosis::mesh::{ServiceState, localize};
//! use etalon_types::{FaultKind, Link, Service, Topology, Verdict};
//!
//! let link = |id: &str, a: &str, b: &str| Link {
//!     id: id.into(), a: a.into(), b: b.into(), km: 10.0, srlg: vec![], lines: vec![],
//! };
//! let service = |id: &str, path: &[&str]| Service {
//!     id: id.into(), path: path.iter().map(|n| n.to_string()).collect(),
//! };
//! let chain = Topology {
//!     schema: Topology::SCHEMA.into(), name: "chain".into(), source: "example".into(),
//!     nodes: ["a", "b", "c"].map(String::from).to_vec(),
//!     links: vec![link("a-b", "a", "b"), link("b-c", "b", "c")],
//!     services: vec![service("long", &["a", "b", "c"]), service("short", &["b", "c"])],
//! };
//! let seen = [
//!     ("long".to_owned(), ServiceState::Degraded(FaultKind::Mpi)),
//!     ("short".to_owned(), ServiceState::Healthy),
//! ];
//! let found = localize(&chain, &seen)?;
//! assert_eq!(found.verdict, Verdict::Localized);
//! assert_eq!(found.candidates[0].element, "link/a-b");
//! # Ok::<(), etalon_diagnosis::Error>(())
//! ```

use std::collections::{BTreeMap, BTreeSet};

use etalon_types::{Candidate, FaultKind, Localization, Topology, Verdict};

use crate::Error;

/// Prior probability that a given link is faulty at a given time. An assumption of ours; it only
/// decides how much a pair of faults weighs against a single one (a hundredth).
pub const LINK_FAULT_PRIOR: f64 = 0.01;

/// Domain of every element of a mesh that has only one.
const DOMAIN: &str = "metro";

/// What was observed of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceState {
    /// Measured, and inside its limits.
    Healthy,
    /// Measured, and outside; what the classifier says.
    Degraded(FaultKind),
    /// Not measured, or the telemetry did not come.
    Unknown,
}

/// Names the link behind a set of degraded services.
///
/// Services of the topology that are not listed count as [`ServiceState::Unknown`]; all of those
/// are listed in `missing`, as `path/ID`. The verdict is
/// - *healthy* when nothing is degraded and every link that carries a service carries a healthy
///   one;
/// - *localized* when one link, or else exactly one pair of links, explains everything (a pair
///   gives two candidates);
/// - *ambiguous* when several do: all of them are candidates;
/// - *unknown* when no link and no pair does, or nothing is degraded and something was not seen.
///
/// A candidate's class is the kind that most of the degraded services on it were given.
///
/// # Errors
/// [`Error::Unknown`] for an observation of a service that the topology does not have,
/// [`Error::Conflicting`] for two states of one service, [`Error::BrokenPath`] for a service
/// whose path does not follow links.
pub fn localize(
    topology: &Topology,
    observations: &[(String, ServiceState)],
) -> Result<Localization, Error> {
    let states = states(topology, observations)?;
    let routes = routes(topology)?;
    let missing = topology
        .services
        .iter()
        .filter(|service| states[service.id.as_str()] == ServiceState::Unknown)
        .map(|service| format!("path/{}", service.id))
        .collect();
    let seen = Seen::new(topology, &routes, &states);
    let (verdict, candidates) = if seen.degraded == 0 {
        (
            if seen.all_acquitted() {
                Verdict::Healthy
            } else {
                Verdict::Unknown
            },
            Vec::new(),
        )
    } else {
        seen.explain()
    };
    Ok(Localization {
        schema: Localization::SCHEMA.into(),
        verdict,
        candidates,
        missing,
    })
}

/// Localizes an alarm by the resource that it names, without any other telemetry.
///
/// `link/ID` is the link itself. `path/ID` is any of the links of that service: ambiguous unless
/// there is only one, with the confidence shared. `confidence` is the classifier's, 0 to 1.
///
/// # Errors
/// [`Error::Unknown`] when the topology has no such resource, [`Error::BrokenPath`] when the
/// service's path does not follow links.
pub fn localize_resource(
    topology: &Topology,
    resource: &str,
    class: FaultKind,
    confidence: f64,
) -> Result<Localization, Error> {
    let links: Vec<&str> = if let Some(id) = resource.strip_prefix("link/") {
        let ids: Vec<_> = topology.links.iter().map(|link| link.id.as_str()).collect();
        let found = ids.iter().find(|link| **link == id);
        vec![*found.ok_or_else(|| unknown(topology, "link", id, &ids))?]
    } else if let Some(id) = resource.strip_prefix("path/") {
        let ids: Vec<_> = topology
            .services
            .iter()
            .map(|service| service.id.as_str())
            .collect();
        let mut routes = routes(topology)?;
        let route = routes
            .remove(id)
            .ok_or_else(|| unknown(topology, "service", id, &ids))?;
        route.into_iter().collect()
    } else {
        return Err(unknown(
            topology,
            "resource",
            resource,
            &["link/ID", "path/ID"],
        ));
    };
    let share = confidence / links.len() as f64;
    Ok(Localization {
        schema: Localization::SCHEMA.into(),
        verdict: if links.len() == 1 {
            Verdict::Localized
        } else {
            Verdict::Ambiguous
        },
        candidates: links
            .into_iter()
            .map(|link| candidate(link, class, share))
            .collect(),
        missing: Vec::new(),
    })
}

/// The telemetry, seen from the links.
struct Seen<'t> {
    /// Degraded services in all.
    degraded: usize,
    /// Links that no healthy service crosses, with the degraded services on each.
    suspects: BTreeMap<&'t str, BTreeMap<&'t str, FaultKind>>,
    /// Links that carry a service.
    carrying: BTreeSet<&'t str>,
}

impl<'t> Seen<'t> {
    fn new(
        topology: &'t Topology,
        routes: &BTreeMap<&'t str, BTreeSet<&'t str>>,
        states: &BTreeMap<&'t str, ServiceState>,
    ) -> Self {
        let mut acquitted = BTreeSet::new();
        let mut suspects: BTreeMap<&str, BTreeMap<&str, FaultKind>> = topology
            .links
            .iter()
            .map(|link| (link.id.as_str(), BTreeMap::new()))
            .collect();
        let mut degraded = 0;
        for (&service, links) in routes {
            match states[service] {
                ServiceState::Healthy => acquitted.extend(links.iter().copied()),
                ServiceState::Unknown => {}
                ServiceState::Degraded(kind) => {
                    degraded += 1;
                    for link in links {
                        suspects.entry(link).or_default().insert(service, kind);
                    }
                }
            }
        }
        suspects.retain(|link, _| !acquitted.contains(link));
        Self {
            degraded,
            suspects,
            carrying: routes.values().flatten().copied().collect(),
        }
    }

    fn all_acquitted(&self) -> bool {
        self.carrying
            .iter()
            .all(|link| !self.suspects.contains_key(link))
    }

    /// Single links first, else pairs, with the confidence of every link that is named.
    fn explain(&self) -> (Verdict, Vec<Candidate>) {
        let links: Vec<&str> = self.suspects.keys().copied().collect();
        let covers = |one: &str, two: &str| {
            let both: BTreeSet<_> = self.suspects[one]
                .keys()
                .chain(self.suspects[two].keys())
                .collect();
            both.len() == self.degraded
        };
        let singles: Vec<_> = links
            .iter()
            .copied()
            .filter(|link| covers(link, link))
            .map(|l| [l, l])
            .collect();
        let pairs: Vec<[&str; 2]> = links
            .iter()
            .enumerate()
            .flat_map(|(at, &one)| links[at + 1..].iter().map(move |&two| [one, two]))
            .filter(|[one, two]| covers(one, two))
            .collect();
        // A single fault and a pair differ by one more link that failed.
        let odds = LINK_FAULT_PRIOR / (1.0 - LINK_FAULT_PRIOR);
        let total = singles.len() as f64 + odds * pairs.len() as f64;
        let explaining = if singles.is_empty() { &pairs } else { &singles };
        let named: BTreeSet<&str> = explaining.iter().flatten().copied().collect();
        let mut candidates: Vec<Candidate> = named
            .iter()
            .map(|&link| {
                let alone = singles.iter().filter(|single| single[0] == link).count() as f64;
                let paired = pairs.iter().filter(|pair| pair.contains(&link)).count() as f64;
                candidate(link, self.class(link), (alone + odds * paired) / total)
            })
            .collect();
        // Stable: equal confidences stay in the order of the links' names.
        candidates.sort_by(|one, two| two.confidence.total_cmp(&one.confidence));
        let verdict = match explaining.len() {
            0 => Verdict::Unknown,
            1 => Verdict::Localized,
            _ => Verdict::Ambiguous,
        };
        (verdict, candidates)
    }

    /// The kind that most degraded services on a link were given; ties go to the earlier one of
    /// the contract's list.
    fn class(&self, link: &str) -> FaultKind {
        let mut counts: BTreeMap<FaultKind, usize> = BTreeMap::new();
        for &kind in self.suspects[link].values() {
            *counts.entry(kind).or_default() += 1;
        }
        let most = counts.values().copied().max();
        counts
            .into_iter()
            .find(|(_, count)| Some(*count) == most)
            .map_or(FaultKind::Unknown, |(kind, _)| kind)
    }
}

fn states<'t>(
    topology: &'t Topology,
    observations: &[(String, ServiceState)],
) -> Result<BTreeMap<&'t str, ServiceState>, Error> {
    let mut states: BTreeMap<&str, ServiceState> = topology
        .services
        .iter()
        .map(|s| (s.id.as_str(), ServiceState::Unknown))
        .collect();
    let mut told = BTreeMap::new();
    for (service, state) in observations {
        let ids: Vec<_> = topology.services.iter().map(|s| s.id.as_str()).collect();
        let known = states.get_mut(service.as_str());
        *known.ok_or_else(|| unknown(topology, "service", service, &ids))? = *state;
        match told.insert(service, *state) {
            Some(before) if before != *state => {
                return Err(Error::Conflicting {
                    service: service.clone(),
                    first: format!("{before:?}"),
                    second: format!("{state:?}"),
                });
            }
            _ => {}
        }
    }
    Ok(states)
}

fn routes(topology: &Topology) -> Result<BTreeMap<&str, BTreeSet<&str>>, Error> {
    let route = |service: &'_ etalon_types::Service| {
        let links = topology
            .links_of(&service.path)
            .filter(|links| !links.is_empty());
        links
            .map(|links| links.into_iter().map(|link| link.id.as_str()).collect())
            .ok_or_else(|| Error::BrokenPath {
                service: service.id.clone(),
                found: service.path.join(" "),
            })
    };
    topology
        .services
        .iter()
        .map(|s| Ok((s.id.as_str(), route(s)?)))
        .collect()
}

fn candidate(link: &str, class: FaultKind, confidence: f64) -> Candidate {
    Candidate {
        element: format!("link/{link}"),
        domain: DOMAIN.into(),
        class,
        delta_db: None,
        confidence,
    }
}

fn unknown(topology: &Topology, kind: &'static str, found: &str, expected: &[&str]) -> Error {
    Error::Unknown {
        kind,
        found: found.to_owned(),
        expected: expected.join(", "),
        topology: topology.name.clone(),
    }
}

#[cfg(test)]
mod tests;

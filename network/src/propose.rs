//! Ranked proposals: ways around failed links that close, with mode, margin and latency.
//!
//! The `k` shortest paths that avoid the failed links are judged one by one with the path model
//! of the twin. A path gets the first mode of the request whose predicted margin reaches the
//! stated minimum; a path for which none does is rejected, with its margins. Proposals are
//! ranked by mode (in the order of the request), then by whether they share a duct with a failed
//! link, then by margin, then by latency.
//!
//! A predicted margin is a reason to try, never a reason to call a service restored.

use etalon_twin::path::{PathLink, PathModel};
use etalon_types::{Link, Proposal, ProposalState, Service, Topology, TransmissionMode};

use crate::Error;
use crate::paths::{Avoid, Route, k_shortest_paths};

/// One-way latency of standard fibre in microseconds per km: n = 1.468 over the speed of light.
pub const LATENCY_US_PER_KM: f64 = 4.897;

/// What a proposal is asked for.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The alarm that is answered.
    pub incident: &'a str,
    /// Identifier of the service to move.
    pub service: &'a str,
    /// Links that must not be used, by id (`2-4`) or resource (`link/2-4`).
    pub failed_links: &'a [String],
    /// Modes in the order of preference.
    pub modes: &'a [TransmissionMode],
    /// Smallest predicted margin in dB with which a mode is proposed.
    pub minimum_margin_db: f64,
    /// How many paths are looked at.
    pub k: usize,
    /// Interruption that the switch needs, in milliseconds.
    pub interruption_ms: f64,
    /// Proposals are named `PREFIX-1`, `PREFIX-2`, in the order of rank.
    pub id_prefix: &'a str,
    /// Until when the proposals hold (RFC 3339).
    pub expires: Option<&'a str>,
}

impl<'a> Request<'a> {
    /// Makes a request with the defaults: PAM-4 before NRZ, 1 dB of margin, 8 paths, 25 ms of
    /// interruption (the order of what beam-steering matrix switches state), no expiry, and the
    /// incident's name as the prefix.
    pub fn new(incident: &'a str, service: &'a str, failed_links: &'a [String]) -> Self {
        Self {
            incident,
            service,
            failed_links,
            modes: &[TransmissionMode::Pam4At53G, TransmissionMode::NrzAt26G],
            minimum_margin_db: 1.0,
            k: 8,
            interruption_ms: 25.0,
            id_prefix: incident,
            expires: None,
        }
    }
}

/// A path that was looked at and not proposed.
#[derive(Clone, Debug, PartialEq)]
pub struct Rejected {
    /// Nodes.
    pub path: Vec<String>,
    /// Length in km.
    pub km: f64,
    /// Predicted margin of every mode that was asked for, in dB.
    pub margins_db: Vec<(TransmissionMode, f64)>,
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Proposals, best first; never empty.
    Ranked(Vec<Proposal>),
    /// No path closes in any of the modes, or there is no path at all.
    NoAcceptableRoute {
        /// The paths that were looked at, shortest first.
        rejected: Vec<Rejected>,
    },
}

/// Proposes ways around failed links for one service.
///
/// The model judges every link as if nothing else were wrong with it: links known to be bad
/// belong into `failed_links`.
///
/// # Errors
/// [`Error::Unknown`] for a service or link that the topology does not have;
/// [`Error::NotAffected`] when the service uses none of the failed links;
/// [`Error::Invalid`] when the service's own path does not follow links.
pub fn propose(
    topology: &Topology,
    request: &Request<'_>,
    model: &PathModel,
) -> Result<Outcome, Error> {
    let service = service(topology, request.service)?;
    let failed = failed_links(topology, request.failed_links)?;
    check_affected(topology, service, &failed)?;
    let avoid = Avoid {
        links: failed.iter().map(|l| l.id.clone()).collect(),
        ..Avoid::default()
    };
    let ends = (&service.path[0], &service.path[service.path.len() - 1]);
    let routes = k_shortest_paths(topology, ends.0, ends.1, request.k, &avoid)?;

    let mut ranked = Vec::new();
    let mut rejected = Vec::new();
    for route in routes {
        let links = topology.links_of(&route.nodes).unwrap_or_default();
        let healthy: Vec<_> = links
            .iter()
            .map(|link| PathLink::healthy(link.km))
            .collect();
        let margins_db: Vec<_> = request
            .modes
            .iter()
            .map(|&mode| (mode, model.margin_db(&healthy, mode)))
            .collect();
        match margins_db
            .iter()
            .position(|(_, margin)| *margin >= request.minimum_margin_db)
        {
            Some(rank) => ranked.push((rank, shared_ducts(&links, &failed), margins_db, route)),
            None => rejected.push(Rejected {
                path: route.nodes,
                km: route.km,
                margins_db,
            }),
        }
    }
    if ranked.is_empty() {
        return Ok(Outcome::NoAcceptableRoute { rejected });
    }
    ranked.sort_by(|one, two| {
        let key = |entry: &(usize, Vec<String>, _, _)| (entry.0, !entry.1.is_empty());
        key(one)
            .cmp(&key(two))
            .then(two.2[two.0].1.total_cmp(&one.2[one.0].1))
            .then(one.3.km.total_cmp(&two.3.km))
            .then_with(|| one.3.nodes.cmp(&two.3.nodes))
    });
    let proposals = ranked
        .into_iter()
        .enumerate()
        .map(|(index, (rank, ducts, margins, route))| {
            proposal(request, index, route, &margins[..=rank], &ducts)
        });
    Ok(Outcome::Ranked(proposals.collect()))
}

/// Writes one proposal. The last of `margins` is the mode that closes; those before it do not.
fn proposal(
    request: &Request<'_>,
    index: usize,
    route: Route,
    margins: &[(TransmissionMode, f64)],
    ducts: &[String],
) -> Proposal {
    let (mode, margin) = margins[margins.len() - 1];
    let mut reasons = vec![
        format!("avoids {}", request.failed_links.join(", ")),
        format!("{:.1} km over {} hops", route.km, route.nodes.len() - 1),
        format!(
            "{} closes with a predicted margin of {margin:.2} dB",
            mode.name()
        ),
    ];
    reasons.extend(margins[..margins.len() - 1].iter().map(|(mode, margin)| {
        format!(
            "{} would have {margin:.2} dB of the {:.2} dB asked for",
            mode.name(),
            request.minimum_margin_db
        )
    }));
    reasons.extend(
        ducts
            .iter()
            .map(|duct| format!("shares duct {duct} with a failed link")),
    );
    Proposal {
        schema: Proposal::SCHEMA.into(),
        id: format!("{}-{}", request.id_prefix, index + 1),
        incident: request.incident.into(),
        service: request.service.into(),
        latency_us: route.km * LATENCY_US_PER_KM,
        path: route.nodes,
        wavelength: None,
        mode,
        gsnr_margin_db: margin,
        train_step_s: None,
        interruption_ms: request.interruption_ms,
        power_w: None,
        reasons,
        needs_approval: true,
        state: ProposalState::Proposed,
        approved_by: None,
        expires: request.expires.map(str::to_owned),
    }
}

fn service<'t>(topology: &'t Topology, id: &str) -> Result<&'t Service, Error> {
    let service = topology
        .services
        .iter()
        .find(|service| service.id == id)
        .ok_or_else(|| {
            let ids: Vec<_> = topology.services.iter().map(|s| s.id.as_str()).collect();
            unknown(topology, "service", id, &ids)
        })?;
    if service.path.len() < 2 {
        return Err(Error::Invalid {
            field: format!("service {id} path"),
            expected: "at least two nodes".into(),
            found: format!("{} node(s)", service.path.len()),
        });
    }
    Ok(service)
}

fn failed_links<'t>(topology: &'t Topology, names: &[String]) -> Result<Vec<&'t Link>, Error> {
    let find = |name: &String| {
        let id = name.strip_prefix("link/").unwrap_or(name);
        topology
            .links
            .iter()
            .find(|link| link.id == id)
            .ok_or_else(|| {
                let ids: Vec<_> = topology.links.iter().map(|l| l.id.as_str()).collect();
                unknown(topology, "link", name, &ids)
            })
    };
    names.iter().map(find).collect()
}

fn check_affected(topology: &Topology, service: &Service, failed: &[&Link]) -> Result<(), Error> {
    let own = topology
        .links_of(&service.path)
        .ok_or_else(|| Error::Invalid {
            field: format!("service {} path", service.id),
            expected: "neighbours that a link joins".into(),
            found: service.path.join(" "),
        })?;
    if own
        .iter()
        .any(|link| failed.iter().any(|f| f.id == link.id))
    {
        return Ok(());
    }
    let list = |links: &[&Link]| {
        if links.is_empty() {
            return "none".to_owned();
        }
        links
            .iter()
            .map(|l| l.id.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    Err(Error::NotAffected {
        service: service.id.clone(),
        expected: list(&own),
        found: list(failed),
    })
}

/// Returns the ducts that a path shares with failed links, each once, in alphabetic order.
fn shared_ducts(links: &[&Link], failed: &[&Link]) -> Vec<String> {
    let mut ducts: Vec<String> = links
        .iter()
        .flat_map(|link| &link.srlg)
        .filter(|duct| failed.iter().any(|f| f.srlg.contains(duct)))
        .cloned()
        .collect();
    ducts.sort();
    ducts.dedup();
    ducts
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

//! What breaks, and where: drawn from a seed.

use std::hash::{BuildHasher, Hasher};

use etalon_twin::path::{LinkFault, PathLink, PathModel};
use etalon_types::{FaultKind, Link, Topology, TransmissionMode};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::scope::BAUD_HZ;
use super::truth::Truth;

/// How the bench is broken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Break {
    /// A pair of reflections on one link.
    #[default]
    Mpi,
    /// A low-pass on one link.
    Bandwidth,
    /// Loss on one link.
    LowPower,
    /// Nothing.
    None,
    /// One of the four, drawn too.
    Surprise,
}

impl Break {
    /// The kinds that can be asked for or drawn.
    pub const KINDS: [Self; 4] = [Self::Mpi, Self::Bandwidth, Self::LowPower, Self::None];

    /// Returns the kind of fault, none for a surprise.
    pub fn kind(self) -> Option<FaultKind> {
        match self {
            Self::Mpi => Some(FaultKind::Mpi),
            Self::Bandwidth => Some(FaultKind::Bandwidth),
            Self::LowPower => Some(FaultKind::LowPower),
            Self::None => Some(FaultKind::Healthy),
            Self::Surprise => None,
        }
    }

    /// Returns the name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mpi => "mpi",
            Self::Bandwidth => "bandwidth",
            Self::LowPower => "low-power",
            Self::None => "none",
            Self::Surprise => "surprise",
        }
    }
}

/// Levels of the interference in dB: strong enough that every service over the link fails KP4,
/// weak enough that the pattern is still found.
const MPI_DB: (f64, f64) = (-27.0, -21.0);
/// Delays in seconds. Below 55 ns no linewidth of up to 20 MHz makes the beat noise.
const DELAY_S: (f64, f64) = (55e-9, 400e-9);
/// Linewidths in hertz: from 5 MHz on a capture of 2^16 symbols spans 77 coherence angles.
const LINEWIDTH_HZ: (f64, f64) = (5e6, 20e6);
/// Linewidth times delay from which on `2 pi linewidth delay` is above 6.3, with a little room.
const LEAST_TURNS: f64 = 1.05;
/// Bandwidth of the low-pass over the symbol rate.
const BANDWIDTH: (f64, f64) = (0.22, 0.30);
/// Signal-to-noise ratio in dB that the loss leaves to the shortest service over the link. The
/// longest one has at most 0.7 dB less, so that all of them are between 12 and 15 dB.
const LOSSY_SNR_DB: (f64, f64) = (12.8, 14.9);

/// Returns a seed that nobody knows: the operating system's entropy, by way of the keys that
/// std gives its hash maps (no crate is needed for it).
pub fn fresh_seed() -> u64 {
    let mut hasher = std::collections::hash_map::RandomState::new().build_hasher();
    let time = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    hasher.write_u128(time.map_or(0, |t| t.as_nanos()));
    // Seeds are printed and typed: 53 bits survive any reader of JSON.
    hasher.finish() >> 11
}

/// Draws what is wrong with the network.
pub(super) fn draw(seed: u64, how: Break, topology: &Topology, model: &PathModel) -> Truth {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let how = match how {
        Break::Surprise => Break::KINDS[rng.random_range(0..Break::KINDS.len())],
        other => other,
    };
    let carrying = carrying(topology);
    let link = carrying[rng.random_range(0..carrying.len())];
    let mut between = |(low, high): (f64, f64)| rng.random_range(low..high);
    let fault = match how {
        Break::Mpi => {
            let delay_s = between(DELAY_S);
            let narrowest_hz = LINEWIDTH_HZ.0.max(LEAST_TURNS / delay_s);
            LinkFault::Mpi {
                level_db: between(MPI_DB),
                delay_s,
                linewidth_hz: between((narrowest_hz, LINEWIDTH_HZ.1)),
            }
        }
        Break::Bandwidth => LinkFault::Bandwidth {
            hz: BAUD_HZ * between(BANDWIDTH),
        },
        Break::LowPower => {
            let snr_db = between(LOSSY_SNR_DB);
            LinkFault::Attenuation {
                db: loss_for(snr_db, shortest_over(topology, link), model),
            }
        }
        Break::None | Break::Surprise => LinkFault::None,
    };
    let broken = (fault != LinkFault::None).then(|| link.id.clone());
    Truth::new(
        seed,
        how.kind().unwrap_or(FaultKind::Healthy),
        broken,
        fault,
    )
}

/// Links that carry a service: a fault elsewhere would show nowhere.
fn carrying(topology: &Topology) -> Vec<&Link> {
    let crossed = |link: &&Link| {
        topology
            .services
            .iter()
            .any(|s| crosses(topology, &s.path, link))
    };
    topology.links.iter().filter(crossed).collect()
}

fn crosses(topology: &Topology, path: &[String], link: &Link) -> bool {
    let links = topology.links_of(path).unwrap_or_default();
    links.iter().any(|other| other.id == link.id)
}

/// Length in km of the shortest service over a link.
fn shortest_over(topology: &Topology, link: &Link) -> f64 {
    let services = topology
        .services
        .iter()
        .filter(|s| crosses(topology, &s.path, link));
    let km = |path: &[String]| -> f64 {
        topology
            .links_of(path)
            .unwrap_or_default()
            .iter()
            .map(|l| l.km)
            .sum()
    };
    services
        .map(|service| km(&service.path))
        .fold(f64::INFINITY, f64::min)
}

/// Returns the loss in dB that leaves a path of `km` kilometres a signal-to-noise ratio, by
/// bisection of the path model.
fn loss_for(snr_db: f64, km: f64, model: &PathModel) -> f64 {
    let (mut low, mut high) = (0.0, 20.0);
    for _ in 0..50 {
        let db = 0.5 * (low + high);
        let link = PathLink {
            km,
            fault: LinkFault::Attenuation { db },
        };
        if model.condition(&[link], TransmissionMode::Pam4At53G).snr_db > snr_db {
            low = db;
        } else {
            high = db;
        }
    }
    0.5 * (low + high)
}

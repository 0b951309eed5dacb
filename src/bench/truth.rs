//! The truth, and the seal on it.

use etalon_twin::path::LinkFault;
use etalon_types::FaultKind;
use schemars::JsonSchema;
use serde::Serialize;

use crate::plots::distance_m;
use crate::store::Digest;

/// What is really so (`etalon.demo-truth/1`).
///
/// Its JSON is sealed by its SHA-256. The nonce in it keeps the few possible truths from being
/// hashed and compared by whoever saw the seal; it comes from the seed, so that the same seed
/// gives the same seal.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Truth {
    /// Always `etalon.demo-truth/1`.
    pub schema: &'static str,
    /// Seed of everything that was drawn.
    pub seed: u64,
    /// Kind of the fault; `healthy` when there is none.
    pub kind: FaultKind,
    /// The link that it is on; none when there is no fault.
    pub link: Option<String>,
    /// What is wrong with the link.
    #[schemars(with = "serde_json::Value")]
    pub fault: LinkFault,
    /// Distance between the two reflections in metres, for interference.
    pub distance_m: Option<f64>,
    /// Hexadecimal digits that nobody can guess who does not know the seed.
    pub nonce: String,
}

impl Truth {
    pub(super) fn new(seed: u64, kind: FaultKind, link: Option<String>, fault: LinkFault) -> Self {
        let nonce = Digest::of(format!("etalon.demo-truth/1 nonce of seed {seed}").as_bytes());
        Self {
            schema: "etalon.demo-truth/1",
            seed,
            kind,
            link,
            fault,
            distance_m: match fault {
                LinkFault::Mpi { delay_s, .. } => Some(distance_m(delay_s)),
                _ => None,
            },
            nonce: nonce.to_string()[..32].to_owned(),
        }
    }

    /// Returns the sealed text: one line of JSON.
    pub fn text(&self) -> String {
        // Numbers, texts and options of them: it always serializes.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Returns the seal: SHA-256 of [`Truth::text`].
    pub fn digest(&self) -> Digest {
        Digest::of(self.text().as_bytes())
    }
}

/// Says whether a text is the one that a seal was made of.
pub fn is_sealed_by(text: &str, seal: Digest) -> bool {
    Digest::of(text.as_bytes()) == seal
}

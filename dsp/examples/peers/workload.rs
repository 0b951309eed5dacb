//! The kit's raw files.

use std::path::{Path, PathBuf};

/// First symbol that is judged.
pub const SKIP: usize = 65_536;
/// Symbols that train.
pub const TRAINING: usize = 32_768;

/// What `workload.py` makes; its head defines each file.
pub struct Workload {
    pub tx: Vec<u8>,
    pub rx: Vec<f32>,
    pub rx_nl: Vec<f32>,
    pub taps21: Vec<f32>,
    pub mlse1: Vec<f32>,
    pub mlse2: Vec<f32>,
    pub timing: Vec<f32>,
    pub eye: Vec<f32>,
    pub bits: Vec<u8>,
    pub berrx: Vec<u8>,
}

impl Workload {
    /// Reads `PEERS_DATA`, or `data` beside the kit.
    pub fn read() -> Result<Self, String> {
        let folder = folder();
        Ok(Self {
            tx: bytes(&folder, "tx.u8")?,
            rx: floats(&folder, "rx.f32")?,
            rx_nl: floats(&folder, "rx_nl.f32")?,
            taps21: floats(&folder, "taps21.f32")?,
            mlse1: floats(&folder, "mlse1.f32")?,
            mlse2: floats(&folder, "mlse2.f32")?,
            timing: floats(&folder, "timing.f32")?,
            eye: floats(&folder, "eye.f32")?,
            bits: bytes(&folder, "bits.u8")?,
            berrx: bytes(&folder, "berrx.u8")?,
        })
    }

    /// Returns where a file is.
    pub fn path(name: &str) -> PathBuf {
        folder().join(name)
    }

    /// Returns the number of transmitted symbols.
    pub fn symbols(&self) -> usize {
        self.tx.len()
    }

    /// Returns the symbol error ratio of decisions, one a symbol, over the kit's range.
    pub fn ser(&self, decided: &[u8]) -> f64 {
        let range = SKIP..self.tx.len().min(decided.len()) - 64;
        let n = range.len();
        let wrong = range.filter(|&k| decided[k] != self.tx[k]).count();
        wrong as f64 / n as f64
    }
}

fn folder() -> PathBuf {
    std::env::var_os("PEERS_DATA").map_or_else(|| "../shared/peers/data".into(), PathBuf::from)
}

fn bytes(folder: &Path, name: &str) -> Result<Vec<u8>, String> {
    let path = folder.join(name);
    std::fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))
}

fn floats(folder: &Path, name: &str) -> Result<Vec<f32>, String> {
    Ok(bytes(folder, name)?
        .chunks_exact(4)
        .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
        .collect())
}

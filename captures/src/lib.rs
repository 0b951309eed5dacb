//! Bytes to waveforms and back: one file per capture format

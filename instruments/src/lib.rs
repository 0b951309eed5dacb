//! Ports to readings: drivers, the safety envelope and simulated instruments

//! Etalon's command line.
fn main() {}

//! page
use super::Demo;
/// compose
pub fn compose(_: &Demo) -> crate::report::Report { crate::report::Report::default() }

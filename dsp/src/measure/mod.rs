//! What is measured on equalized or captured samples.
//!
//! | file | measures |
//! |---|---|
//! | [`levels`] | level means, outer levels, OMA, both RLMs |
//! | [`eye`] | the density of the eye, level histograms |
//! | [`channel`] | the pulse response, by least squares |
//! | [`spectrum`] | the loss towards half the symbol rate |
//! | [`statistics`] | intervals: Clopper-Pearson, normal, chi-squared |

pub mod channel;
pub mod eye;
pub mod levels;
pub mod spectrum;
pub mod statistics;

//! What is measured on equalized or captured samples.
//!
//! | file | measures |
//! |---|---|
//! | [`levels`] | level means, outer levels, OMA, both RLMs |
//! | [`eye`] | the density of the eye, level histograms |
//! | [`channel`] | the pulse response, by least squares |
//! | [`deviation`] | the pulse response against a given channel |
//! | [`spectrum`] | the loss towards half the symbol rate |
//! | [`level_shape`] | mean, width and skewness of every level |
//! | [`limits`] | nothing: it holds a report to the limits of a PMD |
//! | [`linear_fit`] | the pulse of a pattern waveform |
//! | [`osnr`] | signal to noise of a channel in an optical spectrum |
//! | [`overshoot`] | overshoot, undershoot, power excursion |
//! | [`sndr`] | signal to noise and distortion ratio |
//! | [`transition_time`] | 20-80 % rise and fall |
//! | [`pattern_waveform`] | nothing: whole periods of a pattern, and the samples at any phase |
//! | [`reference_receiver`] | nothing: the Bessel-Thomson filter before a measure |
//! | [`tdecq`] | TDECQ, TECQ, Ceq and K with the reference equalizer |
//! | [`error_positions`] | gaps and bursts of the wrong symbols, P(wrong, wrong before) |
//! | [`burst_factor`] | variance of error counts over that of independent errors, test for it |
//! | [`errors_by_eye`] | errors by eye, transition and level |
//! | [`frame_errors`] | lost codewords from the error positions, counted or extrapolated |
//! | [`q_scale`] | error ratios drawn on from the tails, or the refusal to |
//! | [`statistics`] | intervals: Clopper-Pearson, normal, chi-squared |

pub mod burst_factor;
pub mod channel;
pub mod deviation;
pub mod error_positions;
pub mod errors_by_eye;
pub mod eye;
pub mod frame_errors;
pub mod level_shape;
pub mod levels;
pub mod limits;
pub mod linear_fit;
pub mod osnr;
pub mod overshoot;
pub mod pattern_waveform;
pub mod q_scale;
pub mod reference_receiver;
pub mod sndr;
pub mod spectrum;
pub mod statistics;
pub mod tdecq;
pub mod transition_time;

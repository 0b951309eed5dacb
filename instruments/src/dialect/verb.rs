//! What instruments are told and asked, whatever their words for it are.

/// A quantity or an act that a table has words for. Values are in base units: m, A, W, s, Hz; levels
/// in dBm, ratios in dB, temperatures in degrees Celsius.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Verb {
    // Every instrument.
    /// Who it is: text.
    Identity,
    /// The oldest error of its queue: number and text.
    ErrorQueue,
    /// Forgets errors and status.
    ClearStatus,
    /// Answers 1 when all that was begun is over.
    OperationComplete,
    /// The event status register.
    EventStatus,
    /// Logs in: user name, then what is answered to the challenge.
    Login,

    // Spectrum analyzers.
    /// Middle of the sweep.
    CentreWavelength,
    /// Width of the sweep.
    Span,
    /// First wavelength.
    StartWavelength,
    /// Last wavelength.
    StopWavelength,
    /// Resolution bandwidth.
    Resolution,
    /// Points of a sweep.
    Points,
    /// Sensitivity, by its number.
    Sensitivity,
    /// Reference level.
    ReferenceLevel,
    /// One sweep, sweeps without end, or stopped.
    SweepMode,
    /// Begins a sweep.
    StartSweep,
    /// Ends a sweep.
    StopSweep,
    /// Not zero when a sweep is over.
    SweepDone,
    /// How traces are sent: text or binary.
    DataFormat,
    /// The trace that is asked for, by its letter.
    ActiveTrace,
    /// Wavelengths of a trace.
    TraceWavelengths,
    /// Levels of a trace.
    TraceLevels,
    /// First and last wavelength and number of points of a trace.
    TraceAxis,

    // Amplifiers.
    /// Model, where it is not part of the identity.
    Model,
    /// Serial number, where it is not part of the identity.
    SerialNumber,
    /// Whether the interlock is locked (open: no emission).
    Interlock,
    /// Constant current, power or gain.
    ControlMode,
    /// Pump or whole amplifier on or off.
    Emission,
    /// One channel of it on or off.
    ChannelEnable,
    /// Current of the pump.
    PumpCurrent,
    /// Largest current that it takes.
    PumpCurrentMaximum,
    /// Output power that it regulates to, in W.
    PowerSetting,
    /// Output power that it regulates to, in dBm.
    LevelSetting,
    /// Gain that it regulates to.
    GainSetting,
    /// Power that comes in.
    InputPower,
    /// Power that goes out.
    OutputPower,
    /// Power that comes back.
    ReturnPower,
    /// Temperature of its case.
    CaseTemperature,
    /// Its status word, bit by bit.
    StatusWord,

    // Attenuators, lasers, power meters.
    /// Attenuation.
    Attenuation,
    /// Smallest attenuation that can be set.
    AttenuationMinimum,
    /// Largest attenuation that can be set.
    AttenuationMaximum,
    /// Attenuation that is added to what is shown.
    AttenuationOffset,
    /// Wavelength that it is calibrated for.
    Wavelength,
    /// Light passes, or a shutter stops it.
    OutputEnable,
    /// Power of a laser.
    LaserPower,
    /// Emission of a laser on or off.
    LaserEnable,
    /// Lock of a laser, with its code.
    LaserLock,
    /// Unit of powers that are read: dBm or W.
    PowerUnit,
    /// Time that power is averaged over.
    AveragingTime,
    /// Power that is read.
    Power,

    // Switches.
    /// How many ports there are: inputs and outputs.
    SwitchSize,
    /// Connects an input to an output.
    Connect,
    /// Opens a circuit.
    Disconnect,
    /// Opens all circuits.
    DisconnectAll,
    /// Circuits that stand: inputs, then outputs.
    Circuits,
    /// The output that one input leads to.
    CircuitOf,
}

#!/usr/bin/env python3
"""The loop that is written without Etalon: read a capture, equalize it, count its errors.

Readers are lecroyparser (.trc) and RigolWFM (.bin), the equalizer is OptiCommPy's NLMS with 21 taps
at two samples a symbol, trained on a quarter of the symbols; errors are counted against PRBS13Q.
There is no symbol clock, no interval, no level, no interference, no table and no resuming: a row of
`etalon batch` holds all of these.

Usage: peer_loop.py LIST   (a path a line; needs lecroyparser, RigolWFM, OptiCommPy from pip)
"""
import contextlib, io, json, os, sys, time, warnings

for name in ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")
warnings.simplefilter("ignore")
import numpy as np


def prbs13q():
    """PRBS13Q of IEEE 802.3 120.5.11.2.1: x^13 + x^12 + x^2 + x + 1, bits in pairs, Gray mapped."""
    state, bits = [1] * 13, []
    for _ in range(2 * 8191):
        new = state[12] ^ state[11] ^ state[1] ^ state[0]
        bits.append(new)
        state = [new] + state[:-1]
    pairs = np.array(bits).reshape(-1, 2)
    return np.array([0, 1, 3, 2])[2 * pairs[:, 0] + pairs[:, 1]]


def read(path):
    if path.endswith(".trc"):
        import lecroyparser
        return np.asarray(lecroyparser.ScopeData(path).y, float)
    from RigolWFM.wfm import Wfm
    with contextlib.redirect_stdout(io.StringIO()):
        return np.asarray(Wfm.from_file(path, "keysight").channels[0].volts, float)


def aligned(samples, symbols):
    """The sent symbols, turned to where the capture begins, and the better of the two phases."""
    period = len(symbols)
    levels = symbols - 1.5
    best = (0.0, 0, 0)
    for phase in (0, 1):
        block = samples[phase : phase + 2 * period : 2]
        block = block - block.mean()
        found = np.fft.ifft(np.fft.fft(block) * np.conj(np.fft.fft(levels))).real
        at = int(np.argmax(np.abs(found)))
        best = max(best, (abs(found[at]), at, phase))
    _, lag, phase = best
    return np.roll(symbols, lag), phase


def analyze(path, symbols):
    from optic.dsp.equalization import mimoAdaptEqualizer
    from optic.utils import parameters
    samples = read(path)
    sent, phase = aligned(samples, symbols)
    samples = samples[phase:]
    count = len(samples) // 2
    sent = np.resize(sent, count)
    samples = (samples - samples.mean()) / samples.std()
    reference = (2.0 * sent - 3.0) / np.sqrt(5.0)
    settings = parameters()
    settings.nTaps, settings.SpS, settings.mu = 21, 2, [5e-3, 1e-3]
    settings.L = [count // 4, count - count // 4]
    settings.alg = ["nlms", "dd-lms"]
    settings.M, settings.constType, settings.prgsBar = 4, "pam", False
    settings.numIter = 1
    with contextlib.redirect_stdout(io.StringIO()):
        out = mimoAdaptEqualizer(samples.reshape(-1, 1)[: 2 * count].astype(complex), settings,
                                 reference.reshape(-1, 1).astype(complex))
    out = out[0] if isinstance(out, tuple) else out
    soft = np.real(out[:, 0])
    decided = np.clip(np.round((soft * np.sqrt(5.0) + 3.0) / 2.0), 0, 3)
    judged = slice(count // 4, count)
    return float(np.mean(decided[judged] != sent[: len(decided)][judged]))


def main():
    paths = open(sys.argv[1]).read().split()
    symbols = prbs13q()
    # The first of each reader compiles and imports; that is not counted.
    for end in (".trc", ".bin"):
        for path in [p for p in paths if p.endswith(end)][:1]:
            analyze(path, symbols)
    ratios = []
    begun = time.perf_counter()
    for path in paths:
        ratios.append(analyze(path, symbols))
    spent = time.perf_counter() - begun
    print(json.dumps({"bench": "lecroyparser and RigolWFM with OptiCommPy", "captures": len(paths),
                      "s_a_capture": spent / len(paths), "median_ser": float(np.median(ratios))}))


main()

"""The same arrays through packages for Python that nobody here wrote; each that is not installed is said."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterator
from types import ModuleType

import numpy as np

from coregulate.bond import SuiteSettings
from coregulate.bond.suite.cross_mapping import neighbours, skill
from coregulate.bond.suite.granger import granger
from coregulate.bond.suite.morlet import E_FOLDING, morlet
from coregulate.bond.suite.phase import locking_profiles
from coregulate.bond.suite.recurrence import recurrence
from coregulate.bond.suite.transfer import transfer
from coregulate.bond.suite.warping import warp
from coregulate.bond.suite.wavelet import wavelet_coherence

#: name, ours, theirs, how far apart they may be (relative)
Row = tuple[str, float, float, float]


def driven(n: int = 500) -> np.ndarray:
    """Make two series, of which the first drives the second."""
    rng = np.random.default_rng(1)
    x, y = np.zeros((2, n))
    for t in range(1, n):
        x[t] = 0.5 * x[t - 1] + rng.standard_normal()
        y[t] = 0.5 * y[t - 1] + 0.4 * x[t - 1] + rng.standard_normal()
    return np.stack([x, y])


def maps(n: int = 300) -> np.ndarray:
    """Two logistic maps (Sugihara et al. 2012), of which the first drives the second."""
    x, y = np.full((2, n), 0.4)
    for t in range(1, n):
        x[t] = x[t - 1] * (3.8 - 3.8 * x[t - 1] - 0.01 * y[t - 1])
        y[t] = y[t - 1] * (3.5 - 3.5 * y[t - 1] - 0.2 * x[t - 1])
    return np.stack([x, y])


def walks(n: int = 600) -> np.ndarray:
    """Make two slow series without a trend."""
    x = np.random.default_rng(0).standard_normal((2, n)).cumsum(axis=1)
    t = np.arange(n)
    return np.stack([v - np.polyval(np.polyfit(t, v, 1), t) for v in x])


def by_statsmodels(module: ModuleType) -> Iterator[Row]:
    x, y = driven()
    for order in (1, 3):
        tests = module.grangercausalitytests(np.column_stack([y, x]), [order])[order]
        theirs = np.log(tests[1][0].ssr / tests[1][1].ssr)
        yield f"granger, order {order}: statsmodels", granger(x, y, order)[1], theirs, 1e-8
        robust = tests[1][1].model.fit(cov_type="HC3").wald_test(tests[1][2], scalar=True, use_f=False)
        theirs = np.log1p(robust.statistic / tests[1][1].df_resid)
        yield "  shocks of any size (HC3)", granger(x, y, order, robust=True)[1], theirs, 1e-8


def by_pyinform(module: ModuleType) -> Iterator[Row]:
    one, two = (np.digitize(v, np.quantile(v, [1 / 3, 2 / 3])) for v in driven())
    cells = np.stack([two[1:], two[:-1], one[:-1]])
    occupied = [len(np.unique(cells[rows], axis=1).T) for rows in ([0, 1], [1, 2], [1], [0, 1, 2])]
    miller = (occupied[0] + occupied[1] - occupied[2] - occupied[3]) / (2 * cells.shape[1])
    theirs = module.transfer_entropy(one, two, k=1) * np.log(2)
    yield "transfer entropy less Miller's: pyinform", transfer(one, two, 1, 3) - miller, theirs, 1e-8


def by_dtw(module: ModuleType) -> Iterator[Row]:
    x, y = driven()
    found = module.dtw(
        np.subtract.outer(x, y) ** 2,
        step_pattern=module.symmetric2,
        window_type="sakoechiba",
        window_args={"window_size": 10},
    )
    yield "time warping: dtw-python", warp(x, y, 10)[0], found.normalizedDistance, 1e-8


def by_edm(module: ModuleType) -> Iterator[Row]:
    import pandas as pd

    x, y = maps()
    n, dimension, delay = len(x), 3, 1
    found = module.Simplex(
        dataFrame=pd.DataFrame({"t": np.arange(1, n + 1), "x": x, "y": y}),
        columns="y",
        target="x",
        lib=f"1 {n}",
        pred=f"1 {n}",
        E=dimension,
        Tp=0,
        tau=-delay,
        exclusionRadius=dimension * delay,
    )
    found = found[["Observations", "Predictions"]].dropna().to_numpy(float)
    mine = skill(*neighbours(y, dimension, delay, 1), x, 0)
    yield "cross mapping: pyEDM", mine, float(np.corrcoef(found.T)[0, 1]), 1e-8


def by_multisyncpy(module: ModuleType) -> Iterator[Row]:
    x = driven()
    x = (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True)
    theirs = module.rqa_metrics(module.recurrence_matrix(x, radius=0.5))
    every, long = recurrence(x, radius=0.5, line_samples=1), recurrence(x, radius=0.5)
    mine = (every.rate, long.determinism, every.mean_line, every.longest_line)
    for name, one, two in zip(("rate", "determinism", "mean line", "longest"), mine, theirs, strict=True):
        yield f"joint recurrence, {name}: multiSyncPy", one, two, 1e-8


def by_pyrqa(module: ModuleType) -> Iterator[Row]:
    """PyRQA works in single precision and counts the main diagonal among the recurrences of joint states."""
    series = importlib.import_module("pyrqa.time_series")
    kinds = importlib.import_module("pyrqa.analysis_type")
    radius = importlib.import_module("pyrqa.neighbourhood").FixedRadius(0.5)
    metric = importlib.import_module("pyrqa.metric").EuclideanMetric
    settings = importlib.import_module("pyrqa.settings").Settings
    x = driven()
    n = x.shape[1]

    def quantities(data: object, kind: object, theiler: int) -> list[float]:
        asked = settings(
            data,
            analysis_type=kind,
            neighbourhood=radius,
            similarity_measure=metric,
            theiler_corrector=theiler,
        )
        found = module.RQAComputation.create(asked, verbose=False).run()
        found.min_diagonal_line_length = 2
        lines = (found.average_diagonal_line, found.longest_diagonal_line, found.entropy_diagonal_lines)
        return [float(part) for part in (found.recurrence_rate, found.determinism, *lines)]

    singles = tuple(series.TimeSeries(v, embedding_dimension=1, time_delay=1) for v in x)
    cross = quantities(singles, kinds.Cross, 0)
    joint = quantities(series.EmbeddedSeries(x.T.copy()), kinds.Classic, 1)
    joint[0] = (joint[0] * n * n - n) / (n * n - n)
    for name, mine, theirs in (
        ("cross", recurrence(x[:1], x[1:], radius=0.5), cross),
        ("joint", recurrence(x, radius=0.5), joint),
    ):
        for quantity, one, two in zip(mine._fields, mine, theirs, strict=True):
            yield f"{name} recurrence, {quantity}: PyRQA", one, two, 1e-6


def by_pycwt(module: ModuleType) -> Iterator[Row]:
    at_hz = 0.25 * 2.0 ** (-np.arange(29) / 8)
    x = walks()[0]
    mine = morlet(x, 1.0, at_hz, 6.0)
    clear = mine.clear_s > E_FOLDING * mine.scales_s[:, None]
    theirs = module.cwt(x / x.std(), 1.0, wavelet=module.wavelet.Morlet(6), freqs=at_hz)[0]
    # Both power spectra at a few places; pycwt rounds its scales to 8 digits.
    for row in (0, 14, 28):
        power = [float((np.abs(w[row, clear[row]]) ** 2).mean()) for w in (mine.w, theirs)]
        yield f"wavelet power at {at_hz[row]:.4f} Hz: pycwt", *power, 1e-5


def by_hypyp(module: ModuleType) -> Iterator[Row]:
    """Compare what is smoothed (from the same coefficients), the whole, and the locking of phases."""
    x = walks()
    n, per_octave = x.shape[1], 8
    # 0.425 is where HyPyP's window (docs/bond.md) is the kernel that the paper's 0.6 octaves give.
    wavelet = module.ComplexMorletWavelet(
        disable_caching=True, dj=1 / per_octave, wtc_smoothing_win_size=0.425
    )
    settings = SuiteSettings(low_hz=0.022, high_hz=0.25, per_octave=per_octave, omega0=2 * np.pi)
    at_hz = 0.25 * 2.0 ** (-np.arange(29) / per_octave)
    transforms = [morlet(v, 1.0, at_hz, settings.omega0) for v in x]
    scales = transforms[0].scales_s
    one, two = (t.w for t in transforms)
    smooth = [
        wavelet.smoothing(part / scales[:, None], dt=1.0, scales=scales)
        for part in (one * two.conj(), np.abs(one) ** 2, np.abs(two) ** 2)
    ]
    theirs = np.abs(smooth[0]) ** 2 / (smooth[1] * smooth[2])
    found = wavelet_coherence(*x, rate_hz=1.0, settings=settings)
    mine, clear = found.coherence, found.usable
    yield "coherence of our coefficients: HyPyP", float(mine[clear].mean()), float(theirs[clear].mean()), 1e-8
    apart = float(np.abs(mine - theirs)[clear].max())
    yield "  largest difference at one place, + 1", 1 + apart, 1.0, 1e-8
    pair_of = importlib.import_module("hypyp.wavelet.pair_signals").PairSignals
    # HyPyP names a frequency by the wavelet's centre, Torrence & Compo by the peak of its spectrum.
    wavelet.get_periods = lambda: scales
    whole = wavelet.wtc(pair_of(np.arange(float(n)), *x)).W
    for row in (0, 28):
        means = [float(c[row, clear[row]].mean()) for c in (mine, whole)]
        yield f"coherence at {at_hz[row]:.4f} Hz: HyPyP", *means, 0.05
    row = 8
    arrows = np.stack([w[row, clear[row]] for w in (one, two)])[None, None]
    plv = importlib.import_module("hypyp.sync.plv").PLV()
    locked = plv.compute(arrows, arrows.shape[-1], (0, 1, 3, 2))[0, 0, 0, 1]
    mine = np.abs(locking_profiles(x[0], x[1:], 1.0, settings)[0, row])
    yield "phase locking: HyPyP", float(mine), float(locked), 1e-8


PEERS: dict[str, tuple[str, str, Callable[[ModuleType], Iterator[Row]]]] = {
    "statsmodels": ("statsmodels.tsa.stattools", "statsmodels", by_statsmodels),
    "pyinform": ("pyinform", "pyinform", by_pyinform),
    "dtw": ("dtw", "dtw-python", by_dtw),
    "pyEDM": ("pyEDM", "pyEDM", by_edm),
    "multiSyncPy": ("multiSyncPy.synchrony_metrics", "multiSyncPy", by_multisyncpy),
    "pyrqa": ("pyrqa.computation", "PyRQA", by_pyrqa),
    "pycwt": ("pycwt", "pycwt", by_pycwt),
    "hypyp": ("hypyp.wavelet.implementations.pywavelets_wavelet", "HyPyP", by_hypyp),
}


def rows() -> Iterator[Row]:
    """Give the rows of each peer that is installed."""
    for package, (module, name, compare) in PEERS.items():
        if importlib.util.find_spec(package) is None:
            print(f"{name} is not installed (pip install {name})")
            continue
        yield from compare(importlib.import_module(module))

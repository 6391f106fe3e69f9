"""Values are read-only, settings are checked, errors carry their cure."""

from __future__ import annotations

import numpy as np
import pytest

from coregulate.core import FormatError, InputError, Samples, Settings, Signal, SignalError


def test_a_signal_is_read_only_and_knows_its_span() -> None:
    signal = Signal(np.arange(10.0), 5.0, start_s=2.0)
    assert signal.span == (2.0, 4.0)
    assert signal.times_s[-1] == pytest.approx(3.8)
    with pytest.raises(ValueError, match="read-only"):
        signal.values[0] = 1


@pytest.mark.parametrize("rate_hz", [0.0, -1.0, float("nan"), float("inf")])
def test_a_rate_must_be_above_zero(rate_hz: float) -> None:
    with pytest.raises(SignalError, match="rate"):
        Signal(np.zeros(3), rate_hz)


def test_times_and_values_must_match() -> None:
    with pytest.raises(SignalError, match="3 times for 2 values"):
        Samples(np.arange(3.0), np.arange(2.0))


def test_settings_change_one_by_one() -> None:
    changed = Settings().changed({"bond.window_s": "60", "seed": "7", "bond.surrogates": "200"})
    assert (changed.bond.window_s, changed.seed, changed.bond.surrogates) == (60.0, 7, 200)
    assert Settings().bond.window_s == 30.0


@pytest.mark.parametrize("key", ["bond.windows", "bonds.window_s", "window_s"])
def test_an_unknown_setting_is_named(key: str) -> None:
    with pytest.raises(InputError, match=key):
        Settings().changed({key: 1})


@pytest.mark.parametrize("value", ["many", "-3", "nan"])
def test_a_setting_must_be_a_number(value: str) -> None:
    with pytest.raises(InputError, match=r"bond\.window_s"):
        Settings().changed({"bond.window_s": value})


def test_an_error_is_one_line_whatever_a_damaged_file_calls_its_channels() -> None:
    error = FormatError("The channel 'E\nC\x1b[2JG\u2028' is damaged", "Export it\r\nagain", "a.edf")
    assert error.problem == "The channel 'E C [2JG ' is damaged"
    assert str(error) == f"{error.problem}. Export it again. File: a.edf"

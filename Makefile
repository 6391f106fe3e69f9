# The same commands on every system are in make.py; this file only saves typing.
PYTHON ?= python3

.PHONY: demo video formats test lint bench parity docs lock
demo video formats test lint bench parity docs lock:
	@$(PYTHON) make.py $@

# jitpy: every habit is one command. `make help` lists them. Each sets up what it needs on a fresh machine.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
# Tests and benchmarks start many processes: each would compile the whole package anew.
unexport PYTHONDONTWRITEBYTECODE
.PHONY: help demo test test-pythons bench bench-boards lint typecheck profile docs fuzz wheel clean system cross-gcc

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

demo: $(STAMP) ## a fresh machine: sets up, runs kernels on real data, prints the table, draws the picture
	$(PY) -m jitpy demo

test: $(STAMP) system ## a fresh machine: sets up, runs every test, on this Python and on others
	$(PY) -m pytest -n 2 tests
	tools/test_pythons

test-pythons: $(STAMP) ## frontend and end-to-end tests on Python 3.13 (and 3.14, 3.15 where they can be fetched)
	tools/test_pythons

bench: $(STAMP) ## side by side with Numba and CPython; ratios, JSON and a plot in benchmarks/results
	$(PY) -m pip install -q "numba>=0.62" "scipy>=1.11"
	$(PY) -m benchmarks

bench-boards: $(STAMP) ## instructions executed and code size beside the cross GCC, for each ISA
	$(PY) -m benchmarks.boards

lint: $(STAMP) ## ruff, strict types
	$(PY) -m ruff check .
	tools/typecheck

typecheck: $(STAMP) ## strict types alone
	tools/typecheck

profile: $(STAMP) ## microseconds per CLIF instruction per pass
	$(PY) -m benchmarks.profile

fuzz: $(STAMP) ## an hour of random inputs to every part (MINUTES=10 each), on new seeds; findings are files in this folder
	JITPY_FUZZ_MINUTES=$(or $(MINUTES),10) $(PY) -m pytest -q -rP -n 2 --maxschedchunk=1 -k "minutes or decorating_changes_nothing or rule_is_proved" \
	 tests/fuzz tests/isle tests/regalloc tests/semantics tests/opt/test_rules_smt.py

docs: $(STAMP) ## regenerate the documentation that is made from tables
	$(PY) tools/gen_clif_docs.py
	$(PY) tools/gen_semantics.py

wheel: $(STAMP) ## a wheel with everything in it
	$(PY) -m pip wheel -q --no-deps -w dist .

$(STAMP): pyproject.toml setup.py
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install -q --upgrade pip
	$(PY) -m pip install -q -e ".[test,lint]"
	$(PY) -m compileall -q jitpy frontend backend
	@touch $(STAMP)

# objdump and gcc are oracles of the encoder and ABI tests; installed where we may. Emulators and binutils for the other ISAs are
# unpacked beside the system, once per machine.
system:
	@command -v objdump >/dev/null && command -v gcc >/dev/null || \
	 { [ "$$(id -u)" = 0 ] && apt-get -qq update && apt-get -qq install -y binutils gcc libc6-dev; } || \
	 echo "objdump and gcc are not here and cannot be installed: the tests that need them will say so"
	@tools/unpack_other_isas || \
	 echo "qemu-user 10 and binutils 2.44 cannot be fetched from Debian: the tests of other ISAs will say so"

cross-gcc: ## Debian's cross compilers (large), with which tests link kernels for the other ISAs
	apt-get -qq update
	apt-get -qq install -y --no-install-recommends $(foreach isa,aarch64 riscv64 s390x,gcc-$(isa)-linux-gnu) \
	 libc6-dev-arm64-cross libc6-dev-riscv64-cross libc6-dev-s390x-cross

clean: ## remove everything that was made
	rm -rf $(VENV) build dist *.egg-info backend/_generated frontend/_generated .mypy_cache .ruff_cache .pytest_cache

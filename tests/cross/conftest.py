"""The targets that this installation compiles for and this machine can run."""

from jitpy.backend import isa
from jitpy.backend.emulation import programs
from jitpy.backend.errors import UnsupportedError

from jitpy.cross import targets


def runnable() -> list[str]:
    found = []
    for name in targets.here():
        try:
            targets.resolve(name)
        except (UnsupportedError, ImportError):
            continue
        if isa.host_name() == targets.TARGETS[name][0] or programs.has(targets.TARGETS[name][0]):
            found.append(name)
    return found


def pytest_generate_tests(metafunc) -> None:
    if "target" in metafunc.fixturenames and metafunc.function.__name__ != "test_bad_input":
        metafunc.parametrize("target", runnable())

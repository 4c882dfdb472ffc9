"""The build step: what is generated from the sources (decision code of the rules, the math library) goes into the wheel."""

from __future__ import annotations

import pathlib
import sys

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = pathlib.Path(__file__).parent


class BuildGenerated(build_py):
    """Generates before it copies, so that an installed jitpy never generates anything."""

    def run(self) -> None:
        if not self.editable_mode:
            sys.path.insert(0, str(ROOT))
            from jitpy.build import generate_all

            generate_all()
        super().run()


def packages() -> list[str]:
    """The three folders as one package tree."""
    found = ["jitpy", *(f"jitpy.{p}" for p in find_packages("jitpy"))]
    for part in ("frontend", "backend"):
        found += [f"jitpy.{part}", *(f"jitpy.{part}.{p}" for p in find_packages(part))]
    return found


setup(
    packages=packages(),
    package_data={"": ["*.isle", "*.bin", "py.typed", "*.json"]},
    cmdclass={"build_py": BuildGenerated},
)

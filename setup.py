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
        if not self.editable_mode:
            # Tells the loader of generated code that nothing needs to be compared with its sources.
            marker = pathlib.Path(self.build_lib) / "jitpy" / "backend" / "_generated" / "WHEEL"
            marker.write_text("")


def packages() -> list[str]:
    """The three folders as one package tree."""
    found = ["jitpy", *(f"jitpy.{p}" for p in find_packages("jitpy"))]
    for part in ("frontend", "backend"):
        found += [f"jitpy.{part}", *(f"jitpy.{part}.{p}" for p in find_packages(part))]
    for generated in ("jitpy/_generated", "backend/_generated"):
        # Filled by the build, or by use; they are packages so that a wheel carries them.
        (ROOT / generated).mkdir(exist_ok=True)
        (ROOT / generated / "__init__.py").touch()
    return sorted({*found, "jitpy._generated", "jitpy.backend._generated"})


setup(
    packages=packages(),
    package_data={"": ["*.isle", "*.clif", "*.image", "*.pyi", "py.typed"]},
    cmdclass={"build_py": BuildGenerated},
)

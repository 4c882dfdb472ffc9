"""jitpy: a numeric JIT for Python that never changes an answer.

What a user touches lives here. The compiler's parts are the sub-packages ``jitpy.frontend`` (a Python
function to CLIF) and ``jitpy.backend`` (CLIF to machine code); in a checkout they are sibling folders
of this one, so the package's search path is extended to find them.
"""

import os as _os

_here = _os.path.dirname(__file__)
_root = _os.path.dirname(_here)
if _os.path.isdir(_os.path.join(_root, "backend", "ir")) and not _os.path.isdir(
    _os.path.join(_here, "backend")
):
    __path__.append(_root)

__version__ = "0.1.0"

"""What kernels ask the interpreter for, with the parts of a site as arguments: ``print`` to ``sys.stdout``, and random numbers of
distributions that NumPy keeps to itself.
"""

from __future__ import annotations

import ctypes

from jitpy.runtime import values
from jitpy.runtime.errors import hold, site_at


def print_site(context: int, cell: int, arguments: int, unused: int) -> int:
    """Print what a site of kind print says: its parts are strings and (slot, type), each an argument of ``print``. A site of kind
    hold: read what an exception will carry.

    A part ``("text", parts)`` is one argument of several parts; ``("sep", text)`` or ``("end", text)`` sets the keyword.
    """
    sites, i = site_at(cell)
    if sites[i].style == "hold":
        hold(sites[i].parts, arguments)
        return 0
    objects = []
    keywords = {}
    for part in sites[i].parts:
        if part.__class__ is str:
            objects.append(part)
        elif part[0] in ("sep", "end"):
            keywords[part[0]] = part[1]
        elif part[0] == "text":
            objects.append("".join([str(values.part(p, arguments)) for p in part[1]]))
        else:
            objects.append(values.part(part, arguments))
    print(*objects, **keywords)
    return 0


def draw_number(context: int, cell: int, arguments: int, result: int) -> int:
    """Call a method of a random number generator (its name, it, its arguments are the parts) and store the number it gives."""
    sites, i = site_at(cell)
    name, *parts = sites[i].parts
    source, *numbers = [values.part(p, arguments) for p in parts]
    got = getattr(source, name)(*numbers)
    kind = ctypes.c_double if isinstance(got, float) else ctypes.c_int64
    kind.from_address(result).value = got
    return 0

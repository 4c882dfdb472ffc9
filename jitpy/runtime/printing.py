"""``print`` from a kernel: the parts of the site with their values, to ``sys.stdout``."""

from __future__ import annotations

from jitpy.runtime import values
from jitpy.runtime.errors import site_at


def print_site(context: int, cell: int, arguments: int, unused: int) -> int:
    """Print what a site of kind print says: its parts are strings and (slot, type), each an argument of ``print``.

    A part ``("sep", text)`` or ``("end", text)`` sets the keyword.
    """
    sites, i = site_at(cell)
    objects = []
    keywords = {}
    for part in sites[i].parts:
        if isinstance(part, str):
            objects.append(part)
        elif isinstance(part[0], str):
            keywords[part[0]] = part[1]
        else:
            objects.append(values.read(part[1], arguments + 8 * part[0]))
    print(*objects, **keywords)
    return 0

"""Random numbers: `random` and `np.random`, the very numbers that CPython and NumPy would give (docs/random.md).

    sources       the objects, their types, how methods are found
    bits          32, 64 and 53 random bits from a bit generator: inline where it is MT19937 or PCG64
    drawing       parameters, their limits, scalars and arrays of draws
    python        the methods of `random.Random`
    legacy        the methods of `np.random.RandomState`, which the functions of `np.random` are
    generator     the methods of `np.random.Generator`
    algorithms    what needs loops, as Python functions compiled like the user's own
"""

from jitpy.frontend.library.random import sources

__all__ = ["sources"]

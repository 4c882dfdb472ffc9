"""Guards: what a kernel read from outside is looked at in every call."""

import builtins
import types

import numpy as np
import pytest
from kernels import identity

from jitpy.runtime import guards


def holds_in_memory(rows):
    from jitpy.runtime.layout import word

    return all(word(at) == expected for at, expected in rows)


def test_a_global_that_changes_is_seen(hand):
    names = {"K": 1, "__builtins__": builtins}
    f = types.FunctionType((lambda x: x).__code__, names)
    made = []

    def kernel(kinds, module):
        module.guard("global", names, "K", names["K"])
        made.append(names["K"])
        return identity(0)(kinds, module)

    g = hand.jit(f, kernel)
    assert g(5) == 5 and g(5) == 5 and made == [1]
    names["K"] = 2
    assert g(5) == 5 and g(5) == 5 and made == [1, 2] and len(g.recompilations) == 1
    names["other"] = 3  # may move the table; nothing is compiled
    for i in range(100):
        names[f"x{i}"] = i
        assert g(5) == 5
    assert made == [1, 2]
    names["K"] = 4 - 2
    assert g(5) == 5 and made == [1, 2]
    names["K"] = 2.0
    assert g(5) == 5 and made == [1, 2, 2.0]


def test_an_equal_number_is_the_same_global():
    names = {"K": 10**6}
    guard = ("global", names, "K", names["K"])
    table, _keep = guards.rows([guard])
    assert holds_in_memory(table)
    names["K"] = int("1000000")
    assert not holds_in_memory(table) and guards.hold([guard])
    names["K"] = 1e6
    assert not guards.hold([guard])


def test_builtins_can_be_shadowed():
    names = {"__builtins__": builtins}
    guard = ("builtin", names, "len", len)
    table, _keep = guards.rows([guard])
    assert holds_in_memory(table) and guards.hold([guard])
    names["len"] = max
    assert not holds_in_memory(table) and not guards.hold([guard])


def test_resizing_and_deleting():
    names = {"a": 1.5, "b": 2.5}
    guard = ("global", names, "b", names["b"])
    table, _keep = guards.rows([guard])
    for i in range(1000):
        names[str(i)] = i
    assert guards.hold([guard]) and not holds_in_memory(table)
    table, _keep = guards.rows([guard])
    del names["a"]
    assert holds_in_memory(table) and guards.hold([guard])
    del names["b"]
    assert not holds_in_memory(table) and not guards.hold([guard])


def test_cells_attributes_functions():
    value = 3

    def f(x=1, *, y=2):
        return x, y, value

    cell = f.__closure__[0]
    table = [
        ("cell", cell, 3), ("attr", np, "sqrt", np.sqrt), ("code", f, f.__code__), ("defaults", f, (1,), {"y": 2}),
        ("attr", types.SimpleNamespace, "__name__", "SimpleNamespace"),
    ]  # fmt: skip
    assert guards.hold(table)
    rows, _keep = guards.rows(table[:4])
    assert holds_in_memory(rows)
    value = 4
    assert not guards.hold([table[0]]) and not holds_in_memory(rows)
    value = 3
    f.__defaults__ = (9,)
    assert not guards.hold([table[3]]) and not holds_in_memory(rows)


def test_key_sharing_and_non_string_tables():
    class A:
        pass

    a, b = A(), A()
    a.x = b.x = 1.5
    for names in (a.__dict__, {"x": 1.5, 3: 4}):
        guard = ("global", names, "x", names["x"])
        table, _keep = guards.rows([guard])
        assert holds_in_memory(table)
        names["x"] = 2.5
        assert not holds_in_memory(table)
    with pytest.raises(ValueError):
        guards.current(("nonsense", 1, 2))


def test_global_arrays_are_watched(hand):
    a = np.zeros(6)
    names = {"a": (1, a)}
    f = types.FunctionType((lambda x: x).__code__, names)

    def kernel(kinds, module):
        module.guard("global", names, "a", names["a"])
        return identity(0)(kinds, module)

    g = hand.jit(f, kernel)
    for _ in range(2):
        g(1)
    a[0] = 5
    assert g(1) == 1 and len(hand.compiled) == 1
    a.shape = 2, 3
    assert g(1) == 1 and len(hand.compiled) == 2
    a.flags.writeable = False
    assert g(1) == 1 and len(hand.compiled) == 3 and g(1) == 1 and len(hand.compiled) == 3

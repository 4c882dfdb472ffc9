"""Lists in kernels against CPython: results, changed arguments, exceptions with their messages."""

from __future__ import annotations

import copy

import pytest

import jitpy


def squares(n):
    out = []
    for i in range(n):
        out.append(i * i)
    return out


def edit(v):
    v.append(3)
    v.reverse()
    return v, len(v), v[1:3], v[::-1], v[-2:], 3 in v, v.index(3)


def order(v):
    v.sort()
    v.insert(0, 2.5)
    return v.count(2.5), v.pop(1), v == v, [*v, 1.0], v + [1.0], [0.0] * 3  # noqa: RUF005


def descending(v):
    v.sort(reverse=True)


def nested(n):
    return [i + j for i in range(n) for j in range(n) if (i + j) % 2], list(range(n)), list((1, 2))  # noqa: C410


def beyond(v):
    v.append(1)
    return v[10]


def pairs(n):
    return [(i, i * 0.5) for i in range(n)], [x for x in (1, 2, 3)]  # noqa: C416


def first_item(v):
    v.append(2.5)


def same_object(v):
    return v


def pop_empty(v):
    v.pop()
    return v.pop()


def remove_missing(v):
    del v[0]
    v.remove(99)


def grow_while_iterating(v):
    for x in v:
        if len(v) < 10:
            v.append(x + 1)
    return len(v)


def aggregate(n):
    out = []
    if n > 2:
        out.append(n)
    total = 0
    for i, x in enumerate(out):
        total += i + x
    for x, y in zip(out, out):
        total += x * y
    return total, sum(out), len(out), bool(out)


CASES = [
    (squares, (0,)), (squares, (40,)), (edit, ([1, 2],)), (order, ([3.0, 1.0, 2.0],)), (descending, ([1, 3, 2, 3],)),
    (nested, (3,)), (beyond, ([1],)), (pairs, (3,)), (first_item, ([],)), (pop_empty, ([1],)), (remove_missing, ([1, 2],)),
    (grow_while_iterating, ([1],)), (aggregate, (1,)), (aggregate, (5,)),
]  # fmt: skip


def outcome(function, arguments):
    try:
        return repr(function(*arguments)), arguments
    except Exception as error:
        return type(error), str(error), arguments


@pytest.mark.parametrize(("function", "arguments"), CASES)
def test_like_python(function, arguments) -> None:
    ours, theirs = copy.deepcopy(arguments), copy.deepcopy(arguments)
    assert outcome(jitpy.jit(function), ours) == outcome(function, theirs)


def test_an_argument_that_is_returned_is_the_same_object() -> None:
    v = [1, 2]
    assert jitpy.jit(same_object)(v) is v


def test_one_item_type() -> None:
    def mixed():
        out = [1]
        out.append(2.5)
        return out

    with pytest.raises(TypeError, match=r"a float cannot go into a list\[int\]"):
        jitpy.jit(mixed)()


def both_names(a, b):
    a.append(1)
    b.append(2)
    return len(a), len(b), a[-1]


def first_and_last(a, b, c):
    a.append(1)
    c[0] = 9
    return len(b)


def test_a_list_passed_twice_is_one_list() -> None:
    for function, make in (
        (both_names, lambda v, w: (v, v)),
        (both_names, lambda v, w: (v, w)),
        (first_and_last, lambda v, w: (v, w, v)),
        (first_and_last, lambda v, w: (v, v, w)),
    ):
        outcomes = []
        for engine in (function, jitpy.jit(function)):
            v, w = [1, 2], [5]
            outcomes.append((engine(*make(v, w)), v, w))
        assert outcomes[0] == outcomes[1]

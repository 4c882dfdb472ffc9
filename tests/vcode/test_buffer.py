"""Branch relaxation, alignment, constants and tables of places."""

from __future__ import annotations

import random

import pytest
import toy
from jitpy.backend.vcode.buffer import Sink


def sink() -> Sink:
    return Sink(toy.target(), None, 0)  # type: ignore[arg-type]


def follow(code: bytes, at: int) -> int:
    """Where the toy's jump at ``at`` leads."""
    if code[at] == toy.JMP:
        return at + 2 + int.from_bytes(code[at + 1 : at + 2], "little", signed=True)
    assert code[at] == toy.JMPL
    return at + 5 + int.from_bytes(code[at + 1 : at + 5], "little", signed=True)


@pytest.mark.parametrize("gap,size", [(0, 2), (127, 2), (128, 5), (1000, 5)])
def test_forward_and_backward(gap: int, size: int) -> None:
    s = sink()
    over = s.label()
    toy.emit_jump(s, over)
    s.code += bytes((toy.NOP,)) * gap
    s.bind(over)
    done = s.finish()
    assert len(done.code) == size + gap
    assert follow(done.code, 0) == len(done.code)
    s = sink()
    back = s.label()
    s.bind(back)
    s.code += bytes((toy.NOP,)) * max(gap - 1, 0)
    toy.emit_jump(s, back)
    assert follow(s.finish().code, max(gap - 1, 0)) == 0


@pytest.mark.parametrize("seed", range(40))
def test_random(seed: int) -> None:
    """Jumps, gaps, alignments, relocations, traps and constants: every one is where its marker is."""
    rng = random.Random(seed)
    s = sink()
    labels = [s.label() for _ in range(30)]
    jumps, marks = [], []  # (label) in order; labels in order of binding
    unbound = labels[:]
    rng.shuffle(unbound)
    while unbound or rng.random() < 0.9:
        k = rng.random()
        if k < 0.3 and unbound:
            label = unbound.pop()
            s.bind(label)
            marks.append(label)
            s.code.append(200)  # a byte that occurs nowhere else
        elif k < 0.6:
            jumps.append(rng.choice(labels))
            s.code.append(201)
            toy.emit_jump(s, jumps[-1])
        elif k < 0.7:
            s.align(rng.choice((4, 16)))
            s.code.append(202)
        elif k < 0.8:
            s.trap(str(len(s.code)))
            s.code.append(203)
        else:
            s.code += bytes((toy.NOP,)) * rng.randint(1, 60)
    done = s.finish()
    code = done.code
    place = dict.fromkeys(labels)
    at, mark, jump = 0, iter(marks), iter(jumps)
    pending, traps = [], []
    while at < len(code):
        byte = code[at]
        if byte == 200:
            place[next(mark)] = at
        elif byte == 201:
            goal = follow(code, at + 1)
            pending.append((next(jump), goal))
            at += 2 if code[at + 1] == toy.JMP else 5
        elif byte == 202:
            assert at % 4 == 0
        elif byte == 203:
            traps.append(at)
        at += 1
    assert [place[label] for label, _ in pending] == [goal for _, goal in pending]
    assert [t[0] for t in done.traps] == traps


def test_constants_are_shared_and_aligned() -> None:
    s = sink()
    s.code += b"\x01\x02\x03"
    small, large = s.constant(b"8 bytes."), s.constant(b"and sixteen more")
    assert s.constant(b"8 bytes.") == small != large
    for label in (small, large, small):
        s.code += bytes(4)
        s.fixup(toy.REL4, label)
    s.pool()
    done = s.finish()
    assert len(done.code) == 16 + 24 and done.align == 16
    fields = [at + int.from_bytes(done.code[at : at + 4], "little") for at in (3, 7, 11)]
    assert fields == [32, 16, 32]


def test_many_branches_are_linear() -> None:
    s = sink()
    labels = [s.label() for _ in range(20_000)]
    for k, label in enumerate(labels):
        toy.emit_jump(s, labels[min(k + 60, len(labels) - 1)])
        s.bind(label)
    assert len(s.finish().code) == 2 * 20_000

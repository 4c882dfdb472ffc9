"""Damaged ISLE: the compiler refuses it with errors of its own, or makes Python of it.

`JITPY_FUZZ_MINUTES`: for so long, on new seeds.
"""

from __future__ import annotations

import random
from contextlib import suppress
from pathlib import Path

import pytest
from jitpy.backend.isle.diagnostics import IsleError, IsleSyntaxError
from jitpy.backend.isle.driver import compile_texts
from jitpy.backend.isle.host import Host
from jitpy.backend.opt import host as mid_end
from minutes import for_minutes, search
from text_mutations import damaged

RULES = """
(type V (primitive V)) (type u64 (primitive u64)) (type R (primitive R))
(decl add (V V) V) (decl num (u64) V) (decl neg (V) V)
(decl half (u64) u64) (extern extractor half half)
(decl pure partial less (u64 u64) u64) (extern constructor less less)
(decl leaf () V) (extern constructor leaf leaf)
(decl double_neg (V) V) (extractor (double_neg x) (neg (neg x)))
(decl hit (u64 V V) R) (extern constructor hit hit)
(decl partial find (V) R)
(rule zero 2 (find (add x (num 0))) (hit 1 x x))
(rule (find (double_neg x)) (hit 2 x x))
(rule 1 (find (add y @ (num (half a)) (num b))) (if-let c (less a b)) (hit c y (leaf)))
(rule (find (add x x)) (let ((y V x)) (hit 3 y x)))
"""


#: The mid-end's rules by theme, each behind the first two, without which none compiles.
FOLDER = Path(mid_end.__file__).parent / "rules"
FIRST = [FOLDER / "prelude.isle", FOLDER / "effects.isle"]
THEMES = sorted(set(FOLDER.glob("*.isle")) - set(FIRST) - {FOLDER / "vector.isle"})


def small() -> Host:
    """What `RULES` are about."""
    h = Host()
    h.discriminant(type="V", bind="nodes[{v}]", tag="{n}[0]")
    h.variant(term="add", type="V", tag=1, fields=["{n}[1]", "{n}[2]"])
    h.variant(term="neg", type="V", tag=2, fields=["{n}[1]"])
    h.variant(term="num", type="V", tag=3, fields=["{n}[1]"])
    h.entry("find", dispatch=True)
    return h


def compiles_or_says_why(texts: list[str], host: Host) -> bool:
    """Whether it compiles: to Python that Python can read."""
    with suppress(IsleError, IsleSyntaxError):
        compile(compile_texts([(f"{i}.isle", text) for i, text in enumerate(texts)], host), "rules", "exec")
        return True
    return False


def damaged_theme(r: random.Random) -> bool:
    texts = [path.read_text() for path in (*FIRST, r.choice(THEMES))]
    at = r.choice((0, 1, 2, 2, 2))
    texts[at] = damaged(texts[at], r)
    return compiles_or_says_why(texts, mid_end.host())


def test_undamaged_rules_compile() -> None:
    assert compiles_or_says_why([RULES], small())
    for theme in THEMES:
        assert compiles_or_says_why([path.read_text() for path in (*FIRST, theme)], mid_end.host()), theme


@pytest.mark.parametrize("chunk", range(2))
def test_damaged_rules(chunk: int) -> None:
    r = random.Random(chunk)
    for _ in range(150):
        compiles_or_says_why([damaged(RULES, r)], small())


def test_damaged_rules_of_the_mid_end() -> None:
    r = random.Random(1)
    assert 0 < sum(damaged_theme(r) for _ in range(12)) < 12


@for_minutes
def test_for_minutes() -> None:
    def damage(seed: int) -> None:
        r = random.Random(seed)
        for _ in range(10):
            compiles_or_says_why([damaged(RULES, r)], small())
        damaged_theme(r)

    search("isle", damage)

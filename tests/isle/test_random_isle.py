"""Random ISLE programs: generated code gives what the rules mean, has its effects in their order, and refuses only for cause.
`JITPY_FUZZ_MINUTES`: for so long, on new seeds.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from jitpy.backend.isle.diagnostics import IsleError
from jitpy.backend.isle.driver import compile_texts
from jitpy.backend.isle.host import Host
from minutes import for_minutes, search
from random_isle import DEFAULT, Program, Reference, Rule


def host(program: Program) -> Host:
    h = Host()
    for name, (_, value) in program.constants.items():
        h.constant(name, value)
    for term in program.terms:
        if term.kind == "rules":
            h.entry(term.name)
    return h


#: What may be wrong with a rule.
CAUSES = ("can never match", "overlaps", "has no constructor and no rules")


def compiled(program: Program) -> tuple[str, list[Rule]]:
    """Generated code, and the rules it has: those that overlap, are hidden, or build with a term that has lost all of
    its own are left out, as the errors ask for.
    """
    while True:
        text = program.text()
        first = text.count("\n") - len(program.rules) + 1
        try:
            return compile_texts([("t.isle", text)], host(program)), program.rules
        except IsleError as error:
            for e in error.errors:
                assert any(cause in e.message for cause in CAUSES), f"{error}\n{text}"
            wrong = {e.pos.line - first for e in error.errors}
            # What hides a default may go first.
            wrong = {i for i in wrong if program.rules[i].priority != DEFAULT} or wrong
            program.rules = [rule for i, rule in enumerate(program.rules) if i not in wrong]


def run(seed: int) -> int:
    """How many calls gave something."""
    program = Program(seed)
    source, rules = compiled(program)
    log: list[Any] = []
    module: dict[str, Any] = {}
    exec(source, module)
    made = module["make"](program.context(log))
    reference = Reference(program, rules)
    hits = 0
    for term in [t for t in program.terms if t.kind == "rules" and any(rule.term.name == t.name for rule in rules)]:
        for _ in range(30):
            args = tuple(program.random.choice(program.values[t]) for t in term.args)
            log.clear()
            reference.log.clear()
            expected = reference.call(term, args)
            hits += len(expected)
            if "multi" in term.flags:
                assert Counter(made[term.name](*args, [])) == Counter(expected), (term, args, program.text())
                continue
            got = made[term.name](*args)
            assert got == (expected[0] if expected else None), (term, args, got, expected, program.text())
            assert program.multi or log == reference.log, (term, args, log, reference.log, program.text())
    return hits


@pytest.mark.parametrize("chunk", range(4))
def test_generated_code_does_what_the_rules_say(chunk: int) -> None:
    assert sum(run(seed) for seed in range(chunk * 40, chunk * 40 + 40)) > 1000


@for_minutes
def test_for_minutes() -> None:
    search("isle-programs", lambda seed: run(seed) and None)

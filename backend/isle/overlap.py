"""Rules of one term against each other: may both match, does one hide the other.

Two rules conflict if they want different answers from the same binding; otherwise some input may satisfy
both, and then their priorities must differ, or the text would not say which one wins. A rule all of whose
constraints are implied by a lower one's hides it. Commuted variants of one rule are not compared: the
written order decides among them. Constants that the host does not spell out count as different from each
other and from all literals. ``multi`` terms take all matches, so nothing is checked there.
"""

from __future__ import annotations

from collections import Counter

from jitpy.backend.isle.bindings import EQ, TAG, Key, RuleIR
from jitpy.backend.isle.diagnostics import Reporter


def may_overlap(a: RuleIR, b: RuleIR) -> bool:
    """Whether one input may satisfy both."""
    if len(a.answers) > len(b.answers):
        a, b = b, a
    answers = b.answers
    return all(answers.get(key, answer) == answer for key, answer in a.answers.items())


def hides(high: RuleIR, low: RuleIR) -> bool:
    """Whether everything that ``low`` matches, ``high`` matches too."""
    answers = low.answers
    return len(high.answers) <= len(answers) and all(
        answers.get(key) == answer for key, answer in high.answers.items()
    )


def without_hidden_variants(rules: list[RuleIR]) -> list[RuleIR]:
    """Leave out commuted variants that an earlier form of the same rule hides."""
    kept: list[RuleIR] = []
    forms: list[RuleIR] = []
    for rule in rules:
        if rule.rule.variant == 0:
            forms = []
        if not any(hides(f, rule) for f in forms):
            kept.append(rule)
            forms.append(rule)
    return kept


def check(rules: list[RuleIR], reporter: Reporter) -> None:
    """Report overlaps at equal priority and hidden rules. ``rules`` are in order of precedence."""
    common: Counter[Key] = Counter()
    for rule in rules:
        common.update(k for k in rule.answers if k[0] in (TAG, EQ))
    split = max(common, key=lambda k: (common[k], -k[1].id), default=None)
    buckets: dict[object, list[RuleIR]] = {}
    wild: list[RuleIR] = []
    for rule in rules:  # only rules of one bucket, or without an answer, can meet
        if split is None or split not in rule.answers:
            met = [r for bucket in buckets.values() for r in bucket] + wild
            wild.append(rule)
        else:
            bucket = buckets.setdefault(rule.answers[split], [])
            met = bucket + wild
            bucket.append(rule)
        for earlier in met:
            _compare(earlier, rule, reporter)


def _compare(high: RuleIR, low: RuleIR, reporter: Reporter) -> None:
    a, b = high.rule, low.rule
    if a.id == b.id:
        return
    if a.priority == b.priority:
        if may_overlap(high, low):
            reporter.error(
                b.pos,
                f"rule {b.name} overlaps rule {a.name} ({a.pos}) at priority {a.priority}; "
                "give one of them a higher priority",
            )
    elif hides(high, low) and b.variant == 0:
        reporter.error(
            b.pos,
            f"rule {b.name} can never match: rule {a.name} ({a.pos}) of higher priority matches "
            "everything that it matches",
        )

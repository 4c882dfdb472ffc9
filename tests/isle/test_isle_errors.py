"""Wrong programs: each line names the place and a part of the sentence."""

from __future__ import annotations

import pytest
from jitpy.backend.errors import CompileError, ParseError
from jitpy.backend.isle.diagnostics import IsleError
from jitpy.backend.isle.driver import compile_texts
from jitpy.backend.isle.host import Host

SYNTAX = [
    ("(decl f (u32)", "1:1", "never closed"),
    (")", "1:1", "')' without"),
    ("(; (; ;)", "1:1", "block comment"),
    ("word", "1:1", "outside of any form"),
    ("(frob 1)", "1:2", "unknown definition 'frob'"),
    ("\n (type T (union))", "2:11", "unknown kind of type"),
    ("(type T inline (primitive T))", "1:9", "unknown type modifier"),
    ("(decl fast f () T)", "1:7", "unknown flag 'fast'"),
    ("(decl pure pure f () T)", "1:12", "twice"),
    ("(rule (f x))", "1:1", "expected the form (rule"),
    ("(rule x)", "1:1", "expected the form (rule"),
    ("(rule (f x) (let ((a u32)) a))", "1:19", "(name Type value)"),
    ("(rule (f x) _)", "1:13", "patterns only"),
    ("(rule (f (and)) 1)", "1:10", "'and' needs"),
    ("(rule (f @ x) 1)", "1:10", "needs a variable before"),
    ("(rule (f x @) 1)", "1:12", "pattern after '@'"),
    ("(rule (f ()) 1)", "1:10", "empty list"),
    ("(rule (f x) (when x) x)", "1:13", "only if-let and if"),
    ("(extern macro f g)", "1:9", "unknown extern"),
    ("(extern const X T)", "1:15", "begins with '$'"),
    ("(extractor (f a a) a)", "1:17", "twice"),
]  # fmt: skip


@pytest.mark.parametrize("text,place,part", SYNTAX)
def test_syntax_errors(text, place, part):
    with pytest.raises(ParseError) as caught:
        compile_texts([("a.isle", text)], Host())
    first = str(caught.value).splitlines()[0]
    assert part in first
    assert first.startswith(f"a.isle:{place}: ")
    assert (caught.value.line, caught.value.column) == tuple(map(int, place.split(":")))


PRELUDE = (
    "(type u32 (primitive u32)) (type V (primitive V)) (type E (enum A (B (x u32)))) "
    "(decl f (u32) u32) (decl pure ok (u32) u32) (extern constructor ok ok) (decl eff (u32) u32) "
    "(extern constructor eff eff) (decl partial may (u32) u32) (extern constructor may may) "
    "(decl multi many (u32) u32) (extern constructor many many) (extern extractor many many) "
    "(decl lone (u32) V) (decl partial fe (E) u32) (decl pure pu (u32) u32) (decl mul (V V) V)\n"
)
MEANING = [
    ("(rule (f x) y)", "2:13", "unknown variable 'y'"),
    ("(rule (g x) x)", "2:8", "unknown term 'g'"),
    ("(decl h (W) V)", "2:10", "unknown type 'W'"),
    ("(type u32 (primitive u32))", "2:7", "already defined"),
    ("(decl f (u32) u32)", "2:7", "already declared"),
    ("(rule (f x z) 1)", "2:7", "has 1 arguments, but 2"),
    ("(rule (f (ok 1)) 1)", "2:10", "no extractor"),
    ("(rule (f x) (lone x))", "2:13", "no constructor"),
    ("(rule (f true) 1)", "2:10", "of type bool"),
    ("(rule (fe 3) 1)", "2:11", "an integer is no E"),
    ("(rule (f (E.A)) 1)", "2:10", "this is a E, but a u32"),
    ("(rule (fe (E.B x)) (if-let x (E.A)) 1)", "2:28", "variable 'x' is a u32 and cannot be E"),
    ("(rule (f $X) 1)", "2:10", "unknown constant $X"),
    ("(rule (f x) (if-let y (eff x)) y)", "2:23", "'eff' is not pure"),
    ("(rule (pu x) (eff x))", "2:14", "'pu' is pure"),
    ("(rule (f x) (may x))", "2:13", "'may' is partial"),
    ("(rule (f x) (many x))", "2:13", "'many' is multi"),
    ("(rule (f (many x)) x)", "2:10", "extractor 'many' is multi"),
    ("(rule (f x) (if-let y 3) y)", "2:23", "type of this integer"),
    ("(rule a (f 1) 1) (rule b (f 1) 2)", "2:18", "overlaps rule a"),
    ("(rule a 1 (f _) 1) (rule b (f 1) 2)", "2:20", "rule b can never match: rule a"),
    ("(rule (f (and 1 2)) 1)", "2:1", "two answers"),
    ("(rule (f x) (f x))", "1:87", "declare it 'rec'"),
    ("(rule a 1 (f 1) 1) (rule a (f 2) 2)", "2:26", "name of the rule at a.isle:2:7"),
    ("(decl z (u32) u32) (extern constructor z x.y)", "2:42", "is no Python name"),
    ("(convert u32 E ok)", "2:16", "needs (decl ok (u32) E)"),
    ("(extern constructor ok again)", "2:1", "already has a constructor"),
    ("(rule (ok x) x)", "2:1", "so it has no rules"),
    ("(extractor (lone a) _)", "2:18", "parameter 'a' is not used"),
    ("(extractor (lone a) (lone a)) (decl partial q (V) u32) (rule (q (lone x)) x)", "2:21", "64 deep"),
    ("(extractor (lone a b) (and a b))", "2:1", "2 parameters"),
    ("(decl commutative w (V u32) V)", "2:19", "two last arguments"),
]  # fmt: skip


@pytest.mark.parametrize("text,place,part", MEANING)
def test_errors_of_meaning(text, place, part):
    with pytest.raises(IsleError) as caught:
        compile_texts([("a.isle", PRELUDE + text)], Host())
    lines = [e for e in str(caught.value).splitlines() if part in e]
    assert lines, str(caught.value)
    assert lines[0].startswith(f"a.isle:{place}: "), lines[0]
    assert isinstance(caught.value, CompileError)


def test_many_errors_in_one_run():
    text = PRELUDE + "(rule (f x) y)\n(rule (g x) x)\n(rule (f 1) 1)\n(rule (f 1) 2)\n(decl h (W) V)"
    with pytest.raises(IsleError) as caught:
        compile_texts([("a.isle", text)], Host())
    assert [e.pos.line for e in caught.value.errors] == [2, 3, 5, 6]
    with pytest.raises(ParseError) as wrong:
        compile_texts([("a.isle", "(frob)\n(type)"), ("b.isle", "(rule)")], Host())
    assert str(wrong.value).count("\n") == 2 and "b.isle:1:1" in str(wrong.value)


def test_members_need_multi_and_hosts_are_checked():
    host = Host()
    host.members(type="V", iterate="each({v})")
    host.discriminant(type="V", tag="{n}[0]")
    host.variant(term="mul", type="V", tag=1, fields=["{n}[1]", "{n}[2]"])
    host.variant(term="lone", type="V", tag=2, fields=[])
    host.entry("nothing")
    host.inline_constructor("mul", "make({0}, {2})")
    text = "(decl partial q (V) u32) (rule (q (mul _ _)) 1)"
    with pytest.raises(IsleError) as caught:
        compile_texts([("a.isle", PRELUDE + text)], host)
    message = str(caught.value)
    assert "must be multi to match 'mul'" in message
    assert "names {2}" in message and "entry 'nothing'" in message
    assert "'lone' has 1 arguments, the host's variant 0" in message


def test_nesting_is_bounded():
    with pytest.raises(ParseError, match="nest deeper"):
        compile_texts([("a.isle", "(" * 5000)], Host())


@pytest.mark.parametrize("template", ["{0", "{0} +", "f({0}"])
def test_templates_are_expressions(template):
    with pytest.raises(CompileError, match="template"):
        Host().inline_constructor("t", template)

"""Every feature of the language, one small program each."""

from __future__ import annotations

import pytest
from jitpy.backend.isle.host import Host
from jitpy.backend.isle.lexer import read_int
from jitpy.backend.isle.runtime import Unmatched

INTS = "(type u32 (primitive u32))\n"


@pytest.mark.parametrize(
    "text,value",
    [("0", 0), ("12_000", 12000), ("-7", -7), ("0xFF_ff", 65535), ("0o17", 15), ("0b1_01", 5), ("007", 7),
     ("x1", None), ("0x", None), ("-", None), ("0x_", None)],
)  # fmt: skip
def test_integers(text, value):
    assert read_int(text) == value


def test_comments_and_priorities(load):
    f = load(INTS + """
        (; a block (; within ;) a block ;)
        (decl f (u32) u32) ; to the end
        (rule (f _) 0)
        (rule one 1 (f 1) 10)
        (rule hex 2 (f 0x10) 20) (rule -1 (f _) 3)
    """.replace("(rule -1 (f _) 3)", ""))["f"]
    assert [f(1), f(16), f(5)] == [10, 20, 0]


def test_enum_struct_and_equality(load):
    out = load(INTS + """
        (type E (enum (A (x u32) (y u32)) B (C (e E))))
        (type Colour nodebug (enum Red Green Blue))
        (type P (struct (l u32) (r u32)))
        (decl f (E) u32)
        (rule 3 (f (E.A x x)) x)
        (rule 2 (f (E.A 1 y)) y)
        (rule 1 (f (E.C (E.A _ y))) y)
        (rule 0 (f _) 99)
        (decl swap (P) P)
        (rule (swap (P l r)) (P r l))
        (decl next (Colour) Colour)
        (rule (next (Colour.Red)) (Colour.Green))
        (rule (next (Colour.Green)) (Colour.Blue))
        (rule (next (Colour.Blue)) (Colour.Red))
        (decl build (u32) E)
        (rule 1 (build 0) (E.B))
        (rule (build n) (E.C (E.A n n)))
    """)
    f = out["f"]
    assert [f((0, 4, 4)), f((0, 1, 8)), f((2, (0, 1, 6))), f((1,)), f((2, (1,)))] == [4, 8, 6, 99, 99]
    assert out["swap"]((1, 2)) == (2, 1)
    assert [out["next"](c) for c in range(3)] == [1, 2, 0]
    assert out["build"](0) == (1,) and out["build"](3) == (2, (0, 3, 3))


def test_let_bool_const_and_conversion(load):
    host = Host()
    host.constant("$TWO", 2)
    host.inline_test("less", "{0} < {1}")
    host.inline_constructor("is_even", "{0} % 2 == 0")
    out = load(INTS + """
        (type Reg (primitive Reg))
        (decl reg (u32) Reg) (extern constructor reg reg)
        (convert u32 Reg reg)
        (decl pair (Reg Reg) Reg) (extern constructor pair pair)
        (extern const $TWO u32) (extern const $HOST u32)
        (decl pure partial less (u32 u32) u32)
        (decl pure is_even (u32) bool)
        (decl partial g (u32) Reg)
        (rule 9 (g $TWO) (pair $TWO $HOST))
        (rule 8 (g $HOST) $HOST)
        (rule 7 (g x) (if (less x 5)) (let ((a Reg (pair x x)) (b Reg a)) (pair a b)))
        (rule 6 (g x) (if-let true (is_even x)) x)
        (rule 5 (g x) (if-let false (is_even x)) (if-let 7 x) x)
    """, host, reg=lambda x: f"r{x}", pair=lambda a, b: (a, b), HOST=100)
    g = out["g"]
    assert g(2) == ("r2", "r100") and g(100) == "r100" and g(8) == "r8" and g(7) == "r7"
    assert g(3) == (("r3", "r3"), ("r3", "r3")) and g(9) is None


def test_nested_macros_have_their_own_variables(load):
    out = load(INTS + """
        (type T (enum (N (a T) (b T)) (I (x u32))))
        (decl same (T) T) (extractor (same p) (T.N q @ p q))
        (decl twice (T) T) (extractor (twice p) (same (same p)))
        (decl mixed (T u32) T) (extractor (mixed a n) (T.N (T.I n) a))
        (decl partial f (T) u32)
        (rule 2 (f (twice (T.I q))) q)
        (rule 1 (f (mixed (mixed (T.I y) x) x)) y)
    """)
    one, two = (1, 5), (1, 6)
    node = (0, one, one)
    assert out["f"]((0, node, node)) == 5
    assert out["f"]((0, node, (0, one, two))) is None
    assert out["f"]((0, one, (0, one, two))) == 6


def test_extractors_of_all_arities(load):
    host = Host()
    host.inline_extractor("small", "{v} if {v} < 4 else None")
    host.inline_extractor("split", "({v} // 10, {v} % 10)", test="{r}[0] > 0")
    host.inline_extractor("odd", test="{v} & 1", fields=[])
    text = INTS + """
        (decl small (u32) u32) (decl split (u32 u32) u32) (decl odd () u32)
        (decl quarters (u32) u32) (extern extractor quarters quarters)
        (decl next (u32 u32) u32) (extern extractor infallible next next)
        (decl partial f (u32) u32)
        (rule 5 (f (small (odd))) 1)
        (rule 4 (f (small n)) n)
        (rule 3 (f (split 9 n)) n)
        (rule 2 (f (quarters n)) n)
        (rule 1 (f (and (odd) (next a _))) a)
    """
    f = load(text, host, quarters=lambda v: v // 4 if v % 4 == 0 else None, next=lambda v: (v + 1, v))["f"]
    assert [f(3), f(2), f(95), f(40), f(41), f(42)] == [1, 2, 5, 10, 42, None]


def test_multi_collects_everything_up_to_the_limit(load):
    text = INTS + """
        (decl multi ways (u32) u32)
        (rule (ways 3) 0)
        (rule (ways x) (g x))
        (rule (ways x) (if-let y (g x)) (may y))
        (decl multi pure g (u32) u32) (extern constructor g g)
        (decl partial may (u32) u32) (extern constructor may may)
        (decl multi each (u32) u32) (extern extractor each each)
        (decl multi pairs (u32) u32)
        (rule (pairs (each (each 7))) 1)
        (rule (pairs (each x)) x)
        (decl multi both (u32) u32)
        (rule (both x) (ways x))
    """
    host = Host()
    for term in ("ways", "pairs", "both"):
        host.entry(term, limit=3 if term == "both" else None)
    out = load(text, host, g=lambda x: [x, x + 1], may=lambda x: x if x % 2 else None,
               each=lambda x: range(x))  # fmt: skip
    assert sorted(out["ways"](3, [])) == [0, 3, 3, 4]
    assert sorted(out["pairs"](3, [])) == [0, 1, 2]
    assert len(out["pairs"](9, [])) == 10
    assert len(out["both"](3, [])) == 3


def test_partial_failure_ends_the_rule_and_total_terms_raise(load):
    out = load(INTS + """
        (decl partial may (u32) u32) (extern constructor may may)
        (decl partial f (u32) u32)
        (decl log (u32) u32) (extern constructor log log)
        (rule 1 (f 1) (log (may 1)))
        (rule 0 (f x) x)
        (decl total (u32) u32)
        (rule (total 1) 2)
    """, may=lambda x: None, log=lambda x: x)  # fmt: skip
    assert out["f"](1) is None and out["f"](2) == 2
    with pytest.raises(Unmatched, match="no rule of ISLE term 'total'"):
        out["total"](5)


def test_effects_run_in_written_order_after_the_match(load):
    log = []

    def emit(*args):
        log.append(args)
        return len(log)

    host = Host()
    host.inline_constructor("swapped", "emit({1}, {0})")
    out = load(INTS + """
        (decl e (u32) u32) (extern constructor e emit)
        (decl e2 (u32 u32) u32) (extern constructor e2 emit)
        (decl swapped (u32 u32) u32)
        (decl partial p (u32) u32) (extern constructor p emit)
        (decl pure partial no (u32) u32) (extern constructor no no)
        (decl partial f (u32) u32)
        (rule 1 (f x) (if (no x)) (e 50))
        (rule 0 (f x) (let ((a u32 (e 1))) (e2 (e2 (e 2) (p 3)) (swapped (e 4) (e2 a (e 5))))))
    """, host, emit=emit, no=lambda x: None)  # fmt: skip
    assert out["f"](0) == 9
    assert [a[0] for a in log if len(a) == 1] == [1, 2, 3, 4, 5]
    assert log == [(1,), (2,), (3,), (2, 3), (4,), (5,), (1, 6), (7, 5), (4, 8)]


def test_commutative_variants(load):
    host = Host()
    host.discriminant(type="V", tag="{v}[0]")
    host.variant(term="add", type="V", tag=1, fields=["{v}[1]", "{v}[2]"])
    host.variant(term="k", type="V", tag=2, fields=["{v}[1]"])
    host.variant(term="x", type="V", tag=3, fields=[])
    text = INTS + """
        (type V (primitive V))
        (decl commutative add (V V) V) (decl k (u32) V) (decl x () V)
        (decl partial f (V) u32)
        (rule 3 (f (add (add (k a) (x)) (k b))) b)
        (rule 2 (f (add (k a) _)) a)
        (rule 0 (f (add p q)) 77)
    """
    out = load(text, host)
    f, x = out["f"], (3,)
    for pair in (((1, (2, 1), x), (2, 9)), ((1, x, (2, 1)), (2, 9))):
        assert f((1, *pair)) == f((1, *pair[::-1])) == 9
    assert f((1, (2, 4), x)) == f((1, x, (2, 4))) == 4
    assert f((1, (2, 4), (2, 5))) == 4  # the written order wins
    assert f((1, x, x)) == 77
    assert out["source"].count("77") == 1


def test_variants_are_at_most_eight(load):
    from jitpy.backend.isle.commute import expand
    from jitpy.backend.isle.driver import check

    term = "(k 0)"
    for n in range(1, 8):
        term = f"(add {term} (k {n}))"
    text = INTS + f"""
        (type V (primitive V)) (decl commutative add (V V) V) (decl k (u32) V)
        (decl f (V) u32) (rule (f {term}) 1)
    """
    forms = expand(check([("t", text)]).rules)
    assert len(forms) == 8 and [f.variant for f in forms] == list(range(8))


def test_verification_forms_are_kept_and_ignored(load):
    from jitpy.backend.isle.driver import check

    text = INTS + """
        (pragma anything)
        (spec (f x) (provide (= result (bvadd x #x01))) (require (bvult x #b1)))
        (model u32 (type (bv 32))) (form one ((args (bv 8)) (ret (bv 8))))
        (instantiate f one) (attr rule named (veri chain)) (attr f (tag slow))
        (macro (m x) (extract 3 0 x)) (state s (type Bool))
        (decl f (u32) u32) (rule named (f x) x)
    """
    program = check([("t", text)])
    kinds = [d.kind for d in program.defs if type(d).__name__ == "Verification"]
    assert kinds == ["spec", "model", "form", "instantiate", "attr", "attr", "macro", "state"]
    assert load(text)["f"](3) == 3


def test_recursion_with_rec(load):
    out = load(INTS + """
        (decl pure dec (u32) u32) (extern constructor dec dec)
        (decl pure rec down (u32) u32)
        (rule 1 (down 0) 0)
        (rule 0 (down n) (down (dec n)))
    """, dec=lambda n: n - 1)  # fmt: skip
    assert out["down"](50) == 0


def test_counters_and_rule_table(load):
    host = Host()
    host.count_rules()
    out = load(INTS + "(decl f (u32) u32) (rule a 1 (f 1) 2)\n(rule (f x) x)", host)
    for x in (1, 2, 3):
        out["f"](x)
    assert out["module"]["FIRED"] == [1, 2]
    assert out["module"]["RULES"] == (("a", "t.isle:2"), ("t.isle:3", "t.isle:3"))
    assert "FIRED" not in load(INTS + "(decl f (u32) u32) (rule (f x) x)")["source"]


def test_dispatch_default_and_opaque_tag(load):
    host = Host()
    host.imports("operator", "add")
    host.discriminant(type="V", bind="nodes[{v}]", tag="{n}[0]")
    for tag, name in enumerate("abcdefgh"):
        host.variant(term=name, type="V", tag=tag * 3, fields=["{n}[1]"])
    host.inline_constructor("plus", "add({0}, {1})")
    host.equality(type="V", template="find({0}) == find({1})")
    host.entry("pick", dispatch=True)
    terms = "".join(f"(decl {n} (V) V)" for n in "abcdefgh")
    nested = "".join(f"(rule 2 (pick (a ({n} _)) _) {i})" for i, n in enumerate("abcdefgh"))
    text = INTS + f"""(type V (primitive V)) {terms} (decl plus (u32 u32) u32)
        (decl pick (V V) u32) {nested}
        (rule 3 (pick (b x) x) (plus 50 7))
        (rule 1 (pick x x) 100) (rule 0 (pick _ _) 101)
    """
    nodes = [(3 * i, 4) for i in range(8)] + [(0, i) for i in range(8)] + [(-1,), (4, 4), (0, 16)]
    out = load(text, host, nodes=nodes, find=lambda v: v % 8)
    pick, table = out["pick"], out["pick.table"]
    assert [pick(8 + i, 1) for i in range(8)] == list(range(8))  # before any other rule for `a`
    assert pick(1, 12) == 57 and pick(1, 9) == 100 and pick(1, 0) == 101
    assert pick(16, 0) == 100 and pick(16, 1) == 101 and pick(17, 9) == 100 and pick(18, 2) == 100
    assert len(table) == 23 and table[-1] is out["pick.default"] and table[4] is out["pick.default"]
    assert table[0](nodes[10], 10, 1) == 2
    assert " < 12:" in out["source"]  # eight alternatives: bisected


def test_deep_rules_move_to_functions_of_their_own(load):
    for kind in ("partial", "multi"):
        host = Host()
        host.discriminant(type="V", bind="nodes[{v}]", tag="{n}[0]")
        host.variant(term="s", type="V", tag=1, fields=["{n}[1]"])
        host.variant(term="z", type="V", tag=0, fields=[])
        if kind == "multi":
            host.members(type="V", iterate="members({v})")
        host.entry("f", limit=2 if kind == "multi" else None)

        def deep(n, end):
            return "(s " * n + end + ")" * n

        text = INTS + f"""(type V (primitive V)) (decl s (V) V) (decl z () V)
            (decl {kind} f (V) u32)
            (rule 3 (f {deep(70, '(z)')}) 70) (rule 2 (f {deep(65, 'x')}) 65) (rule 1 (f {deep(3, '_')}) 3)
        """
        nodes = [(0,)] + [(1, i) for i in range(90)]
        out = load(text, host, nodes=nodes, members=lambda v, nodes=nodes: [nodes[v]])
        f = out["f"]
        if kind == "multi":
            found = [sorted(f(v, [])) for v in (2, 3, 64, 65)]
            assert found == [[], [3], [3], [3, 65]]
            assert len(f(70, [])) == 2  # the limit, reached within a part
        else:
            assert [f(2), f(3), f(64), f(65), f(70), f(71)] == [None, 3, 3, 65, 70, 65]


def test_two_members_of_one_class(load):
    host = Host()
    host.discriminant(type="V", tag="{n}[0]")
    host.variant(term="neg", type="V", tag=1, fields=["{n}[1]"])
    host.variant(term="num", type="V", tag=2, fields=["{n}[1]"])
    host.members(type="V", iterate="classes[{v}]")
    out = load(INTS + """
        (type V (primitive V)) (decl neg (V) V) (decl num (u32) V)
        (decl multi f (V) u32)
        (rule (f (and (neg (num a)) (num b))) (sum a b))
        (rule (f (neg (and (num a) (num b)))) (sum a b))
        (decl sum (u32 u32) u32) (extern constructor sum sum)
    """, host, classes=[[(1, 1), (2, 5)], [(2, 7), (2, 8)]], sum=lambda a, b: (a, b))
    assert out["f"](0, []).count((7, 5)) == 1
    assert sorted(out["f"](0, [])) == sorted([(7, 5), (8, 5), (7, 7), (7, 8), (8, 7), (8, 8)])


def test_host_declares_text(load):
    host = Host()
    host.declare(INTS + "(decl pure one () u32)")
    host.inline_constructor("one", "1")
    assert load("(decl f (u32) u32) (rule (f _) (one))", host)["f"](0) == 1

"""Cost of a generated matcher per node: `PYTHONPATH=. python tests/isle/bench_matcher.py [rules]`."""

from __future__ import annotations

import random
import sys
import time
from types import SimpleNamespace

from jitpy.backend.isle.driver import compile_texts
from jitpy.backend.isle.host import Host

BINARY = ["iadd", "isub", "imul", "band", "bor", "bxor", "ishl", "ushr", "sshr", "rotl", "rotr", "udiv",
          "sdiv", "umin", "umax", "smin", "smax", "icmp"]  # fmt: skip
UNARY = ["ineg", "bnot", "uextend", "sextend", "ireduce", "popcnt", "clz", "ctz", "bswap"]


def host():
    h = Host()
    h.discriminant(type="V", bind="nodes[{v}]", tag="{n}[0]")
    h.members(type="V", iterate="classes[{v}]")
    tags = {}
    for i, name in enumerate([*BINARY, *UNARY, "iconst"]):
        tags[name] = 3 * i + 1
        arity = 2 if name in BINARY else 1
        fields = ["{n}[1]", *(f"{{n}}[{3 + k}]" for k in range(arity))]
        if name == "iconst":
            fields = ["{n}[1]", "{n}[2]"]
        holes = ", ".join(f"{{{k + 1}}}" for k in range(arity))
        build = f"make(({tags[name]}, {{0}}, None, {holes}))"
        if name == "iconst":
            build = f"make(({tags[name]}, {{0}}, {{1}}))"
        h.variant(term=name, type="V", tag=tags[name], fields=fields, construct=build)
    h.entry("simplify", dispatch=True, limit=5)
    return h, tags


def text(count, rng):
    out = ["(type V (primitive V)) (type T (primitive T)) (type u64 (primitive u64))"]
    commutative = {"iadd", "imul", "band", "bor", "bxor"}
    out += [f"(decl {'commutative' if b in commutative else 'pure'} {b} (T V V) V)" for b in BINARY]
    out += [f"(decl {u} (T V) V)" for u in UNARY] + ["(decl iconst (T u64) V)"]
    out.append("(decl multi simplify (V) V)")

    def term(depth, names):
        r = rng.random()
        if depth == 0 or r < 0.3:
            name = f"x{rng.randrange(3)}"
            names.append(name)
            return name
        if r < 0.55:
            return f"(iconst _ {rng.choice([0, 1, 255])})"
        if r < 0.75:
            return f"({rng.choice(UNARY)} _ {term(depth - 1, names)})"
        return f"({rng.choice(BINARY)} _ {term(depth - 1, names)} {term(depth - 1, names)})"

    for _ in range(count):
        while True:
            names = []
            root = rng.choice(BINARY + UNARY)
            arity = 2 if root in BINARY else 1
            args = " ".join(term(2, names) for _ in range(arity))
            if names:
                break
        out.append(f"(rule (simplify ({root} ty {args})) ({rng.choice(UNARY)} ty {names[0]}))")
    return "\n".join(out)


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 165
    rng = random.Random(1)
    h, tags = host()
    begin = time.perf_counter()
    source = compile_texts([("bench", text(count, rng))], h)
    print(f"{count} rules compiled in {time.perf_counter() - begin:.2f} s to {source.count(chr(10))} lines")
    module = {}
    exec(compile(source, "bench", "exec"), module)
    nodes = [(tags["iconst"], 4, k % 4) for k in range(20)]
    while len(nodes) < 20000:
        n = len(nodes)
        if rng.random() < 0.7:
            operands = [
                rng.randrange(20) if rng.random() < 0.3 else rng.randrange(max(0, n - 50), n)
                for _ in range(2)
            ]
            nodes.append((tags[rng.choice(BINARY)], 4, None, *operands))
        else:
            nodes.append((tags[rng.choice(UNARY)], 4, None, n - 1 - rng.randrange(10)))
    classes = [[n] for n in nodes]
    made = []
    ctx = SimpleNamespace(nodes=nodes, classes=classes, make=lambda n: made.append(n) or 0)
    begin = time.perf_counter()
    rules = module["make"](ctx)
    print(f"make(ctx) {1e6 * (time.perf_counter() - begin):.0f} us")
    table = rules["simplify.table"]
    best, hits = 1e9, 0
    for _ in range(5):
        hits = 0
        begin = time.perf_counter()
        for v, n in enumerate(nodes):
            f = table[n[0]]
            if f is not None:
                out = []
                f(n, v, out)
                if out:
                    hits += 1
        best = min(best, time.perf_counter() - begin)
    print(f"{1e6 * best / len(nodes):.3f} us per node, {100 * hits / len(nodes):.1f}% of them rewritten")


if __name__ == "__main__":
    main()

"""Programs that read strs; see `programs`."""

from programs import program


@program(("abcab", "ab"), ("", "x"), ("x", ""), ("d\u00e9j\u00e0 vu", "\u00e9"))
@program(("\u4e2d\u6587", "\u6587"), ("a\U0001f600b", "\U0001f600"))
def searched(s, part):
    return part in s, s.find(part), s.rfind(part), s.count(part), s.startswith(part), s.endswith(part), s == part


@program(("a,bc,,d", ","), ("", ","), ("x--y", "--"), ("\u4e2d,\u6587", ","))
def parts(s, by):
    return s.split(by), len(s.split(by)), s[1:], s[:-1], s[1:2], s[5:2], s.removeprefix("a"), s.removesuffix("d")


@program(("abc", 1), ("abc", -1), ("abc", 3), ("", 0))
def character(s, i):
    return s[i], s[i] == "b"


@program(("hello world",), ("",), ("\u00e9a\u00e9",))
def vowels(s):
    n = 0
    last = "none"
    for c in s:
        if c in "aeiou" or c == "\u00e9":
            n += 1
            last = c
    return n, last, [c for c in s if c > "g"], sum(ord(c) for c in s)


@program(("  ab c ", " "), ("xxaxx", "x"), ("", "x"))
def stripped(s, chars):
    return s.strip(chars), s.lstrip(chars), s.rstrip(chars)


@program(("12+34",), ("7",), ("",))
def parsed(s):
    """A sum of numbers, character by character."""
    total = n = 0
    for i, c in enumerate(s):
        if "0" <= c <= "9":
            n = n * 10 + ord(c) - ord("0")
        elif c == "+":
            total += n
            n = 0
        else:
            raise ValueError(f"{c} at {i}")
    return total + n


@program((2,))
def constants(n):
    names = "x y z".split()
    return "AbC".lower() == "abc", "AbC".upper()[1], "a-b".replace("-", "+") == "a+b", len(names), "{}!".format(3) == "3!"


@program(("add", 2, 3), ("sub", 2, 3), ("neg", 2, 3))
def dispatched(op, a, b):
    match op:
        case "add":
            return a + b
        case "sub":
            return a - b
        case _:
            raise NotImplementedError(f"{op} of {a}")


@program(("key=value",), ("key",), ("=",))
def pair(s):
    at = s.index("=")
    return s[:at], s[at + 1 :]


@program((["b", "a", "c"], "a"), ([], "a"), (["x"], "y"))
def in_lists(v, s):
    v.append("new")
    out = [x for x in v if x != s]
    v.sort()
    return out, s in v, v.index("new"), v[0][0]


@program((3, 2.5), (-1, 0.5))
def text_raised(n, x):
    if n < 0:
        raise ValueError("n is {} and {:.3f}".format(n, x))
    print(str(n), repr(x), str(n) + "!" if n > 100 else "few", "{1} {0!r}".format(n, x))
    assert x > 1, str(x)
    return n

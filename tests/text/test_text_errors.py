"""What does not parse is refused with the place and what was expected."""

import pytest
from jitpy.backend.errors import ParseError
from jitpy.backend.text.parser import parse_file, parse_functions

CASES = [
    ("function f() {}", 1, 10, "expected a function's name such as %f or u0:1, found 'f'"),
    ("function %f(i33) {}", 1, 13, "expected a type such as i32"),
    ("function %f() {", 1, 16, "found the end of the text"),
    ("function %f() {\nblock0:\n  frob v0\n}", 3, 3, "expected an instruction, found 'frob'"),
    ("function %f() {\nblock0:\n  v0 = iconst 1\n}", 3, 8, "iconst needs a type, as in iconst.i32"),
    ("function %f() {\nblock0:\n  v0 = iconst.i8 256\n}", 3, 18, "256 does not fit 8 bits"),
    ("function %f() {\nblock0:\n  v0 = f32const 0x1.0000001p0\n}", 3, 17, "not exactly representable in f32"),
    ("function %f() {\nblock0:\n  v0 = iadd v1, v1\n}", 3, 13, "v1 is not defined"),
    ("function %f() {\nblock0:\n  v0 = iconst.i8 1\n  v0 = iconst.i8 1\n}", 4, 3, "v0 is defined twice"),
    ("function %f() {\nblock0:\n  jump block7\n}", 3, 8, "block7 is not defined"),
    ("function %f() {\nblock0:\nblock0:\n}", 3, 1, "block0 is defined twice"),
    ("function %f() {\n  fn0 = %g sig3\n}", 2, 3, "sig3 is not declared"),
    ("function %f() {\nblock0:\n  call fn0()\n}", 3, 8, "fn0 is not declared"),
    ("function %f() {\nblock0:\n  v0 = iconst.i8 1\n  v1, v2 = ineg v0\n}", 4, 3, "ineg has 1 results, not 2"),
    ("function %f() {\nblock0:\n  v0 -> v1\n  v1 -> v0\n}", 3, 3, "goes in a circle"),
    ("function %f() {\nblock0(v0: i32):\n  v1 = icmp lt v0, v0\n}", 3, 13, "an integer condition such as eq or slt"),
    ("function %f() {\nblock0:\n  v99999999 = iconst.i8 1\n}", 3, 3, "numbers go up to"),
    ("function %f() {\n  ss0 = explicit_slot 8, align = 3\n}", 2, 34, "alignment 3 is not a power of two"),
    ("function %f() {\nblock0:\n  trap user251\n}", 3, 8, "a trap code"),
    ("function %f() {\nblock0:\n  v0 = vconst.i32x4 [1 2 3]\n}", 3, 21, "i32x4 has 4 lanes, not 3"),
    ("function %f() {\nblock0:\n  return ` }", 3, 10, "unexpected character '`'"),
    ("function %f() {\nblock0:\n  v0 = iadd v1, v1\n  v1 = iadd v0, v0\n}", 4, 3, "cannot be inferred"),
    ("function %f() {\nblock0(v0: i8):\n  v1 = ineg.i16 v0, v0\n}", 3, 19, "expected"),
]


@pytest.mark.parametrize(("text", "line", "column", "message"), CASES)
def test_error(text: str, line: int, column: int, message: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_functions(text)
    assert message in str(caught.value)
    assert (caught.value.line, caught.value.column) == (line, column), caught.value


def test_the_path_is_named() -> None:
    with pytest.raises(ParseError, match=r"^dir/a\.clif:2:1: "):
        parse_file("test cat\n!", "dir/a.clif")


def test_comments_belong_to_the_function_before_them() -> None:
    file = parse_file("test run ; a\n; b\nfunction %f() {\n; c\n}\n; d\n\nfunction %g() {}\n; e")
    assert file.header == [(1, ["test", "run"])]
    assert file.comments == [(1, "; a"), (2, "; b")]
    assert [parsed.comments for parsed in file.functions] == [[(4, "; c"), (6, "; d")], [(9, "; e")]]

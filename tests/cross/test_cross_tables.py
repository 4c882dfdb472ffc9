"""Constants of several widths in one table, as another byte order has them."""

from jitpy.cross.freestanding import _words

NUMBERS = ((1, 8), (2, 4), (3, 2), (4, 1))


def test_words_turn_at_their_start() -> None:
    little, big = (b"".join(n.to_bytes(w, order).ljust(8, b"\0") for n, w in NUMBERS) for order in ("little", "big"))
    assert _words(little, (8, 4, 2, 1), ">").tobytes() == big
    assert _words(little, (8, 4, 2, 1), "<").tobytes() == little

"""What the baseline compiler keeps per target, from function to function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.backend.baseline.chunks import Single
from jitpy.backend.baseline.derive import Maker
from jitpy.backend.baseline.template import Probe
from jitpy.backend.ir.types import IS_INT
from jitpy.backend.target.row import INT, MInst
from jitpy.backend.vcode.abi import IN_REG
from jitpy.backend.vcode.context import LowerCtx
from jitpy.backend.vcode.rows import RET

if TYPE_CHECKING:
    from jitpy.backend.ir.function import Signature
    from jitpy.backend.target.row import Row
    from jitpy.backend.target.target import Target
    from jitpy.backend.vcode.abi import Place, SigAbi
    from jitpy.backend.vcode.frame import Frame

_WAYS_LIMIT = 1000
_LAYOUTS_LIMIT = 256
MOVES_LIMIT = 1 << 10  # of a layout; more are those of one large function


class Kit:
    """What the walk keeps per target: the maker of templates, the templates by shape, the context of the general way."""

    def __init__(self, target: Target) -> None:
        self.maker = Maker(target)
        self.probe = Probe(target)
        self.shapes: dict[Any, Any] = {}
        self.ways: dict[SigAbi, Any] = {}
        self.kinds: dict[Row, int] = {}  # see `onepass.kind_of`
        self.layouts: dict[tuple[int, int, bool], dict[Any, bytes]] = {}
        self.ctx = LowerCtx(target)
        #: Type -> class of a value in one register, -1 if it takes several. 0 stands for values that do not exist.
        self.class_of: dict[int, int] = {0: 0}
        #: The end of a function whose results are where they belong.
        self.leave = Single(MInst(RET, (), ()), ())
        self.target = target

    def new_type(self, type: int) -> int:
        """Fill in ``class_of``."""
        parts = self.target.parts_of(type)
        found = self.class_of[type] = parts[0][0] if len(parts) == 1 else -1
        return found

    def way(self, sig: SigAbi, signature: Signature) -> tuple[Any, Any]:
        """The registers of the arguments and of the results, one after the other; None where it is not as simple as that."""
        found = self.ways.get(sig)
        if found is None:
            if len(self.ways) > _WAYS_LIMIT:
                self.ways.clear()
            args = rets = None
            if sig.area is None:
                if not any(sig.memory_args) and max(sig.copies, default=-1) < 0:
                    args = self.simple(sig.args)
                if not any(sig.ret_extensions) and (sig.rets or not _gives_back(sig, signature)):
                    rets = self.simple(sig.rets)
            found = self.ways[sig] = args, rets
        return found

    def moves(self, frame: Frame) -> dict[Any, bytes]:
        """(source, destination, class) -> the bytes of the move, in frames laid out like this one: small frames repeat. The key is
        all that an ISA's ``emit_move`` may ask of a frame."""
        layouts = self.layouts
        key = frame.spills, frame.size, frame.realigned
        found = layouts.get(key)
        if found is None or len(found) > MOVES_LIMIT:
            if len(layouts) > _LAYOUTS_LIMIT:
                layouts.clear()
            found = layouts[key] = {}
        return found

    def simple(self, values: list[tuple[Place, ...]]) -> tuple[int, ...] | None:
        """The registers, if all that is passed is in some that may be allocated."""
        places = [place for value in values for place in value]
        if any(place[0] != IN_REG or not self.target.env.all >> place[1] & 1 for place in places):
            return None
        if any(place[2] == INT and not IS_INT[place[3]] for place in places):  # floats in integer registers
            return None
        return tuple([place[1] for place in places])


def _gives_back(sig: SigAbi, signature: Signature) -> bool:
    """Whether the address of an sret parameter is returned."""
    return sig.abi.returns_sret and any(p.purpose == "sret" for p in signature.params)

"""Wrappers: from a Python call to a kernel and back, generated as CLIF.

    object *wrapper(holder, object **args, nargsf, kwnames)        the vectorcall convention

A wrapper checks that the call has its shape and the arguments its types, reads their fields, checks the guards, calls
the kernel through its record, and makes the result's object. Whatever does not match goes on to the next record (see
`record`), in the end to Python; nothing is changed before everything is known to match. It depends on types alone, so
one serves all kernels of a signature, and nothing in it is an address before it is loaded.

Checks come in levels: the type words of all arguments are compared with one branch, then the fields of arrays and the
sizes of tuples with another, then the items of tuples likewise.
"""

from __future__ import annotations

from sys import intern

from jitpy.backend.ir import opcodes as op
from jitpy.backend.ir.types import F32, F64, I8, I16, I32, I64
from jitpy.frontend.types import types as ty
from jitpy.runtime import layout as at
from jitpy.runtime import record as rec
from jitpy.runtime.assembler import Assembler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jitpy.backend.ir.function import Function

#: Objects that symbols ``object_N`` stand for: constants that arguments are compared with, frontend types for Python
#: helpers.
_objects: list[object] = []
_object_names: dict[int, str] = {}

_PYTHON_TYPES = {
    ty.py_int: "PyLong_Type", ty.py_float: "PyFloat_Type", ty.py_complex: "PyComplex_Type", ty.py_bool: "PyBool_Type",
    ty.string: "PyUnicode_Type",
}  # fmt: skip

#: More flat values of a tuple than this wait in memory until all are there.
WIDE = 32


def object_symbol(obj: object) -> str:
    """A symbol whose address is this object's; the object is kept for good."""
    name = _object_names.get(id(obj))
    if name is None:
        name = _object_names[id(obj)] = f"object_{len(_objects)}"
        _objects.append(obj)
    return name


def keep_objects() -> None:
    """Let these objects outlive the interpreter's modules."""
    at.never_free(_objects)


def object_address(name: str) -> int:
    """The address behind an `object_symbol`."""
    return id(_objects[int(name[7:])])


class Shape:
    """How a call's arguments reach the parameters: ``sources[i]`` is an index into ``args``, or -1 for the default.

    ``positional``: how many come by position; ``keywords``: the names that follow, in the order of the call.
    """

    __slots__ = ("keywords", "positional", "sources")

    def __init__(self, sources: tuple[int, ...], positional: int, keywords: tuple[str, ...]) -> None:
        self.sources = sources
        self.positional = positional
        self.keywords = keywords

    def key(self) -> tuple[tuple[int, ...], int, tuple[str, ...]]:
        """Equal for equal shapes."""
        return self.sources, self.positional, self.keywords


def plain_shape(count: int) -> Shape:
    """All parameters by position."""
    return Shape(tuple(range(count)), count, ())


def make_wrapper(
    name: str, types: tuple[ty.Type, ...], results: tuple[ty.Type, ...], shape: Shape,
    exact: bool = True, nogil: bool = False,
) -> Function:  # fmt: skip
    """The wrapper for arguments of ``types`` and the result variants ``results``.

    ``exact``: an array must have the very layout and writability of its type (overloads made on demand); otherwise
    what the type admits (signatures that the user wrote).
    """
    return _Wrapper(name, types, results, shape, exact, nogil).func


class _Wrapper(Assembler):
    __slots__ = ("args", "entry", "exact", "fail", "lists", "miss", "types")

    def __init__(
        self, name: str, types: tuple[ty.Type, ...], results: tuple[ty.Type, ...], shape: Shape,
        exact: bool, nogil: bool,
    ) -> None:  # fmt: skip
        super().__init__(name, (I64, I64, I64, I64), (I64,))
        self.exact = exact
        self.types = types
        self.lists: list[tuple[int, int, ty.Type]] = []  # (object, handle, type)
        holder, self.args, nargsf, kwnames = self.arguments()
        self.miss = self.label(cold=True)
        self.fail = self.label(cold=True)
        self.entry = self.load(I64, holder, rec.NEXT)

        objects = self.match_shape(shape, nargsf, kwnames)
        self.match_types(objects, types)
        self.match_guards()
        flat = [v for o, t in zip(objects, types) for v in self.unbox(o, t)]
        self.run(flat, types, results, nogil)

        self.at(self.miss)
        following = self.load(I64, self.entry, rec.NEXT)
        wrapper = self.load(I64, following, rec.RECORD_WRAPPER)
        self.ret(self.call_pointer(wrapper, (I64,) * 4, (I64,), self.entry, self.args, nargsf, kwnames))
        self.at(self.fail)
        self.ret(self.iconst(0))

    # Matching

    def match_shape(self, shape: Shape, nargsf: int, kwnames: int) -> list[int]:
        """Check the counts and names; the objects, in the order of the parameters."""
        # The top bit of nargsf says that args[-1] may be overwritten; adding the number to itself drops it.
        doubled = self.binary(op.IADD, nargsf, nargsf)
        wrong = self.binary(op.BXOR, doubled, self.iconst(2 * shape.positional))
        if not shape.keywords:
            self.leave_if(self.binary(op.BOR, wrong, kwnames), self.miss)
        else:
            # Names in source code are interned, so equal names are the same object; others go to Python.
            self.leave_if(wrong, self.miss)
            self.leave_if(self.icmp("eq", kwnames, self.iconst(0)), self.miss)
            self.leave_unless_equal([(self.load(I64, kwnames, at.SIZE), self.iconst(len(shape.keywords)))])
            self.leave_unless_equal([
                (self.load(I64, kwnames, at.TUPLE_ITEMS + 8 * i), self.symbol(object_symbol(intern(name))))
                for i, name in enumerate(shape.keywords)
            ])  # fmt: skip
        defaults = -1
        objects = []
        for i, source in enumerate(shape.sources):
            if source >= 0:
                objects.append(self.load(I64, self.args, 8 * source))
            else:
                if defaults < 0:
                    defaults = self.load(I64, self.entry, rec.RECORD_DEFAULTS)
                objects.append(self.load(I64, defaults, 8 * i))
        return objects

    def match_types(self, objects: list[int], types: tuple[ty.Type, ...]) -> None:
        """Check the types of objects and of what they contain."""
        level = list(zip(objects, types))
        while level:
            self.leave_unless_equal([self.type_word(o, t) for o, t in level])
            fields: list[tuple[int, int]] = []
            for o, t in level:
                if isinstance(t, ty.Array):
                    fields += self.array_fields(o, t)
                elif isinstance(t, ty.Tuple):
                    fields.append((self.load(I64, o, at.SIZE), self.iconst(len(t.items))))
                elif isinstance(t, ty.RandomSource) and t.family != "Random":
                    # Which bit generator it is, its functions say.
                    bits = self.load(I64, o, random_bits(t) + at.NEXT_DOUBLE)
                    fields.append((bits, self.symbol(f"jitpy_next_{t.bits}_double")))
                elif isinstance(t, ty.Str):
                    state = self.load_u32(o, at.STR_STATE)
                    compact = self.iconst(at.STR_COMPACT)
                    fields.append((self.binary(op.BAND, state, compact), compact))
            self.leave_unless_equal(fields)
            following: list[tuple[int, ty.Type]] = []
            for o, t in level:
                if isinstance(t, ty.Array):
                    self.match_descr(o, t.dtype)
                elif isinstance(t, ty.Tuple):
                    following += [(self.tuple_item(o, i), item) for i, item in enumerate(t.items)]
            level = following

    def tuple_item(self, o: int, i: int) -> int:
        return self.load(I64, o, at.TUPLE_ITEMS + 8 * i)

    def type_word(self, o: int, t: ty.Type) -> tuple[int, int]:
        """A word of the object and what it must be for the type to be possible."""
        if isinstance(t, ty.Constant):
            return o, self.symbol(object_symbol(t.value))
        if isinstance(t, ty.NoneType):
            return o, self.symbol("Py_None")
        return self.load(I64, o, at.TYPE), self.symbol(type_symbol(t))

    def array_fields(self, o: int, t: ty.Array) -> list[tuple[int, int]]:
        mask = want = 0
        if self.exact:
            # C wins where an array is both; size-one axes make no difference.
            if t.layout == "C":
                mask, want = mask | at.FLAG_C, want | at.FLAG_C
            elif t.layout == "F":
                mask, want = mask | at.FLAG_C | at.FLAG_F, want | at.FLAG_F
            else:
                mask |= at.FLAG_C | at.FLAG_F
            mask |= at.FLAG_WRITEABLE
            want |= 0 if t.readonly else at.FLAG_WRITEABLE
        else:
            flags = {"C": at.FLAG_C, "F": at.FLAG_F}.get(t.layout, 0)
            flags |= 0 if t.readonly else at.FLAG_WRITEABLE
            mask, want = mask | flags, want | flags
        flags_word = self.load_u32(o, at.ARRAY_FLAGS)
        return [
            (self.binary(op.BAND, flags_word, self.iconst(mask)), self.iconst(want)),
            (self.load_u32(o, at.ARRAY_NDIM), self.iconst(t.ndim)),
        ]

    def match_descr(self, o: int, dtype: ty.Scalar) -> None:
        """The dtype is NumPy's singleton, or another object that says the same (unpickled arrays have such)."""
        descr = self.load(I64, o, at.ARRAY_DESCR)
        other, same = self.label(cold=True), self.label()
        self.brif(self.icmp("eq", descr, self.symbol(descr_symbol(dtype))), same, other)
        self.at(other)
        number, order = at.dtype_identity(dtype_name(dtype))
        self.leave_unless_equal([
            (self.load_u32(descr, at.DESCR_TYPE_NUM), self.iconst(number)),
            (self.load_u8(descr, at.DESCR_BYTEORDER), self.iconst(order)),
        ])  # fmt: skip
        self.jump(same)
        self.at(same)

    def leave_unless_equal(self, pairs: list[tuple[int, int]]) -> None:
        """One branch to the next record unless the members of every pair are equal."""
        different = -1
        for a, b in pairs:
            d = self.binary(op.BXOR, a, b)
            different = d if different < 0 else self.binary(op.BOR, different, d)
        if different >= 0:
            self.leave_if(different, self.miss)

    def match_guards(self) -> None:
        """Every word that the kernel's meaning hangs on must still be what it was (see `guards`)."""
        count = self.load(I64, self.entry, rec.RECORD_GUARD_COUNT)
        loop, done = self.label(I64, I64), self.label()
        start = self.load(I64, self.entry, rec.RECORD_GUARDS)
        self.brif(count, loop, done, (start, count))
        row, left = self.at(loop)
        now = self.load(I64, self.load(I64, row))
        self.leave_if(self.icmp("ne", now, self.load(I64, row, 8)), self.miss)
        row = self.binary(op.IADD, row, self.iconst(16))
        left = self.binary(op.ISUB, left, self.iconst(1))
        self.brif(left, loop, done, (row, left))
        self.at(done)

    # Arguments

    def unbox(self, o: int, t: ty.Type) -> list[int]:
        """The flat values of an object whose type has been checked. Still leaves to the next record for ints beyond
        64 bits.
        """
        if isinstance(t, ty.Scalar):
            return self.unbox_scalar(o, t)
        if isinstance(t, ty.Array):
            shape, strides = self.load(I64, o, at.ARRAY_SHAPE), self.load(I64, o, at.ARRAY_STRIDES)
            axes = range(t.ndim)
            return [
                o, self.load(I64, o, at.ARRAY_DATA),
                *(self.load(I64, shape, 8 * i) for i in axes), *(self.load(I64, strides, 8 * i) for i in axes),
            ]  # fmt: skip
        if isinstance(t, ty.Tuple):
            return self.unbox_tuple(o, t)
        if isinstance(t, ty.Str):
            return self.unbox_string(o)
        if isinstance(t, ty.RandomSource):
            return [o, self.binary(op.IADD, o, self.iconst(random_bits(t)))]
        if isinstance(t, ty.List):
            return [self.unbox_list(o, t)]
        if isinstance(t, ty.Dict | ty.Set):
            entries = self.unbox_list(o, t)
            return [entries, self.load(I64, entries, rec.INDEX_OF_ENTRIES)]
        return []

    def unbox_tuple(self, o: int, t: ty.Tuple) -> list[int]:
        """The flat values of all items.

        An int is a branch, and what lives across every branch is work per branch: the values of a wide tuple wait in memory, so
        that the wrapper is compiled in time linear in the items.
        """
        if len(t.flat) <= WIDE:
            return [v for i, item in enumerate(t.items) for v in self.unbox(self.tuple_item(o, i), item)]
        waiting = self.slot(8 * len(t.flat))
        offset = 0
        for i, item in enumerate(t.items):
            for v in self.unbox(self.tuple_item(o, i), item):
                self.store(v, self.slot_address(waiting), offset)
                offset += 8
        start = self.slot_address(waiting)
        return [self.load(f, start, 8 * k) for k, f in enumerate(t.flat)]

    def unbox_scalar(self, o: int, t: ty.Scalar) -> list[int]:
        if t is ty.py_bool:
            return [self.icmp("eq", o, self.symbol("Py_True"))]
        if t is ty.py_int:
            return [self.unbox_int(o)]
        if t is ty.py_float:
            return [self.load(F64, o, at.FLOAT_VALUE)]
        if t is ty.py_complex:
            return [self.load(F64, o, at.COMPLEX_REAL), self.load(F64, o, at.COMPLEX_IMAG)]
        width = t.bits // len(t.flat) // 8
        return [self.load(f, o, at.SCALAR_VALUE + width * i) for i, f in enumerate(t.flat)]

    def unbox_int(self, o: int) -> int:
        """One digit inline, more by the C API; beyond 64 bits the next record (in the end: Python, which raises)."""
        size = self.load(I64, o, at.SIZE)
        digit = self.load_u32(o, at.LONG_DIGITS)
        small, big, done = self.label(), self.label(cold=True), self.label(I64)
        if at.LONG_TAGGED:
            # sign in bits 0-1 (0 positive, 1 zero, 2 negative), digits above bit 3
            self.brif(self.icmp("ult", size, self.iconst(16)), small, big)
            self.at(small)
            sign = self.binary(op.ISUB, self.iconst(1), self.binary(op.BAND, size, self.iconst(3)))
        else:
            self.brif(self.icmp("ult", self.binary(op.IADD, size, self.iconst(1)), self.iconst(3)), small, big)
            self.at(small)
            sign = size
        self.jump(done, self.binary(op.IMUL, sign, digit))
        self.at(big)
        slot = self.slot(8)
        overflow = self.slot_address(slot)
        value = self.call("PyLong_AsLongLongAndOverflow", (I64, I64), (I64,), o, overflow)
        self.leave_if(self.load(I32, overflow), self.miss)
        self.jump(done, value)
        return self.at(done)[0]

    def unbox_string(self, o: int) -> list[int]:
        state = self.load_u32(o, at.STR_STATE)
        shift = self.iconst(at.STR_KIND_SHIFT)
        kind = self.binary(op.BAND, self.binary(op.USHR, state, shift), self.iconst(7))
        is_ascii = self.binary(op.BAND, state, self.iconst(at.STR_ASCII))
        header = self.func.value(
            self.block,
            (op.SELECT, I64, None, is_ascii, self.iconst(at.STR_ASCII_HEADER), self.iconst(at.STR_HEADER)), I64,
        )  # fmt: skip
        return [o, self.binary(op.IADD, o, header), self.load(I64, o, at.STR_LENGTH), kind]

    def unbox_list(self, o: int, t: ty.Type) -> int:
        """A list block made by Python; the next record when the items are of other types."""
        before = self.lists[-1][1] if self.lists else self.iconst(0)
        handle = self.call("jitpy_unbox_list", (I64, I64, I64), (I64,), o, self.symbol(object_symbol(t)), before)
        self.leave_if(self.icmp("eq", handle, self.iconst((1 << 64) - 1)), self.fail)
        self.leave_if(self.icmp("eq", handle, self.iconst(0)), self.miss)
        self.lists.append((o, handle, t))
        return handle

    # The call

    def run(
        self, flat: list[int], types: tuple[ty.Type, ...], results: tuple[ty.Type, ...], nogil: bool
    ) -> None:  # fmt: skip
        record_slot = self.slot(8 * (1 + max((len(t.flat) for t in results), default=0)))
        context_slot = self.slot(rec.CTX_BYTES)
        limit = self.stack_limit()
        context, record = self.slot_address(context_slot), self.slot_address(record_slot)
        zero = self.iconst(0)
        self.store(limit, context, rec.CTX_STACK_LIMIT)
        self.store(self.iconst(rec.POLL_EVERY), context, rec.CTX_COUNTDOWN)
        self.store(zero, context, rec.CTX_TRACE_COUNT)
        self.store(self.iconst(rec.FLAG_NOGIL if nogil else 0), context, rec.CTX_FLAGS)
        self.store(zero, context, rec.CTX_BLOCKS)
        kernel = self.load(I64, self.entry, rec.RECORD_KERNEL)
        thread = self.call("PyEval_SaveThread", (), (I64,)) if nogil else -1
        params = (I64, I64, *(f for t in types for f in t.flat))
        status = self.call_pointer(kernel, params, (I32,), context, record, *flat)
        if nogil:
            self.call("PyEval_RestoreThread", (I64,), (), thread)
        for o, handle, t in self.lists:
            status = self.call(
                "jitpy_reflect_list", (I64, I64, I64, I32), (I32,), o, handle, self.symbol(object_symbol(t)), status
            )
        raised = self.label(cold=True)
        self.leave_if(status, raised)
        self.box_results(record, results)
        self.at(raised)
        self.call("jitpy_raise", (I64, I32), (), context, status)
        self.jump(self.fail)

    def stack_limit(self) -> int:
        """The lowest address that kernels' frames may use: known for the thread that called last, else asked for."""
        cells = self.symbol("jitpy_stack")
        pointer = self.func.value(self.block, (op.GET_STACK_POINTER, I64, None), I64)
        other, known = self.label(cold=True), self.label()
        inside = self.binary(op.ISUB, pointer, self.load(I64, cells))
        self.brif(self.icmp("ult", inside, self.load(I64, cells, 8)), known, other)
        self.at(other)
        failed = self.call("jitpy_find_stack", (), (I64,))
        self.leave_if(failed, self.fail)
        self.jump(known)
        self.at(known)
        return self.load(I64, cells, 16)

    # Results

    def box_results(self, record: int, results: tuple[ty.Type, ...]) -> None:
        """Return the object of the variant whose number is in the record's first slot."""
        number = self.load(I64, record) if len(results) > 1 else -1
        for k, t in enumerate(results):
            otherwise = -1
            if k + 1 < len(results):
                here, otherwise = self.label(), self.label()
                self.brif(self.icmp("eq", number, self.iconst(k)), here, otherwise)
                self.at(here)
            self.ret(self.box(t, record, 8))
            if otherwise >= 0:
                self.at(otherwise)
        if not results:  # a function that never returns
            self.ret(self.iconst(0))

    def box(self, t: ty.Type, record: int, offset: int) -> int:
        """A new reference to the object of the flats at ``record + offset``, or 0 with an exception set."""
        if isinstance(t, ty.Scalar):
            return self.box_scalar(t, record, offset)
        if isinstance(t, ty.Tuple):
            return self.box_tuple(t, record, offset)
        if isinstance(t, ty.Array):
            flats = self.binary(op.IADD, record, self.iconst(offset))
            flags = 0 if t.readonly else at.FLAG_WRITEABLE
            return self.call(
                "jitpy_box_array", (I64, I64, I64, I64), (I64,),
                flats, self.symbol(descr_symbol(t.dtype)), self.iconst(t.ndim), self.iconst(flags),
            )  # fmt: skip
        if isinstance(t, ty.List):
            handle = self.load(I64, record, offset)
            return self.call("jitpy_box_list", (I64, I64), (I64,), handle, self.symbol(object_symbol(t)))
        if isinstance(t, ty.Dict | ty.Set):
            entries, index = self.load(I64, record, offset), self.load(I64, record, offset + 8)
            params = (I64, I64, I64)
            return self.call("jitpy_box_dict", params, (I64,), entries, index, self.symbol(object_symbol(t)))
        if isinstance(t, ty.Record):
            return self.box_record(t, record, offset)
        if isinstance(t, ty.Str):
            return self.box_string(record, offset)
        if isinstance(t, ty.RandomSource):
            o = self.load(I64, record, offset)
        elif isinstance(t, ty.Constant):
            o = self.symbol(object_symbol(t.value))
        else:
            o = self.symbol("Py_None")
        self.call("Py_IncRef", (I64,), (), o)
        return o

    def box_record(self, t: ty.Record, record: int, offset: int) -> int:
        """A new dict with the keys that the type says."""
        o = self.call("PyDict_New", (), (I64,))
        self.leave_if(self.icmp("eq", o, self.iconst(0)), self.fail)
        for key, item in zip(t.keys, t.items):
            got = self.box(item, record, offset)
            good, bad, stored = self.label(), self.label(cold=True), self.label()
            self.brif(got, good, bad)
            self.at(bad)
            self.call("Py_DecRef", (I64,), (), o)
            self.jump(self.fail)
            self.at(good)
            failed = self.call("PyDict_SetItem", (I64, I64, I64), (I32,), o, self.symbol(object_symbol(intern(key))), got)
            self.call("Py_DecRef", (I64,), (), got)
            self.brif(failed, bad, stored)
            self.at(stored)
            offset += 8 * len(item.flat)
        return o

    def box_string(self, record: int, offset: int) -> int:
        """The object itself, or for a part of one (object 0) a new str of its characters."""
        o = self.load(I64, record, offset)
        whole, made, done = self.label(), self.label(cold=True), self.label(I64)
        self.brif(o, whole, made)
        self.at(made)
        kind = self.load(I32, record, offset + 24)
        data, length = self.load(I64, record, offset + 8), self.load(I64, record, offset + 16)
        self.jump(done, self.call("PyUnicode_FromKindAndData", (I32, I64, I64), (I64,), kind, data, length))
        self.at(whole)
        self.call("Py_IncRef", (I64,), (), o)
        self.jump(done, o)
        return self.at(done)[0]

    def box_scalar(self, t: ty.Scalar, record: int, offset: int) -> int:
        if t is ty.py_float:
            return self.call("PyFloat_FromDouble", (F64,), (I64,), self.load(F64, record, offset))
        if t is ty.py_int:
            return self.call("PyLong_FromLongLong", (I64,), (I64,), self.load(I64, record, offset))
        if t is ty.py_uint:
            return self.call("PyLong_FromUnsignedLongLong", (I64,), (I64,), self.load(I64, record, offset))
        if t is ty.py_bool:
            return self.call("PyBool_FromLong", (I64,), (I64,), self.load_u8(record, offset))
        if t is ty.py_complex:
            real, imag = self.load(F64, record, offset), self.load(F64, record, offset + 8)
            return self.call("PyComplex_FromDoubles", (F64, F64), (I64,), real, imag)
        if t is ty.np_bool:
            truth = self.load_u8(record, offset)
            true, false = self.symbol("np_True"), self.symbol("np_False")
            o = self.func.value(self.block, (op.SELECT, I64, None, truth, true, false), I64)
            self.call("Py_IncRef", (I64,), (), o)
            return o
        cls = self.symbol(type_symbol(t))
        allocate = self.load(I64, cls, at.TYPE_ALLOC)
        o = self.call_pointer(allocate, (I64, I64), (I64,), cls, self.iconst(0))
        self.leave_if(self.icmp("eq", o, self.iconst(0)), self.fail)
        width = t.bits // len(t.flat) // 8
        for i, f in enumerate(t.flat):
            plain = _AS_INTEGER[f]
            self.store(self.load(plain, record, offset + 8 * i), o, at.SCALAR_VALUE + width * i)
        return o

    def box_tuple(self, t: ty.Tuple, record: int, offset: int) -> int:
        o = self.call("PyTuple_New", (I64,), (I64,), self.iconst(len(t.items)))
        self.leave_if(self.icmp("eq", o, self.iconst(0)), self.fail)
        for i, item in enumerate(t.items):
            got = self.box(item, record, offset)
            good, bad = self.label(), self.label(cold=True)
            self.brif(got, good, bad)
            self.at(bad)
            self.call("Py_DecRef", (I64,), (), o)
            self.jump(self.fail)
            self.at(good)
            self.store(got, o, at.TUPLE_ITEMS + 8 * i)
            offset += 8 * len(item.flat)
        if t.cls is None:
            return o
        named = self.call("PyObject_CallOneArg", (I64, I64), (I64,), self.symbol(object_symbol(maker(t.cls))), o)
        self.call("Py_DecRef", (I64,), (), o)
        self.leave_if(self.icmp("eq", named, self.iconst(0)), self.fail)
        return named


def random_bits(t: ty.RandomSource) -> int:
    """Bytes from a random number generator to its bits."""
    from jitpy.runtime import random_layout

    return random_layout.offset(t.family)


_makers: dict[type, object] = {}


def maker(cls: type) -> object:
    """What makes a named tuple of a tuple."""
    return _makers.setdefault(cls, cls._make)  # type: ignore[attr-defined]  # a named tuple's class


def has_array(t: ty.Type) -> bool:
    """Whether an array is the type or in it."""
    return isinstance(t, ty.Array) or (isinstance(t, ty.Tuple) and any(map(has_array, t.items)))


#: Moving bits needs no float registers (and no f16 loads).
_AS_INTEGER = {f: f for f in (I8, I16, I32, I64)} | {F32: I32, F64: I64, ty.float16.flat[0]: I16}


def dtype_name(t: ty.Scalar) -> str:
    """NumPy's name of a NumPy scalar type."""
    return t.name.rstrip("_")


def descr_symbol(t: ty.Scalar) -> str:
    """The symbol of the dtype object."""
    return "descr_" + dtype_name(t)


def type_symbol(t: ty.Type) -> str:
    """The symbol of the Python class whose instances have the type."""
    name = _PYTHON_TYPES.get(t)
    if name is not None:
        return name
    if isinstance(t, ty.Array):
        return "PyArray_Type"
    if isinstance(t, ty.Tuple):
        return "PyTuple_Type" if t.cls is None else object_symbol(t.cls)
    if isinstance(t, ty.List):
        return "PyList_Type"
    if isinstance(t, ty.Dict):
        return "PyDict_Type"
    if isinstance(t, ty.Set):
        return "PySet_Type"
    if isinstance(t, ty.RandomSource):
        return "jitpy_class_" + t.family
    assert isinstance(t, ty.Scalar)
    return "numpy_" + t.name

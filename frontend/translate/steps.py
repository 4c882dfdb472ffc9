"""What each neutral instruction does to a frame.

``STEPS[op](frame, arg)`` returns the next instruction's index, None at a block's end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitpy.frontend.bytecode import instructions as n
from jitpy.frontend.library import control, functions, generators, keywords, lists, patterns
from jitpy.frontend.library.declared import declared_local, declared_result
from jitpy.frontend.library.lists import ListDisplay
from jitpy.frontend.library.unrolling import short_range
from jitpy.frontend.translate import exceptions
from jitpy.frontend.translate.frame import Edge
from jitpy.frontend.types import types as ty
from jitpy.frontend.values import (
    NONE,
    NULL,
    UNBOUND,
    Const,
    FunctionVal,
    Marker,
    MaybeUnbound,
    SliceVal,
    TupleVal,
    UnionVal,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from jitpy.frontend.translate.frame import Frame

Step = int | None


# -- names ---------------------------------------------------------------------------------------------------------------------


def _load_const(frame: Frame, arg: Any) -> Step:
    frame.stack.append(functions.outside_value(frame.tr, arg))
    return frame.index + 1


def _load_local(frame: Frame, arg: Any) -> Step:
    v = frame.locals[arg]
    if v.__class__ is Marker:
        if v is generators.SPENT:
            generators.refuse_spent(frame.tr, frame.code.names[arg])
        _unbound(frame, arg, True)
        return None
    if v.__class__ is MaybeUnbound:
        tr = frame.tr
        _unbound(frame, arg, tr.icmp("eq", v.flag, tr.iconst(0, 1)))
        v = frame.locals[arg] = v.value
    if v.__class__ is generators.Generator:
        frame.locals[arg] = generators.SPENT  # what it holds moves on: names do not share it
    frame.stack.append(v)
    return frame.index + 1


def _unbound(frame: Frame, slot: int, cond: int | bool) -> None:
    name = frame.code.names[slot]
    text = f"cannot access local variable '{name}' where it is not associated with a value"
    if cond is True:
        frame.tr.raise_(UnboundLocalError, text)
    else:
        frame.tr.check(cond, UnboundLocalError, text)


def _store_local(frame: Frame, arg: Any) -> Step:
    v = frame.stack.pop()
    if v.lazy:
        v = frame.tr.settle(v)
    if frame.options.locals:
        v = declared_local(frame.tr, v, frame.code.names[arg])
    frame.locals[arg] = v
    names = frame.tr.module.variables.setdefault((frame.name, frame.code.names[arg]), {})
    names.setdefault(frame.line, v.describe())
    return frame.index + 1


def _delete_local(frame: Frame, arg: Any) -> Step:
    following = _load_local(frame, arg)
    if following is not None:
        frame.stack.pop()
        frame.locals[arg] = UNBOUND
    return following


def _load_clear(frame: Frame, arg: Any) -> Step:
    frame.stack.append(frame.locals[arg])
    frame.locals[arg] = UNBOUND
    return frame.index + 1


def _load_free(frame: Frame, arg: Any) -> Step:
    frame.stack.append(frame.free(frame.tr, arg))
    return frame.index + 1


def _store_free(frame: Frame, arg: Any) -> Step:
    frame.tr.error(f"assignment to the free variable {arg!r} is not supported here", "Return it, or keep it in an array.")


def _load_global(frame: Frame, arg: Any) -> Step:
    if arg[0] == "@":  # an assertion that pytest has rewritten fails here: what follows composes its message
        frame.tr.raise_(AssertionError)
        return None
    frame.stack.append(functions.load_global(frame.tr, frame.globals, arg))
    return frame.index + 1


# -- the stack -----------------------------------------------------------------------------------------------------------------


def _nop(frame: Frame, arg: Any) -> Step:
    return frame.index + 1


def _push_null(frame: Frame, arg: Any) -> Step:
    frame.stack.append(NULL)
    return frame.index + 1


def _pop(frame: Frame, arg: Any) -> Step:
    del frame.stack[len(frame.stack) - arg :]
    return frame.index + 1


def _pop_exc(frame: Frame, arg: Any) -> Step:
    frame.stack.pop()
    return frame.index + 1


def _copy(frame: Frame, arg: Any) -> Step:
    if frame.stack[-arg].lazy:
        frame.stack[-arg] = frame.tr.settle(frame.stack[-arg])
    frame.stack.append(frame.stack[-arg])
    return frame.index + 1


def _swap(frame: Frame, arg: Any) -> Step:
    stack = frame.stack
    stack[-1], stack[-arg] = stack[-arg], stack[-1]
    return frame.index + 1


# -- operators -----------------------------------------------------------------------------------------------------------------


def _binary(frame: Frame, arg: Any) -> Step:
    stack = frame.stack
    result = frame.tr.binary(arg, stack[-2], stack[-1])
    stack[-2:] = (result,)
    return frame.index + 1


def _inplace(frame: Frame, arg: Any) -> Step:
    stack = frame.stack
    result = frame.tr.inplace(arg, stack[-2], stack[-1])
    stack[-2:] = (result,)
    return frame.index + 1


def _compare(frame: Frame, arg: Any) -> Step:
    stack = frame.stack
    result = frame.tr.compare(arg, stack[-2], stack[-1])
    stack[-2:] = (result,)
    return frame.index + 1


def _unary(frame: Frame, arg: Any) -> Step:
    stack = frame.stack
    v = stack[-1]
    if arg == "not":
        result = frame.tr.not_(v)
    elif arg == "bool":
        t = frame.tr.truth(v)
        result = Const(t) if t.__class__ is bool else control.py_bool(t)
    else:
        result = frame.tr.unary(arg, v)
    stack[-1] = result
    return frame.index + 1


def _getitem(frame: Frame, arg: Any) -> Step:
    stack = frame.stack
    return _result(frame, len(stack) - 2, frame.tr.getitem(stack[-2], stack[-1]))


def _setitem(frame: Frame, arg: Any) -> Step:
    stack = frame.stack
    frame.tr.setitem(stack[-2], stack[-1], stack[-3])
    del stack[-3:]
    return frame.index + 1


def _delitem(frame: Frame, arg: Any) -> Step:
    stack = frame.stack
    frame.tr.delitem(stack[-2], stack[-1])
    del stack[-2:]
    return frame.index + 1


def _getslice(frame: Frame, arg: Any) -> Step:
    stack = frame.stack
    result = frame.tr.getitem(stack[-3], SliceVal(stack[-2], stack[-1], NONE))
    stack[-3:] = (result,)
    return frame.index + 1


def _setslice(frame: Frame, arg: Any) -> Step:
    stack = frame.stack
    frame.tr.setitem(stack[-3], SliceVal(stack[-2], stack[-1], NONE), stack[-4])
    del stack[-4:]
    return frame.index + 1


# -- making things -------------------------------------------------------------------------------------------------------------


def _build(frame: Frame, arg: Any) -> Step:
    kind, count = arg
    if kind == "dict":
        count *= 2
    stack = frame.stack
    at = len(stack) - count
    tr = frame.tr
    items = [tr.settle(v) if v.lazy and v.__class__ is not ListDisplay else v for v in stack[at:]]
    if kind == "tuple":
        result: Value = TupleVal(tuple(items))
    elif kind == "slice":
        result = SliceVal(items[0], items[1], items[2] if count == 3 else NONE)
    elif kind == "list":
        result = control.build_list(tr, items)
    elif kind == "dict":
        result = keywords.display(tr, items)
    elif kind == "string":
        result = control.join_text(tr, items)
    else:
        from jitpy.frontend.library import dicts

        result = dicts.set_display(tr, items)
    stack[at:] = (result,)
    return frame.index + 1


def _list_append(frame: Frame, arg: Any) -> Step:
    control.list_append(frame, arg)
    return frame.index + 1


def _list_extend(frame: Frame, arg: Any) -> Step:
    control.list_extend(frame, arg)
    return frame.index + 1


def _list_to_tuple(frame: Frame, arg: Any) -> Step:
    frame.stack[-1] = control.list_to_tuple(frame.tr, frame.stack[-1])
    return frame.index + 1


def _format(frame: Frame, arg: Any) -> Step:
    conversion, has_spec = arg
    stack = frame.stack
    spec = stack[-1] if has_spec else None
    value = stack[-2] if has_spec else stack[-1]
    result = control.format_value(frame.tr, value, conversion, spec)
    del stack[-(2 if has_spec else 1) :]
    stack.append(result)
    return frame.index + 1


def _make_function(frame: Frame, flags: Any) -> Step:
    stack = frame.stack
    co = stack.pop().obj
    if flags & 8:
        stack.pop()
    if flags & 4:
        stack.pop()
    kwdefaults: dict[str, Value] = {}
    if flags & 2:
        kwdefaults = keywords.named(frame.tr, stack.pop())
    defaults: tuple[Value, ...] = ()
    if flags & 1:
        defaults = tuple(frame.tr.unpack_all(stack.pop()))
    stack.append(FunctionVal(co, co.co_name, frame.globals, defaults, kwdefaults, frame))
    return frame.index + 1


def _set_function(frame: Frame, flag: Any) -> Step:
    stack = frame.stack
    f: FunctionVal = stack.pop()  # type: ignore[assignment]
    value = stack.pop()
    if flag == 1:
        f = FunctionVal(f.code, f.name, f.globals, tuple(frame.tr.unpack_all(value)), f.kwdefaults, f.frame)
    elif flag == 2:
        f = FunctionVal(f.code, f.name, f.globals, f.defaults, keywords.named(frame.tr, value), f.frame)
    stack.append(f)
    return frame.index + 1


def _load_closure(frame: Frame, arg: Any) -> Step:
    frame.stack.append(NULL)
    return frame.index + 1


# -- attributes and calls ----------------------------------------------------------------------------------------------------------


def _load_attr(frame: Frame, arg: Any) -> Step:
    frame.stack[-1] = frame.tr.attribute(frame.stack[-1], arg)
    return frame.index + 1


def _load_method(frame: Frame, arg: Any) -> Step:
    method = frame.tr.attribute(frame.stack[-1], arg)
    frame.stack[-1:] = (NULL, method)
    return frame.index + 1


def _call(frame: Frame, arg: Any) -> Step:
    count, keywords = arg
    stack = frame.stack
    at = len(stack) - count
    x, y = stack[at - 2], stack[at - 1]
    args = stack[at:]
    if x is NULL:
        callee = y
    elif y is NULL:
        callee = x
    else:
        callee = x
        args.insert(0, y)
    kwargs: dict[str, Value] = {}
    if keywords:
        split = len(args) - len(keywords)
        kwargs = dict(zip(keywords, args[split:], strict=True))
        del args[split:]
    return _result(frame, at - 2, functions.call(frame.tr, callee, args, kwargs))


def _result(frame: Frame, at: int, result: Any) -> Step:
    """Push a call's result; several results (by type) go on separately."""
    stack = frame.stack
    del stack[at:]
    if result.__class__ is UnionVal:
        result = functions.split_union(frame.tr, result)
    if result.__class__ is functions.Outcomes:
        for block, value in result.ends:
            frame.tr.use(block)
            frame.jump_edge(frame.index + 1, [*stack, value])
        return None
    stack.append(result)
    return frame.index + 1


def _call_spread(frame: Frame, arg: Any) -> Step:
    stack = frame.stack
    named: dict[str, Value] = {}
    if arg & 1:
        named = keywords.named(frame.tr, stack.pop())
    args = frame.tr.unpack_all(stack[-1])
    x, y = stack[-3], stack[-2]
    callee = y if x is NULL else x if y is NULL else y
    return _result(frame, len(stack) - 3, functions.call(frame.tr, callee, list(args), named))


def _return(frame: Frame, arg: Any) -> Step:
    tr = frame.tr
    value = frame.stack[-1]
    if frame.outer is None:
        value = functions.result_value(tr, value)
        if tr.kernel.declared:
            value = declared_result(tr, value, tr.kernel.declared)
        tr.kernel.emit_return(tr, value)
        return None
    if value.lazy:
        value = tr.settle(value)
    if value.__class__ is FunctionVal and value.frame is frame:
        value = functions.capture(frame, value)
    if frame.enclosing is not None:
        value = TupleVal((value, *[frame.locals[slot] for slot, _ in frame.code.written]))
    frame.returns.append(Edge(tr.bb, tr.open_jump(), 0, (value,)))
    return None


def _yield(frame: Frame, arg: Any) -> Step:
    generators.yield_value(frame)
    return None


def _raise(frame: Frame, arg: Any) -> Step:
    stack = frame.stack
    if arg == 0:
        exceptions.raise_again(frame)
        return None
    control.raise_value(frame.tr, stack[-1] if arg == 1 else stack[-2])
    return None


# -- control -----------------------------------------------------------------------------------------------------------------------


def _jump(frame: Frame, arg: Any) -> Step:
    frame.settle_stack()
    frame.jump_edge(arg, frame.stack)
    return None


def _branch(frame: Frame, cond: int | bool, target: int, jump_on: bool, jumping: list[Value], staying: list[Value]) -> Step:
    tr = frame.tr
    following = frame.index + 1
    if cond.__class__ is bool:
        if cond is jump_on:
            frame.jump_edge(target, jumping)
        else:
            frame.jump_edge(following, staying)
        return None
    inst = tr.open_brif(cond)
    slot = 0 if jump_on else 1
    frame.edge(following, inst, 1 - slot, staying)
    frame.edge(target, inst, slot, jumping)
    return None


def _jump_if(frame: Frame, arg: Any) -> Step:
    target, truth = arg
    frame.settle_stack()
    cond = frame.tr.truth(frame.stack[-1])
    frame.stack.pop()
    return _branch(frame, cond, target, truth, frame.stack, frame.stack)


def _jump_if_none(frame: Frame, arg: Any) -> Step:
    target, truth = arg
    frame.settle_stack()
    v = frame.tr.compare("is", frame.stack[-1], NONE)
    frame.stack.pop()
    return _branch(frame, v.obj, target, truth, frame.stack, frame.stack)


def _jump_or_pop(frame: Frame, arg: Any) -> Step:
    target, truth = arg
    frame.settle_stack()
    cond = frame.tr.truth(frame.stack[-1])
    return _branch(frame, cond, target, truth, frame.stack, frame.stack[:-1])


def _get_iter(frame: Frame, arg: Any) -> Step:
    frame.stack[-1] = frame.tr.iterate(short_range(frame, frame.stack[-1]))
    return frame.index + 1


def _for_iter(frame: Frame, arg: Any) -> Step:
    tr = frame.tr
    stack = frame.stack
    iterator = stack[-1]
    rest = stack[:-1]
    if iterator.pulled:  # type: ignore[attr-defined]
        generators.for_iter(frame, iterator, rest, arg)  # type: ignore[arg-type]
        return None
    more, item, advance = iterator.step(tr)  # type: ignore[attr-defined]
    if more.__class__ is bool:
        if not more:
            frame.jump_edge(arg, rest)
            return None
    else:
        inst = tr.open_brif(more)
        body = tr.block()
        frame.edge(arg, inst, 1, rest)
        tr.close(inst, 0, body, ())
        tr.use(body)
    value = item()
    frame.stack = [*rest, advance(), value]
    frame.jump_edge(frame.index + 1, frame.stack)
    return None


def _unpack(frame: Frame, arg: Any) -> Step:
    items = frame.tr.unpack(frame.stack[-1], arg)
    if items is None:  # raised: the wrong length
        return None
    frame.stack.pop()
    frame.stack.extend(reversed(items))
    return frame.index + 1


def _unpack_ex(frame: Frame, arg: Any) -> Step:
    before, after = arg
    source = frame.tr.settle(frame.stack.pop())
    if source.kind() is ty.List:
        found = lists.unpack_starred(frame.tr, source, before, after)
        if found is None:
            return None
        frame.stack.extend(reversed(found))
        return frame.index + 1
    items = frame.tr.unpack_all(source)
    if len(items) < before + after:
        frame.tr.raise_(ValueError, f"not enough values to unpack (expected at least {before + after}, got {len(items)})")
        return None
    middle = control.build_list(frame.tr, items[before : len(items) - after])
    frame.stack.extend(reversed([*items[:before], middle, *items[len(items) - after :]]))
    return frame.index + 1


def _import_name(frame: Frame, arg: Any) -> Step:
    fromlist, level = frame.stack.pop(), frame.stack.pop()
    names = [i.obj for i in fromlist.items] if fromlist.__class__ is TupleVal else []
    module = __import__(arg, frame.globals, None, names, level.obj)
    frame.stack.append(Const(module))
    return frame.index + 1


def _import_from(frame: Frame, arg: Any) -> Step:
    frame.stack.append(frame.tr.attribute(frame.stack[-1], arg))
    return frame.index + 1


def _enter_with(frame: Frame, arg: Any) -> Step:
    exit_, entered = control.enter_with(frame.tr, frame.stack.pop())
    frame.stack.extend((exit_, entered))
    return frame.index + 1


def _push_exc(frame: Frame, arg: Any) -> Step:
    exceptions.push(frame)
    return frame.index + 1


def _check_exc(frame: Frame, arg: Any) -> Step:
    frame.stack[-1] = exceptions.matches(frame.tr, frame.stack[-2], frame.stack[-1])
    return frame.index + 1


def _reraise(frame: Frame, arg: Any) -> Step:
    exceptions.rethrow(frame.tr, frame.stack[-1])  # type: ignore[arg-type]
    return None


def _exit_with(frame: Frame, arg: Any) -> Step:
    frame.stack.append(NONE)
    return frame.index + 1


def _get_len(frame: Frame, arg: Any) -> Step:
    frame.stack.append(frame.tr.call(Const(len), [frame.stack[-1]]))
    return frame.index + 1


def _match_sequence(frame: Frame, arg: Any) -> Step:
    frame.stack.append(Const(patterns.is_sequence(frame.stack[-1])))
    return frame.index + 1


def _match_class(frame: Frame, arg: Any) -> Step:
    stack = frame.stack
    stack[-3:] = (patterns.match_class(frame.tr, stack[-3], stack[-2], arg, stack[-1]),)
    return frame.index + 1


def _dict_merge(frame: Frame, arg: Any) -> Step:
    stack = frame.stack
    stack[-2:] = (keywords.merged(frame.tr, stack[-2], stack[-1]),)
    return frame.index + 1


def _dict_keys(frame: Frame, arg: Any) -> Step:
    stack = frame.stack
    names = stack.pop()
    values = stack[len(stack) - arg :]
    del stack[len(stack) - arg :]
    pairs = [x for pair in zip(frame.tr.unpack_all(names), values, strict=True) for x in pair]
    stack.append(keywords.display(frame.tr, pairs))
    return frame.index + 1


def _map_add(frame: Frame, arg: Any) -> Step:
    key, value = frame.stack[-2:]
    del frame.stack[-2:]
    frame.tr.setitem(frame.stack[-arg], key, frame.tr.settle(value))
    return frame.index + 1


def _set_add(frame: Frame, arg: Any) -> Step:
    from jitpy.frontend.library import dicts

    value = frame.stack.pop()
    dicts.add(frame.tr, frame.stack[-arg], frame.tr.settle(value))
    return frame.index + 1


def _set_update(frame: Frame, arg: Any) -> Step:
    values = frame.tr.settle(frame.stack.pop())
    if values.__class__ is Const and values.obj.__class__ is frozenset:
        values = TupleVal(tuple([functions.outside_value(frame.tr, x) for x in values.obj]))
    frame.tr.call(frame.tr.attribute(frame.stack[-arg], "update"), [values])
    return frame.index + 1


def _unsupported(frame: Frame, arg: Any) -> Step:
    what, hint = arg
    frame.tr.error(f"{what} {'is' if what.endswith(('code', 'variable')) else 'are'} not supported", hint)


STEPS: list[Callable[[Frame, Any], Step]] = [_unsupported] * len(n.NAMES)
for _op, _step in (
    (n.NOP, _nop), (n.LOAD_CONST, _load_const), (n.LOAD_LOCAL, _load_local), (n.STORE_LOCAL, _store_local),
    (n.DELETE_LOCAL, _delete_local), (n.LOAD_CLEAR, _load_clear), (n.LOAD_FREE, _load_free), (n.STORE_FREE, _store_free),
    (n.LOAD_GLOBAL, _load_global), (n.PUSH_NULL, _push_null), (n.POP, _pop), (n.COPY, _copy), (n.SWAP, _swap), (n.BINARY, _binary),
    (n.INPLACE, _inplace), (n.COMPARE, _compare), (n.UNARY, _unary), (n.GETITEM, _getitem), (n.SETITEM, _setitem),
    (n.DELITEM, _delitem), (n.GETSLICE, _getslice), (n.SETSLICE, _setslice), (n.BUILD, _build), (n.LIST_APPEND, _list_append),
    (n.LIST_EXTEND, _list_extend), (n.LIST_TO_TUPLE, _list_to_tuple), (n.FORMAT, _format), (n.LOAD_ATTR, _load_attr),
    (n.LOAD_METHOD, _load_method), (n.CALL, _call), (n.CALL_SPREAD, _call_spread), (n.JUMP, _jump), (n.JUMP_IF, _jump_if),
    (n.JUMP_IF_NONE, _jump_if_none), (n.JUMP_OR_POP, _jump_or_pop), (n.GET_ITER, _get_iter), (n.FOR_ITER, _for_iter),
    (n.UNPACK, _unpack), (n.UNPACK_EX, _unpack_ex), (n.RETURN, _return), (n.RAISE, _raise), (n.MAKE_FUNCTION, _make_function),
    (n.SET_FUNCTION, _set_function), (n.LOAD_CLOSURE, _load_closure), (n.IMPORT_NAME, _import_name),
    (n.IMPORT_FROM, _import_from), (n.ENTER_WITH, _enter_with), (n.YIELD, _yield),
    (n.PUSH_EXC, _push_exc), (n.CHECK_EXC, _check_exc), (n.RERAISE, _reraise), (n.EXIT_WITH, _exit_with),
    (n.POP_EXC, _pop_exc), (n.GET_LEN, _get_len), (n.MATCH_SEQUENCE, _match_sequence), (n.MATCH_CLASS, _match_class),
    (n.DICT_MERGE, _dict_merge), (n.DICT_KEYS, _dict_keys),
    (n.MAP_ADD, _map_add), (n.SET_ADD, _set_add), (n.SET_UPDATE, _set_update),
):  # fmt: skip
    STEPS[_op] = _step

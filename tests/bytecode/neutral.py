"""The neutral instruction set, executed: a small interpreter that runs decoded code on Python objects.

What it computes must be what CPython computes, whatever the version's bytecode looks like: the oracle for `decode` and for the
meaning that `instructions` gives each op.
"""

from __future__ import annotations

import builtins
import operator
from typing import Any

from jitpy.frontend.bytecode import instructions as n
from jitpy.frontend.bytecode.flow import code_of

NULL = object()
BINARY = {
    "+": operator.add, "&": operator.and_, "//": operator.floordiv, "<<": operator.lshift, "@": operator.matmul,
    "*": operator.mul, "%": operator.mod, "|": operator.or_, "**": operator.pow, ">>": operator.rshift,
    "-": operator.sub, "/": operator.truediv, "^": operator.xor,
}  # fmt: skip
INPLACE = {
    "+": operator.iadd, "&": operator.iand, "//": operator.ifloordiv, "<<": operator.ilshift, "@": operator.imatmul,
    "*": operator.imul, "%": operator.imod, "|": operator.ior, "**": operator.ipow, ">>": operator.irshift,
    "-": operator.isub, "/": operator.itruediv, "^": operator.ixor,
}  # fmt: skip
COMPARE = {
    "<": operator.lt, "<=": operator.le, "==": operator.eq, "!=": operator.ne, ">": operator.gt, ">=": operator.ge,
    "is": operator.is_, "is not": operator.is_not, "in": lambda a, b: a in b, "not in": lambda a, b: a not in b,
}  # fmt: skip
UNARY = {"-": operator.neg, "+": operator.pos, "~": operator.invert, "not": operator.not_, "bool": bool}
BUILD = {
    "tuple": tuple, "list": list, "slice": lambda items: slice(*items), "string": "".join, "set": set,
    "dict": lambda items: dict(zip(items[::2], items[1::2])),
}  # fmt: skip


def arguments_of(co: Any, args: tuple, kwargs: dict, defaults: Any, kwdefaults: Any) -> dict[str, Any]:
    """Names of the parameters bound as a call would."""
    names = co.co_varnames[: co.co_argcount]
    keyword_only = co.co_varnames[co.co_argcount : co.co_argcount + co.co_kwonlyargcount]
    bound = dict(zip(names[len(names) - len(defaults or ()) :], defaults or ()))
    bound.update(kwdefaults or {})
    bound.update(zip(names, args))
    bound.update(kwargs)
    if co.co_flags & 4:
        bound[co.co_varnames[len(names) + len(keyword_only)]] = args[len(names) :]
    return bound


def call(function: Any, *args: Any) -> Any:
    """What calling a Python function gives, run by `run`."""
    co = function.__code__
    free = dict(zip(co.co_freevars, [c.cell_contents for c in function.__closure__ or ()]))
    bound = arguments_of(co, args, {}, function.__defaults__, function.__kwdefaults__)
    return run(co, function.__globals__, bound, [free])


def run(co: Any, namespace: dict[str, Any], bound: dict[str, Any], scopes: list[dict[str, Any]]) -> Any:
    """Execute a code object. ``scopes``: where free variables are found, innermost first."""
    code = code_of(co)
    local = dict(bound)
    stack: list[Any] = []
    index = 0
    while True:
        op, arg = code.instrs[index]
        assert len(stack) <= co.co_stacksize + 1
        index += 1
        if op == n.LOAD_CONST:
            stack.append(arg)
        elif op == n.LOAD_LOCAL:
            stack.append(local[code.names[arg]])
        elif op == n.STORE_LOCAL:
            value = stack.pop()
            if value is NULL:
                local.pop(code.names[arg], None)
            else:
                local[code.names[arg]] = value
        elif op == n.DELETE_LOCAL:
            del local[code.names[arg]]
        elif op == n.LOAD_CLEAR:
            stack.append(local.pop(code.names[arg], NULL))
        elif op == n.LOAD_FREE:
            stack.append(next(scope[arg] for scope in scopes if arg in scope))
        elif op == n.LOAD_GLOBAL:
            stack.append(namespace[arg] if arg in namespace else getattr(builtins, arg))
        elif op == n.PUSH_NULL or op == n.LOAD_CLOSURE:
            stack.append(NULL)
        elif op == n.POP:
            del stack[len(stack) - arg :]
        elif op == n.COPY:
            stack.append(stack[-arg])
        elif op == n.SWAP:
            stack[-1], stack[-arg] = stack[-arg], stack[-1]
        elif op in (n.BINARY, n.INPLACE, n.COMPARE):
            b, a = stack.pop(), stack.pop()
            stack.append({n.BINARY: BINARY, n.INPLACE: INPLACE, n.COMPARE: COMPARE}[op][arg](a, b))
        elif op == n.UNARY:
            stack.append(UNARY[arg](stack.pop()))
        elif op == n.GETITEM:
            b, a = stack.pop(), stack.pop()
            stack.append(a[b])
        elif op == n.SETITEM:
            key, obj, value = stack.pop(), stack.pop(), stack.pop()
            obj[key] = value
        elif op == n.GETSLICE:
            b, a, obj = stack.pop(), stack.pop(), stack.pop()
            stack.append(obj[a:b])
        elif op == n.SETSLICE:
            b, a, obj, value = stack.pop(), stack.pop(), stack.pop(), stack.pop()
            obj[a:b] = value
        elif op == n.BUILD:
            kind, count = arg
            items = stack[len(stack) - count :]
            del stack[len(stack) - count :]
            stack.append(BUILD[kind](items))
        elif op == n.LIST_APPEND:
            value = stack.pop()
            stack[-arg].append(value)
        elif op == n.LIST_EXTEND:
            value = stack.pop()
            stack[-arg].extend(value)
        elif op == n.LIST_TO_TUPLE:
            stack.append(tuple(stack.pop()))
        elif op == n.FORMAT:
            conversion, has_spec = arg
            spec = stack.pop() if has_spec else ""
            value = stack.pop()
            stack.append(format({"": lambda v: v, "s": str, "r": repr, "a": ascii}[conversion](value), spec))
        elif op == n.LOAD_ATTR:
            stack.append(getattr(stack.pop(), arg))
        elif op == n.LOAD_METHOD:
            stack[-1:] = (NULL, getattr(stack[-1], arg))
        elif op == n.CALL:
            count, keywords = arg
            args = stack[len(stack) - count :]
            del stack[len(stack) - count :]
            y, x = stack.pop(), stack.pop()
            if x is NULL:
                callee = y
            else:
                callee = x
                if y is not NULL:
                    args.insert(0, y)
            kwargs = {}
            if keywords:
                kwargs = dict(zip(keywords, args[-len(keywords) :]))
                del args[-len(keywords) :]
            stack.append(callee(*args, **kwargs))
        elif op == n.CALL_SPREAD:
            assert not arg & 1
            args, y, x = stack.pop(), stack.pop(), stack.pop()
            stack.append((y if x is NULL else x)(*args))
        elif op == n.JUMP:
            index = arg
        elif op == n.JUMP_IF:
            if bool(stack.pop()) == arg[1]:
                index = arg[0]
        elif op == n.JUMP_IF_NONE:
            if (stack.pop() is None) == arg[1]:
                index = arg[0]
        elif op == n.JUMP_OR_POP:
            if bool(stack[-1]) == arg[1]:
                index = arg[0]
            else:
                stack.pop()
        elif op == n.GET_ITER:
            stack.append(iter(stack.pop()))
        elif op == n.FOR_ITER:
            try:
                stack.append(next(stack[-1]))
            except StopIteration:
                stack.pop()
                index = arg
        elif op == n.UNPACK:
            items = list(stack.pop())
            assert len(items) == arg
            stack.extend(reversed(items))
        elif op == n.RETURN:
            value = stack.pop()
            assert not stack, "values are left on the stack"
            return value
        elif op == n.RAISE:
            raise stack[-1]
        elif op == n.MAKE_FUNCTION:
            inner = stack.pop()
            if arg & 8:
                stack.pop()
            if arg & 4:
                stack.pop()
            kwdefaults = stack.pop() if arg & 2 else {}
            defaults = stack.pop() if arg & 1 else ()
            stack.append(Inner(inner, namespace, defaults, kwdefaults, [local, *scopes]))
        elif op == n.SET_FUNCTION:
            function, value = stack.pop(), stack.pop()
            if arg == 1:
                function.defaults = value
            stack.append(function)
        elif op == n.IMPORT_NAME:
            fromlist, level = stack.pop(), stack.pop()
            stack.append(__import__(arg, namespace, None, fromlist, level))
        elif op == n.IMPORT_FROM:
            stack.append(getattr(stack[-1], arg))
        elif op == n.ENTER_WITH:
            manager = stack.pop()
            stack.extend((manager.__exit__, manager.__enter__()))
        else:
            raise AssertionError(f"{n.NAMES[op]} {arg}")


class Inner:
    """A function made by MAKE_FUNCTION."""

    def __init__(self, co: Any, namespace: dict, defaults: Any, kwdefaults: Any, scopes: list[dict]) -> None:
        self.co = co
        self.namespace = namespace
        self.defaults = defaults
        self.kwdefaults = kwdefaults
        self.scopes = scopes

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        bound = arguments_of(self.co, args, kwargs, self.defaults, self.kwdefaults)
        return run(self.co, self.namespace, bound, self.scopes)

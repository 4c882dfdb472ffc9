"""What a new user gets wrong: one function each, called with (2.5, an array, a str)."""
# ruff: noqa
import numpy as np

LOG = {}
COUNT = 0


def try_statement(x, a, s):
    try:
        return 1 / x
    except ZeroDivisionError:
        return 0.0


def with_open(x, a, s):
    with open(s) as f:
        return x


def generator(x, a, s):
    yield x


def class_statement(x, a, s):
    class C:
        pass
    return x


def global_store(x, a, s):
    global COUNT
    COUNT = 1
    return x


def dict_literal(x, a, s):
    d = {"a": x}
    return x


def set_literal(x, a, s):
    d = {x, 1.0}
    return x


def global_dict(x, a, s):
    return LOG["a"]


def str_method(x, a, s):
    return s.upper()


def str_made(x, a, s):
    return s + "x"


def call_with_keywords(x, a, s):
    return max(**LOG)


def takes_keywords(x, **k):
    return x


def calls_takes_keywords(x, a, s):
    return takes_keywords(x)


def unknown_function(x, a, s):
    return open(s)


def undefined_name(x, a, s):
    return y + x


def array_attribute_typo(x, a, s):
    return a.shpe


def numpy_typo(x, a, s):
    return np.summ(a)


def float_attribute(x, a, s):
    return x.foo()


def str_plus_float(x, a, s):
    return s + x


def index_float(x, a, s):
    return x[0]


def float_index(x, a, s):
    return a[x]


def call_float(x, a, s):
    return x(1)


def iterate_float(x, a, s):
    for i in x:
        pass
    return x


def len_float(x, a, s):
    return len(x)


def nonlocal_store(x, a, s):
    def f():
        nonlocal x
        x = 1.0
    f()
    return x


def list_of_two_types(x, a, s):
    return [1, x]


def list_of_arrays(x, a, s):
    out = []
    out.append(a)
    return out


def generator_used_twice(x, a, s):
    values = (v * x for v in a)
    return sum(values) + sum(values)


def f_string_returned(x, a, s):
    return f"{x}"


def errstate_raise(x, a, s):
    with np.errstate(divide="raise"):
        return 1 / x


def list_slice_assignment(x, a, s):
    v = [1, 2]
    v[0:1] = [3]
    return v


def bare_raise(x, a, s):
    raise


def raise_float(x, a, s):
    raise x


def returns_function(x, a, s):
    return np.sin

"""What a new user gets wrong: one function each, called with (2.5, an array, a str)."""
# ruff: noqa
import time

import numpy as np

LOG = {}
COUNT = 0
NUMBERS = [1, 2]
TABLE = {"k": 1}


class Point:
    def __init__(self, x):
        self.x = x


def except_of_an_interrupt(x, a, s):
    try:
        return 1 / x
    except KeyboardInterrupt:
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


def dict_of_two_types(x, a, s):
    d = {1: x}
    d[2.0] = x
    return d


def set_in_its_order(x, a, s):
    return [v for v in {x, 1.0}]


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
    return takes_keywords(x, **s)


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


def nonlocal_of_a_left_function(x, a, s):
    def make():
        c = 0.0
        def add():
            nonlocal c
            c += x
            return c
        return add
    return make()()


def list_of_two_types(x, a, s):
    return [1, x]


def list_of_two_dtypes(x, a, s):
    out = [a]
    out.append(a > 1)
    return out


def generator_used_twice(x, a, s):
    values = (v * x for v in a)
    return sum(values) + sum(values)


def f_string_returned(x, a, s):
    return f"{x}"


def errstate_raise(x, a, s):
    with np.errstate(divide="raise"):
        return 1 / x


def bare_raise(x, a, s):
    raise


def raise_float(x, a, s):
    raise x


def returns_function(x, a, s):
    return np.sin


# What is called, and from where


def _reads_nothing(v):
    return v.nothing + 1


def through_a_helper(x, a, s):
    return a[0] + _reads_nothing(x)


def text_of_a_number(x, a, s):
    return str(x)


def clock(x, a, s):
    return time.time() - x


def another_module_of_numpy(x, a, s):
    return np.fft.fft(a)


def an_object_made(x, a, s):
    return Point(x)


def a_list_from_outside(x, a, s):
    return NUMBERS[0] + x


def a_dict_from_outside(x, a, s):
    return TABLE["k"]


def percent_of_text(x, a, s):
    return "%d" % x


def method_of_text(x, a, s):
    return s.upper()


def many_types(x, a, s):
    t = x
    for _ in range(30):
        t = (t, x)
    return t


def for_ever(x, a, s):
    return for_ever(x, a, s)

"""What a kernel reads through attributes and keyword-only defaults is what it is at the call (SEMANTICS C7)."""

import types

import pytest

from jitpy import CompileError, jit


class Base:
    LIMIT = 1


class Derived(Base):
    pass


@pytest.fixture
def classes():
    yield
    Base.LIMIT = 1
    vars(Derived).get("LIMIT") and delattr(Derived, "LIMIT")


@pytest.mark.usefixtures("classes")
def test_inherited_class_attributes():
    @jit
    def f(x):
        return x + Derived.LIMIT

    assert f(1) == 2
    Base.LIMIT = 2
    assert f(1) == 3
    Derived.LIMIT = 10
    assert f(1) == 11
    Derived.LIMIT = 2.5
    assert f(1) == 3.5
    del Derived.LIMIT
    assert f(1) == 3


class Settings:
    STEP = 5

    def __init__(self):
        self.gain = 1
        self._hidden = 1

    @property
    def hidden(self):
        return self._hidden


class Slotted:
    __slots__ = ("gain",)


def test_attributes_of_objects():
    settings = Settings()
    plain = types.SimpleNamespace(gain=1)

    @jit
    def f(x):
        return x + settings.gain * 10 + settings.STEP * 100 + plain.gain * 1000

    for _ in range(3):
        assert f(1) == f.py_func(1)
        settings.gain += 1
        assert f(1) == f.py_func(1)
        Settings.STEP += 1
        assert f(1) == f.py_func(1)
        plain.gain += 1
        assert f(1) == f.py_func(1)
    settings.STEP = 50
    assert f(1) == f.py_func(1)
    del settings.STEP
    assert f(1) == f.py_func(1)


def test_an_attribute_that_appears_on_the_object_hides_that_of_the_class():
    settings, other = Settings(), Settings()

    @jit
    def f(x):
        return x + settings.STEP

    before = f(1)
    other.STEP = 7  # objects of one class may share their table of keys
    assert f(1) == before
    settings.STEP = 8
    assert f(1) == 9


def test_computed_attributes_are_refused():
    settings, slotted = Settings(), Slotted()
    slotted.gain = 1

    @jit
    def of_property(x):
        return x + settings.hidden

    @jit
    def of_slot(x):
        return x + slotted.gain

    for f in (of_property, of_slot):
        with pytest.raises(CompileError, match="computed on each access"):
            f(1)


def test_keyword_defaults_changed_in_place():
    def helper(x, *, k=3):
        return x * k

    @jit
    def f(x):
        return helper(x)

    assert f(2) == 6
    helper.__kwdefaults__["k"] = 5
    assert f(2) == 10
    helper.__kwdefaults__["k"] = 0.5
    assert f(2) == 1.0
    helper.__kwdefaults__ = {"k": 4}
    assert f(2) == 8
    helper.__kwdefaults__["k"] = 6
    assert f(2) == 12

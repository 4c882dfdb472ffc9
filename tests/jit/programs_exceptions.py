"""Programs with try, except, else, finally, raise; see `programs`."""

import math

import numpy as np
from programs import program


@program((4,), (0,))
def caught(n):
    try:
        r = 10 // n
    except ZeroDivisionError:
        r = -1
    return r


@program((4,), (0,))
def with_else(n):
    try:
        r = 10 // n
    except ZeroDivisionError:
        r = -1
    else:
        r += 100
    return r


@program((4, [1, 2, 3]), (0, [1, 2, 3]), (2, []))
def with_finally(n, v):
    try:
        v.append(10 // n)
        v[n + 1] = 5
    finally:
        v.append(-1)
    return v


@program((0,), (1,), (2,), (3,), (4,))
def several(k):
    a = np.arange(3)
    v = [1]
    try:
        if k == 0:
            return v[5]
        if k == 1:
            return a[7]
        if k == 2:
            return 1 // (k - 2)
        if k == 3:
            raise KeyError("no")
        r = 5
    except IndexError:
        r = 1
    except (ZeroDivisionError, OverflowError):
        r = 2
    except LookupError:
        r = 3
    return r * 10


@program((0,), (1,), (2,))
def passes_on(k):
    try:
        if k == 0:
            raise ValueError("x")
        if k == 1:
            raise TypeError("y")
    except ValueError:
        return "v" == "v"
    return False


@program((5,), (0,))
def bare(n):
    try:
        return math.log(n)
    except:
        return -1.0


@program((3,), (0,), (-1,))
def nested(n):
    s = 0
    try:
        try:
            s += 12 // n
            math.sqrt(n)
        except ZeroDivisionError:
            s += 100
            raise
        finally:
            s += 1000
    except ArithmeticError:
        s += 10000
    except ValueError:
        s += 20000
    return s


@program((10,), (3,))
def in_loop(n):
    s = 0
    for i in range(n):
        try:
            s += 100 // (i % 4)
        except ZeroDivisionError:
            if i == 8:
                break
            s += 1
            continue
        finally:
            s += 1000
        s += 5
    else:
        s = -s
    return s


def divide(a, b):
    return a // b


def deep(a, b):
    s = 0
    for i in range(b, -1, -1):
        for _ in range(20):
            s += a
        s += divide(a, i)
        s += len(str("abc")) if i > 100 else 0
    return s


def recursive(n):
    if n == 0:
        raise ValueError("bottom")
    if n == 3:
        try:
            return recursive(n - 1)
        except KeyError:
            return -1
    return recursive(n - 1) + 1


@program((6,), (2,), (0,))
def through_calls(n):
    try:
        return recursive(n)
    except ValueError:
        return -5


def outcome(a, i, k):
    total = 0
    for j in range(len(a)):
        for m in range(3):
            total += a[j] * m
    if k == 1:
        raise RuntimeError("one")
    if k == 2:
        raise OSError
    return total + a[i]


@program((0, 0), (9, 0), (0, 1), (0, 2), (-4, 0))
def called_kernel(i, k):
    a = np.arange(4)
    r = np.int64(0)
    for _ in range(3):
        try:
            r += outcome(a, i, k)
        except IndexError:
            r += 1000
        except RuntimeError:
            r += 2000
    return r


@program((0, 3), (1, 3))
def raised_again(n, k):
    out = [0]
    for i in range(k):
        try:
            try:
                out.append(10 // (n * i))
            except ZeroDivisionError as e:
                out.append(-i)
                raise e
        except ArithmeticError:
            out.append(-100)
    return out


@program((0,), (1,))
def raised_instead(n):
    try:
        10 // n
    except ZeroDivisionError as e:
        raise ValueError(f"n is {n}") from e
    return n


@program((0,), (1,))
def unbound_after(n):
    try:
        x = 10 // n
    except ZeroDivisionError:
        pass
    return x


@program((0,), (1,))
def arrays_alive(n):
    a = np.ones(50)
    try:
        b = a * 2
        b[40 * n] = 100 // n
        a = b
    except ZeroDivisionError:
        a = a + 1
    return a


@program((3,), (100,))
def lists_alive(n):
    rows = [[i] for i in range(5)]
    try:
        for i in range(n):
            rows[i].append(i)
            rows.append([rows[i][0] * 2])
            if len(rows) > 50:
                raise StopIteration
    except IndexError:
        rows = rows[:2]
    except StopIteration:
        rows.pop()
    return rows


@program((3,), (0,))
def return_in_finally(n):
    try:
        return 10 // n
    except ZeroDivisionError:
        return -1
    finally:
        n += 1


@program((5,))
def search(n):
    v = [3, 1, 2]
    found = []
    for x in range(n):
        try:
            found.append(v.index(x))
        except ValueError:
            found.append(-1)
    return found


@program((0.0,), (2.0,), (-1.0,))
def math_errors(x):
    out = []
    try:
        out.append(math.log(x))
    except ValueError:
        out.append(-1.0)
    try:
        out.append(math.exp(1000 * x))
    except OverflowError:
        out.append(-2.0)
    return out


@program((np.array([1.0, 0.0, -4.0]),))
def while_with_try(a):
    i = 0
    s = 0.0
    while True:
        try:
            s += math.sqrt(a[i])
        except ValueError:
            s -= 1
        except IndexError:
            break
        i += 1
    return s, i


@program((7, 0), (7, 2))
def assertion(n, k):
    try:
        assert n % 2 == 0, f"odd {n}"
    except AssertionError:
        n += 10 // k
    return n


def generator(n):
    for i in range(n):
        yield 6 // (i - 2)


@program((2,), (5,))
def generator_raises(n):
    s = 0
    try:
        for x in generator(n):
            s += x
        s += sum(6 // (i - 1) for i in range(n))
    except ZeroDivisionError:
        s -= 1
    return s


@program((2,), (5,))
def comprehension_raises(n):
    try:
        v = [6 // (i - 3) for i in range(n)]
    except ZeroDivisionError:
        v = [0]
    return v


@program((3,), (70,))
def masked_hash_in_try(n):
    h = 14695981039346656037
    try:
        for i in range(n):
            h = ((h ^ i) * 1099511628211) & 0xFFFFFFFFFFFFFFFF
        return h // (n - 3)
    except ZeroDivisionError:
        return h % 1000003


class OwnError(ValueError):
    pass


@program((0,), (1,), (2,))
def own_class(k):
    try:
        if k == 1:
            raise OwnError("own")
        if k == 2:
            raise OwnError
    except ValueError:
        return 7
    return 8


@program((1,), (0,))
def errstate_and_try(n):
    try:
        with np.errstate(divide="ignore"):
            x = np.float64(1.0) / np.float64(n)
            return x + 3 // n
    except ZeroDivisionError:
        return np.float64(-1)


@program((0,), (5,))
def else_raises(n):
    out = []
    try:
        try:
            out.append(1)
        except ZeroDivisionError:
            out.append(2)
        else:
            out.append(10 // n)
        finally:
            out.append(3)
    except ZeroDivisionError:
        out.append(4)
    return out


@program((0, 1), (1, 0), (1, 1))
def two_variables(a, b):
    x = y = 0
    try:
        x = 1
        x = 10 // a
        y = 2
        y = 10 // b
    except ZeroDivisionError:
        return x, y, -1
    return x, y, 0


@program((5,), (0,))
def types_differ(n):
    try:
        r = 10 // n
    except ZeroDivisionError:
        r = 0.5
    return r

"""``python -m jitpy demo``: kernels on real data, checked against CPython, timed, and drawn.

The data come with matplotlib: a digital elevation model and a photograph. Every kernel is a plain Python function (`kernels`); the
runner (`run`) calls it undecorated and decorated on equal arguments, compares results and changed arguments bit for bit, prints a
table and writes one picture with what the kernels computed.
"""

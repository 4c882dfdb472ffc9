"""The rows of packed vectors. Importing this module enters them all; a function without vectors does not need it."""

from jitpy.backend.isa.aarch64.insts import vector, vector_float, vector_int, vector_lanes

__all__ = ["vector", "vector_float", "vector_int", "vector_lanes"]

"""Formats in which code leaves the compiler."""

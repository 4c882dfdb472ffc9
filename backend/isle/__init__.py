"""ISLE: a compiler from typed rewrite rules to Python decision code. ``docs/isle.md`` is the reference."""

"""The machine instructions, one row per form, by theme."""

"""Tests written as CLIF files: parse, check, run on several engines, and compare with what the files say."""

"""Lets the tests of these folders share what lies beside this file."""

import os
import sys

sys.path.insert(0, os.path.dirname(__file__))

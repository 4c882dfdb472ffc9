"""The modules of this folder import one another by name."""

import os
import sys

sys.path.insert(0, os.path.dirname(__file__))

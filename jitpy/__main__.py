"""``python -m jitpy``: see `jitpy.cli`."""

import sys

from jitpy.cli import main

sys.exit(main())

"""`python -m caseway.local`."""

import sys

from caseway.local.commands import main

sys.exit(main())

"""``python -m core``: Faultline's command line."""

import sys

from core.cli.main import main

sys.exit(main(sys.argv[1:]))

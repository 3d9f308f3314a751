"""`python -m housekey` is `housekey`."""

import sys

from housekey.cli import main

if __name__ == "__main__":
    sys.exit(main())

"""The command line: reads arguments, prepares the process, calls operations, prints.

Owns processes (`serve`, `work`), the generated certificate and the order of things at start. Knows no rule of accounts or
codes. Nothing here imports Django before a command needs it: `housekey --help` must be quick.
"""

from housekey.cli.main import main

__all__ = ["main"]

#!/usr/bin/env bash
# Called when a virtual environment could not be made: says the usual reason, and fails.
rm -rf .venv
echo "The virtual environment could not be made. On Debian and Ubuntu install the package python3-venv and try again." >&2
exit 1

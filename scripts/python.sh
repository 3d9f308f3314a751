#!/usr/bin/env bash
# Prints the first Python on this machine that is new enough, or says what is missing.
set -euo pipefail
for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        command -v "$candidate"
        exit 0
    fi
done
echo "Housekey needs Python 3.11 or newer; none was found." >&2
echo "python-3.11-or-newer-not-found"

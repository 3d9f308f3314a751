#!/usr/bin/env bash
# Usage: needs.sh COMMAND:PACKAGE …  Installs the Debian packages of commands (or files, /with/their/path) that are missing, if it may.
# Otherwise it says which tests will skip, and succeeds: the tests themselves then skip (HOUSEKEY_NO_SKIP=1 turns that into a failure).
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin # where Debian keeps servers
packages=()
for pair in "$@"; do
    [[ $pair == /* && -e ${pair%%:*} ]] || command -v "${pair%%:*}" >/dev/null 2>&1 || packages+=("${pair##*:}")
done
[[ ${#packages[@]} -eq 0 ]] && exit 0
mapfile -t packages < <(printf '%s\n' "${packages[@]}" | sort -u)
if command -v apt-get >/dev/null 2>&1; then
    prefix=()
    [[ $(id -u) -eq 0 ]] || prefix=(sudo -n)
    if [[ $(id -u) -eq 0 ]] || sudo -n true 2>/dev/null; then
        echo "Installing ${packages[*]} for the tests"
        export DEBIAN_FRONTEND=noninteractive
        # Programs for the tests, no services for the machine: nothing is set up and nothing starts, now or with the machine.
        [[ " ${packages[*]} " == *" slapd "* ]] && echo "slapd slapd/no_configuration boolean true" | "${prefix[@]}" debconf-set-selections
        quiet=()
        [[ " ${packages[*]} " == *" nginx "* && -d /run/systemd/system ]] && quiet=("${prefix[@]}" systemctl --quiet)
        [[ ${#quiet[@]} -eq 0 ]] || "${quiet[@]}" mask --runtime nginx.service || true
        if "${prefix[@]}" apt-get -qq update </dev/null >/dev/null &&
            "${prefix[@]}" apt-get -qq install -y --no-install-recommends "${packages[@]}" </dev/null >/dev/null; then
            [[ ${#quiet[@]} -eq 0 ]] || { "${quiet[@]}" disable nginx.service && "${quiet[@]}" unmask --runtime nginx.service; } || true
            exit 0
        fi
    fi
fi
echo "==============================================================================================" >&2
echo "NOT INSTALLED: ${packages[*]}. Tests that need them are SKIPPED below, each with its reason." >&2
echo "==============================================================================================" >&2

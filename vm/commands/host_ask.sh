#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# host_ask.sh SCRIPT TESTS SECONDS CONFIG RESULTS HOST: asks one host, by ssh with that file of its
# configuration, or none; run by GNU parallel for hosts.sh. SCRIPT, host_there.sh, is run there with
# TESTS, a .tar.gz. RESULTS/HOST gets what comes back, and "reason" where there is no answer.

set -euo pipefail

script=$1 tests=$2 seconds=$3 config=$4 to=$5/$6 host=$6

options=(-T -x -a -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=15
	-o ServerAliveCountMax=3 -o LogLevel=ERROR)
[ -z "$config" ] || options+=(-F "$config")

mkdir -p "$to"
errors=$(mktemp)
answer=$(mktemp)
trap 'rm -f "$errors" "$answer"; kill "$feeder" 2>/dev/null || true' EXIT
trap 'exit 143' INT TERM HUP

# the other side takes the end of this for the end of who asks
exec 3< <(cat "$script" "$tests"; exec sleep infinity)
feeder=$!
code=0
# beyond the tests there is the way there and back
timeout --foreground -k 5 $((seconds + 60)) ssh "${options[@]}" -- "$host" \
	bash -s -- "$(stat -L -c %s "$tests")" "$seconds" <&3 >"$answer" 2>"$errors" || code=$?
said=$(tr -d '\r' <"$errors" | grep -v '^$' | tail -n 1 || true)
if [ "$code" = 0 ] && tar -C "$to" -xzf "$answer" 2>"$errors"; then
	exit 0
fi
case $code in
0) said="its results cannot be read" ;;
124 | 137) said="it did not answer within $((seconds + 60)) s" ;;
esac
printf '%s\n' "${said:-it went away before its results came}" >"$to/reason"

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# host_there.sh SIZE SECONDS: the other side of run_tests.sh host --hosts, read by "bash -s" from
# standard input. There follow the tests, a .tar.gz of SIZE bytes, and no end of file, as long as
# somebody waits for the results: these are the output, a .tar.gz, too. Whatever ends this, nothing
# is left but what ran before.

set -euo pipefail

THERE=
RUNNER=
GUARD=

# what was begun ends, with all that it started
# shellcheck disable=SC2317 # by trap
there_end()
{
	trap - EXIT
	trap '' INT TERM HUP
	[ -z "$GUARD" ] || kill -KILL -- "-$GUARD" 2>/dev/null || true
	there_remove
}

there_remove()
{
	local runner

	runner=$(cat "$THERE/runner" 2>/dev/null || true)
	[ -z "$runner" ] || kill -KILL -- "-$runner" 2>/dev/null || true
	# what is killed may still write
	rm -rf "$THERE" 2>/dev/null || { sleep 1; rm -rf "$THERE"; }
}

# A killed shell has no time for that, nor one whose connection is gone: a broken connection shows
# as the end of standard input.
there_guard()
{
	local asker

	trap - EXIT
	trap '' INT TERM HUP
	cat <&3 >/dev/null &
	asker=$!
	while kill -0 $$ && kill -0 "$asker"; do
		sleep 0.3
	done 2>/dev/null
	kill -KILL $$ "$asker" 2>/dev/null || true
	there_remove
}

there_main()
{
	local size=$1 seconds=$2 code=0

	THERE=$(mktemp -d "${TMPDIR:-/tmp}/io_uring_coherency.XXXXXX")
	trap there_end EXIT
	trap 'exit 143' INT TERM HUP
	exec 3<&0
	head -c "$size" | tar -C "$THERE" -xzf -
	mkdir "$THERE/results"
	# a process group each
	set -m
	there_guard >/dev/null 2>&1 &
	GUARD=$!
	IO_URING_COHERENCY_RESULTS=$THERE/results \
		KSELFTEST_LIVE_REGISTERS_ARGS=$(cat "$THERE/args") LC_ALL=C \
		timeout -k 5 "$seconds" "$THERE/run_kselftest.sh" -c io_uring_coherency \
		>"$THERE/results/ktap" 2>&1 </dev/null &
	RUNNER=$!
	set +m
	echo "$RUNNER" >"$THERE/runner"
	wait "$RUNNER" || code=$?
	# by timeout's codes, as an answer that is not whole is none
	case $code in
	124 | 137) echo "the tests did not end within $seconds s" >"$THERE/results/reason" ;;
	esac
	sh "$THERE/machine.sh" "$THERE/results/machine" 2>/dev/null || true
	tar -C "$THERE/results" -czf - .
}

# the last line that is read of this: what follows it is not for the shell
there_main "$@"; exit

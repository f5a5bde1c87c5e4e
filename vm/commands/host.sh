# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The selftests on the running kernel: run_tests.sh host; host.jq has the table of what they come
# to. Sourced by run_tests.sh.

COMMAND_SUMMARY="the selftests on the running kernel"
COMMAND_OPTIONS="args timeout tree"
OPTION_TEXT[timeout]="for each program (default: 600)"

# The rules by which the tests are built and run: those of any kernel will do.
host_rules()
{
	KSELFTEST_ALONE=yes
	KSELFTEST_HEADERS=${HOST_HEADERS:-/lib/modules/$(uname -r)/build}
	kselftest_get
}

run_host()
{
	local native code

	native=$(uname -m)
	start 20
	need_packages make gcc libc6-dev rsync xz-utils liburing-dev jq
	need_command jq "results are read with it"
	host_rules
	result_open host
	phase 10 "$SCRATCH/log" "build tests" make -C "$KSELFTEST" TARGETS=io_uring_coherency \
		O="$SCRATCH/objects" INSTALL_PATH="$SCRATCH/installed" install ||
		die $EXIT_SKIP "the tests do not build: $(last_words "$SCRATCH/log")"
	printf 'timeout=%s\n' "$OPT_TIMEOUT" >"$SCRATCH/installed/io_uring_coherency/settings"
	# not the lines that link with it
	grep -h 'warning:\|: liburing' "$SCRATCH/log" >&2 || true
	say "kernel: $(uname -r) on $native"
	IO_URING_COHERENCY_RESULTS=$RESULT KSELFTEST_LIVE_REGISTERS_ARGS=$OPT_ARGS \
		"$SCRATCH/installed/run_kselftest.sh" -c io_uring_coherency |
		tee "$RESULT/ktap" || true
	code=$(ktap_code "$RESULT/ktap")
	find "$RESULT" -maxdepth 1 -name '*.json' -exec cat {} + |
		jq -rs -L "$VM_COMMANDS" 'include "host"; table' | column_align >"$RESULT/report"
	cat "$RESULT/report"
	result_close
	exit "$code"
}

#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
#
# live_registers on this machine, and with faults.

# bats file_tags=quick
# shellcheck source=tests/lib.bash
. "$BATS_TEST_DIRNAME/lib.bash"

# A program is skipped as a whole when nothing of it is an answer: too few events, variants without
# any, and what is only there to be compared with.
check_no_answer()
{
	local without=$HOST/without_io_uring program

	code_is 4 "$HOST/live_registers" --no-module -n 50 -t 0.2 --json "$SCRATCH/json"
	head -n 1 "$SCRATCH/out" | grep '^# not covered: [a-z0-9]'
	jq -e '.not_covered != "" and .registers != ""' "$SCRATCH/json"
	code_is 4 "$HOST/live_registers" --no-module --only poll_wake_sqpoll -t 0.5
	code_is 4 "$without" "$HOST/live_registers" --no-module -t 0.2
	code_is 4 "$without" "$HOST/ring_order" -t 0.2
	code_is 4 "$without" "$HOST/ring_complete" -t 0.2
	code_is 4 "$without" "$HOST/page_integrity" --no-module -t 0.2
	[ ! -e /dev/ppc_barrier_test ] && [ "$(id -u)" = 0 ] || return 0
	for program in kernel_order module_knobs module_offload; do
		code_is 4 setpriv --bounding-set=-sys_module "$HOST/$program"
	done
}

# What may go wrong inside a window is told as what it is.
check_window_faults()
{
	local name=poll_wake_default run

	needs_bank
	fault_get live_registers_windows
	needs_ring $name
	run=("$HOST/live_registers_windows" --no-module --only "$name" -t 8 -n 150 \
		--json "$SCRATCH/json")
	code_is 1 env FAULT=from-start "${run[@]}"
	# the event before the controls is void with them
	sed '/^TAP version/q' "$SCRATCH/out" | grep "^# $name: event 1, "
	grep '^not ok 1 global.control_without_io_uring' "$SCRATCH/out"
	jq -e '(.control_without_io_uring | not) and ([.variants[] | .outcome == "skip" and
		.events == 0 and .violations == 0 and .changed == {}] | all)' "$SCRATCH/json"
	code_is 1 env FAULT=idle "${run[@]}"
	jq -e '.variants[0] | .outcome == "fail" and .control_windows > 0 and
		.control_violations == .control_windows' "$SCRATCH/json"
	code_is 1 env FAULT=submitter "${run[@]}"
	jq -e '.variants[0].text | test("thread ended inside a window")' "$SCRATCH/json"
	# which seldom meets a window with a creation
	for _ in $(seq 10); do
		FAULT=thread "${run[@]}" -n 1000000 -t 2 || [ $? = 4 ]
		! jq -e '.variants[0].exited > 0' "$SCRATCH/json" || break
	done
	jq -e '.variants[0] | .exited > 0 and (.text | test("io_uring is") | not)' "$SCRATCH/json"
	run=("$HOST/live_registers_windows" --no-module --only "signal_$name" -t 8 -n 150 \
		--json "$SCRATCH/json")
	code_is 1 env FAULT=frame "${run[@]}"
	jq -e '.variants[] | select(.name == "signal_'$name'") | .outcome == "fail" and
		.violations == 0 and .handlers_with_others > 0 and
		.handlers_with_others <= .handlers' "$SCRATCH/json"
	code_is 1 env FAULT=sigreturn "${run[@]}"
	jq -e '.variants[] | select(.name == "signal_'$name'") | .outcome == "fail" and
		.violations > 0 and .control_violations > 0' "$SCRATCH/json"
}

# Without violations, but where planted faults are not found: no answer.
check_planted_missed()
{
	local name=poll_wake_default try code

	needs_bank
	fault_get live_registers_planted
	needs_ring $name
	for try in 1 2 3 4; do
		[ $try -lt 4 ] || skip "this machine is too busy for a planted control"
		code=0
		"$HOST/live_registers_planted" --only $name -t 20 -n 100 --json "$SCRATCH/json" \
			>"$SCRATCH/out" || code=$?
		cat "$SCRATCH/out"
		grep '^# the planted control did not run: [0-9]* events in its time' \
			"$SCRATCH/out" || break
	done
	[ "$code" = 4 ]
	jq -e '.variants[0] | .outcome == "skip" and .events >= 100 and .violations == 0 and
		(.text | test("^the fault [a-z]* was planted 100 times and found 0 times"))' \
		"$SCRATCH/json"
	jq -e '.planted | length >= 3 and ([.[] | .planted == 100 and .found == 0] | all)' \
		"$SCRATCH/json"
	# a control that comes to too little is told, and decides nothing
	code_is 0 env FAULT=seldom "$HOST/live_registers_planted" --only $name -t 20 -n 100 \
		--json "$SCRATCH/json"
	grep '^# the planted control did not run: 3 events in its time' "$SCRATCH/out"
	jq -e '.planted_not_run != "" and .variants[0].outcome == "pass"' "$SCRATCH/json"
}

# Kernels that are not this one: with many possible CPUs, and with an io_uring that creates workers
# where none are expected.
check_call_faults()
{
	local program preload=(env LD_PRELOAD="$HOST/calls.so")

	fault_get calls.so
	while read -r program; do
		# shellcheck disable=SC2086 # words
		FAULT=many-cpus "${preload[@]}" "$HOST"/$program >"$SCRATCH/out" 2>&1 ||
			[ $? = 4 ] || fail "$program: $(tail -n 1 "$SCRATCH/out")"
	done <<-'EOF'
		live_registers --no-module -t 0.3 --only poll_wake_default
		kernel_order --no-module -t 0.2
		ring_order -t 0.2 --edge plain_sb
		ring_complete -t 0.2 --case links
		page_integrity --no-module -t 0.2 --engine uring_async
	EOF
	needs_ring poll_wake_default
	for program in "ring_order --edge pbuf_ring" "ring_complete --case two_recv_ring"; do
		# shellcheck disable=SC2086 # words
		code_is 4 env FAULT=high-memory "${preload[@]}" "$HOST"/$program -t 0.2
		grep '^# [a-z_]*: kernels before 6.6 die of a buffer ring in high memory$' \
			"$SCRATCH/out"
	done
	code_is 4 env FAULT=no-defer "${preload[@]}" "$HOST/live_registers" --no-module -t 2 \
		--only poll_wake_defer_taskrun
	grep "^# poll_wake_defer_taskrun: this kernel's io_uring is not what this variant was" \
		"$SCRATCH/out"
}

# A register bank is a must for the architectures of the banks, and a skip elsewhere.
check_no_bank()
{
	fault_get live_registers_none
	code_is 4 "$HOST/live_registers_none" --json "$SCRATCH/json"
	grep -q '^# no register bank for this architecture$' "$SCRATCH/out"
	grep -q '^ok 1 live_registers # SKIP not observable on this machine$' "$SCRATCH/out"
	jq -e '.skip == "no register bank for this architecture"' "$SCRATCH/json"
}

check_not_root()
{
	local user=nobody

	[ "$(id -u)" = 0 ] || skip "needs root to become somebody else"
	install -m 755 "$HOST/live_registers" "${TMPDIR:-/tmp}/live_registers.$$"
	setpriv --reuid $user --regid nogroup --clear-groups \
		"${TMPDIR:-/tmp}/live_registers.$$" -t 20 -n 100 >"$SCRATCH/out" && code=0 ||
		code=$?
	rm -f "${TMPDIR:-/tmp}/live_registers.$$"
	cat "$SCRATCH/out"
	[ $code = 0 ]
}

@test "no-answer" { t check_no_answer; }
@test "window-faults" { t check_window_faults; }
@test "call-faults" { t check_call_faults; }
@test "planted-missed" { t check_planted_missed; }
@test "no-bank" { t check_no_bank; }
@test "not-root" { t check_not_root; }

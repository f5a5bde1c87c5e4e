#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
#
# What counts come to: verdict, and what is no answer.

# bats file_tags=quick
# shellcheck source=tests/lib.bash
. "$BATS_TEST_DIRNAME/lib.bash"

# verdict_is CODE WORD ARGUMENT...
verdict_is()
{
	code_is "$1" "$HOST/verdict" "${@:3}"
	grep "^verdict: $2 (" "$SCRATCH/out"
}

# The program: a word and a code for each verdict, its forms, and what it refuses. What counts come
# to is evidence.c's, and tested by evidence_compare_test.
check_verdict()
{
	verdict_is 0 "FIXED" 1000 1000 10000 0
	verdict_is 1 "NOT FIXED" 1000 1000 10000 1
	verdict_is 4 "INCONCLUSIVE" 27 3 45 0
	verdict_is 0 "FIXED" --surprise 27 3 45 0
	[ "$("$HOST/verdict" --needed 27 3)" = 45 ]
	refused 2 "is not a number" "$HOST/verdict" -1 0 1 0
	refused 2 "is not a number" "$HOST/verdict" 1x 0 1 0
	refused 2 "is not a number" "$HOST/verdict" 99999999999999999999 0 1 0
	refused 2 "is not a number" "$HOST/verdict" --surprise 27 3 x 0
	refused 2 "are more than" "$HOST/verdict" 1 2 1 0
	refused 2 "are more than" "$HOST/verdict" --needed 3 27
}

# A figure of bench, told and kept.
check_bench_figures()
{
	# shellcheck source=vm/commands/bench.sh
	. "$VM_COMMANDS/bench.sh"
	RESULT=$SCRATCH
	{
		printf '%s\n' 30.04 9 1001 | bench_figure "x, first" ms
		bench_figure "starts that found it" "of 200" <<<200
		bench_figure "never" ms </dev/null
	} >"$SCRATCH/out"
	diff "$SCRATCH/out" - <<-EOF
		x, first: 30 ms (median of 3, 9 to 1000)
		starts that found it: 200 of 200
		never: none ms
	EOF
	jq -se 'map([.name, .unit, .median, (.values | length)]) == [["x, first", "ms", 30.04, 3],
		["starts that found it", "of 200", 200, 1], ["never", "ms", null, 0]]' \
		"$SCRATCH/figures"
}

# What people read of registers that were hit.
check_listed()
{
	jq -r "$JQ_EVIDENCE listed" >"$SCRATCH/out" <<-EOF
		["FPSR", "f0", "f1", "f10", "f2", "f4", "f5", "r9", "vs0", "vs32"]
		["uring", "wrong_page"]
		[]
	EOF
	diff "$SCRATCH/out" - <<-EOF
		FPSR f0-f2 f4-f5 f10 r9 vs0 vs32
		uring wrong_page

	EOF
}

# What counts cannot tell: a variant that died, failed, or has no answer on the fixed kernel.
check_unanswered()
{
	RESULT=$SCRATCH
	mkdir "$SCRATCH/base" "$SCRATCH/fixed"
	answers() {
		jq -n --arg a "$1" --argjson v "$2" --arg b "$3" '{variants: [
			{name: "one", outcome: $a, violations: $v},
			{name: "two", outcome: $b, violations: 0}]}'
	}
	answers fail 5 pass >"$SCRATCH/base/live_registers.json"
	answers pass 0 pass >"$SCRATCH/fixed/live_registers.json"
	[ -z "$(unanswered fail "$SCRATCH/fixed")$(unanswered skip "$SCRATCH/fixed")" ]
	answers "" 0 pass >"$SCRATCH/fixed/live_registers.json"
	[ "$(unanswered fail "$SCRATCH/fixed")" = "the fixed kernel does not get through one" ]
	answers pass 0 fail >"$SCRATCH/fixed/live_registers.json"
	[ "$(unanswered fail "$SCRATCH/fixed")" = "the fixed kernel does not get through two" ]
	answers skip 0 skip >"$SCRATCH/fixed/live_registers.json"
	[ -z "$(unanswered fail "$SCRATCH/fixed")" ]
	unanswered skip "$SCRATCH/fixed" | grep '^one shows the problem on the base'
}

@test "registers-listed" { t check_listed; }
@test "verdict" { t check_verdict; }
@test "unanswered" { t check_unanswered; }
@test "bench-figures" { t check_bench_figures; }

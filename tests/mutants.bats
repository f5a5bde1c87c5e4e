#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
#
# run_tests.sh mutants.

# bats file_tags=quick
# shellcheck source=tests/lib.bash
. "$BATS_TEST_DIRNAME/lib.bash"

# What mutants makes of one detector's result: "GUEST DETECTOR NAMES OUTCOME VIOLATIONS OBSERVABLE =
# CODE RESULT". The detector has one variant, "edge"; the header names DETECTOR and NAMES, and
# without a DETECTOR the kernel is a good one.
check_mutants_judged()
{
	local guest detector names outcome violations observable code want got

	cd "$VM_COMMANDS"
	while read -r guest detector names outcome violations observable _ code want; do
		jq -n --arg o "$outcome" --argjson v "$violations" '{variants: [{name: "edge",
			outcome: $o, violations: $v, events: 9, text: "why"}]}' >"$SCRATCH/json"
		jq -n -L . --arg name ring_order --arg run "ring_order.out 0 1 3" --arg out "" \
			--arg names "${names#-}" --slurpfile json "$SCRATCH/json" \
			'include "mutants"; answer($ARGS.named)' >"$SCRATCH/answer"
		jq -s -L . --arg name x --arg kernel x --arg state "$guest" --arg reason "" \
			--arg observable "${observable#-}" --arg machine x86_64 \
			--argjson named "[\"$detector\"]" \
			--argjson good "$([ "$detector" = - ] && echo true || echo false)" \
			'include "mutants"; judge($ARGS.named)' "$SCRATCH/answer" |
			jq -s . >"$SCRATCH/judged"
		got=$(jq -r -L . 'include "mutants"; "\(code) \(.[0].result)"' "$SCRATCH/judged")
		[ "$got" = "$code $want" ] || fail "$guest $detector $names $outcome $violations" \
			"$observable: '$got', not '$code $want'"
		jq -r -L . 'include "mutants"; table, summary' "$SCRATCH/judged"
	done <<-'EOF'
		ok ring_order - fail 3 - = 0 caught
		ok ring_order edge fail 3 - = 0 caught
		ok ring_order other fail 3 - = 1 caught
		ok ring_order edge pass 0 - = 1 missed by all
		ok ring_order edge pass 0 elsewhere = 0 not observable here
		ok ring_order edge fail 3 elsewhere = 0 caught
		ok ring_order edge skip 0 - = 4 no answer
		ok ring_order edge fail 0 - = 4 no answer
		unwell ring_order edge fail 3 - = 0 caught
		dead ring_order edge pass 0 elsewhere = 4 no answer
		no-boot ring_order edge pass 0 - = 4 no answer
		no-build ring_order edge pass 0 - = 4 no answer
		ok - - pass 0 - = 0 quiet
		ok - - fail 3 - = 1 false alarm
		ok - - fail 0 - = 1 false alarm
		ok - - skip 0 - = 4 no answer
		unwell - - pass 0 - = 1 false alarm
		dead - - pass 0 - = 1 false alarm
		no-boot - - pass 0 - = 4 no answer
	EOF
	# one that was skipped as a whole has its reason in the results
	echo '{"skip": "why", "variants": []}' >"$SCRATCH/json"
	got=$(jq -n -r -L . --arg name ring_order --arg run "ring_order.out 4 1 3" --arg names "" \
		--arg out "ok 1 ring_order # SKIP no module" --slurpfile json "$SCRATCH/json" \
		'include "mutants"; answer($ARGS.named) | .state + ": " + .text')
	[ "$got" = "not observable here: why" ] || fail "$got"
}

# "ARCHITECTURE:PATCHES:PATCHES": those that are asked there, and such as are not. Where there is
# no module, what only the module could catch would cost a kernel, and have no answer.
check_mutants_chosen()
{
	local OPT_ARCH OPT_TESTS=. are nots name chosen
	local -A GIVEN=()

	# shellcheck source=vm/commands/mutants.sh
	. "$VM_COMMANDS/mutants.sh"
	while IFS=: read -r OPT_ARCH are nots; do
		chosen=$(mutants_chosen)
		echo "$OPT_ARCH: $(wc -l <<<"$chosen")"
		for name in $are; do
			grep "^$name " <<<"$chosen" || fail "$OPT_ARCH: no $name"
		done
		for name in $nots; do
			! grep "^$name " <<<"$chosen" || fail "$OPT_ARCH: $name"
		done
	done <<-'EOF'
		ppc64le:sqpoll-looks-first try-to-wake-up-looks-first kick-process-does-not:s390-fork-clears-vx
		s390x:s390-fork-clears-vx io-wq-write-is-torn:try-to-wake-up-looks-first
		s390x:sqpoll-looks-first:kick-process-does-not powerpc-save-clobbers-fp
	EOF
}

# check_mutants REGEX PATTERN: these kernels, and what it counts in the end.
check_mutants()
{
	local code=0 name result cells

	IO_URING_COHERENCY_OUT=$SCRATCH/results "$TOP/run_tests.sh" mutants --tests "$1" \
		>"$SCRATCH/out" 2>&1 || code=$?
	cat "$SCRATCH/out"
	[ "$code" = 0 ] || fail "code $code"
	tail -n 1 "$SCRATCH/out" | grep -q "$2"
	jq -e '[.[].wrong[]] == []' "$SCRATCH/results/latest/results.json"
	page_agrees "$SCRATCH/results/latest"
	# a row for each kernel: its name, a cell for each detector, what they come to
	cells=$(jq '.[0].detectors | length + 2' "$SCRATCH/results/latest/results.json")
	while read -r name result; do
		report_rows "$cells" "$name"
		grep -E "^$name  .*  $result\$" "$SCRATCH/out"
	done < <(jq -r '.[] | "\(.name) \(.result)"' "$SCRATCH/results/latest/results.json")
}

@test "mutants-judged" { t check_mutants_judged; }
@test "mutants-chosen" { t check_mutants_chosen; }
# bats test_tags=long
@test "mutants" { t check_mutants . "0 missed by all, 0 without an answer; 0 false alarms"; }

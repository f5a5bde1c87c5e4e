#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
#
# Names of tests and reasons of skips, as those who collect results take them; see doc/labs.md.

# shellcheck source=tests/lib.bash
. "$BATS_TEST_DIRNAME/lib.bash"

# names_are_right FILE: in a program's output plan, numbers and names are as they should be, no two
# names are the same, and skips have reasons of the list. What LAVA makes of them (Linaro's
# make_name(): name and reason, all else an underscore) is unique, too.
names_are_right()
{
	local twice

	awk 'FNR == NR { reasons[$0]; next }
		/^1\.\.[0-9]+$/ { plan = substr($0, 4) }
		/^(not )?ok / {
			line = $0
			sub(/^not /, "", line)
			split(line, word, " ")
			at = index(line, " # SKIP ")
			if (word[2] != ++n || word[3] !~ /^[A-Za-z0-9_.-]+$/ ||
			    length(word[3]) > 80 || names[word[3]]++ ||
			    (at && !(substr(line, at + 8) in reasons))) {
				print "not as it should be: " $0
				bad = 1
			}
		}
		END {
			if (plan != n || !n)
				print "a plan of " plan " for " n + 0 " tests"
			exit bad || plan != n || !n
		}' "$SCRATCH/reasons" "$1"
	twice=$(sed -nE 's/^(not )?ok [0-9]+ //p' "$1" | sed -E 's/# SKIP //
		s/\[[0-9]+\]//g; s/[^A-Za-z0-9_-]+/_/g' | sort | uniq -d)
	[ -z "$twice" ] || fail "twice for LAVA: $twice"
}

# names_run RUN SECONDS PROGRAM...: each natively, for about so long.
names_run()
{
	local program

	for program in "${@:3}"; do
		"$(find "$SCRATCH/o" -type f -name "$program")" -t "$2" \
			>"$SCRATCH/$program.$1" 2>"$SCRATCH/log" || [ $? -le 4 ] || fail "$program"
		names_are_right "$SCRATCH/$program.$1"
	done
}

# Once alone, and once on a busy machine: what is measured differs, and the names do not. With a
# harness that names what is skipped, which 6.1's does not. ring_complete runs once, as a minute of
# its cases on a busy machine would tell nothing else.
check_names()
{
	local busy=() programs i program

	sed -nE 's/^SKIP_REASON\([A-Z_]+, "(.*)"\)$/\1/p' \
		"$TOP/io_uring_coherency/lib/skip_reasons.h" >"$SCRATCH/reasons"
	[ "$(wc -l <"$SCRATCH/reasons")" -ge 12 ]
	! grep '[^A-Za-z _:]' "$SCRATCH/reasons" || fail "a reason that parsers would change"
	tree_with_us mainline link
	make -C "$KSELFTEST" TARGETS=io_uring_coherency O="$SCRATCH/o" >"$SCRATCH/log" 2>&1
	programs=(live_registers page_integrity ring_order kernel_order)
	names_run alone 0.05 "${programs[@]}" ring_complete
	for ((i = 0; i < $(nproc); i++)); do
		yes >/dev/null &
		busy+=($!)
	done
	names_run busy 0.1 "${programs[@]}"
	kill "${busy[@]}"
	for program in "${programs[@]}"; do
		diff <(sed -nE 's/^(not )?ok [0-9]+ ([^ ]*).*/\2/p' "$SCRATCH/$program.alone") \
			<(sed -nE 's/^(not )?ok [0-9]+ ([^ ]*).*/\2/p' "$SCRATCH/$program.busy") ||
			fail "$program has other names when the machine is busy"
	done
	# the kernel's own parser
	need_packages python3
	for program in "${programs[@]}" ring_complete; do
		python3 "$SOURCE_TREE/tools/testing/kunit/kunit.py" parse \
			"$SCRATCH/$program.alone" >"$SCRATCH/out" 2>&1 || true
		grep 'Testing complete' "$SCRATCH/out"
		! grep '\[ERROR\]' "$SCRATCH/out" || fail "kunit.py finds an error"
	done
}

# No test has a reason of its own.
check_reasons()
{
	! grep -rn 'SKIP(return' "$TOP/io_uring_coherency" | grep -v 'SKIP(return, "%s",' ||
		fail "a reason in words of its own"
	! grep -rnA1 'SKIP(return, "%s",' "$TOP/io_uring_coherency" --include='*.c' |
		grep -A1 'SKIP(return, "%s",$' | grep -v 'SKIP(\|--\|skip_because(' ||
		fail "a reason that is not from skip_reasons.h"
}

@test "names" { t check_names; }
@test "reasons" { t check_reasons; }

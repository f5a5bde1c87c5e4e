# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What all tests stand on: how one runs, what it says, and what several of them ask a kernel.

GUEST_TESTS=$TOP/tests/guest	# what tests run inside of a guest

# A test's own shell.
test_body()
{
	trap 'printf "failed: %s\n" "$BASH_COMMAND"; exit $EXIT_FAIL' ERR
	"$@"
}

# t NAME FUNCTION ARGUMENT...: one test, one KTAP line.
t()
{
	local name=$1 code=0 start=$SECONDS log=$SCRATCH/check.log number

	[[ $name =~ $OPT_TESTS ]] || return 0
	shift
	number=$((passed + failed + skipped + 1))
	test_in_time || set -- skip "too late for another test; --long has no such limit"
	apart test_body "$@" >"$log" 2>&1
	# ends by itself with the test; signals the test alone, which ends what it has started
	{
		timeout "$TEST_TIMEOUT" tail -s 0.2 --pid="$CHILD" -f /dev/null ||
			kill -TERM "$CHILD"
	} >/dev/null 2>&1 &
	wait "$CHILD" || code=$?
	CHILD=
	case $code in
	0)
		passed=$((passed + 1))
		[ "$name" != validate-default ] || validated=yes
		say "ok $number $name # $((SECONDS - start)) s"
		;;
	"$EXIT_SKIP")
		skipped=$((skipped + 1))
		case $(last_words "$log") in
		"too late for "*) late+=("$name") ;;
		*) skips+=("$name: $(last_words "$log")") ;;
		esac
		say "ok $number $name # SKIP $(last_words "$log")"
		;;
	*)
		failed=$((failed + 1))
		say "not ok $number $name"
		tail -n 40 "$log" | sed 's/^/# /'
		;;
	esac
}

test_in_time()
{
	[ -z "$END_BEFORE" ] || [ $((EPOCHSECONDS + TEST_SECONDS)) -lt "$END_BEFORE" ]
}

skip()
{
	say "$*"
	exit $EXIT_SKIP
}

fail()
{
	say "$*"
	exit $EXIT_FAIL
}

# code_is CODE COMMAND...: its exit code, and what it says in $SCRATCH/out.
code_is()
{
	local want=$1 code=0
	shift

	"$@" >"$SCRATCH/out" 2>&1 || code=$?
	cat "$SCRATCH/out"
	[ "$code" = "$want" ] || fail "$*: code $code, not $want"
}

# fault_get NAME...: what only tests run: programs, and libraries for LD_PRELOAD. In $HOST.
fault_get()
{
	(cd "$KSELFTEST" && make -C io_uring_coherency OUTPUT="$HOST" LABORATORY=y \
		"${@/#/$HOST/}") ||
		fail "$* cannot be built"
}

# needs_ring VARIANT: skips with the reason if this kernel has no answer for it in any case.
needs_ring()
{
	local why

	code_is 4 "$HOST/live_registers" --no-module --only "$1" -n 1 --json "$SCRATCH/json"
	why=$(jq -r --arg name "$1" '.variants[] | select(.name == $name and .outcome == "skip" and
		(.text | test("^inconclusive") | not)) | .text' "$SCRATCH/json")
	[ -z "$why" ] || skip "$why"
}

needs_bank()
{
	[[ $(uname -m) =~ ^(x86_64|aarch64|ppc64.*)$ ]] ||
		skip "no register bank for this architecture"
}

# The tree of a version, with this directory in it as a link, or as a copy.
tree_with_us()
{
	local version=$1 how=$2 at

	kernel_source "source:$version"
	kselftest_in_tree "$SOURCE_TREE"
	at=$KSELFTEST/io_uring_coherency
	if [ "$how" = link ]; then
		ln -s "$TOP" "$at"
	else
		rsync -a --exclude=/.git --exclude=/results "$TOP/" "$at/"
	fi
}

# refused CODE PATTERN COMMAND...
refused()
{
	local want=$1 pattern=$2 code=0 before
	shift 2
	before=$(left_behind)
	TMPDIR=$(own_tmp) IO_URING_COHERENCY_OUT=$SCRATCH/left/results \
		"$@" >"$SCRATCH/out" 2>"$SCRATCH/err" </dev/null || code=$?
	cat "$SCRATCH/err"
	[ "$code" = "$want" ] || fail "$*: code $code, not $want"
	[ "$(wc -l <"$SCRATCH/err")" = 1 ] || fail "$*: not one sentence on stderr"
	grep -q -- "$pattern" "$SCRATCH/err" || fail "$*: the sentence does not say '$pattern'"
	[ "$(left_behind)" = "$before" ] || fail "$*: left behind: $(left_behind)"
}

# Where a run that is looked at has its scratch directory, and no other run.
own_tmp()
{
	mkdir -p "$SCRATCH/left/tmp"
	echo "$SCRATCH/left/tmp"
}

# Whatever that run may leave: results, scratch directories, processes, and patches in a tree or
# what is half done in the cache. Other runs may be under way, in other places.
left_behind()
{
	local lock

	own_tmp >/dev/null
	find "$SCRATCH/left" -mindepth 2 -maxdepth 2 | sort
	pgrep -f "$SCRATCH/left/tmp" || true
	for lock in "$CACHE"/locks/*; do
		# what is half done there is another run's, which does it now
		[ ! -e "$lock" ] || flock -n "$lock" true || return 0
	done
	find "$CACHE" -maxdepth 2 \( -name '*.partial' -o -name '*.orig' \) | sort
}

# guest_of KERNEL ARGS [TEST]: runs it in a guest, which must come to its end in good health.
guest_of()
{
	local kernel=$1 json
	shift

	userspace_get "$OPT_ARCH"
	kernel_get "$kernel" "$OPT_ARCH"
	module_get "$OPT_ARCH"
	guest_test guest "$SCRATCH/guest" "$1" 60 "${@:2}"
	cat "$SCRATCH/guest/ktap" || true
	if [ "$GUEST_STATE" != ok ]; then
		guest_console "$SCRATCH/guest" 30
		fail "$GUEST_REASON"
	fi
	JSON=$SCRATCH/guest/live_registers.json
	PAGES=$SCRATCH/guest/page_integrity.json
	RINGS=$SCRATCH/guest/ring_order.json
	ORDER=$SCRATCH/guest/kernel_order.json
	# what failed is told at the end, where it is seen
	grep -E 'not ok|FAIL|Expected|module_.*SKIP' "$SCRATCH/guest/ktap" || true
	for json in "$JSON" "$PAGES" "$RINGS" "$ORDER"; do
		[ ! -e "$json" ] || jq -r '.program as $p | .variants[] |
			"\($p): \(.name): \(.outcome): \(.text)"' "$json"
	done
}

# too_busy JSON [NAME...]: too few events, for these variants or any, or none in time, on a machine
# that is busy with something else are no answer, and no failure of what is tested.
too_busy()
{
	local json=$1 why
	shift

	why=$(jq -r '[.variants[] | select(.outcome == "skip" and
			(.text | test("^inconclusive|: Connection timed out$"))) |
		select($ARGS.positional == [] or (.name | IN($ARGS.positional[]))) |
		"\(.name) is \(.text)"][0] // ""' "$json" --args "$@")
	[ -z "$why" ] || skip "$why"
}

# page_integrity on a good kernel: an answer from most engines, and where there is none a machine
# too busy for the number of workers that it takes, or a kernel that can have no disk.
PAGES_GOOD='([.variants[] | select(.outcome == "pass" and .events >= 500)] | length >= 4) and
	([.variants[] | select(.outcome != "pass") |
		.outcome == "skip" and ((.text | test("^inconclusive")) or
		(.name | test("_disk")) and
		(.text | test("^not asked for$|^no loop device|^this kernel has no ext4")))] | all)'

# The good kernel: an answer from every variant that the kernel has, no violation, and the knobs do
# what they say. A variant ends by its events; the time is for a machine that is busy with something
# else, too.
check_quiet()
{
	local other

	OPT_ARCH=$2
	guest_of "$1" "-t 20 -n 500"
	jq -e '[.variants[] | select(.outcome == "fail" or .violations > 0)] == []' "$JSON"
	jq -e '[.variants[] | select(.outcome == "pass" and .events >= 100)] | length >= 2' "$JSON"
	jq -e '[.variants[] | select(.events > 0) | .control_windows > 0 and
		.control_violations == 0] | all' "$JSON"
	other=$(jq -r '.variants[] | select(.outcome == "skip") | select(.text |
		test("^inconclusive|does not have IORING_SETUP|has no TWA_SIGNAL_NO_IPI") | not) |
		"\(.name): \(.text)"' "$JSON")
	[ -z "$other" ] || fail "no reason for a skip: $other"
	# the module, whose view of each delivery agrees with the events; on a busy machine the tick
	# may be there before the IPI
	jq -e '[.variants[] | select(.events > 0) | select(.delivered.IPI + .delivered.tick +
		.delivered.other < 0.9 * .events)] == []' "$JSON"
	jq -e '[.variants[] | select(.events > 0) | select(.name | test("by_no_ipi")) |
		select(.delivered.tick < 0.9 * .events)] == []' "$JSON"
	jq -e '[.variants[] | select(.events > 0) | select(.name | test("by_signal")) |
		select(.delivered.IPI < 0.5 * .events)] == []' "$JSON"
	jq -e "$PAGES_GOOD" "$PAGES"
	grep -E '^ok [0-9]+ selftests: io_uring_coherency: module_knobs$' "$SCRATCH/guest/ktap"
	grep -E '^ok [0-9]+ selftests: io_uring_coherency: module_offload$' "$SCRATCH/guest/ktap"
	! grep '^not ok' "$SCRATCH/guest/ktap" || fail "a test failed"
	too_busy "$JSON"
}

# check_knobs_catch KERNEL TEST...: on that bad kernel just these of module_knobs fail.
check_knobs_catch()
{
	local kernel=$1 failed
	shift

	OPT_ARCH=ppc64le
	guest_of "$kernel" "" module_knobs
	failed=$(sed -n 's/^# not ok [0-9]* \([^ ]*\).*/\1/p' "$SCRATCH/guest/ktap" | sort |
		tr '\n' ' ')
	[ "$failed" = "$(printf '%s\n' "$@" | sort | tr '\n' ' ')" ] || fail "failed: $failed"
}

# What could crash a kernel through the module: points that come and go under load, functions that
# a task sleeps in meanwhile, many delays in a row with interrupts off. The guest's log tells.
# check_storm KERNEL ARCH SECONDS
check_storm()
{
	guest_script "$GUEST_TESTS/storm.sh" "$3"
	OPT_ARCH=$2 OPT_SMP=4 OPT_TIMEOUT=$((60 + 4 * $3))
	guest_disks
	guest_of "$1" ""
	grep '^storm is over$' "$SCRATCH/guest/ktap"
	grep '^1000 threads woken .* ms, 9[0-9][0-9] delays cut$' "$SCRATCH/guest/ktap"
}

# A bad kernel: caught by every variant that has events, within 10 of them, in just the registers
# that it damages, with the cause told where they are FP or vector registers, and by no window
# without a creation. check_caught VERSION PATCH REGISTERS [ARCH]
check_caught()
{
	OPT_ARCH=${4:-ppc64le}
	guest_of "source:$1+$2" "-t 1 -n 300" live_registers
	jq -e --arg regs "$3" '[.variants[] | select(.violations > 0) | .changed | keys |
		join(" ")] | unique == [$regs]' "$JSON"
	jq -e --arg regs "$3" '[.variants[] | select(.violations > 0 and .first_event <= 10 and
		(.explained == .violations or ($regs | startswith("vs") | not)))] | length >= 2' \
		"$JSON"
	jq -e '[.variants[] | select(.events > 0) | .control_violations == 0] | all' "$JSON"
	jq -e '[.variants[] | select(.outcome == "pass" and .events > 0)] == []' "$JSON"
	# each violation came with task_work that an interrupt had brought
	jq -e '[.variants[] | select(.violations > 0) | select(.delivered.IPI + .delivered.tick +
		.delivered.other < 0.9 * .violations)] == []' "$JSON"
}

# Faults that the module plants in a good kernel: each is found, as what it is, and by the control
# of each program. check_planted KERNEL ARCH REGISTERS: what fp, vector, gpr and flags change, - for
# what the module cannot there; a line of the form "PLANT WHAT" each.
check_planted()
{
	local plant what

	{
		paste -d ' ' <(printf '%s\n' fp vector gpr flags) <(tr ' ' '\n' <<<"$3")
		printf '%s\n' 'write_short register hole' 'write_dropped stale' \
			'write_misplaced misplaced' 'write_stale stale|mosaic|torn' \
			'read_short register hole|not read'
	} >"$SCRATCH/plants"
	# shellcheck disable=SC2046 # words
	guest_script "$GUEST_TESTS/planted.sh" $(awk '$2 != "-" { print $1 }' "$SCRATCH/plants")
	OPT_ARCH=$2
	guest_of "$1" ""
	grep '^all is well$' "$SCRATCH/guest/ktap"
	while read -r plant what; do
		[ "$what" != - ] || continue
		say "$plant: $(jq -c ".planted.$plant" "$SCRATCH/guest/$plant.ctl" \
			"$JSON" "$PAGES" | paste -sd ' ')"
		jq -s -e --arg what "^($what)\$" '.[0].planted.'"$plant"' as $planted |
			.[1].variants[] | select(.events > 0) | .violations >= 0.9 * $planted and
			$planted >= 10 and any((.changed // .classes | keys[]); test($what)) and
			(.classes or (.changed | keys | length == 1))' \
			"$SCRATCH/guest/$plant".{ctl,found}
		jq -s -e '[.[].planted.'"$plant"' | values] | length == 1 and
			(.[0].planted >= 10 and .[0].found >= 0.9 * .[0].planted)' "$JSON" "$PAGES"
	done <"$SCRATCH/plants"
}

# check_edges_caught PATCH PROGRAM ARGS EDGE...: on that bad kernel just these edges fail.
check_edges_caught()
{
	local kernel=source:6.1+$1 program=$2 args=$3 failed
	shift 3

	OPT_ARCH=ppc64le
	guest_of "$kernel" "$args" "$program"
	too_busy "$SCRATCH/guest/$program.json" "$@"
	failed=$(jq -r '[.variants[] | select(.outcome == "fail") | .name] | sort | join(" ")' \
		"$SCRATCH/guest/$program.json")
	[ "$failed" = "$(printf '%s\n' "$@" | sort | paste -sd ' ')" ] || fail "failed: $failed"
}

# A user's tree: 6.1, at $SCRATCH/tree. What becomes of it in the cache goes with the test.
user_tree()
{
	kernel_source source:6.1
	# hard links: the copy costs no space, and a write to it would show in the original
	cp -al "$SOURCE_TREE" "$SCRATCH/tree" || cp -a "$SOURCE_TREE" "$SCRATCH/tree"
	cleanup_hooks+=(user_tree_drop)
}

user_tree_drop()
{
	local copy

	copy=$(tree_copy "$SCRATCH/tree")
	rm -rf "$copy" "$copy.orig" "$CACHE/build/${copy##*/}"-* \
		"$CACHE/timings/"*"${copy##*/}"* "$CACHE/timings/"*"${SCRATCH##*/}"*
}

# report_rows CELLS NAME...: the newest report has a row of each name, with so many cells, and it
# was shown as it is.
report_rows()
{
	local cells=$1 name report=$SCRATCH/results/latest/report
	shift

	for name in "$@"; do
		grep -F "$name  " "$report" | sed 's/   */|/g' |
			awk -F '|' -v name="$name" -v cells="$cells" '
				$1 == name { n++; bad = bad || NF != cells || / \|/ }
				END { exit n != 1 || bad }' ||
			fail "no whole row '$name' in the table"
	done
	grep -qFf "$report" "$SCRATCH/out"
	[ "$(grep -cFxf "$SCRATCH/out" "$report")" = "$(wc -l <"$report")" ] ||
		fail "the report is not what was shown"
}

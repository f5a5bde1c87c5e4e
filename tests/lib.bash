# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What all tests stand on: how one runs, and what several ask. A file NAME.bats has functions
# check_*, and tests that run them by t; run_tests.sh check runs the files, and has told in CHECK_*
#
#	CHECK_PID	its process: no test outlives it
#	CHECK_SHARED	a directory that tests share
#	CHECK_HOST, CHECK_KSELFTEST, CHECK_INSTALL	HOST, KSELFTEST and INSTALL_PACKAGES
#	CHECK_TESTS, CHECK_LONG		its options
#	CHECK_END	END_BEFORE, in seconds of the epoch, or nothing
#	CHECK_TIMEOUT	after so many seconds a test has hung
#
# Tags of bats: long (--long only), quick (--quick, too).

TOP=$(realpath "$(dirname "${BASH_SOURCE[0]}")/..")
VM_LIB=$TOP/vm/lib VM_COMMANDS=$TOP/vm/commands VM_GUEST=$TOP/vm/guest	# as in run_tests.sh
GUEST_TESTS=$TOP/tests/guest	# what tests run inside of a guest
BOTH=powerpc-save-clobbers-fp-vmx
TEST_SECONDS=150	# what a test takes at the most, if it builds no kernel

# t FUNCTION ARGUMENT...: a test's body. It fails with the last of what it said, or skips with code
# 4 and the last line for the reason.
t()
{
	local code=0 child log=$BATS_TEST_TMPDIR/log end=$((EPOCHSECONDS + CHECK_TIMEOUT))

	END_BEFORE=$CHECK_END test_in_time ||
		skip "too late for another test; --long has no such limit"
	test_shell "$@" >"$log" 2>&1 </dev/null 3>&- 4>&- &
	child=$!
	while kill -0 "$child" 2>/dev/null; do
		[ -d "/proc/$CHECK_PID" ] && [ "$EPOCHSECONDS" -lt "$end" ] ||
			kill -TERM "$child" || true
		sleep 0.2
	done
	wait "$child" || code=$?
	case $code in
	0) ;;
	4) skip "$(grep -v '^$' "$log" | tail -n 1 | sed 's/^run_tests.sh: //')" ;;
	*)
		tail -n 50 "$log"
		return 1
		;;
	esac
}

# What a test's shell has: all of run_tests.sh, and a scratch directory of its own.
test_shell()
{
	local file

	trap - DEBUG ERR EXIT INT TERM
	set +ETe
	for file in common debian kernel module userspace guest result page measure options; do
		# shellcheck source=/dev/null
		. "$VM_LIB/$file.sh"
	done
	set -Eeuo pipefail
	skip() {
		say "$*"
		exit $EXIT_SKIP
	}
	COMMAND=check
	HOST=$CHECK_HOST KSELFTEST=$CHECK_KSELFTEST INSTALL_PACKAGES=$CHECK_INSTALL
	OPT_LONG=$CHECK_LONG END_BEFORE=$CHECK_END
	SCRATCH=$BATS_TEST_TMPDIR/scratch
	mkdir "$SCRATCH"
	trap cleanup EXIT
	trap 'exit 143' INT TERM HUP
	trap 'printf "failed: %s\n" "$BASH_COMMAND"; exit $EXIT_FAIL' ERR
	"$@"
}

# Whether a test that begins now may come to its end before END_BEFORE, if that is set.
test_in_time()
{
	[ -z "$END_BEFORE" ] || [ $((EPOCHSECONDS + TEST_SECONDS)) -lt "$END_BEFORE" ]
}

fail()
{
	say "$*"
	exit $EXIT_FAIL
}

# bats_apart ARGUMENT...: bats as check runs it, for tests that a test has written.
bats_apart()
{
	env -i PATH=/usr/bin:/bin TMPDIR="$SCRATCH" CHECK_PID="$CHECK_PID" CHECK_SHARED="$SCRATCH" \
		CHECK_HOST="$HOST" CHECK_KSELFTEST="$KSELFTEST" CHECK_TIMEOUT=60 CHECK_INSTALL=no \
		CHECK_TESTS=. CHECK_LONG='' CHECK_END='' bats "$@"
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
	(cd "$KSELFTEST" && flock "$HOST" make -C io_uring_coherency OUTPUT="$HOST" LABORATORY=y \
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
	[[ $(uname -m) =~ ^(x86_64|i.86|aarch64|armv[78]l|ppc64.*|s390x)$ ]] ||
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

# What a command's file says it has.
command_options()
{
	(
		# shellcheck source=/dev/null
		. "$(command_file "$1")"
		# shellcheck disable=SC2086 # words
		printf '%s\n' $COMMAND_OPTIONS no-install
	)
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
	# bisect-step has stdout for its answer alone
	sed -i '/^waiting for another run that /d' "$SCRATCH/err"
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
	local kernel=$1
	shift

	userspace_get "$OPT_ARCH"
	kernel_get "$kernel" "$OPT_ARCH"
	module_get "$OPT_ARCH"
	GUEST=$SCRATCH/guest
	guest_test guest "$GUEST" "$1" 60 "${@:2}"
	guest_came_to_its_end "$GUEST"
}

# guest_shared KERNEL ARCH: the same for tests that have one guest, of which guest_jobs KERNEL ARCH
# of their file tells: a line "TEST COMMAND" each. The first to ask runs it, with what was chosen.
guest_shared()
{
	local all

	all=$CHECK_SHARED/$(tr -c 'A-Za-z0-9.\n' - <<<"$1-$2")
	[ -e "$all/state" ] || guest_share "$1" "$2" "$all"
	read -r GUEST_STATE GUEST_REASON <"$all/state"
	GUEST=$all/$BATS_TEST_DESCRIPTION
	guest_came_to_its_end "$all"
	[ -s "$GUEST/commands" ] || fail "it has no results"
}

guest_share()
{
	local name command all=$3 script

	OPT_ARCH=$2 OPT_TIMEOUT=3000
	while read -r name command; do
		[[ ! $name =~ $CHECK_TESTS ]] || say "$name ktap $command"
	done < <(guest_jobs "$1" "$2") >"$SCRATCH/guest.list"
	for script in "$GUEST_TESTS"/*.sh; do
		cp "$script" "$SCRATCH/guest.${script##*/}"
	done
	guest_script "$VM_GUEST/list.sh"
	! grep -q pages_disk "$SCRATCH/guest.list" || guest_disks
	! grep -q '/guest\.io' "$SCRATCH/guest.list" || reproducers_get "$OPT_ARCH"
	userspace_get "$OPT_ARCH"
	kernel_get "$1" "$OPT_ARCH"
	module_get "$OPT_ARCH"
	guest_run "$OPT_ARCH" "$all" guest
	say "$GUEST_STATE $GUEST_REASON" >"$all/state"
}

# math_build VERSION ARCH DIRECTORY [MAKE_ARGUMENT...]: what vm/series/ adds to powerpc/math of that
# tree, in a copy of it and by its rules, static: DIRECTORY/math/io_uring_regs. Others of its tests,
# which are not ours, are not built.
math_build()
{
	local tree=$SCRATCH/math-$1-$2 arch=$2 to=$3 at
	at=$tree/tools/testing/selftests

	kernel_source "source:$1"
	shift 3
	rm -rf "$tree" "$to"
	mkdir -p "$at" "$to"
	cp -a "$SOURCE_TREE"/tools/testing/selftests/{*.h,*.mk,powerpc} "$at/"
	cp "$TOP"/vm/series/powerpc_math/*.c "$at/powerpc/math/"
	patch -d "$tree" -p1 <"$TOP/vm/series/powerpc_math/build.patch" || return
	sed -i 's/^\(TEST_GEN_PROGS :=\).*\\$/\1 \\/' "$at/powerpc/math/Makefile"
	make -C "$at/powerpc" ARCH=powerpc CROSS_COMPILE="$(cross_prefix "$arch")" \
		SUB_DIRS=math OUTPUT="$to" USERLDFLAGS=-static "$@"
}

# The reproducers of vm/series/ for guests of ARCH: each is /guest.NAME there. That for liburing is
# built against the sysroot's, and of liburing's test/helpers.h takes the exit codes alone.
reproducers_get()
{
	local arch=$1 include='' libs=-luring

	case $arch in
	ppc64*)
		math_build 6.1 "$arch" "$SCRATCH/math" >"$SCRATCH/log" 2>&1 ||
			fail "io_uring_regs does not build: $(build_error "$SCRATCH/log")"
		cp "$SCRATCH/math/math/io_uring_regs" "$SCRATCH/guest.io_uring_regs"
		;;
	esac
	sysroot_get "$arch"
	[ ${#LIBURING[@]} = 0 ] || include=${LIBURING[0]#*=} libs=${LIBURING[1]#*=}
	mkdir -p "$SCRATCH/helpers"
	echo 'enum { T_EXIT_PASS = 0, T_EXIT_FAIL = 1, T_EXIT_SKIP = 77 };' \
		>"$SCRATCH/helpers/helpers.h"
	# shellcheck disable=SC2086 # words
	"$(cross_prefix "$arch")gcc" -O2 -Wall -Wextra -Wno-unused-parameter -Werror -D_GNU_SOURCE \
		-static "-I$SCRATCH/helpers" $include \
		"$TOP/vm/series/liburing/io-wq-registers.c" $libs -lpthread \
		-o "$SCRATCH/guest.io-wq-registers"
}

# guest_came_to_its_end DIRECTORY: in good health; then what is in GUEST is told.
guest_came_to_its_end()
{
	local json

	cat "$GUEST/ktap" || true
	if [ "$GUEST_STATE" != ok ]; then
		guest_console "$1" 30
		fail "$GUEST_REASON"
	fi
	JSON=$GUEST/live_registers.json
	PAGES=$GUEST/page_integrity.json
	RINGS=$GUEST/ring_order.json
	ORDER=$GUEST/kernel_order.json
	# what failed is told at the end, where it is seen
	grep -E 'not ok|FAIL|Expected|module_.*SKIP' "$GUEST/ktap" || true
	for json in "$JSON" "$PAGES" "$RINGS" "$ORDER" "$GUEST/ring_complete.json"; do
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

# page_agrees DIRECTORY: its index.html begins with the tables of its report, which stand there apart
# by an empty line, stands alone, and says how to do it again.
page_agrees()
{
	local page=$1/index.html nr=0 table

	sed -n '1,/<h2>/p' "$page" >"$SCRATCH/head"
	while table=$(awk -v nr=$((nr + 1)) '/<table class="rows">/ { n++ }
			n == nr && /^<tr>/' "$SCRATCH/head") && [ -n "$table" ]; do
		sed -E "s,^<tr><t[hd]>,,; s,</t[hd]></tr>$,,; s,</t[hd]><t[hd]>,|,g
			s/&lt;/</g; s/&gt;/>/g; s/&quot;/\"/g; s/&(#39|apos);/'/g; s/&amp;/\&/g" \
			<<<"$table" | column_align >"$SCRATCH/rows"
		awk -v nr=$nr '$0 == "" { n++; next } n == nr' "$1/report" |
			head -n "$(wc -l <"$SCRATCH/rows")" | diff - "$SCRATCH/rows"
		nr=$((nr + 1))
	done
	[ $nr != 0 ] || fail "the page has no table"
	! grep -iE '(src|href)="?https?:' "$page" || fail "the page does not stand alone"
	grep -E '<code>./run_tests.sh (validate|mutants|host|claims|merge)' "$page"
	[ "$(grep -o '<table' "$page" | wc -l)" = "$(grep -o '</table' "$page" | wc -l)" ]
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
QUIET="cd /kselftest && KSELFTEST_LIVE_REGISTERS_ARGS='-t 20 -n 500'"
# what no kernel is known to break
QUIET+=" KSELFTEST_RING_COMPLETE_ARGS='--case links,hard_links' ./run_kselftest.sh"
check_quiet()
{
	local other late

	guest_shared "$1" "$2"
	jq -e '[.variants[] | select(.outcome == "fail" or .violations > 0)] == []' "$JSON"
	jq -e '[.variants[] | select(.outcome == "pass" and .events >= 100)] | length >= 2' "$JSON"
	jq -e '[.variants[] | select(.events > 0) | .control_windows > 0 and
		.control_violations == 0] | all' "$JSON"
	# on a busy machine the tick may be there before the IPI
	late=$(jq -r '.variants[] | select(.name | test("_by_signal$")) |
		select(.outcome == "skip" and .delivered.tick > .delivered.IPI and
			(.text | test("^the module.s knob did not act"))).name' "$JSON")
	other=$(jq -r --arg late "$late" '.variants[] | select(.outcome == "skip") | select(.text |
		test("^inconclusive|does not have IORING_SETUP|has no TWA_SIGNAL_NO_IPI") | not) |
		select(.name != $late) | "\(.name): \(.text)"' "$JSON")
	[ -z "$other" ] || fail "no reason for a skip: $other"
	# the module, whose view of each delivery agrees with the events
	jq -e '[.variants[] | select(.events > 0 and .handlers == null) |
		select(.delivered.IPI + .delivered.tick + .delivered.other <
		0.9 * .events)] == []' "$JSON"
	jq -e '[.variants[] | select(.events > 0) | select(.name | test("by_no_ipi")) |
		select(.delivered.tick < 0.9 * .events)] == []' "$JSON"
	jq -e "$PAGES_GOOD" "$PAGES"
	grep -E '^ok [0-9]+ selftests: io_uring_coherency: module_knobs$' "$GUEST/ktap"
	grep -E '^ok [0-9]+ selftests: io_uring_coherency: module_offload$' "$GUEST/ktap"
	! grep '^not ok' "$GUEST/ktap" || fail "a test failed"
	too_busy "$JSON"
	[ -z "$late" ] || check_ipi_again "$1" "$2" "$late"
}

# A variant by IPI that the tick was there for has an answer in one of three guests of its own.
check_ipi_again()
{
	OPT_ARCH=$2
	rm -f "$SCRATCH"/guest.*
	for _ in 1 2 3; do
		guest_of "$1" "-t 20 -n 500 --only $3" live_registers
		! jq -e --arg name "$3" '.variants[] | select(.name == $name).outcome == "pass"' \
			"$GUEST/live_registers.json" || return 0
	done
	skip "this machine is too busy for IPIs: $3"
}

# ring_complete on a kernel without patches: the first case fails, and FAILS, a list, do not pass,
# as the kernel is known for that, with what mended it; MAY, another, are seldom broken, by the same
# or by what nobody has explained; nothing else fails. check_completions KERNEL FAILS [MAY]
check_completions()
{
	local json name

	guest_shared "$1" ppc64le
	json=$GUEST/ring_complete.json
	jq -r '.variants[] | "\(.name): \(.outcome): \(.text)"' "$json"
	jq -e --arg fails "$2" --arg may "${3:-}" '($fails / ",") as $fails |
		[.variants[] | select(.outcome == "fail")] |
		(map(.name) | index($fails[0]) != null and . - $fails - ($may / ",") == []) and
		all(.violations > 0) and
		(map(select(.name | IN($fails[]))) | all(.fix != null))' "$json"
	jq -e '[.variants[] | select(.outcome == "pass")] | length >= 10' "$json"
	for name in $(jq -r --arg fails "$2" '.variants[] | select(.outcome == "pass").name |
		select(IN(($fails / ",")[]))' "$json"); do
		check_completion_again "$1" "$name"
	done
}

# On a busy machine few signals come while a worker is created, once none in 52 events: a case that
# has to fail, and has passed, fails in one of three guests of its own.
check_completion_again()
{
	rm -f "$SCRATCH"/guest.*
	for _ in 1 2 3; do
		guest_of "$1" "-t 5 --case $2" ring_complete
		! jq -e --arg name "$2" '.variants[] | select(.name == $name) |
			.violations > 0 and .fix != null' "$GUEST/ring_complete.json" || return 0
	done
	fail "$2 finds nothing"
}

# check_knobs_catch KERNEL TEST...: on that bad kernel just these of module_knobs fail.
check_knobs_catch()
{
	local kernel=$1 failed
	shift

	OPT_ARCH=ppc64le
	guest_of "$kernel" "" module_knobs
	failed=$(sed -n 's/^# not ok [0-9]* \([^ ]*\).*/\1/p' "$GUEST/ktap" | sort |
		tr '\n' ' ')
	[ "$failed" = "$(printf '%s\n' "$@" | sort | tr '\n' ' ')" ] || fail "failed: $failed"
}

# What could crash a kernel through the module: points that come and go under load, functions that
# a task sleeps in meanwhile, many delays in a row with interrupts off. The guest's log tells.
# check_storm KERNEL ARCH
check_storm()
{
	guest_script "$GUEST_TESTS/storm.sh" $((10 + ${OPT_LONG:+5}0))
	OPT_ARCH=$2 OPT_SMP=4
	# QEMU before 8.1 (deba78709ae8) may keep on running an int3 with which this kernel replaced
	# an instruction for a moment, that kprobes then take for one of theirs: a jump to 0
	[ "$2" != x86_64 ] || OPT_ACCEL=tcg,thread=single
	guest_disks
	guest_of "$1" ""
	grep '^storm is over$' "$GUEST/ktap"
	grep '^1000 threads woken .* ms, 9[0-9][0-9] delays cut$' "$GUEST/ktap"
}

# A bad kernel: caught by every variant that has events, within 10 of them, in just the registers
# that it damages, with the cause told where they are FP or vector registers, and by no window
# without a creation. check_caught VERSION PATCH REGISTERS [ARCH]
check_caught()
{
	OPT_ARCH=${4:-ppc64le}
	guest_of "source:$1+$2" "-t 1 -n 300" live_registers
	registers_are "$3"
}

# The same by what it left.
registers_are()
{
	# PPR is not asked for where a handler runs
	jq -e --arg regs "$1" '($regs / " ") as $regs | [.variants[] | select(.violations > 0) |
		(.changed | keys) == if .handlers == null then $regs else $regs - ["PPR"] end] |
		all and length > 0' "$JSON"
	jq -e --arg regs "$1" '[.variants[] | select(.violations > 0 and .first_event <= 10 and
		(.explained == .violations or ($regs | startswith("vs") | not)))] | length >= 2' \
		"$JSON"
	jq -e '[.variants[] | select(.events > 0) | .control_violations == 0] | all' "$JSON"
	jq -e '[.variants[] | select(.outcome == "pass" and .events > 0)] == []' "$JSON"
	# each violation came with task_work that an interrupt had brought, or sigreturn
	jq -e '[.variants[] | select(.violations > 0 and .handlers == null) |
		select(.delivered.IPI + .delivered.tick + .delivered.other < 0.9 * .violations)] ==
		[]' "$JSON"
}

# reproducer KERNEL ARCH: one of vm/series/ in a shared guest. Sets CODE, its exit code.
reproducer()
{
	guest_shared "$1" "$2"
	read -r _ CODE _ <"$GUEST/commands"
	! grep -q 'too few events' "$GUEST/ktap" || skip "inconclusive: too few events"
}

# A good kernel: a figure for each of its banks.
check_math_quiet()
{
	reproducer "$1" "$2"
	[ "$CODE" = 0 ]
	grep '^success: io_uring_regs$' "$GUEST/ktap"
	[ "$(grep -cE '^(fpu|vmx|vsx): [0-9]{3,} events, 0 violations$' "$GUEST/ktap")" = 3 ]
}

# Forbidden io_uring is told for the reason.
check_math_refused()
{
	reproducer "$1" "$2"
	[ "$CODE" = 0 ]
	grep '^skip: io_uring_regs$' "$GUEST/ktap"
	grep '^io_uring_setup: Operation not permitted$' "$GUEST/ktap"
	grep '^\[SKIP\] .* forbids it here$' "$GUEST/ktap"
}

check_liburing_quiet()
{
	reproducer "$1" "$2"
	[ "$CODE" = 0 ]
	grep -E '^[0-9]{3,} events, 0 violations$' "$GUEST/ktap"
}

# The kernel of 2023: each bank has its violation within ten events, and in no other register.
check_math_caught()
{
	reproducer "$1" "$2"
	[ "$CODE" = 1 ]
	grep '^failure: io_uring_regs$' "$GUEST/ktap"
	grep -E '^fpu: event [0-9], [0-9]{1,3} ms: ' "$GUEST/ktap"	# in its first second
	reproducer_registers "fpu: f0 vmx: v0 vsx: vs0 vsx: vs32"
}

check_liburing_caught()
{
	reproducer "$1" "$2"
	[ "$CODE" = 1 ]
	reproducer_registers "vs0 vs32"
}

# reproducer_registers "[BANK: ]REGISTER ...": those that it showed, all, and within ten events.
reproducer_registers()
{
	local event line

	for event in '[0-9]+' '[0-9]'; do
		line="^([a-z]+: )?event $event(, [0-9]+ ms)?: ([A-Za-z0-9]+) was .*"
		[ "$(sed -nE "s/$line/\1\3/p" "$GUEST/ktap" | sort -u | paste -sd ' ')" = "$1" ]
	done
}

# check_fuzz KERNEL ARCH CALLS: random ioctls.
check_fuzz()
{
	guest_shared "$1" "$2"
	grep -E "^# $3 calls in" "$GUEST/ktap"
	! grep '^not ok' "$GUEST/ktap" || fail "a test failed"
}

# page_integrity on file systems with a disk, where that is looked at, too; buffered and O_DIRECT.
# check_pages_disk KERNEL JQ
check_pages_disk()
{
	local json

	guest_shared "$1" ppc64le
	grep '^all is well$' "$GUEST/ktap"
	for json in "$GUEST"/pages-*.json; do
		say "${json##*/}"
		jq -r '.variants[] | "\(.name): \(.outcome): \(.text)"' "$json"
		jq -e '[.variants[] | select(.text != "not asked for" and
			(.views | length != 7))] == []' "$json"
		jq -e "$2" "$json"
	done
}

# Faults that the module plants in a good kernel: each is found, as what it is, and by the control
# of each program. check_planted KERNEL ARCH REGISTERS: what fp, vector, gpr and flags change, - for
# what the module cannot there; a line of the form "PLANT WHAT" each.
PLANTED="sh /guest.planted.sh gpr flags others write_short write_dropped write_misplaced"
PLANTED+=" write_stale read_short"
check_planted()
{
	local plant what

	{
		paste -d ' ' <(printf '%s\n' fp vector gpr flags) <(tr ' ' '\n' <<<"$3")
		printf '%s\n' 'write_short register hole' 'write_dropped stale' \
			'write_misplaced misplaced' 'write_stale stale|mosaic|torn' \
			'read_short register hole|not read'
	} >"$SCRATCH/plants"
	guest_shared "$1" "$2"
	grep '^all is well$' "$GUEST/ktap"
	while read -r plant what; do
		[ "$what" != - ] || continue
		say "$plant: $(jq -c ".planted.$plant" "$GUEST/$plant.ctl" \
			"$JSON" "$PAGES" | paste -sd ' ')"
		jq -s -e --arg what "^($what)\$" '.[0].planted.'"$plant"' as $planted |
			.[1].variants[] | select(.events > 0) | .violations >= 0.9 * $planted and
			$planted >= 10 and any((.changed // .classes | keys[]); test($what)) and
			(.classes or (.changed | keys | length == 1))' \
			"$GUEST/$plant".{ctl,found}
		jq -s -e '[.[].planted.'"$plant"' | values] | length == 1 and
			(.[0].planted >= 10 and .[0].found >= 0.9 * .[0].planted)' "$JSON" "$PAGES"
	done <"$SCRATCH/plants"
	others_found "$2"
}

# What the plant others changes, SLOT, where live_registers says that the CPU has it: =REGEX of that
# text if it is not the same. Of ZA it is more than one.
declare -gA OTHERS=(
	[ppc64le]="LR CTR XER PPR TAR DSCR FPSCR vs31=vs0-vs63 VSCR VRSAVE"
	[x86_64]="FLAGS=FS.base FSBASE=FS.base GSBASE=GS.base MXCSR FSW_FCW=FSW FTW st7=st0-st7 PKRU"
	[arm64]="PSTATE=DIT|SSBS|TCO TPIDR_EL0 TPIDR2_EL0 FPCR FPSR FPMR ZA ZT0 z31=z0 p15=p0 FFR"
)
OTHERS[x86_64]+=" ymm15=ymm0 zmm15=zmm0 zmm14=zmm0 zmm31=zmm0 k7=k0"

# others_found ARCH: each of these, in one run, and no other register.
others_found()
{
	say "others: $(jq -c .planted.others "$GUEST/others.ctl")," \
		"$(jq -c '.registers, .variants[].changed | select(. != {})' "$GUEST/others.found")"
	jq -s -e --arg others "${OTHERS[$1]}" '.[0].planted.others as $planted | .[1] |
		.registers as $has | .variants[] | select(.events > 0) |
		$planted >= 10 and .violations >= 0.9 * $planted and
		([.changed | keys[] | sub("\\[.*"; "")] | unique) ==
		([$others | split(" ")[] | split("=") | (.[1] // .[0]) as $text |
			select($has | test($text))[0]] | sort)' "$GUEST"/others.{ctl,found}
}

# check_edges_caught PATCH PROGRAM ARGS EDGE...: on that bad kernel the first of these fails, the
# others do or are not observable while other work takes the emulated CPUs' time, and all else does
# not fail.
check_edges_caught()
{
	local kernel=source:6.1+$1 program=$2 args=$3
	shift 3

	OPT_ARCH=ppc64le
	guest_of "$kernel" "$args" "$program"
	too_busy "$GUEST/$program.json" "$1"
	jq -e '.variants | map({key: .name, value: .outcome}) | from_entries |
		.[$ARGS.positional[0]] == "fail" and
		([to_entries[] | select(.value == "fail").key] - $ARGS.positional == []) and
		([.[$ARGS.positional[]]] | index("pass") == null)' \
		"$GUEST/$program.json" --args "$@"
}

# module_tree VERSION ARCH: a tree that is configured and prepared to build modules, with no kernel.
# Sets KDIR.
module_tree()
{
	local version=$1 arch=$2 config make

	kernel_source "source:$version"
	config=$(kernel_fragments "$arch" detectors | fragments_key)
	KDIR=$CACHE/build/$SOURCE_KEY-$arch-modules-$config
	[ ! -e "$KDIR/prepared" ] || return 0
	mkdir -p "$KDIR"
	make=(make -C "$SOURCE_TREE" O="$KDIR" ARCH="${KBUILD_ARCH[$arch]}"
		CROSS_COMPILE="$(cross_prefix "$arch")")
	kernel_fragments "$arch" detectors | kernel_merge "$SOURCE_TREE" "$KDIR/all.config"
	"${make[@]}" KCONFIG_ALLCONFIG="$KDIR/all.config" allnoconfig >"$SCRATCH/log" 2>&1 &&
		"${make[@]}" -j"$(($(nproc) + 1))" modules_prepare >"$SCRATCH/log" 2>&1 ||
		fail "the tree cannot be prepared: $(last_words "$SCRATCH/log")"
	: >"$KDIR/prepared"
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

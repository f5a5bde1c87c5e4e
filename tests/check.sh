# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The project's own tests: run_tests.sh check. They are in *.bats, see lib.bash; bats runs them, in
# two lanes side by side: what runs on this machine, and what takes a guest. What their files say
# comes in blocks, one a test, and is counted. Sourced by run_tests.sh.

COMMAND_SUMMARY="the project's own tests; with --long all of them, with --quick few guests"
COMMAND_OPTIONS="tests quick long"
OPTION_TEXT[tests]="only those whose names match"
OPTION_TEXT[quick]="no guests but those of one validate, and no cross builds"
OPTION_TEXT[long]="everything, also what takes long"

# The lanes, and their files in order: of guests what this is for comes first, and last what a slow
# machine may leave out. Debian's kernels are asked when what runs here is over: so both lanes take
# as long, and for a part of it there are two guests. With --quick the other lane has half of it.
CHECK_HERE="text unit options vm_lib measure claims host hosts"
CHECK_HERE_TOO="adding names labs series"
CHECK_HERE_TOO+=" live_registers page_integrity ring_order ring_complete mutants mariadb"
declare -A CHECK_LANES=(
	[here]="$CHECK_HERE $CHECK_HERE_TOO refused kselftest module_build reproducers debian"
	[guests]="good validate bad guest mainline libuv"
)

# The whole of it, unless it is --long, begins nothing that would end later.
CHECK_MINUTES=45

# The longest test builds a kernel; in check --long four times that.
CHECK_TIMEOUT=1800

check_passed=0
check_failed=0
check_skips=()		# with their reasons, and those that had no time
check_late=()
check_validated=

# check_lane NAME FILE...: bats on these files; what their tests come to, for check_told.
check_lane()
{
	local name=$1
	shift

	# with code 1 if a test failed
	{ bats "${CHECK_BATS[@]}" -T -F cat "$@" 2>&1 || true; } | check_blocks "$name"
}

# What bats says of tests, as blocks: each is appended to $SCRATCH/blocks at once, and meanwhile
# $SCRATCH/running.NAME has the test that runs and since when.
check_blocks()
{
	local line block=

	while IFS= read -r line; do
		case $line in
		"begin "*)
			check_block "$block"
			block=
			say "$EPOCHSECONDS ${line#begin * }" >"$SCRATCH/running.$1"
			;;
		"suite "* | 1..[0-9]*) ;;
		# where t is, and that it failed
		"# (from function \`t'"* | "#  in test file "* | "#   \`"*) ;;
		*) block+=$line$'\n' ;;
		esac
	done
	check_block "$block"
	rm -f "$SCRATCH/running.$1"
}

check_block()
{
	[ -z "$1" ] || flock "$SCRATCH" printf '%s' "$1" >>"$SCRATCH/blocks"
}

# check_line LINE: a line of bats: "ok 3 NAME in 210ms # skip REASON", or another.
check_line()
{
	local line=$1 number seconds reason
	local test='^(not )?ok [0-9]+ (.*) in ([0-9]+)ms( # (skip|timeout) ?(.*))?$'

	if [[ ! $line =~ $test ]]; then
		say "$line"
		[ "${line#not ok}" = "$line" ] || check_failed=$((check_failed + 1))
		return 0
	fi
	number=$(($(check_done) + 1))
	line="ok $number ${BASH_REMATCH[2]}"
	seconds=$(((BASH_REMATCH[3] + 500) / 1000))
	reason=${BASH_REMATCH[6]}
	if [ -n "${BASH_REMATCH[1]}" ]; then
		check_failed=$((check_failed + 1))
		say "not $line # $seconds s"
	elif [ -z "${BASH_REMATCH[4]}" ]; then
		check_passed=$((check_passed + 1))
		[ "${BASH_REMATCH[2]}" != validate-default ] || check_validated=yes
		say "$line # $seconds s"
	else
		case $reason in
		"too late for "*) check_late+=("${BASH_REMATCH[2]}") ;;
		*) check_skips+=("${BASH_REMATCH[2]}: $reason") ;;
		esac
		say "$line # SKIP $reason"
	fi
}

# check_told TOTAL: tells what the lanes come to until all have ended; on a terminal also what runs.
check_told()
{
	local line lane running=yes fd

	: >>"$SCRATCH/blocks"
	exec {fd}<"$SCRATCH/blocks"
	while [ -n "$running" ]; do
		running=
		for lane in "${BESIDES[@]}"; do
			! kill -0 "$lane" 2>/dev/null || running=yes
		done
		[ ! -t 1 ] || printf '\r\033[K'
		while IFS= read -r -u "$fd" line; do
			check_line "$line"
		done
		if [ -t 1 ]; then
			printf '%s of %s; running:%s' "$(check_done)" "$1" "$(check_running)"
		fi
		[ -z "$running" ] || sleep 0.5
	done
	[ ! -t 1 ] || printf '\r\033[K'
	exec {fd}<&-
}

check_done()
{
	echo $((check_passed + check_failed + ${#check_skips[@]} + ${#check_late[@]}))
}

# The tests that run, and for how long.
check_running()
{
	local file since name

	for file in "$SCRATCH"/running.*; do
		! read -r since name 2>/dev/null <"$file" ||
			printf ' %s (%d s)' "$name" $((EPOCHSECONDS - since))
	done
}

# What all of it comes to.
check_end()
{
	local skipped=$((${#check_skips[@]} + ${#check_late[@]}))

	[ ${#check_skips[@]} = 0 ] || printf '# skipped: %s\n' "${check_skips[@]}"
	[ ${#check_late[@]} = 0 ] || say "# skipped, too late for them within $CHECK_MINUTES min" \
		"(--long has no limit): ${check_late[*]}"
	say "$check_passed passed, $check_failed failed, $skipped skipped"
}

# What tests are told, see lib.bash.
check_environment_for_tests()
{
	export CHECK_PID=$$ CHECK_SHARED=$SCRATCH/shared CHECK_HOST=$HOST CHECK_TIMEOUT
	export CHECK_KSELFTEST=$KSELFTEST CHECK_INSTALL=$INSTALL_PACKAGES
	export CHECK_TESTS=$OPT_TESTS CHECK_LONG=$OPT_LONG CHECK_END=$END_BEFORE
	export TMPDIR=$SCRATCH
	mkdir "$SCRATCH/shared"
}

run_check()
{
	local arch lane file files total=0 start=$SECONDS

	CHECK_BATS=(--filter "$OPT_TESTS")
	if [ -n "$OPT_LONG" ]; then
		CHECK_TIMEOUT=$((4 * CHECK_TIMEOUT))
		# one QEMU at a time
		CHECK_LANES=([all]="${CHECK_LANES[here]} ${CHECK_LANES[guests]}")
	elif [ -n "$OPT_QUICK" ]; then
		CHECK_BATS+=(--filter-tags 'quick,!long')
		CHECK_LANES=([here]=$CHECK_HERE [guests]="$CHECK_HERE_TOO validate")
	else
		CHECK_BATS+=(--filter-tags '!long')
		[ "$OPT_TESTS" != . ] || END_BEFORE=$((EPOCHSECONDS + 60 * CHECK_MINUTES))
	fi
	start
	# shellcheck disable=SC2046 # lists of packages
	need_packages make gcc libc6-dev rsync xz-utils cpio patch perl binutils procps util-linux \
		flex bison bc libelf-dev libssl-dev jq gnuplot-nox shellcheck sparse clang llvm \
		lld git bats parallel openssh-client openssh-server \
		liburing-dev \
		dpkg-dev gcc-powerpc64-linux-gnu libc6-dev-ppc64-cross \
		$(for arch in ppc64le x86_64 arm64; do
			compiler_packages $arch
			echo "${QEMU_PACKAGE[$arch]}"
		done)
	need_command bats "the tests are run by it"
	host_get_all
	check_environment_for_tests
	for lane in "${!CHECK_LANES[@]}"; do
		files=()
		for file in ${CHECK_LANES[$lane]}; do
			files+=("$TOP/tests/$file.bats")
		done
		total=$((total + $(bats --count "${CHECK_BATS[@]}" "${files[@]}")))
		set -m
		check_lane "$lane" "${files[@]}" </dev/null &
		BESIDES[$lane]=$!
		set +m
	done
	[ "$total" != 0 ] || die $EXIT_USAGE "--tests: no test's name matches '$OPT_TESTS'"
	say "TAP version 13"
	check_told "$total"
	if [ "$(check_done)" -lt "$total" ]; then
		say "not ok $total # $((total - $(check_done))) tests did not run"
		check_failed=$((check_failed + total - $(check_done)))
	fi
	say "1..$total"
	say "# $(((SECONDS - start) / 60)) min $(((SECONDS - start) % 60)) s"
	check_end
	[ "$check_failed" = 0 ] || exit $EXIT_FAIL
	# the whole of it is worth nothing without what this directory is for
	[ "$OPT_TESTS" != . ] || [ -n "$check_validated$OPT_QUICK" ] ||
		die $EXIT_SKIP "validate came to no verdict here"
	[ "$check_passed" != 0 ] || exit $EXIT_SKIP
	exit 0
}

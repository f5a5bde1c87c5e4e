# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The project's own tests: run_tests.sh check. Each test is a function; its last line is the
# reason when it skips (code 4) and its output is shown when it fails. Sourced by run_tests.sh.

COMMAND_SUMMARY="the project's own tests; with --long all of them"
COMMAND_OPTIONS="tests long"
OPTION_TEXT[tests]="only those whose names match"
OPTION_TEXT[long]="everything, also what takes long"

# Kernels whose selftests and guests are tested: the oldest that is cheap, and the newest.
CHECK_VERSIONS="6.1 mainline"
CHECK_VERSIONS_LONG="5.10 6.12"

# types of checkpatch that assume the kernel's own headers, or one version of the kernel: compat.h
CHECKPATCH_IGNORE=BIT_MACRO,PREFER_DEFINED_ATTRIBUTE_MACRO,ENOSYS
CHECKPATCH_IGNORE+=,LINUX_VERSION_CODE,CONSTANT_COMPARISON

# The whole of it, unless it is --long, begins nothing that would end later: a slow machine without
# a cache leaves out what comes last.
CHECK_MINUTES=45
TEST_SECONDS=150	# what a test takes there at the most, if it builds no kernel

TEST_TIMEOUT=1800	# the longest test builds a kernel; in check --long four times that

GUEST_TESTS=$TOP/tests/guest	# what tests run inside of a guest

passed=0
failed=0
skipped=0
skips=()
late=()		# of them those that had no time
validated=

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

# --- text

check_shellcheck()
{
	local file

	cd "$TOP"
	# a command is found by its name, so they are named here
	{
		printf '#!/bin/bash\n# shellcheck source=run_tests.sh\n. ./run_tests.sh\n'
		for file in vm/commands/*.sh tests/check.sh; do
			printf '# shellcheck source=%s\n. "./%s"\n' "$file" "$file"
		done
	} >"$SCRATCH/all.sh"
	shellcheck -x "$SCRATCH/all.sh" .ci/run "$VM_GUEST"/*.sh "$GUEST_TESTS"/*.sh
}

check_checkpatch()
{
	cd "$TOP"
	find Makefile Kconfig run_tests.sh vm tests io_uring_coherency ppc_barrier_test .ci \
		-type f ! -name '*.patch' \
		-printf 'tools/testing/selftests/io_uring_coherency/%p\0' >"$SCRATCH/files"
	cd "${KSELFTEST%/tools/testing/selftests}"
	# with a tree it asks get_maintainer.pl of each file, which takes as long as all else
	xargs -0 -n 8 -P "$(nproc)" perl scripts/checkpatch.pl --no-tree --strict --terse \
		--no-summary --max-line-length=100 --ignore "$CHECKPATCH_IGNORE" \
		-f <"$SCRATCH/files"
}

# README is two pages; doc/ has all options, edges, points and faults that there are, and README
# names each of its pages.
check_docs()
{
	local page program word

	cd "$TOP"
	[ "$(wc -l <README)" -le 150 ] || fail "README is longer than 150 lines"
	awk 'length > 100 { print FILENAME ", line " FNR ": longer than 100"; bad = 1 }
		END { exit bad }' README doc/*.md
	for page in doc/*.md; do
		grep -q "$page" README || fail "README does not name $page"
	done
	for program in live_registers page_integrity ring_order kernel_order barrier_ctl; do
		while read -r word; do
			grep -q -- "$word\b" "doc/$program.md" || fail "doc/$program.md: no $word"
		done < <("$HOST/$program" --help | grep -o -- '--[a-z][a-z-]*' | sort -u)
	done
	for program in ring_order kernel_order barrier_ctl; do
		while read -r word; do
			grep -q "\b$word\b" "doc/$program.md" || fail "doc/$program.md: no $word"
		done < <({ "$HOST/$program" --list || true; } |
			grep -o '^[a-z]*_[a-z_]*[a-z]' | sed 's/_exit$//')
	done
	while read -r word; do
		grep -q -- "$word\b" doc/*.md || fail "doc/ has no $word"
	done < <(for word in $COMMANDS; do command_options "$word"; done | sort -u | sed 's/^/--/')
}

# adding_block WORD: the code of doc/adding.md that begins so, up to a blank line.
adding_block()
{
	awk -v word="$1" 'index($0, "            " word) == 1 { on = 1 } !NF { on = 0 }
		on { sub(/^            /, ""); print }' "$TOP/doc/adding.md" | unexpand -t 8 \
		--first-only | grep .
}

# adding_entry WORD FILE: that code, before the file's last #undef, or else at its end.
adding_entry()
{
	local last

	adding_block "$1" >"$SCRATCH/block"
	last=$(sed -n '/^#undef/=' "$2" | tail -n 1)
	if [ -n "$last" ]; then
		sed -i "$((last - 1))r $SCRATCH/block" "$2"
	else
		cat "$SCRATCH/block" >>"$2"
	fi
}

# One of each is added to a copy by the words of doc/adding.md, and is there when it is built.
check_adding()
{
	local at=$SCRATCH/copy room=$SCRATCH/copy/io_uring_coherency out=$SCRATCH/added

	rsync -a --exclude=/.git --exclude=/results "$TOP/" "$at/"
	adding_entry "RING_EDGE(" "$room/ring_order/ring_edges.h"
	adding_entry "PBT_EDGE(" "$at/ppc_barrier_test/pbt_edges.h"
	adding_entry "ENGINE(" "$room/page_integrity/page_engines.h"
	adding_entry "VIEW(" "$room/page_integrity/page_views.h"
	adding_block "FIXTURE_VARIANT_ADD(worker" >"$SCRATCH/block"
	sed -i "/^FIXTURE_VARIANT_ADD(worker_creation, poll_wake_default_by_no_ipi)/{
		e cat $SCRATCH/block; echo
	}" "$room/live_registers/live_registers.c"
	(cd "$KSELFTEST" && make -C "$at" OUTPUT="$out" "$out"/{live_registers,page_integrity} \
		"$out"/{ring_order,kernel_order})
	"$out/ring_order" --list | grep '^cqe_again'
	"$out/kernel_order" --list | grep '^again'
	"$out/page_integrity" --help | grep -w again
	needs_ring poll_wake_default
	"$out/page_integrity" --no-module --engine again -t 0.3 --json "$SCRATCH/json" \
		>"$SCRATCH/out" || [ $? = 4 ]
	jq -e '.variants[] | select(.name == "again") | .events > 0' "$SCRATCH/json"
	# nobody looks in that view yet
	grep '^# *nothing could be looked at in: again' "$SCRATCH/out"
	"$out/live_registers" --no-module --only poll_wake_default_by_signal -t 0.3 || [ $? = 4 ]

	# a command, by the lines that are shown of merge
	{
		adding_block COMMAND_SUMMARY=
		printf 'run_again()\n{\n\tsay "again"\n}\n'
	} >"$at/vm/commands/again.sh"
	sed -i 's/^COMMANDS="/&again /' "$at/vm/lib/options.sh"
	"$at/run_tests.sh" --help | grep '^  again  *results.json of several runs'
	[ "$("$at/run_tests.sh" again)" = again ]

	# a check
	adding_block check_again >>"$SCRATCH/block.sh"
	(
		# shellcheck source=/dev/null
		. "$SCRATCH/block.sh"
		check_again
	)
}

# --- statistics and pages

check_evidence()
{
	"$HOST/evidence_test"
	"$HOST/evidence_compare_test"
}

check_claims_simulated()
{
	"$HOST/claims_test"
}

check_page()
{
	"$HOST/page_test"
}

check_cpu_pairs()
{
	"$HOST/cpu_pairs_test"
}

# --- live_registers natively

check_registers()
{
	"$HOST/regs_test"
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
	code_is 4 "$without" "$HOST/page_integrity" --no-module -t 0.2
	[ ! -e /dev/ppc_barrier_test ] && [ "$(id -u)" = 0 ] || return 0
	for program in kernel_order module_knobs module_offload; do
		code_is 4 setpriv --bounding-set=-sys_module "$HOST/$program"
	done
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

# What may go wrong inside a window is told as what it is.
check_window_faults()
{
	local name=poll_wake_default run

	needs_bank
	fault_get live_registers_windows
	needs_ring $name
	run=("$HOST/live_registers_windows" --no-module --only $name -t 2 --json "$SCRATCH/json")
	code_is 1 env FAULT=from-start "${run[@]}"
	grep '^not ok 1 global.control_without_io_uring' "$SCRATCH/out"
	jq -e '(.control_without_io_uring | not) and ([.variants[].outcome == "skip"] | all)' \
		"$SCRATCH/json"
	code_is 1 env FAULT=idle "${run[@]}"
	jq -e '.variants[0] | .outcome == "fail" and .control_windows > 0 and
		.control_violations == .control_windows' "$SCRATCH/json"
	code_is 1 env FAULT=submitter "${run[@]}"
	jq -e '.variants[0].text | test("thread ended inside a window")' "$SCRATCH/json"
	FAULT=thread "${run[@]}" || [ $? = 4 ]
	jq -e '.variants[0] | .exited > 0 and (.text | test("io_uring is") | not)' "$SCRATCH/json"
}

# Without violations, but where planted faults are not found: no answer.
check_planted_missed()
{
	local name=poll_wake_default

	needs_bank
	fault_get live_registers_planted
	needs_ring $name
	code_is 4 "$HOST/live_registers_planted" --only $name -t 2 -n 100 --json "$SCRATCH/json"
	jq -e '.variants[0] | .outcome == "skip" and .events >= 100 and .violations == 0 and
		(.text | test("^the fault [a-z]* was planted 100 times and found 0 times"))' \
		"$SCRATCH/json"
	jq -e '.planted | length >= 3 and ([.[] | .planted == 100 and .found == 0] | all)' \
		"$SCRATCH/json"
	# a control that comes to too little is told, and decides nothing
	code_is 0 env FAULT=seldom "$HOST/live_registers_planted" --only $name -t 2 -n 100 \
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
		page_integrity --no-module -t 0.2 --engine uring_async
	EOF
	needs_ring poll_wake_default
	code_is 4 env FAULT=no-defer "${preload[@]}" "$HOST/live_registers" --no-module -t 2 \
		--only poll_wake_defer_taskrun
	grep "SKIP this kernel's io_uring is not what this variant was made for" "$SCRATCH/out"
}

# verdict's words and codes: BASE_EVENTS BASE_VIOLATIONS FIXED_EVENTS FIXED_VIOLATIONS CODE WORD
check_verdict()
{
	local line code got b v f w

	while read -r b v f w code line; do
		got=0
		"$HOST/verdict" "$b" "$v" "$f" "$w" >"$SCRATCH/out" 2>"$SCRATCH/err" || got=$?
		[ "$got" = "$code" ] || fail "verdict $b $v $f $w: code $got, not $code"
		if [ "$code" = 2 ]; then
			[ "$(wc -l <"$SCRATCH/err")" = 1 ] || fail "not one sentence"
		else
			grep -q "^verdict: $line (" "$SCRATCH/out" || fail "$(cat "$SCRATCH/out")"
		fi
	done <<-'EOF'
		1000 1000 10000 0 0 FIXED
		1000 1000 10000 1 1 NOT FIXED
		10000 0 1000 1000 1 NOT FIXED
		1000 1000 1000 1000 1 NOT FIXED
		10000 0 10000 0 4 INCONCLUSIVE
		1000 1000 1000 0 4 INCONCLUSIVE
		0 0 10000 0 4 INCONCLUSIVE
		1000 1000 0 0 4 INCONCLUSIVE
		-1 0 1 0 2 usage
		1x 0 1 0 2 usage
		1 2 1 0 2 usage
		99999999999999999999 0 1 0 2 usage
	EOF
}

# The same where events are expensive: fixed once it would be too surprising at the base's rate.
check_verdict_surprise()
{
	local line code got b v f w

	while read -r b v f w code line; do
		got=0
		"$HOST/verdict" --surprise "$b" "$v" "$f" "$w" >"$SCRATCH/out" || got=$?
		[ "$got" = "$code" ] || fail "verdict --surprise $b $v $f $w: code $got, not $code"
		grep -q "^verdict: $line (" "$SCRATCH/out" || fail "$(cat "$SCRATCH/out")"
	done <<-'EOF'
		27 3 45 0 0 FIXED
		27 3 44 0 4 INCONCLUSIVE
		27 3 45 1 1 NOT FIXED
		27 0 45 0 4 INCONCLUSIVE
		0 0 45 0 4 INCONCLUSIVE
		27 3 0 0 4 INCONCLUSIVE
	EOF
	[ "$("$HOST/verdict" --needed 27 3)" = 45 ]
	[ "$("$HOST/verdict" --needed 27 0)" = 0 ]
	("$HOST/verdict" --surprise 27 3 44 0 || true) | grep 'it takes at least 45'
	refused 2 "are more than" "$HOST/verdict" --needed 3 27
	refused 2 "is not a number" "$HOST/verdict" --surprise 27 3 x 0
}

# judged STATE PATTERN FILE TEXT [FILE TEXT]...: what is made of a run of three loops that left
# these files; what is not given is as in a run that passed.
judged()
{
	local state=$1 pattern=$2 dir=$SCRATCH/judged counts
	shift 2

	rm -rf "$dir"
	mkdir -p "$dir/pages"
	echo 0 >"$dir/code"
	printf '%s passed 1.5 2.5\n' 1 2 3 >"$dir/loops"
	echo "x [Note] InnoDB: Using io_uring" >"$dir/mysqld.1.err"
	while [ $# -gt 0 ]; do
		case $1 in
		pages/*) printf %s "$2" >"$dir/$1" ;;
		*) printf '%s\n' "$2" >"$dir/$1" ;;
		esac
		shift 2
	done
	mariadb_judge "$dir" 3 kernel
	say "$MARIADB_STATE: $MARIADB_REASON"
	[ "$MARIADB_STATE" = "$state" ]
	grep -q -- "$pattern" <<<"$MARIADB_REASON"
	read -r -a counts < <(mariadb_counts "$dir")
	[ "${counts[1]}" = "$([ "$state" != corrupted ] || echo 1)" ] || [ "${counts[1]}" = 0 ]
}

# MariaDB's message decides; a failure without one, or without io_uring, says nothing of the kernel.
check_mariadb_judged()
{
	local uring="InnoDB: Using io_uring" page="InnoDB: Page read from tablespace is corrupted."
	local fail="encryption.innodb_encryption 'undo0' [ 3 fail ]"

	# shellcheck source=vm/commands/mariadb.sh
	. "$VM_COMMANDS/mariadb.sh"
	OPT_FORM=mtr GUEST_STATE=ok GUEST_REASON=
	judged passed '^$'
	judged passed '^$' mysqld.1.err "[Note] InnoDB: Using liburing"
	judged corrupted 'is corrupted' code 1 mysqld.1.err \
		"$(printf '%s\n2026-01-02  3:04:05 7 [ERROR] %s' "$uring" "$page")"
	[ "$MARIADB_REASON" = "[ERROR] $page" ]
	[ "$(jq .failures "$SCRATCH/judged/run.json")" = 1 ]
	# the loop that failed counts, whether mtr came to say so or not
	judged corrupted 'is corrupted' code 1 loops "1 passed 1.0 1.0
2 failed 1.0 2.0" bootstrap.log "$page"
	[ "$(mariadb_counts "$SCRATCH/judged")" = "2 1" ]
	judged corrupted 'is corrupted' code 1 loops "1 passed 1.0 1.0" bootstrap.log "$page"
	[ "$(mariadb_counts "$SCRATCH/judged")" = "2 1" ]
	judged corrupted 'Database page corruption' code 1 mysqld.1.err \
		"$uring
[ERROR] InnoDB: Database page corruption on disk or a failed read of file './ibdata1'"
	# corruption that no io_uring was there for
	judged unknown 'a corrupt page, but MariaDB does not say' code 1 mysqld.1.err "$page"
	judged unknown 'did not use io_uring: .*falling back' code 0 mysqld.1.err \
		"create_uring failed: falling back to libaio"
	judged unknown 'does not say that it used io_uring' mysqld.1.err "[Note] started"
	# other reasons
	judged unknown 'timeout after 600' code 1 output "$fail
Test case timeout after 600 seconds"
	judged unknown 'Could not create testcase' code 1 loops '' output \
		"mysql-test-run: *** ERROR: Could not create testcase server port: Address in use"
	judged unknown 'No space left' code 1 output "$fail" mysqld.1.err \
		"$uring
[ERROR] mariadbd: Disk full (Errcode: 28 No space left on device)"
	judged unknown 'mysqltest: At line 3' code 1 output "$fail
mysqltest: At line 3: query 'select 1' failed: 2013"
	judged unknown 'skipped' loops '' output "encryption.innodb_encryption [ skipped ]  no io"
	judged unknown 'did not start' loops '' code '' mysqld.1.err ''
	judged unknown '^barrier_ctl: this kernel lacks' loops '' code '' \
		errors "barrier_ctl: this kernel lacks the point io_write"
	# what the pages of --quick say, and what mtr's killed servers leave
	judged unknown 'another reason' code 1 output "$fail" pages/a_ibdata1.3 123456789Good \
		damage "a/ibdata1 3"
	OPT_FORM=quick
	judged corrupted 'innochecksum: 1 page' code 1 pages/a_ibdata1.3 123456789Good \
		damage "a/ibdata1 3"
	# CRC-32C of the digits
	mariadb_tell "$SCRATCH/judged" | grep 'a/ibdata1 page 3: .*, computed e3069283, XOR'
	GUEST_STATE=dead GUEST_REASON="the guest gave no result within 9 s"
	judged unknown 'no result within 9 s'
	GUEST_STATE=unwell GUEST_REASON="the kernel reported: BUG"
	judged unwell 'the kernel reported'
}

# --native with something in mtr's place: progress, what is counted and kept, and what is left.
check_mariadb_native()
{
	local me=$TOP/run_tests.sh

	export IO_URING_COHERENCY_OUT=$SCRATCH/results MTR_DIR=$SCRATCH/mtr
	[ ! -e /dev/shm/mysql ] || skip "there is a /dev/shm/mysql"
	mkdir "$MTR_DIR"
	cat >"$MTR_DIR/mtr" <<-'EOF'
		#!/bin/sh
		for arg; do
			case $arg in
			--vardir=*) var=${arg#*=} ;;
			--repeat=*) n=${arg#*=} ;;
			esac
		done
		mkdir -p "$var/log"
		echo "InnoDB: Using io_uring" >"$var/log/mysqld.1.err"
		for i in $(seq "$n"); do
			[ "$i" != "$MTR_FAILS_AT" ] || {
				echo "encryption.innodb_encryption 'undo0' [ $i fail ]"
				echo "$MTR_FAILS_BY" >>"$var/log/mysqld.1.err"
				exit 1
			}
			echo "encryption.innodb_encryption 'undo0' [ $i pass ]   3"
		done
	EOF
	chmod 755 "$MTR_DIR/mtr"
	check_mariadb 0 'violations 0 of 7 events' --native --repeat 7
	grep '^  loop 7 of 7 passed' "$SCRATCH/out"
	export MTR_FAILS_AT=3
	MTR_FAILS_BY="[ERROR] InnoDB: Page read from tablespace is corrupted." \
		check_mariadb 1 '^corrupted: violations 1 of 3 events' --native
	grep '^loop 3: .*is corrupted' "$SCRATCH/out"
	tar -tzf "$SCRATCH/results/latest/run/mtr-log.tar.gz" | grep 'log/mysqld.1.err'
	MTR_FAILS_BY="[ERROR] Disk full" check_mariadb 4 'another reason: .*Disk full' --native
	[ ! -e /dev/shm/mysql ]
	[ -z "$(find "$SCRATCH/results" -name '*.partial')" ]
	unset MTR_DIR
	[ -e /usr/share/mysql/mysql-test ] ||
		refused 4 "own tests are missing" "$me" mariadb --native
}

# decided CODE LINE COUNTS
decided()
{
	local code=0

	"$HOST/claims" --decide <<<"${3%$'\n'}" >"$SCRATCH/out" || code=$?
	cat "$SCRATCH/out"
	[ $code = "$1" ] && grep "^$2" "$SCRATCH/out"
}

# What claims decides by given counts: "SETTING EVENTS VIOLATIONS PASS FAIL SKIP,... =
# CLAIM:DECISION...", where BASE, BARRIER and DELAY are those of C1 and C2. The names of the tests
# are the same whatever is decided.
check_claims()
{
	local counts want line id decide bad=pages_bad

	while read -r line; do
		line=${line//BASE/${bad}_kernel_none_0}
		line=${line//BARRIER/${bad}_kernel_mb_0}
		line=${line//DELAY/${bad}_no_ipi_none_1000}
		counts=${line%% = *}
		tr , '\n' <<<"$counts" | "$HOST/claims" --decide >"$SCRATCH/out" || [ $? = 4 ]
		for want in ${line##* = }; do
			id=${want%%:*}
			grep -q "^ok [0-9]* $id # \(SKIP \)\?${want#*:}" "$SCRATCH/out" ||
				fail "$counts: not $want but $(grep " $id " "$SCRATCH/out")"
		done
		sed -n 's/ *#.*//; /^ok/p' "$SCRATCH/out" | diff - <(seq 14 | sed 's|.*|ok & C&|' |
			cat - <(echo "ok 15 no_false_alarm"))
	done <<-'EOF'
		BASE 0 0 0 0 1 = C1:open C2:open C6:open
		BASE 9000 900 0 1 0,BARRIER 9000 900 0 1 0 = C1:refuted C2:open
		BASE 9000 900 0 1 0,BARRIER 9000 600 0 1 0 = C1:confirmed
		BASE 9000 900 0 1 0,BARRIER 9000 750 0 1 0 = C1:open
		BASE 9000 900 0 1 0,BARRIER 9000 0 1 0 0 = C1:refuted
		BASE 900 90 0 1 0,BARRIER 900 85 0 1 0 = C1:open
		BASE 5632 304 0 1 0,BARRIER 6656 476 0 1 0,DELAY 2048 47 0 1 0 = C1:refu C2:refu
		BASE 9000 900 0 1 0,DELAY 9000 1 0 1 0 = C2:refuted C3:open
		BASE 9000 900 0 1 0,DELAY 9000 0 1 0 0 = C2:confirmed
		BASE 9000 900 0 1 0,DELAY 400 0 1 0 0 = C2:open
		BASE 9000 900 0 1 0,DELAY 9000 0 0 0 0 = C2:open
		BASE 9000 900 0 1 0,pages_no_ipi_io_write_mb 9000 9 0 1 0 = C3:confirmed
		BASE 9000 900 0 1 0,pages_no_ipi_io_write_mb 1000000 0 1 0 0 = C3:refuted
		BASE 9000 0 1 0 0,pages_no_ipi_io_write_mb 1000000 0 1 0 0 = C3:open
		BASE 9000 9 0 1 0,pages_kthread 500 0 1 0 0 = C6:open
		BASE 9000 9 0 1 0,pages_kthread 500 0 1 0 0,pages_kthread 900000 0 1 0 0 = C6:conf
		BASE 9000 900 0 1 0,pages_kthread 0 0 0 0 1 = C6:open
		BASE 5632 304 0 1 0,pages_one_worker 4608 0 1 0 0 = C13:confirmed
		registers 900 900 0 1 0,registers_x86_64 900 0 1 0 0 = C9:open
		registers 99 99 0 1 0,registers_x86_64 99 0 1 0 0,registers_arm64 99 0 1 0 0 = C9:co
		registers 9 9 0 1 0,registers_x86_64 900 1 0 1 0 = C9:refuted
		registers 1000000 0 1 0 0 = C9:refuted
		registers 241 241 0 1 0,registers_pinned 241 241 0 1 0 = C14:refuted
		ipi 0 0 0 0 1,queue_work 9 0 1 0 0,kthread_unuse_mm 9 0 1 0 0 = C10:not C11:conf
		ipi 9 0 1 0 0,queue_work 9 0 1 0 0,kthread_unuse_mm 9 9 0 1 0 = C11:refuted
		queue_work 9 0 1 0 0,kthread_unuse_mm 9 0 0 0 1 = C11:not
		queue_work 9 0 0 0 0,kthread_unuse_mm 9 0 0 0 1 = C11:open
		ipi 9 0 1 0 0,ipi 9 1 0 1 0 = C10:refuted
	EOF
	# at the fourth look more is asked than at the first, but what was decided then stays so
	line="pages_bad_kernel_none_0 9000 900 0 1 0"$'\n'"pages_bad_kernel_mb_0 9000 600 0 1 0"
	decided 4 "ok 1 C1 # confirmed for our workload" "$line"
	want=pages_bad_kernel_mb_0$' 0 0 1 0 0\nlook\n'
	decided 4 "ok 1 C1 # SKIP open" "$want$want$want$line"
	decided 4 "ok 1 C1 # confirmed for our workload" "$line"$'\nlook\n'"$want$want$want$want"
	decided 4 "ok 1 C1 # confirmed for our workload" "$line"$'\nlook\nlook\nlook'
	# looks at which nothing is new to it cost a claim nothing
	want=$'ipi 9 0 0 0 0\nlook\n'
	decided 4 "ok 1 C1 # confirmed for our workload" "$want$want$want$line"
	# what a machine cannot show is no rate
	decided 4 "#     ordered ipi: skipped" "ipi 100000 0 0 0 1"
	decided 4 "#     ordered ipi: violations 0 of 100000" "ipi 100000 0 1 0 0"
	# MariaDB: columns of their own, with questions of their own, and none of them if not run
	line=$'quick_base 100 12 0 12 0\nquick_one_worker 3000 0 1 0 0'
	decided 4 "#   MariaDB, new databases: confirmed" "$line"
	decided 4 "#     clean quick_one_worker: violations 0 of 3000 events" "$line"
	decided 4 "#   MariaDB, new databases: open" "${line/3000/100}"
	! grep "MariaDB, its test" "$SCRATCH/out" || fail "a column that was not run"
	decided 4 "#   MariaDB, its test: refuted" "mtr_pinned 8 1 0 1 0"
	decided 4 "ok 14 C14 # SKIP open" "mtr_pinned 8 1 0 1 0"
	# a violation on the kernel that has none to show
	decided 4 "ok 15 no_false_alarm" "pages_good_kernel_none_0 9000 0 1 0 0"
	decided 1 "not ok 15 no_false_alarm" "registers_good 9000 1 0 1 0"
	# shellcheck disable=SC2016 # expanded by the inner shell
	decide='echo "$1" | "$0" --decide'
	refused 2 "a line of counts is" sh -c "$decide" "$HOST/claims" "ipi 1 2 0 1 0"
	refused 2 "a line of counts is" sh -c "$decide" "$HOST/claims" "ipi 1 0 0 1 0 x"
	refused 2 "a line of counts is" sh -c "$decide" "$HOST/claims" "ipi 1 0 -1 1 0"
	refused 2 "counts of no setting" sh -c "$decide" "$HOST/claims" "nonsense 1 0 1 0 0"
	refused 2 "no such guest" "$HOST/claims" --plan nonsense
	refused 2 "a number from 1 on" "$HOST/claims" --plan bad --seed x
	refused 2 "a number from 1 on" "$HOST/claims" --plan bad --round -1
	refused 2 "one of two things" "$HOST/claims"
	# the same settings, in an order that follows from the seed, and later those that are needed
	[ "$("$HOST/claims" --plan bad --seed 1 </dev/null)" = \
		"$("$HOST/claims" --plan bad --seed 1 </dev/null)" ]
	[ "$("$HOST/claims" --plan bad --seed 1 </dev/null)" != \
		"$("$HOST/claims" --plan bad --seed 2 </dev/null)" ]
	[ "$("$HOST/claims" --plan bad --seed 1 </dev/null | sort)" = \
		"$("$HOST/claims" --plan bad --seed 2 </dev/null | sort)" ]
	"$HOST/claims" --plan arm64 </dev/null | grep registers_arm64
	[ -z "$("$HOST/claims" --plan arm64 <<<"registers_arm64 9 1 0 1 0")" ]
	# of MariaDB: a rate takes all loops, and what one failure answers is over with it
	"$HOST/claims" --plan mtr --round 2 </dev/null >"$SCRATCH/plan"
	grep '^mtr_base 80 all --notify kernel --at ' "$SCRATCH/plan"
	grep '^mtr_pinned 80 first .* --pin-workers$' "$SCRATCH/plan"
	[ "$(wc -l <"$SCRATCH/plan")" = 8 ]
	"$HOST/claims" --plan mtr <<<"mtr_pinned 9 1 0 1 0" >"$SCRATCH/plan"
	[ "$(wc -l <"$SCRATCH/plan")" = 7 ]
}

# All events count, those of a run too short for its program's "ok" as well, with violations or not.
check_claims_counted()
{
	local RESULT=$SCRATCH/claims name=pages_bad_kernel_none_0

	# shellcheck source=vm/commands/claims.sh
	. "$VM_COMMANDS/claims.sh"
	mkdir "$RESULT"
	printf '%s x\n' $name ipi >"$SCRATCH/plan"
	jq -n '{ kernel: "6.1", skip: "no module", variants: [] }' >"$RESULT/ipi.json"
	jq -n '{ kernel: "6.1", variants: [{ outcome: "fail", text: "wrong", events: 100,
		violations: 5 }, { outcome: "skip", text: "not asked for", events: 0,
		violations: 0 }] }' >"$RESULT/$name.json"
	claims_collect "$RESULT" 1 <"$SCRATCH/plan"
	rm "$RESULT/ipi.json"
	jq -n '{ kernel: "6.1", variants: [{ outcome: "skip", text: "inconclusive: 100 pages",
		events: 100, violations: 0 }] }' >"$RESULT/$name.json"
	claims_collect "$RESULT" 2 <"$SCRATCH/plan"
	# nothing, if the knobs were without effect
	jq -n '{ no_answer: "", points: { a: { action: "off", passed: 0 },
		b: { action: "mb", passed: 0 } } }' >"$RESULT/$name.knobs"
	claims_collect "$RESULT" 3 <"$SCRATCH/plan"
	jq -n '{ no_answer: "99 calls were missed", points: {} }' >"$RESULT/$name.knobs"
	claims_collect "$RESULT" 4 <"$SCRATCH/plan"
	jq -s '.[-2:] | map(.text)' "$RESULT/runs" | grep -A 1 'b was not passed' | grep 'missed'
	diff "$RESULT/counts" - <<-EOF
		$name 100 5 0 1 0
		ipi 0 0 0 0 1
		look
		$name 100 0 0 0 0
		look
		$name 0 0 0 0 0
		look
		$name 0 0 0 0 0
	EOF
}

# A signal in round 2 leaves what round 1 has come to, whole, and merge takes it. SIGTERM, as who
# runs this may have SIGINT ignored for good.
check_claims_interrupted()
{
	local me=$TOP/run_tests.sh last=$SCRATCH/results/latest code=0

	export IO_URING_COHERENCY_OUT=$SCRATCH/results
	RESULTS=$SCRATCH/results
	# shellcheck source=vm/commands/claims.sh
	. "$VM_COMMANDS/claims.sh"
	command_packages() { :; }
	host_get() { :; }
	claims_guest() {
		[ "$1" = bad ] || return 0
		[ "$4" = 1 ] || kill -TERM "$BASHPID"
		mkdir "$RESULT/1-bad"
		echo QEMU >"$RESULT/1-bad/qemu-version"
		jq -nc '{ name: "pages_bad_kernel_none_0", look: 1, kernel: "6.1", text: "wrong",
			outcome: "fail", events: 1000, violations: 100, delivered: null }' \
			>>"$RESULT/runs"
		claims_count
	}
	(
		SCRATCH=$(mktemp -d "$SCRATCH/claims.XXXXXX")
		trap cleanup EXIT
		trap 'REASON=terminated; exit 143' TERM
		run_claims
	) >"$SCRATCH/out" 2>&1 || code=$?
	cat "$SCRATCH/out"
	[ "$code" = 143 ] || fail "code $code"
	[ "$(cat "$last/reason")" = terminated ]
	jq -e '.look == 1 and .settings[0].events == 1000' "$last/results.json"
	grep '^C1 *our workload *open ' "$last/report"
	grep -c '^ok' "$last/ktap"
	grep '</html>' "$last/index.html"
	sleep 1		# results are named by the second
	"$me" merge "$last/results.json" >"$SCRATCH/out" || [ $? = 4 ]
	grep '^C1 *our workload *open ' "$SCRATCH/out"
}

# results.json of two runs as one, and the picture and the page of it; made here, not measured.
check_claims_merge()
{
	local me=$TOP/run_tests.sh n base=pages_bad_kernel_none_0
	local claims="{ program: \"claims\", schema: 1, look: 1 }"

	export IO_URING_COHERENCY_OUT=$SCRATCH/results
	for n in 1 2; do
		jq -n --arg base $base --arg n $n "$claims"' + { machines: [{ date: $n,
			base: "a & b", fixed: "c", arch: "ppc64le", qemu: "Q", accel: "tcg",
			smp: 2, host: "h", seed: 1, rounds: 1, seconds: 9 }], settings: [
			{ runs: [{ name: $base, kernel: "6.1", outcome: "fail", text: "wrong",
				events: 1000, violations: 100, delivered: { IPI: 7 } }] },
			{ runs: [{ name: "pages_kthread", kernel: "6.1", outcome: "pass", text: "",
				events: 700, violations: 0, delivered: null }] },
			{ runs: [{ name: "ipi", kernel: "6.1", outcome: "skip",
				text: "not observable <here>", events: 0, violations: 0,
				delivered: null }] },
			{ runs: [{ name: "quick_base", kernel: "6.1", outcome: "fail", text: "bad",
				events: 50, violations: 8, delivered: { IPI: 3 } }] },
			{ runs: [{ name: "quick_one_worker", kernel: "6.1", outcome: "pass",
				text: "", events: 600, violations: 0, delivered: null }] }] }' \
			>"$SCRATCH/$n.json"
	done
	"$me" merge "$SCRATCH/1.json" >"$SCRATCH/out" || [ $? = 4 ]
	grep '^C6 *our workload  *open  *clean  *pages_kthread  *0 of 700, < ' "$SCRATCH/out"
	sleep 1		# results are named by the second
	"$me" merge "$SCRATCH/1.json" "$SCRATCH/2.json" >"$SCRATCH/out" || [ $? = 4 ]
	cat "$SCRATCH/out"
	# every column is there, in all lines at the same place
	grep '^claim  *workload  *decision  *asked  *setting  *rate .*  *rate of .*  *times that$' \
		"$SCRATCH/out"
	grep '^C6 *our workload *confirmed *clean *pages_kthread *0 of 1400,.* 0.1 (.* 0 to 0.0' \
		"$SCRATCH/out"
	grep '^C10 *our workload  *not observable here  *ordered  *ipi  *skipped' "$SCRATCH/out"
	grep '^C13 *MariaDB, new databases *confirmed *clean *quick_one_worker *0 of 1200,.* 0.16' \
		"$SCRATCH/out"
	grep 'any decision about one workload is wrong is below 5 %' "$SCRATCH/out"
	jq -e '.look == 2 and (.machines | length) == 2 and (.settings[] |
		select(.name == "'$base'") | .events == 2000 and .delivered.IPI == 14)' \
		"$SCRATCH/results/latest/results.json"
	# merging what was merged gives the same, and nothing counts twice
	sleep 1
	"$me" merge "$SCRATCH/results/latest/results.json" >"$SCRATCH/again" || [ $? = 4 ]
	diff <(grep ^C "$SCRATCH/out") <(grep ^C "$SCRATCH/again")
	# the table says what results.json does
	jq -r '.claims[] | .id as $id | (., (.mtr, .quick |
		select(.decision | IN("not run", "not asked") | not))) |
		"\($id) \(.workload) \(.decision) \(.conditions[0].relation) " +
		.conditions[0].setting' "$SCRATCH/results/latest/results.json" >"$SCRATCH/decided"
	[ "$(wc -l <"$SCRATCH/decided")" -gt 14 ]
	diff <(sed -n 's/  */ /g; /^C[0-9]/p' "$SCRATCH/results/latest/report" |
		awk 'NR == FNR { want[NR] = $0; next }
			{ print index($0, want[FNR] " ") == 1 ? want[FNR] : $0 }' \
			"$SCRATCH/decided" -) "$SCRATCH/decided"
	# what a run had decided stays decided, with counts of another run on top of its own
	jq -n "$claims"' + { machines: [{ date: "0", base: "a", fixed: "c" }], look: 4, settings: [
		{ runs: [{ name: "'$base'", look: 1, outcome: "fail", text: "", events: 9000,
			violations: 900 },
		{ name: "pages_bad_kernel_mb_0", look: 1, outcome: "fail", text: "",
			events: 9000, violations: 600 },
		({ name: "pages_bad_kernel_mb_0", look: (2, 3, 4), outcome: "fail", text: "",
			events: 900, violations: 90 })] }] }' >"$SCRATCH/0.json"
	for n in "" "$SCRATCH/2.json"; do
		sleep 1
		# shellcheck disable=SC2086 # or none
		"$me" merge $n "$SCRATCH/0.json" >"$SCRATCH/out" || [ $? = 4 ]
		grep '^ok 1 C1 # confirmed for our workload$' "$SCRATCH/out"
	done
	jq -e '.look == 5 and (.claims[0] | .workload == "our workload" and .decided == 1 and
		.conditions[0].times_low > 0.4 and .conditions[0].times_high < 1)' \
		"$SCRATCH/results/latest/results.json"
	refused 2 "one run is there twice" "$me" merge "$SCRATCH/1.json" "$SCRATCH/1.json"
	refused 2 "takes results.json" "$me" merge
	refused 2 "there is no file /nowhere" "$me" merge /nowhere
	refused 2 "is no results.json of claims" "$me" merge "$me"
	sleep 1
	"$me" merge "$SCRATCH/1.json" "$SCRATCH/2.json" >"$SCRATCH/out" || [ $? = 4 ]
	# the page stands alone, and is well-formed as far as tags go
	cd "$SCRATCH/results/latest"
	ls index.html rates.svg rates.png
	! grep -iE '(src|href)="?https?:' index.html || fail "the page does not stand alone"
	grep 'not observable &lt;here&gt;' index.html
	grep 'a &amp; b' index.html
	grep 'quick base: 16 of 100 events; workers created by IPI 6' index.html
	[ "$(grep -c 'MariaDB, its test: </span>not run' index.html)" = 7 ]
	[ "$(grep -c 'MariaDB, new databases: </span>confirmed' index.html)" = 1 ]
	[ "$(grep -c '<svg' index.html)" = 2 ]
	# a line for each claim, and one for each workload that was run, under their headings
	[ "$(grep -o '<tr' index.html | wc -l)" = 18 ]
	[ "$(grep -c 'our workload: </span>' index.html)" = 14 ]
	grep 'page_integrity</td>.*>2000 pages<.*>14 of 14<.*>0.007<.*>0.1<' index.html
	grep 'new databases</td>.*>100 databases<.*>6 of 6<.*>0.06<.*>0.16<' index.html
	grep 'so the rate of pages kthread is 0 to 0.0[0-9]* times that of' index.html
}

# herd7 and the libraries that it needs, of sid and none of this machine's. Sets HERD, a command.
herd_get()
{
	local dir=$CACHE/herd lib DEBIAN_SUITES=sid

	if missing "$dir" fetch "fetches packages"; then
		mkdir -p "$CACHE"
		debian_collect "$dir.new" herdtools7:amd64 libc6:amd64 libgmp10:amd64
		# what else is in the package is large
		find "$dir.new/usr/bin" -type f ! -name herd7 -delete
		mv -T "$dir.new" "$dir"
		unlock fetch
	fi
	lib=$dir/usr/lib/x86_64-linux-gnu
	HERD=("$lib/ld-linux-x86-64.so.2" --library-path "$lib" "$dir/usr/bin/herd7"
		-set-libdir "$dir/usr/share/herdtools7/herd")
}

# What the kernel's memory model of that version says of each file is what the file says.
check_litmus()
{
	local file want got differ=0 nr=0

	[ "$(uname -m)" = x86_64 ] || skip "herd7 is fetched for x86-64 only"
	herd_get
	kernel_source "source:$1"
	cd "$SOURCE_TREE/tools/memory-model"
	for file in "$TOP"/io_uring_coherency/litmus/*.litmus; do
		want=$(sed -n 's/^ \* Result: //p' "$file")
		"${HERD[@]}" -conf linux-kernel.cfg "$file" >"$SCRATCH/out" 2>&1 || true
		got=$(sed -n 's/^Observation [^ ]* \([A-Za-z]*\).*/\1/p' "$SCRATCH/out")
		nr=$((nr + 1))
		say "${file##*/}: ${got:-$(head -n 1 "$SCRATCH/out")}"
		[ -n "$want" ] && [ "$got" = "$want" ] && continue
		say "${file##*/}: the file says '$want', the model says '$got'"
		differ=$((differ + 1))
	done
	[ "$nr" -gt 20 ] || fail "only $nr files"
	[ "$differ" = 0 ] || fail "$differ of $nr differ"
}

# --- the directory as a kselftest

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

# Builds what it is given for make, and takes a warning for a failure, but for those of the harness
# itself where BUILD_HARMLESS says so.
BUILD_HARMLESS='^$'
build_quietly()
{
	make -C "$KSELFTEST" TARGETS=io_uring_coherency "$@" >"$SCRATCH/make.log" 2>&1 || {
		cat "$SCRATCH/make.log"
		fail "does not build"
	}
	! grep -E 'warning|Warning:|\[-W' "$SCRATCH/make.log" | grep -v "$BUILD_HARMLESS" ||
		fail "builds with warnings"
}

# build_for VERSION ARCH MAKE_ARGUMENT...: cross builds link against that architecture's sysroot.
build_for()
{
	local version=$1 arch=$2 vars=()
	shift 2

	tree_with_us "$version" link
	vars=(O="$SCRATCH/o" ARCH="${KBUILD_ARCH[$arch]}" "$@")
	if [ -n "$(cross_prefix "$arch")" ]; then
		sysroot_get "$arch"
		vars+=(CROSS_COMPILE="${TRIPLET[$arch]}-" "${LIBURING[@]}")
	fi
	build_quietly "${vars[@]}"
}

# check_build VERSION COMPILER ARCH
check_build()
{
	local compiler=$2 arch=$3 file

	if [ "$compiler" = clang ]; then
		build_for "$1" "$arch" LLVM=1
	else
		build_for "$1" "$arch"
	fi
	file=$(find "$SCRATCH/o" -name live_registers -type f)
	readelf -hs "$file" >"$SCRATCH/elf"
	grep -E 'Data|Machine' "$SCRATCH/elf"
	case $arch in
	ppc64le) grep 'PowerPC64' "$SCRATCH/elf" ;;
	ppc64) grep 'big endian' "$SCRATCH/elf" ;;
	arm64) grep 'AArch64' "$SCRATCH/elf" ;;
	x86_64) grep 'X86-64' "$SCRATCH/elf" ;;
	esac
	grep ' reg_arch_spin$' "$SCRATCH/elf"
}

# What runs natively here shows that the tree's runner finds and ends it, so it may be short.
native_short()
{
	export KSELFTEST_LIVE_REGISTERS_ARGS="-t 0.3" KSELFTEST_PAGE_INTEGRITY_ARGS="-t 0.3"
	export KSELFTEST_RING_ORDER_ARGS="-t 0.2"
}

# The tree's own way of running tests; natively, so what it says of this kernel must be an answer.
check_run_tests()
{
	native_short
	tree_with_us "$1" "$2"
	if [ "$2" = link ]; then
		make -C "$KSELFTEST" TARGETS=io_uring_coherency O="$SCRATCH/o" run_tests
	else
		make -C "$KSELFTEST" TARGETS=io_uring_coherency run_tests
		make -C "$KSELFTEST" TARGETS=io_uring_coherency clean
	fi >"$SCRATCH/out" 2>&1
	cat "$SCRATCH/out"
	native_answer "$SCRATCH/out"
}

check_install()
{
	tree_with_us "$1" link
	make -C "$KSELFTEST" TARGETS=io_uring_coherency O="$SCRATCH/o" \
		INSTALL_PATH="$SCRATCH/installed" install
	native_short
	"$SCRATCH/installed/run_kselftest.sh" -c io_uring_coherency >"$SCRATCH/out"
	cat "$SCRATCH/out"
	native_answer "$SCRATCH/out"
}

# The native run's line: ok, or skipped for a reason that this kernel has (no io_uring).
native_answer()
{
	! grep -q '^not ok' "$1" || fail "failed"
	# behind a link the runner names the directory that the link points to
	! grep -q '^ok 1 selftests: .*: live_registers$' "$1" || return 0
	skip "$(grep -m 1 '# SKIP\|1\.\.0' "$1")"
}

check_without_liburing()
{
	local code=0

	tree_with_us 6.1 link
	make -C "$KSELFTEST" TARGETS=io_uring_coherency O="$SCRATCH/o" LIBURING_LIBS=-lnot-there \
		run_tests >"$SCRATCH/out" 2>&1
	cat "$SCRATCH/out"
	grep -q 'liburing.*missing.*liburing-dev' "$SCRATCH/out"
	grep -q '^ok 1 selftests: .*: live_registers # SKIP' "$SCRATCH/out"
	"$(find "$SCRATCH/o" -name live_registers -type f)" || code=$?
	[ $code = 4 ]
}

# A register bank is a must for the architectures of the banks, and a skip elsewhere.
check_no_bank()
{
	fault_get live_registers_none
	code_is 4 "$HOST/live_registers_none" --json "$SCRATCH/json"
	grep -q '^1..0 # SKIP no register bank' "$SCRATCH/out"
	jq -e '.skip == "no register bank for this architecture"' "$SCRATCH/json"
}

# An architecture without a register bank, on which no kernel is booted: it builds, and says why it
# has no answer.
check_skips()
{
	local arch=$1 program code=0 BUILD_HARMLESS='^[^ ]*/kselftest_harness.h:'

	# shellcheck disable=SC2046 # a list of packages
	need_packages qemu-user-static $(compiler_packages "$arch")
	build_for 6.1 "$arch" USERLDFLAGS=-static
	program=$(find "$SCRATCH/o" -name live_registers -type f)
	"qemu-$arch-static" "$program" >"$SCRATCH/out" || code=$?
	cat "$SCRATCH/out"
	[ $code = 4 ]
	grep -q '^1..0 # SKIP no register bank for this architecture' "$SCRATCH/out"
}

# --- bad input: one sentence on stderr, the right code, nothing left behind

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

# Each command has its own options; what it would ignore is wrong usage.
check_options_of_commands()
{
	local me=$TOP/run_tests.sh given command

	for given in "host --base junk" "host --arch ppc64" "vm --quick" \
		"validate --kernel image:/nonsense" "validate --seed 1" "vm --fixed source:6.1" \
		"claims --kernel distro" "claims --repeat 1" "merge --arch ppc64" \
		"mutants --base distro" "mutants --quick" "check --arch ppc64" "check --keep" \
		"bench --base distro" "mariadb --tests x"; do
		command=${given%% *}
		# shellcheck disable=SC2086 # words
		refused 2 "^run_tests.sh: $command has no option --" "$me" $given
	done
	refused 255 "bisect-step has no option --kernel" "$me" bisect-step --kernel distro
	refused 2 "no --smp" "$me" mariadb --native --smp 2
	refused 2 "'--kernel' is not a command" "$me" --kernel distro
}

# Help: the commands, each with a line; and of each command its options, just these, and what they
# mean. Without a command nothing is run, and that is no success.
check_help()
{
	local me=$TOP/run_tests.sh name

	code_is 0 "$me" --help
	cp "$SCRATCH/out" "$SCRATCH/help"
	for name in $COMMANDS; do
		grep -E "^  $name +[^ ]+.* .*[^ ]" "$SCRATCH/help"
		code_is 0 "$me" "$name" --help
		grep "^usage: run_tests.sh $name" "$SCRATCH/out"
		grep '^Exit code: 0 ' "$SCRATCH/out"
		[ "$(awk 'length > 100' "$SCRATCH/out")" = "" ]
		# each with what it means, or it is not counted
		sed -nE 's/^  (-t, )?--([a-z-]+)( [^ ]+)?  +[^ ].*/\2/p' "$SCRATCH/out" |
			sort >"$SCRATCH/told"
		command_options "$name" | sort | diff "$SCRATCH/told" - ||
			fail "$name: other options"
	done
	code_is 2 "$me"
	diff "$SCRATCH/out" "$SCRATCH/help"
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

# What the caller has in its environment does not decide what is built, nor how tools talk.
check_environment()
{
	refused 2 "'loud' is no notification mode" env CROSS_COMPILE=nonsense- LLVM=1 CC=nonsense \
		KBUILD_OUTPUT=/nowhere O=/nowhere MAKEFLAGS=-n ARCH=m68k LC_ALL=C.UTF-8 \
		GREP_OPTIONS=-v BASH_ENV=/nowhere CDPATH=/ \
		"$TOP/run_tests.sh" mariadb --knobs "--notify loud"
}

# A run of the selftests passes only by an answer of a program that asks the kernel something.
check_ktap_code()
{
	local want line

	while read -r want line; do
		printf 'ok %s\n' "$line" | sed 's/, /\nok /g; s/ok not/not/' >"$SCRATCH/ktap"
		[ "$(ktap_code "$SCRATCH/ktap")" = "$want" ] || fail "$line: not $want"
	done <<-'EOF'
		0 1 selftests: io_uring_coherency: live_registers
		0 1 selftests: x: live_registers # SKIP, 2 selftests: x: page_integrity
		1 1 selftests: x: live_registers, not ok 2 selftests: x: module_knobs # exit=1
		4 1 selftests: x: live_registers # SKIP
		4 1 selftests: x: ring_order # SKIP, 2 selftests: x: module_offload
		4 1 selftests: x: module_knobs, 2 selftests: x: module_offload
	EOF
	: >"$SCRATCH/ktap"
	[ "$(ktap_code "$SCRATCH/ktap")" = 1 ]
}

# What a kernel reports before the tests is not what it reports while they run.
check_guest_complaint()
{
	local log=$SCRATCH/log

	printf '%s\r\n' "WARNING: nvram corruption detected" "[1.0] WARNING: CPU: 0 at boot" \
		"coherency: guest is up" "[2.0] refcount_t: underflow" "[3.0] Oops: 1" >"$log"
	[ "$(guest_complaint "$log" "$CONSOLE_BAD" before)" = "[1.0] WARNING: CPU: 0 at boot" ]
	[ "$(guest_complaint "$log" "$CONSOLE_BAD" during)" = "[2.0] refcount_t: underflow" ]
	[ "$(guest_complaint "$log" "$CONSOLE_DOWN" during)" = "[3.0] Oops: 1" ]
	[ -z "$(guest_complaint "$log" "$CONSOLE_DOWN" before)" ]
	[ -z "$(guest_complaint /nowhere "$CONSOLE_BAD" during)" ]
}

# Another run that has the lock is waited for, and that is told; names of any length have a place.
check_locks()
{
	local start=$SECONDS name

	CACHE=$SCRATCH/cache
	mkdir -p "$CACHE/locks"
	flock "$CACHE/locks/one" sleep 3 &
	sleep 1
	locked two "does two" >"$SCRATCH/out"
	[ ! -s "$SCRATCH/out" ]
	locked one "does one" >"$SCRATCH/out"
	cat "$SCRATCH/out"
	[ "$(cat "$SCRATCH/out")" = "waiting for another run that does one" ]
	[ $((SECONDS - start)) -ge 2 ]
	unlock one
	flock -n "$CACHE/locks/one" true
	! flock -n "$CACHE/locks/two" true || fail "the lock is not held"
	name=$(printf '%0300d' 0)
	phase 5 "$SCRATCH/log" "$name" true
	[ "$(phase_estimate "$name" 77)" != 77 ]
	[ "$(phase_estimate "${name}1" 77)" = 77 ]
}

# Of a build that failed, the compiler's first error.
check_build_error()
{
	local log=$SCRATCH/log

	printf '%s\n' "  CC      lib/error-inject.o" "a.c: In function 'f':" \
		"a.c:3:1: error: unknown type name 'x'" "make[2]: *** [Makefile:1: a.o] Error 1" \
		"make: *** [Makefile:9: sub-make] Error 2" >"$log"
	[ "$(build_error "$log")" = "a.c:3:1: error: unknown type name 'x'" ]
	sed -i '/unknown type/d' "$log"
	[ "$(build_error "$log")" = "make[2]: *** [Makefile:1: a.o] Error 1" ]
	echo "x.o: undefined reference to \`f'" >>"$log"
	build_error "$log" | grep 'undefined reference'
	echo "No space left" >"$log"
	[ "$(build_error "$log")" = "No space left" ]
}

# A suite that is gone, a mirror that is, and a state that cannot be renewed.
check_mirrors()
{
	local nowhere=http://127.0.0.1:9/debian DEBIAN_SUITES="bookworm sid"

	find_make() { (debian_find make amd64); }
	CACHE=$SCRATCH/cache
	mkdir "$CACHE"
	DEBIAN_MIRROR=$nowhere refused 4 "Debian's sid cannot be reached" find_make
	DEBIAN_SUITES="gone bookworm" find_make | grep '^bookworm '
	{ (DEBIAN_SUITES="gone bookworm" debian_find no-such-package amd64) || true; } 2>&1 |
		grep "not to be had: Debian's gone cannot be reached"
	touch -d '2 days ago' "$CACHE/apt/bookworm-amd64/fresh"
	DEBIAN_MIRROR=$nowhere DEBIAN_SUITES=bookworm find_make | grep '^bookworm '
	# a repository of somebody else's before Debian's own
	rm -rf "$CACHE/apt"
	debian_mirrors >"$SCRATCH/mirrors"
	debian_mirrors() {
		[ -n "${1:-}" ] || { echo "$nowhere"; cat "$SCRATCH/mirrors"; }
	}
	DEBIAN_SUITES=bookworm find_make | grep '^bookworm '
}

# A run that does not come to its end keeps what it has, with the reason, and one that has nothing
# leaves nothing.
check_results_kept()
{
	local how dir

	export TMPDIR=$SCRATCH
	RESULTS=$SCRATCH/results
	for how in "die 4 'no more disk'" "kill -INT \$BASHPID" "kill -KILL \$BASHPID" \
		"die 2 usage"; do
		(
			trap cleanup EXIT
			trap 'REASON=interrupted; exit 130' INT
			cleanup_hooks=() CHILD='' GUARD='' SCRATCH=''
			result_open "${how%% *}"
			echo "$BASHPID" >"$RESULT/pid"
			[ "$how" = "${how#*-KILL}" ] || echo $BASHPID
			echo something >"$RESULT/counts"
			eval "$how"
		) || true
	done
	(
		trap cleanup EXIT
		cleanup_hooks=() CHILD='' GUARD='' SCRATCH=''
		result_open empty
		die 4 nothing
	) || true
	(
		trap cleanup EXIT
		cleanup_hooks=() CHILD='' GUARD='' SCRATCH=''
		result_open last
		echo something >"$RESULT/counts"
		result_close
	)
	ls "$RESULTS"
	[ "$(cat "$RESULTS"/*-die-failed/reason)" = "no more disk" ]
	[ "$(cat "$RESULTS"/*-kill*-failed/reason | sort -u)" = "interrupted
killed" ]
	for dir in "$RESULTS"/*-failed; do
		[ "$(cat "$dir/counts")" = something ]
	done
	[ "$(find "$RESULTS" -mindepth 1 -maxdepth 1 -type d | wc -l)" = 4 ]
	[ "$(readlink "$RESULTS/latest")" = "$(basename "$RESULTS"/*-last)" ]
}

check_bad_options()
{
	local me=$TOP/run_tests.sh

	refused 2 "'--nonsense' is not an option" "$me" vm --nonsense
	refused 2 "'nonsense' is not a command" "$me" nonsense
	refused 2 "'m68k' is not an architecture" "$me" vm --arch m68k
	refused 2 "needs a value" "$me" vm --kernel
	refused 2 "not a positive number" "$me" vm --smp 0
	refused 2 "not a positive number" "$me" vm --timeout soon
	refused 2 "not a size" "$me" vm --mem much
	refused 2 "is not a kernel" "$me" vm --kernel 6.1
	refused 2 "no kernel tree at /nowhere" "$me" vm --kernel tree:/nowhere
	refused 2 "no kernel image /nowhere" "$me" vm --kernel image:/nowhere
	refused 2 "there is no patch" "$me" vm --kernel source:6.1+/nowhere.patch
	refused 2 "only source: and tree: take patches" "$me" vm --kernel distro+x
	refused 2 "names an empty patch" "$me" vm --kernel source:6.1+
	refused 2 "names no fault" "$me" vm --kernel distro^
	refused 2 "'none' is no fault" "$me" validate --base distro^fp,none
	refused 2 "there is no module for an image" "$me" vm --kernel image:/dev/null^fp
	refused 2 "mariadb plants no faults" "$me" mariadb --base source:6.1^fp
	refused 2 "no kernel image /nowhere+" "$me" vm --kernel image:/nowhere+
	refused 2 "blanks or colons" env TMPDIR="/tmp/a b" "$me" vm
	refused 2 "no Debian suite has linux-source-4.99" "$me" vm --kernel source:4.99
	refused 2 "there is no file /nowhere" "$me" vm --config /nowhere
	refused 2 "is not a kernel" "$me" validate --base nonsense
	refused 2 "is not a kernel" "$me" claims --fixed nonsense
	refused 2 "not a positive number" "$me" claims --seconds 0
	refused 2 "not a positive number" "$me" claims --seed x
	refused 2 "kernels for x86_64 are not built here" "$me" mutants --arch x86_64
	refused 2 "no patch and no good kernel matches" "$me" mutants --tests nothing
	# with which git bisect run ends
	refused 255 "'--nonsense' is not an option" "$me" bisect-step --nonsense
	refused 255 "'tree:/' is not an option" "$me" bisect-step distro tree:/
	refused 255 "is not a kernel" "$me" bisect-step 6.1
	refused 255 "is not a kernel" "$me" bisect-step distro --base nonsense
	refused 255 "no kernel tree at ." env -C / "$me" bisect-step
	refused 255 "blanks or colons" env TMPDIR="/tmp/a b" "$me" bisect-step distro
	refused 2 "not a positive number" "$me" mariadb --repeat 0
	refused 2 "is not a kernel" "$me" mariadb --base nonsense
	refused 2 "give --kernel, or --base" "$me" mariadb --kernel source:6.1 --base source:6.1
	refused 2 "driver in a module" "$me" mariadb --kernel distro
	refused 2 "about the running kernel" "$me" mariadb --native --kernel source:6.1
	refused 2 "'rm' is no option" "$me" mariadb --knobs "--notify no_ipi rm"
	refused 2 "driver in a module" "$me" claims --mariadb --base distro
	refused 2 "'none' is not a number" "$me" mariadb --knobs "--pin-workers --workers none"
	refused 2 "'-v' is no option" "$me" mariadb --knobs "-v"
	refused 2 "--notify needs a value" "$me" mariadb --knobs "--notify"
	refused 2 "'loud' is no notification mode" "$me" mariadb --knobs "--notify loud"
	refused 2 "'nowhere' is no point" "$me" mariadb --knobs "--at nowhere=mb"
	refused 4 "no memory" "$me" mariadb --mem 9999G
}

check_bad_program_options()
{
	local program=$HOST/live_registers

	refused 2 "not a number of seconds" "$program" -t never
	refused 2 "not a number of seconds" "$program" -t -1
	refused 2 "not a number of events" "$program" -n 0
	refused 2 "not a number of events" "$program" -n 99999999999999999999999
	refused 2 "not a list of CPUs" "$program" -c 0-
	refused 2 "may not use CPU" "$program" -c 999999
	refused 2 "is no variant; these are: poll_wake_default " "$program" --only nonsense
	refused 2 "is no variant" "$program" --only poll_wake_sqpoll_by_signal
	refused 2 "is not an option" "$program" nonsense
	refused 2 "cannot write" "$program" --json /nowhere/file

	program=$HOST/page_integrity
	refused 2 "takes seconds" "$program" -t never
	refused 2 "a number from 1 to 64" "$program" --threads 0
	refused 2 "a number with K, M or G" "$program" --size 100
	refused 2 "whole pages" "$program" --size 17K
	refused 2 "a number from 1 to 4" "$program" --workers 5
	refused 2 "takes tmpfs, ext4, xfs or btrfs" "$program" --fs fat
	refused 2 "too many threads" "$program" --threads 64 --size 512K
	refused 2 "cannot write to /nowhere" "$program" --dir /nowhere
	refused 2 "knows no 'nonsense'" "$program" --engine nonsense
	refused 2 "knows no 'nonsense'" "$program" --verify cache,nonsense
	refused 2 "is not an option" "$program" nonsense
	refused 2 "cannot write" "$program" --json /nowhere/file

	program=$HOST/kernel_order
	refused 2 "not a number of seconds" "$program" -t never
	refused 2 "is no edge" "$program" --edge nonsense
	refused 2 "is not two CPUs" "$program" --cpus 0
	refused 2 "is not two CPUs" "$program" --cpus 1,1
	refused 2 "may not use CPU" "$program" --cpus 0,999999
	refused 2 "--seed: '-1' is not a number" "$program" --seed -1
	refused 2 "is not an option" "$program" nonsense
	refused 2 "cannot write" "$program" --json /nowhere/file

	program=$HOST/ring_order
	refused 2 "not a number of seconds" "$program" -t never
	refused 2 "not a number of seconds" "$program" -t 0
	refused 2 "is no edge" "$program" --edge nonsense
	refused 2 "not a list of CPUs" "$program" --cpus 0,
	refused 2 "may not use CPU" "$program" --cpus 0,99999
	refused 2 "names one CPU" "$program" --cpus 0,0
	refused 2 "--seed: '' is not a number" "$program" --seed ""
	refused 2 "is not an option" "$program" nonsense
	refused 2 "cannot write" "$program" --json /nowhere/file

	program=$HOST/barrier_ctl
	refused 2 "'nowhere' is no point" "$program" --at nowhere=mb -- true
	refused 2 "'nothing' is no action" "$program" --at io_write=nothing -- true
	refused 2 "lacks its time" "$program" --at io_write=udelay -- true
	refused 2 "not a number of microseconds" "$program" --at io_write=udelay:10001 -- true
	refused 2 "no notification mode" "$program" --notify loud -- true
	refused 2 "--workers: '0' is not a number" "$program" --workers 0 -- true
	refused 2 "no command to run" "$program"
	refused 2 "is not an option" "$program" --nonsense
	refused 2 "cannot write" "$program" --json /nowhere/file -- true
}

check_patch_does_not_apply()
{
	printf '%s\n' '--- a/Makefile' '+++ b/Makefile' '@@ -1,1 +1,1 @@' '-not there' '+x' \
		>"$SCRATCH/bad.patch"
	refused 2 "bad.patch does not apply" "$TOP/run_tests.sh" vm \
		--kernel "source:6.1+$SCRATCH/bad.patch"
	refused 125 "bad.patch does not apply" "$TOP/run_tests.sh" bisect-step \
		"source:6.1+$SCRATCH/bad.patch"
	grep '^cannot tell: .*does not apply' "$SCRATCH/out"
}

check_no_space()
{
	[ "$(id -u)" = 0 ] || skip "needs root to mount a small file system"
	mkdir "$SCRATCH/small"
	# a mount namespace of its own: the mount goes with the last process in it
	unshare -m mount -t tmpfs none "$SCRATCH/small" 2>/dev/null || skip "cannot mount here"
	# shellcheck disable=SC2016 # expanded by the inner shell
	refused 4 "no space" unshare -m sh -c \
		'mount -t tmpfs -o size=8m none "$0" && XDG_CACHE_HOME=$0 exec "$1" vm' \
		"$SCRATCH/small" "$TOP/run_tests.sh"
	# enough to begin, and not for a root file system
	# shellcheck disable=SC2016 # as above
	refused 4 "no space: .* 2500 MiB are needed" unshare -m sh -c \
		'mount -t tmpfs -o size=600m none "$0" && XDG_CACHE_HOME=$0 exec "$1" mariadb' \
		"$SCRATCH/small" "$TOP/run_tests.sh"
}

# pages_skip REASON COMMAND...: exit code 4, and each engine of it has this reason.
pages_skip()
{
	local reason=$1 code=0

	shift
	"$@" >"$SCRATCH/out" 2>&1 || code=$?
	cat "$SCRATCH/out"
	[ "$code" = 4 ]
	grep "SKIP .*$reason" "$SCRATCH/out"
}

# page_integrity where it cannot do its work: skipped with the reason, and nothing is left.
check_pages_skipped()
{
	local program=$HOST/page_integrity

	[ "$(id -u)" = 0 ] || skip "needs root to mount a small file system"
	mkdir "$SCRATCH/small"
	unshare -m mount -t tmpfs none "$SCRATCH/small" 2>/dev/null || skip "cannot mount here"
	# shellcheck disable=SC2016 # expanded by the inner shell
	pages_skip "No space left on device" unshare -m sh -c '
		mount -t tmpfs -o size=4m none "$0" || exit 1
		"$1" --dir "$0"
		code=$?
		[ -z "$(ls "$0")" ] && exit $code' "$SCRATCH/small" "$program"
	# shellcheck disable=SC2016 # as above
	pages_skip "has no O_DIRECT" unshare -m sh -c '
		mount -t ramfs none "$0" || exit 1
		"$1" --direct --dir "$0"' "$SCRATCH/small" "$program"
	pages_skip "no room for a file system in /proc" "$program" --fs ext4 --dir /proc
	pages_skip "needs root" setpriv --bounding-set=-sys_admin "$program" --fs tmpfs
	pages_skip "forbidden (seccomp)" "$HOST/without_io_uring" "$program" --engine uring -t 0.1
	pages_skip "RLIMIT_MEMLOCK too small" setpriv --bounding-set=-ipc_lock \
		prlimit --memlock=65536 "$program" --engine uring_fixed -t 0.1
	# shellcheck disable=SC2016 # as above
	pages_skip "verifying fails" sh -c 'ulimit -v 12288 && "$0" -t 0.1' "$program"
	pages_skip "Too many open files\|not enough file descriptors" \
		prlimit --nofile=16 "$program" --engine uring -t 0.1
}

# What a kernel could do wrong, by what it is to be found as: in which class, and where first; and
# in pieces of how many bytes, at multiples of as many. Each of page_faults.c, or more classes for
# one that comes to two pages.
PAGE_FAULTS='
	tail1		register hole		cache
	tail16		register hole		cache
	head4k		mosaic			cache		4096
	mid4k		mosaic			cache		4096
	line64		mosaic			cache		64
	line128		mosaic			cache		128
	torn		torn			cache
	drop		stale			cache
	file		stale,misplaced		cache
	offset		stale,misplaced		cache
	sentinel	misplaced		cache
	zeroes		zeroes			cache
	flip		register hole		cache
	flips		other			cache
	beyond		beyond the end		end
	trunc		beyond the end		end
	short		wrong result		result
	nothing		wrong result		result
	eio		wrong result		result
	eagain		wrong result		result
	ecanceled	wrong result		result
	scribble	register hole		memory_after
	scribble_first	register hole		memory_after
	late		stale			readback
	rdrop		not read		readback
	rtail		not read		readback	64
	rtail1		not read		readback	1
	rother		misplaced		readback
	rzeroes		zeroes			readback
	rflip		register hole		readback
	rover		beyond the buffer	readback
	rshort		wrong result		result
	reio		wrong result		result
	vdrop		not read		cache
	uwild		wrong result		result
	unext		wrong result		result
	uold		wrong result		result
'

# Each of them, once in a whole run and at one transfer in 50, is found, and nothing else; and not
# one that is not there.
check_page_faults()
{
	local program=$HOST/page_integrity kind classes place piece engine every most code
	local json=$SCRATCH/faults.json

	fault_get page_faults.so
	while IFS=$'\t' read -r kind classes place piece; do
		[ -n "$kind" ] || continue
		for every in 0 50; do
			engine=thread
			most=200
			# these end the run
			if [ "${kind:0:1}" = u ]; then
				engine=uring
				most=3
			fi
			: >"$SCRATCH/log"
			code=0
			PAGE_FAULT=$kind PAGE_FAULT_AT=$((1 + RANDOM % (every ? 3 : most))) \
				PAGE_FAULT_EVERY=$every PAGE_FAULT_LOG=$SCRATCH/log \
				LD_PRELOAD=$HOST/page_faults.so "$program" --no-module -t 0.1 \
				--dir /dev/shm --engine $engine --size 512K --json "$json" \
				>"$SCRATCH/out" 2>&1 || code=$?
			say "$kind, every $every: $(wc -l <"$SCRATCH/log") faults:" \
				"$(jq -r --arg e $engine \
					'.variants[] | select(.name == $e) | .text' "$json")"
			! grep "SKIP  *io_uring is" "$SCRATCH/out" || continue
			[ $code = 1 ] || { cat "$SCRATCH/out"; fail "code $code"; }
			jq -e --arg e $engine --arg classes "$classes" --arg place "$place" \
				--argjson once $((every == 0)) --argjson piece "${piece:-0}" \
				'.variants[] | select(.name == $e) |
				.outcome == "fail" and .places == {($place): .violations} and
				(.classes | keys - ($classes / ",") == []) and
				([.classes[]] | add) == .violations and
				($piece == 0 or (.samples | map(.piece == $piece and
					.multiple_of == $piece) | all)) and
				.violations <= (if $once == 1 then $classes / "," | length
					else .violations end)' "$json" >/dev/null
		done
	done < <(tr -s '\t' <<<"$PAGE_FAULTS" | sed 's/^\t//')
	LD_PRELOAD=$HOST/page_faults.so "$program" --no-module -t 0.1 --dir /dev/shm \
		--engine thread
}

# A file system of the program's own, in each view; then killed: neither process, file, mount nor
# loop device is left.
check_pages_own_fs()
{
	local program=$HOST/page_integrity fs after pid loops

	[ "$(id -u)" = 0 ] || skip "needs root for a file system of its own"
	[ -e /dev/loop-control ] || skip "this kernel has no loop devices"
	need_packages e2fsprogs xfsprogs btrfs-progs
	loops=$(losetup -a)
	for fs in tmpfs ext4 xfs btrfs; do
		! grep -qv nodev /proc/filesystems || grep -qw $fs /proc/filesystems || continue
		"$program" --fs $fs -t 0.2 --engine thread --json "$SCRATCH/$fs.json"
	done
	jq -e '[.variants[] | select(.views | length == 8)] | length == 1' "$SCRATCH/ext4.json"
	# while a mount is looked at, while a copy of it is, and early in a default run
	for after in 'RUN *engine.uring.pages' 'RUN *engine.thread.pages' 'RUN *global.*_disk'; do
		case $after in
		*global*) set -- "$program" ;;
		*) set -- "$program" --fs xfs -t 60 --dir "$SCRATCH" ;;
		esac
		[[ $after != *thread* ]] || set -- "$@" --engine thread
		"$@" >"$SCRATCH/out" 2>&1 &
		pid=$!
		until grep -q "$after" "$SCRATCH/out" || ! kill -0 $pid; do
			sleep 0.1
		done
		sleep "0.$((RANDOM % 5))"
		kill -KILL $pid
		wait $pid || true
		for _ in $(seq 50); do
			! pgrep -f "^$program" && [ "$(losetup -a)" = "$loops" ] && break
			sleep 0.2
		done
		! pgrep -f "^$program" || fail "a process is left"
		[ "$(losetup -a)" = "$loops" ]
	done
	rm -f "$SCRATCH"/{tmpfs,ext4,xfs,btrfs}.json "$SCRATCH/out"
	[ -z "$(ls "$SCRATCH")" ]
}

# pages_fault KIND CODE JQ ARGS...: page_integrity's engine "thread" with that fault of its disk.
pages_fault()
{
	local code=0

	LD_PRELOAD=$HOST/page_faults.so PAGE_FAULT=$1 "$HOST/page_integrity" --no-module \
		--engine thread --json "$SCRATCH/json" "${@:4}" >"$SCRATCH/out" 2>&1 || code=$?
	[ "$code" = "$2" ] && jq -e ".variants[] | select(.name == \"thread\") | $3" \
		"$SCRATCH/json" >/dev/null || {
		cat "$SCRATCH/out"
		fail "$1 ended with code $code, and not with $2 and $3"
	}
}

# What is on the disk: an fsync that does nothing, once in a run; damage that the page cache does
# not have; and views that do not look at the disk, which have no answer.
check_pages_disk_faults()
{
	[ "$(id -u)" = 0 ] || skip "needs root for a file system of its own"
	[ -e /dev/loop-control ] || skip "this kernel has no loop devices"
	need_packages e2fsprogs
	fault_get page_faults.so
	for _ in $(seq 20); do
		pages_fault sync_lost 1 '.classes == {stale: .violations} and
			.places == {unsynced: .violations} and
			.looks.crash.violations == .violations and .looks.cache.violations == 0 and
			.looks.direct.violations == 0' --fs ext4 -t 0.1
	done
	pages_fault sync_lost 1 '.outcome == "pass"'
	jq -e '.variants[] | select(.name == "thread_disk") | .places.unsynced > 0' "$SCRATCH/json"
	pages_fault sync_fails 1 '.classes == {"wrong result": 1} and .places == {result: 1}' \
		--fs ext4 -t 0.1
	pages_fault sync_rots 1 '.places == {disk: 1} and .looks.cache.violations == 0 and
		([.looks.direct, .looks.dropped, .looks.crash | .violations] == [1, 1, 1])' \
		--fs ext4 -t 0.1
	pages_fault no_drop 0 '.views - ["direct", "dropped"] == .views and
		.looks.crash.events > 0' --fs ext4
	grep 'SKIP damage on the disk is not seen in: direct, dropped$' "$SCRATCH/out"
	pages_fault no_direct 0 '.views - ["direct"] == .views and
		.looks.dropped.events > 0' --fs ext4
	grep 'no answer, as the control failed, in: direct$' "$SCRATCH/out"
	pages_fault none 0 '[.looks.direct, .looks.dropped, .looks.crash | .events > 500] | all' \
		--fs ext4
}

# The default run's disk where there is none: the reason, and an answer from tmpfs.
check_pages_no_disk()
{
	local program=$HOST/page_integrity

	[ "$(id -u)" = 0 ] || skip "needs root to hide what there is"
	unshare -m mount -t tmpfs none /var/tmp 2>/dev/null || skip "cannot mount here"
	mkdir "$SCRATCH/small"
	# without_disk COMMAND REASON: skipped on a disk for this reason
	without_disk() {
		# shellcheck disable=SC2016 # expanded by the inner shell
		env -u TMPDIR unshare -m sh -c 'mount -t tmpfs none /var/tmp && cd /var/tmp &&
			{ '"$1"'; } && exec "$0" --engine thread --no-module' "$program" \
			>"$SCRATCH/out" 2>&1
		cat "$SCRATCH/out"
		[ "$(grep -c "^ok .* # SKIP $2.*; and no directory on a disk" "$SCRATCH/out")" = 2 ]
	}
	without_disk 'mount --bind /dev/null /dev/loop-control' 'no loop device: '
	without_disk 'mount -t tmpfs none /usr/sbin' 'mkfs.ext4: No such file or directory'
	# the image fits neither there nor here
	without_disk 'mount -t tmpfs -o size=50m none /dev/shm &&
		mount -t tmpfs -o size=50m none /var/tmp && cd /var/tmp' \
		'no room for a file system in /dev/shm: '
	pages_skip "no room for a file system in .*: .* MiB are needed, 20 are left" \
		unshare -m sh -c "mount -t tmpfs -o size=20m none $SCRATCH/small &&
		$program --fs ext4 --dir $SCRATCH/small"
	# who may not mount has a directory, or says why not
	setpriv --bounding-set=-sys_admin "$program" --engine thread --no-module \
		>"$SCRATCH/out" 2>&1
	grep '^# disk: /.*; a file system of its own needs root$' "$SCRATCH/out" ||
		grep 'SKIP a file system of its own needs root; and no directory' "$SCRATCH/out"
}

# As if a package were missing: dpkg-query knows none, and nothing may be installed.
check_no_package()
{
	mkdir "$SCRATCH/bin"
	printf '#!/bin/sh\n[ "$2" = dpkg ]\n' >"$SCRATCH/bin/dpkg-query"
	chmod 755 "$SCRATCH/bin/dpkg-query"
	refused 4 "install them by: apt-get install --no-install-recommends" \
		env PATH="$SCRATCH/bin:$PATH" "$TOP/run_tests.sh" validate --no-install
	refused 4 "install them by: apt-get install --no-install-recommends" \
		env PATH="$SCRATCH/bin:$PATH" "$TOP/run_tests.sh" host --no-install
}

# As on a distribution without apt: guests of this machine's own architecture, in a kernel tree.
check_not_debian()
{
	local me bin=$SCRATCH/bin code=0 dir image

	[ "$(uname -m)" = x86_64 ] || skip "Debian's kernel of this architecture is not fetched"
	kernel_get distro x86_64
	sysroot_get x86_64
	mkdir "$bin"
	for dir in /usr/bin /usr/sbin /bin /sbin; do
		find "$dir" -maxdepth 1 ! -name 'apt*' ! -name 'dpkg*' -exec ln -sf -t "$bin" {} +
	done
	ln -sf "$SYSROOT/bin/busybox" "$bin/busybox"
	me=(env "PATH=$bin" "XDG_CACHE_HOME=$SCRATCH/cache")
	refused 4 "no kernel tree lends" "${me[@]}" "$TOP/run_tests.sh" validate --arch x86_64
	kselftest_in_tree "${SOURCE_TREE:-$(dirname "$(find "$CACHE/source" -maxdepth 2 \
		-path '*/linux-6.1-*/Makefile' | head -n 1)")}"
	cp -r "$TOP" "$KSELFTEST/io_uring_coherency"
	me+=("$KSELFTEST/io_uring_coherency/run_tests.sh")
	refused 4 "guests of ppc64le take Debian's packages" "${me[@]}" vm --kernel image:/dev/null
	image=image:$KERNEL_IMAGE
	IO_URING_COHERENCY_OUT=$SCRATCH/results "${me[@]}" validate --arch x86_64 \
		--base "$image" --fixed "$image" >"$SCRATCH/out" || code=$?
	cat "$SCRATCH/out"
	[ "$code" = 4 ] || fail "code $code"
	tail -n 1 "$SCRATCH/out" | grep '(the base does not show the problem)'
	rm "$bin"/{jq,rsync}
	refused 4 "install by hand what is missing: jq rsync" "${me[@]}" validate --arch x86_64
}

# Debian's packages cannot be had: a proxy where none is.
check_no_mirror()
{
	echo 'Acquire::http::Proxy "http://127.0.0.1:9"; Acquire::https::Proxy "http://127.0.0.1:9";' \
		>"$SCRATCH/apt.conf"
	refused 4 "Debian's bookworm cannot be reached" env APT_CONFIG="$SCRATCH/apt.conf" \
		XDG_CACHE_HOME="$SCRATCH/cache" "$TOP/run_tests.sh" mariadb
	[ ! -e "$SCRATCH/cache/io_uring_coherency/mariadb" ]
}

# A cache in a place where not even root may write.
check_nowhere_to_write()
{
	refused 4 "cannot write to" env XDG_CACHE_HOME=/proc/nowhere "$TOP/run_tests.sh" vm
	refused 125 "cannot write to" env XDG_CACHE_HOME=/proc/nowhere "$TOP/run_tests.sh" \
		bisect-step source:6.1
}

# A PATH without QEMU, and nothing may be installed.
check_no_qemu()
{
	local tool

	mkdir "$SCRATCH/bin"
	for tool in /usr/bin/* /bin/* /usr/sbin/*; do
		case $tool in
		*/qemu-system-*) ;;
		*) ln -sf "$tool" "$SCRATCH/bin/" ;;
		esac
	done
	# dpkg believes that it is there, so only the look at the command itself can tell
	refused 4 "qemu-system-ppc64 is missing" env PATH="$SCRATCH/bin" \
		"$TOP/run_tests.sh" vm --no-install
	refused 125 "qemu-system-ppc64 is missing" env PATH="$SCRATCH/bin" \
		"$TOP/run_tests.sh" bisect-step source:6.1 --no-install
}

# A kernel that forbids io_uring: skipped, and said. In a guest, whose sysctl is nobody else's.
check_io_uring_disabled()
{
	guest_script "$GUEST_TESTS/io_uring_disabled.sh"
	OPT_ARCH=ppc64le
	guest_of source:mainline ""
	[ "$(grep -c '^code 4' "$SCRATCH/guest/ktap")" = 2 ]
	# of page_integrity on tmpfs, and on a disk with and without O_DIRECT
	[ "$(grep -c '# SKIP io_uring is disabled' "$SCRATCH/guest/ktap")" = 14 ]
}

# A kernel's build that check would not see the end of.
check_no_time()
{
	CACHE=$SCRATCH/cache
	mkdir -p "$CACHE/timings"
	later() { (build_in_time); }
	END_BEFORE=$((EPOCHSECONDS + 1000))
	build_in_time
	END_BEFORE=$((EPOCHSECONDS + 450))
	refused 4 "too late for another kernel, of which one takes 240 s" later
	echo 30 >"$CACHE/timings/build_linux-6.1_+_small"
	echo 700 >"$CACHE/timings/build_linux-6.1"
	END_BEFORE=$((EPOCHSECONDS + 900))
	refused 4 "too late for another kernel, of which one takes 700 s" later
	END_BEFORE=$((EPOCHSECONDS + 1000))
	build_in_time
	test_in_time
	END_BEFORE=$((EPOCHSECONDS + 100))
	! test_in_time || fail "a test would begin 100 s before the end"
	END_BEFORE=
	build_in_time
	test_in_time
}

# Some tests that check could have.
check_some()
{
	passed=0 failed=0 skipped=0 skips=() late=() OPT_TESTS=.
	t works true
	t fails fail "it is broken"
	t reason skip "no such thing here"
	END_BEFORE=$EPOCHSECONDS
	t one true
	t two true
	check_end
}

# What check says at its end is what its lines say; of what it had no time for, one line.
check_check_end()
{
	(check_some) | sed 's/# [0-9]* s$/# 0 s/' >"$SCRATCH/out"
	diff "$SCRATCH/out" - <<-EOF
		ok 1 works # 0 s
		not ok 2 fails
		# it is broken
		ok 3 reason # SKIP no such thing here
		ok 4 one # SKIP too late for another test; --long has no such limit
		ok 5 two # SKIP too late for another test; --long has no such limit
		# skipped: reason: no such thing here
		# skipped, too late for them within 45 min (--long has no limit): one two
		1 passed, 1 failed, 3 skipped
	EOF
}

# What a guest is given to do is counted for what it was: its plan, what it leaves, and the counts.
check_claims_guest()
{
	local RESULT=$SCRATCH/claims

	# shellcheck source=vm/commands/claims.sh
	. "$VM_COMMANDS/claims.sh"
	mkdir "$RESULT"
	: >"$RESULT/counts"
	userspace_get() { :; }
	kernel_get() { KERNEL_NAME=6.1; }
	module_get() { :; }
	guest_disks() { :; }
	guest_run() {
		local name

		GUEST_STATE=ok
		mkdir "$2"
		cmp "$VM_GUEST/claims.sh" "$SCRATCH/guest.run"
		while read -r name _; do
			jq -n '{ kernel: "6.1", variants: [{ outcome: "pass", text: "right",
				events: 7, violations: 0 }] }' >"$2/$name.json"
		done <"$SCRATCH/guest.plan"
	}
	claims_guest arm64 distro arm64 1
	[ -s "$SCRATCH/guest.plan" ]
	diff <(cut -d ' ' -f 1 "$SCRATCH/guest.plan" | sort) \
		<(awk '$2 == 7 { print $1 }' "$RESULT/counts" | sort)
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
		jq -n -L . --arg name ring_order --arg run "ring_order 0 1 3" --arg out "" \
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
	# one that was skipped as a whole has its reason in the first line
	echo '{"skip": "why", "variants": []}' >"$SCRATCH/json"
	got=$(jq -n -r -L . --arg name ring_order --arg run "ring_order 4 1 3" --arg names "" \
		--arg out "1..0 # SKIP why" --slurpfile json "$SCRATCH/json" \
		'include "mutants"; answer($ARGS.named) | .state + ": " + .text')
	[ "$got" = "not observable here: 1..0 # SKIP why" ] || fail "$got"
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
	# a row for each kernel: its name, a cell for each detector, what they come to
	cells=$(jq '.[0].detectors | length + 2' "$SCRATCH/results/latest/results.json")
	while read -r name result; do
		report_rows "$cells" "$name"
		grep -E "^$name  .*  $result\$" "$SCRATCH/out"
	done < <(jq -r '.[] | "\(.name) \(.result)"' "$SCRATCH/results/latest/results.json")
}

# module_tree VERSION ARCH: a tree that is configured and prepared to build modules, with no kernel.
# Sets KDIR.
module_tree()
{
	local version=$1 arch=$2 config make

	kernel_source "source:$version"
	config=$(module_fragments "$arch" | sha256sum | cut -c 1-12)
	KDIR=$CACHE/build/$SOURCE_KEY-$arch-modules-$config
	[ ! -e "$KDIR/prepared" ] || return 0
	mkdir -p "$KDIR"
	make=(make -C "$SOURCE_TREE" O="$KDIR" ARCH="${KBUILD_ARCH[$arch]}"
		CROSS_COMPILE="$(cross_prefix "$arch")")
	module_fragments "$arch" >"$KDIR/all.config"
	"${make[@]}" KCONFIG_ALLCONFIG="$KDIR/all.config" allnoconfig >"$SCRATCH/log" 2>&1 &&
		"${make[@]}" -j"$(($(nproc) + 1))" modules_prepare >"$SCRATCH/log" 2>&1 ||
		fail "the tree cannot be prepared: $(last_words "$SCRATCH/log")"
	: >"$KDIR/prepared"
}

module_fragments()
{
	cat "$TOP/config" "$TOP/vm/configs/"{common,newer}.config
	case $1 in
	ppc64*) cat "$TOP/vm/configs/$1.config" ;;
	esac
}

# check_module_build VERSION ARCH: no warning of the compiler (W=1) or of sparse (C=1) on our files,
# and each action is the instructions that arch.h documents.
check_module_build()
{
	local version=$1 arch=$2 code=0

	module_tree "$version" "$arch"
	module_make "$arch" "$KDIR" "$SCRATCH/module" W=1 C=1 KBUILD_MODPOST_WARN=1 \
		>"$SCRATCH/log" 2>&1 || code=$?
	grep -v 'undefined!' "$SCRATCH/log"
	[ "$code" = 0 ] || fail "does not build"
	! grep -E '(module/|^)[a-z_]+\.[ch]:[0-9]+:[0-9]+: (warning|error)' "$SCRATCH/log" ||
		fail "warnings"
	action_is "$arch" mb "$SCRATCH/module/inject.o"
	action_is "$arch" rmb "$SCRATCH/module/inject.o"
	action_is "$arch" wmb "$SCRATCH/module/inject.o"
	action_is "$arch" isync "$SCRATCH/module/inject.o"
	action_is "$arch" lwsync "$SCRATCH/module/inject.o"
}

# The kselftest Makefile builds and installs the module for KDIR=: here Debian's own headers.
check_module_by_kselftest()
{
	local out=$SCRATCH/out ko=ppc_barrier_test/ppc_barrier_test.ko

	kernel_get distro x86_64
	module_headers x86_64
	cd "$KSELFTEST"
	make -C io_uring_coherency OUTPUT="$out" KDIR="$KERNEL_HEADERS" ARCH=x86_64 \
		INSTALL_PATH="$SCRATCH/installed" all install
	modinfo "$out/$ko" | grep "^vermagic:.*${KERNEL_HEADERS##*linux-headers-}"
	cmp "$out/$ko" "$SCRATCH/installed/$ko"
	# one that is there is kept where there is nothing to build it for
	make -C io_uring_coherency OUTPUT="$out" KDIR=/nowhere >"$SCRATCH/log"
	[ -e "$out/$ko" ]
}

# The module as part of a tree, by Kconfig and the two lines that doc/barrier_ctl.md names.
check_module_in_tree()
{
	local tree=$SCRATCH/tree here=tools/testing/selftests/io_uring_coherency file make

	kernel_source source:6.1
	cp -as "$SOURCE_TREE" "$tree"
	for file in Kbuild lib/Kconfig.debug; do
		rm "$tree/$file"
		cp "$SOURCE_TREE/$file" "$tree/$file"
	done
	rm -rf "${tree:?}/$here"
	mkdir -p "$tree/$here"
	cp -r "$TOP/Kconfig" "$TOP/ppc_barrier_test" "$tree/$here/"
	echo "source \"$here/Kconfig\"" >>"$tree/lib/Kconfig.debug"
	echo "obj-\$(CONFIG_TEST_PPC_BARRIER) += $here/ppc_barrier_test/" >>"$tree/Kbuild"
	{
		kernel_fragments ppc64le
		printf 'CONFIG_%s\n' RUNTIME_TESTING_MENU=y TEST_PPC_BARRIER=m
	} >"$SCRATCH/all.config"
	make=(make -C "$tree" O="$SCRATCH/objects" ARCH=powerpc
		CROSS_COMPILE="$(cross_prefix ppc64le)")
	"${make[@]}" KCONFIG_ALLCONFIG="$SCRATCH/all.config" allnoconfig
	grep '^CONFIG_TEST_PPC_BARRIER=m' "$SCRATCH/objects/.config"
	"${make[@]}" -j"$(($(nproc) + 1))" modules_prepare >"$SCRATCH/log"
	"${make[@]}" W=1 "$here/ppc_barrier_test/" 2>&1 | tee "$SCRATCH/log"
	! grep 'warning:' "$SCRATCH/log" || fail "warnings"
	[ -e "$SCRATCH/objects/$here/ppc_barrier_test/ppc_barrier_test.o" ]
}

# The barriers that each action has to be; see the table in ppc_barrier_test/arch.h.
declare -A ACTIONS=(
	[ppc64-mb]="hwsync" [ppc64-rmb]="hwsync" [ppc64-wmb]="hwsync" [ppc64-isync]="isync"
	[ppc64-lwsync]="lwsync"
	[x86_64-mb]="mfence" [x86_64-rmb]="lfence" [x86_64-wmb]="sfence" [x86_64-isync]="lfence"
	[x86_64-lwsync]=""
	[arm64-mb]="dsb sy" [arm64-rmb]="dsb ld" [arm64-wmb]="dsb st" [arm64-isync]="isb"
	[arm64-lwsync]="dmb ishld dmb ishst"
)

# action_is ARCH ACTION OBJECT: just these barriers, in this order.
action_is()
{
	local arch=${1%le} want found

	want=${ACTIONS[$arch-$2]}
	found=$("${TRIPLET[$1]}-objdump" -d --no-show-raw-insn "$3" |
		awk -v name="pbt_action_$2" '$2 ~ "<[.]?" name ">:" { on = 1; next }
			/^$/ { on = 0 }
			on && $2 ~ /^(hwsync|sync|lwsync|isync|[mls]fence|lock|dsb|dmb|isb)$/ {
				sub(/^[^:]*:[[:space:]]*/, ""); gsub(/[[:space:]]+/, " ")
				sub(/ $/, ""); printf "%s%s", sep, $0; sep = " " }')
	# binutils before 2.41 call it sync
	found=$(sed -E 's/(^| )sync\b/\1hwsync/g' <<<"$found")
	say "$1: $2 is '$found'"
	[ "$found" = "$want" ] || fail "$1: $2 is '$found' and not '$want'"
}

check_not_root()
{
	local user=nobody

	[ "$(id -u)" = 0 ] || skip "needs root to become somebody else"
	install -m 755 "$HOST/live_registers" "${TMPDIR:-/tmp}/live_registers.$$"
	setpriv --reuid $user --regid nogroup --clear-groups \
		"${TMPDIR:-/tmp}/live_registers.$$" -t 0.3 >"$SCRATCH/out" && code=0 || code=$?
	rm -f "${TMPDIR:-/tmp}/live_registers.$$"
	cat "$SCRATCH/out"
	[ $code = 0 ]
}

# The file of a run's guest that no other run has.
guest_file()
{
	local qemu

	qemu=$(pgrep -f "qemu-system-ppc64.*$SCRATCH" | head -n 1)
	[ -z "$qemu" ] || tr '\0' '\n' <"/proc/$qemu/cmdline" | grep '/initramfs$'
}

# A run that is ended by a signal ends its guest and leaves no more than results that say so.
# check_interrupted SIGNAL ARGUMENT...
check_interrupted()
{
	local before pid try image signal=$1
	shift

	userspace_get ppc64le
	kernel_get source:6.1 ppc64le
	module_get ppc64le
	before=$(left_behind)
	# what a shell starts in the background ignores SIGINT for good, unless it is given back
	# shellcheck disable=SC2016 # perl's variables
	TMPDIR=$(own_tmp) IO_URING_COHERENCY_OUT=$SCRATCH/results \
		perl -e '$SIG{INT} = "DEFAULT"; exec @ARGV' "$TOP/run_tests.sh" "$@" \
		>"$SCRATCH/out" 2>&1 &
	pid=$!
	for try in $(seq 100); do
		[ -z "$(guest_file)" ] || break
		sleep 0.3
	done
	if [ "$try" = 100 ]; then
		kill -TERM "$pid"
		wait "$pid" || true
		fail "the guest did not start"
	fi
	image=$(guest_file)
	sleep 1
	kill "-$signal" "$pid"
	wait "$pid" || true
	for try in $(seq 20); do
		[ "$signal" = KILL ] && [ "$(left_behind)" != "$before" ] || break
		sleep 0.3
	done
	[ "$(left_behind)" = "$before" ] || fail "left behind: $(left_behind)"
	! pgrep -f "qemu-system-ppc64.*$image" || fail "QEMU is still there"
	ls "$SCRATCH/results"
	[ "$signal" = KILL ] || [ -s "$SCRATCH"/results/*-failed/reason ]
}

# --- guests

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

# The module is loaded and unloaded while its knobs are in use, and while a workload of nobody's
# runs. In the end nothing of it is left; nor is it after SIGTERM or SIGKILL for who had it loaded.
# check_load_cycles KERNEL ARCH CYCLES
check_load_cycles()
{
	guest_script "$GUEST_TESTS/load_cycles.sh" "$3"
	OPT_ARCH=$2
	guest_of "$1" ""
	grep "^cycles $3\$" "$SCRATCH/guest/ktap"
}

# barrier_ctl: codes, what is missing, and knobs that reach the command.
check_barrier_ctl()
{
	guest_script "$GUEST_TESTS/barrier_ctl.sh"
	OPT_ARCH=ppc64le
	guest_of source:6.1 ""
	grep '^all is well$' "$SCRATCH/guest/ktap"
	# the knobs of the outer session: the kick of a default ring has become the tick
	jq -e '.workers.live.tick + .workers.dead.tick >
		9 * (.workers.live.IPI + .workers.dead.IPI)' "$SCRATCH/guest/knobs.json"
	jq -e '.points.try_to_wake_up.passed > 200' "$SCRATCH/guest/knobs.json"
	jq -e '.workers_most == 1 and .limited > 0 and .pin_workers and .pinned > 0' \
		"$SCRATCH/guest/workers.json"
}

# check_fuzz KERNEL ARCH CALLS: random ioctls.
check_fuzz()
{
	guest_script "$GUEST_TESTS/fuzz.sh" "$3"
	OPT_ARCH=$2 OPT_TIMEOUT=3600
	guest_of "$1" ""
	grep -E "^# $3 calls in" "$SCRATCH/guest/ktap"
	! grep '^not ok' "$SCRATCH/guest/ktap" || fail "a test failed"
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

# Knobs on a kernel whose probes are switched off, before or meanwhile, or miss calls: no answer.
# The next session has nothing of it.
check_probes_off()
{
	guest_script "$GUEST_TESTS/probes_off.sh"
	OPT_ARCH=ppc64le
	guest_of source:6.1 ""
	grep '^all is well$' "$SCRATCH/guest/ktap"
	jq -e '.inactive > 0 and (.no_answer | test("switched off"))' "$SCRATCH/guest/off.json"
	jq -e '.inactive == 0 and .missed == 0 and .no_answer == ""' "$SCRATCH/guest/on.json"
	jq -e '.missed_ppm > 10000 and .exit_code == 0' "$SCRATCH/guest/missed.json"
}

# An error that is gone the next time is not taken for a function that this kernel lacks. Exits of
# functions need the function graph where fprobes do it. check_probes_later KERNEL
check_probes_later()
{
	guest_script "$GUEST_TESTS/probes_later.sh"
	OPT_ARCH=ppc64le
	guest_of "$1" ""
	grep '^all is well$' "$SCRATCH/guest/ktap"
}

# The module's programs on a kernel that reports lock order, sleeping in the wrong place, leaks and
# what else is asked for; module_knobs more than once, as it arms and disarms most.
# check_debug_kernel KERNEL [CONFIG_LINE...]
check_debug_kernel()
{
	guest_script "$GUEST_TESTS/debug_kernel.sh"
	local kernel=$1
	shift
	{
		cat "$TOP/vm/configs/debug.config"
		printf '%s\n' "$@"
	} >"$SCRATCH/debug.config"
	OPT_ARCH=ppc64le OPT_MEM=3G OPT_TIMEOUT=2400 EXTRA_CONFIG=$SCRATCH/debug.config
	guest_of "$kernel" ""
	grep '^all is well$' "$SCRATCH/guest/ktap"
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

# A variant under a knob has no answer while no knob acts; and what the bank of the architecture
# says of itself.
check_knobs_idle()
{
	guest_script "$GUEST_TESTS/knobs_idle.sh"
	OPT_ARCH=ppc64le
	guest_of source:6.1 ""
	[ "$(sed -n 's/^code //p' "$SCRATCH/guest/ktap" | paste -sd ' ')" = "4 0" ]
	jq -e '.variants[] | select(.name == "create_worker_cb_default_by_no_ipi") |
		.outcome == "skip" and .events == 0 and
		(.text | test("the probes of this kernel do not act"))' "$SCRATCH/guest/acts-0.json"
	jq -e '.variants[] | select(.events > 0) | .outcome == "pass" and
		.notifications_changed >= 100' "$SCRATCH/guest/acts-1.json"
}

# Pages on a bad kernel, by what jq says of the engines; those without io_uring write none wrong.
# check_pages_caught KERNEL JQ [ARGS]
check_pages_caught()
{
	OPT_ARCH=ppc64le
	guest_of "$1" "${3:--t 1}" page_integrity
	jq -e '.variants | map({key: .name, value: .}) | from_entries | '"$2" "$PAGES"
	jq -e '[.variants[] | select(.name == "thread" or .name == "kthread") |
		.outcome == "pass"] | all and length == 2' "$PAGES"
}

# Bugs of io_uring that fit into one kernel, since each leaves a trace of its own; and those traces.
PAGES_BUGS="io-wq-write-is-dropped io-wq-write-is-short io-wq-write-is-torn
	io-wq-write-leaves-zeroes io-wq-write-leaves-stale-line io-wq-write-loses-page-tail
	io-wq-write-scribbles-buffer io-wq-read-is-dropped sqpoll-takes-stale-offset"
PAGES_TRACES='([.uring, .uring_async, .uring_fixed] | map(.places.memory_after > 0 and
	([.classes["stale", "wrong result", "torn", "zeroes", "mosaic", "register hole"] > 0] |
	all)) | all) and ([.uring_async, .uring_fixed] | map(.classes."not read" > 0) | all) and
	.uring_sqpoll.classes.misplaced > 0 and .uring_async.classes.misplaced == null'

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

# The same on file systems with a disk, where it is looked at there, too; buffered and O_DIRECT.
# check_pages_disk KERNEL CODE JQ
check_pages_disk()
{
	local json

	guest_script "$GUEST_TESTS/pages_disk.sh" "$2"
	OPT_ARCH=ppc64le
	guest_disks
	guest_of "$1" ""
	grep '^all is well$' "$SCRATCH/guest/ktap"
	for json in "$SCRATCH"/guest/pages-*.json; do
		say "${json##*/}"
		jq -r '.variants[] | "\(.name): \(.outcome): \(.text)"' "$json"
		jq -e '[.variants[] | select(.text != "not asked for" and
			(.views | length != 7))] == []' "$json"
		jq -e "$3" "$json"
	done
}

# The order of memory inside a good kernel. On x86, and under TCG on x86, a lock and each atomic
# operation that returns something are full barriers, and a load never overtakes a load: of the
# controls, those of the plain barrier and of set_current_state() are left to show something. All
# else has no answer, and says why. check_order KERNEL ARCH
check_order()
{
	local busy

	OPT_ARCH=$2
	guest_of "$1" "-t 3" kernel_order
	jq -e '[.variants[] | select(.outcome == "fail" or .violations > 0)] == []' "$ORDER"
	jq -e '[.variants[] | select(.events > 0)] | length > 9' "$ORDER"
	jq -e '[.variants[] | select(.control_events > 0).name] |
		length > 7 and index("ipi") == null and index("queue_work") == null' "$ORDER"
	jq -e '.variants | map({key: .name, value: .text}) | from_entries |
		[.ipi, .queue_work] | all(test("^not observable: a module cannot|^inconclusive"))' \
		"$ORDER"
	[ "$(uname -m)" = x86_64 ] || return 0
	jq -e '[.variants[] | select(.name | IN("memory_sb", "set_current_state") | not) |
		.outcome == "skip" and (.text | test("^not observable|^inconclusive"))] |
		all and length == 12' "$ORDER"
	# the waker's side of sleep_wake is a lock's, as are those that are not named here
	jq -e '[.variants[] | select(.control_seen > 0).name] -
		["memory_sb", "set_current_state", "sleep_wake", "queue_work_pending"] == []' \
		"$ORDER"
	jq -e '.variants[] | select(.name == "sleep_wake").forms.weak_other."0,0" // 0 | . == 0' \
		"$ORDER"
	jq -e '[.variants[].pairs_by_distance | test(" [12] of 2$")] | all' "$ORDER"
	# the emulated CPUs have to run at once for either to show anything
	busy=$(jq -r '[.variants[] | select(.name | IN("memory_sb", "set_current_state")) |
		select(.outcome != "pass") | "\(.name) is \(.text)"][0] // ""' "$ORDER")
	[ -z "$busy" ] || skip "$busy"
	jq -e '.variants[] | select(.name == "memory_sb") | .control_first_ms < 1000' "$ORDER"
}

# ring_order on a good kernel under TCG on x86: nothing forbidden, SB seen and answered, and nothing
# claimed of what this machine cannot show, or user space has no control for.
check_rings()
{
	OPT_ARCH=ppc64le
	guest_of "$1" "" ring_order
	jq -e '[.variants[] | select(.outcome == "fail" or .violations > 0)] == []' "$RINGS"
	too_busy "$RINGS" plain_sb
	jq -e '.variants | map({key: .name, value: .}) | from_entries |
		.plain_sb.outcome == "pass" and .plain_sb.relaxed_seen >= 10 and
		(.sqpoll_wakeup | .events > 0 and (.outcome == "pass" or
		(.text | test("^not observable on this machine|^inconclusive: violations"))))' \
		"$RINGS"
	jq -e '[.variants[] | select(.shape == "MP") | .outcome == "skip" and
		(.text | test("^not observable|^inconclusive|does not have"))] |
		all and length == 13' "$RINGS"
	jq -e '[.variants[] | select(.name | IN("sqe_worker", "eventfd")).text |
		test("^not observable: user space has no barrier|^inconclusive")] | all' "$RINGS"
	! grep '^not ok' "$SCRATCH/guest/ktap" || fail "a test failed"
}

# A wake-up that is lost natively is told of, and a notification too many is not: ring_lose.c.
check_rings_lost()
{
	local lose edge outcome got refused='does not have|disabled|two CPUs'

	fault_get ring_lose.so
	while read -r lose edge outcome; do
		LOSE=$lose LD_PRELOAD=$HOST/ring_lose.so "$HOST/ring_order" --edge "$edge" \
			--json "$SCRATCH/json" >"$SCRATCH/out" 2>&1 || true
		got=$(jq -r --arg edge "$edge" '.variants[] | select(.name == $edge) |
			"\(.outcome): \(.text)"' "$SCRATCH/json")
		say "$lose: $edge: $got"
		[[ $got =~ $refused ]] || [ "${got%%:*}" = "$outcome" ] ||
			fail "$outcome is what it should be"
	done <<-'EOF'
		lose_sqpoll sqpoll_wakeup fail
		spurious eventfd skip
		lose_eventfd eventfd fail
		lose_futex futex fail
	EOF
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

# What the harness must notice of a guest: check_guest_fault warns|dies|hangs STATE PATTERN
check_guest_fault()
{
	OPT_ARCH=ppc64le
	OPT_TIMEOUT=15
	guest_script "$GUEST_TESTS/fault.sh" "$1"
	userspace_get "$OPT_ARCH"
	kernel_get source:6.1 "$OPT_ARCH"
	guest_run "$OPT_ARCH" "$SCRATCH/guest" "guest"
	say "$GUEST_STATE: $GUEST_REASON"
	[ "$GUEST_STATE" = "$2" ]
	grep -q -- "$3" <<<"$GUEST_REASON"
}

check_guest_no_boot()
{
	OPT_ARCH=ppc64le
	OPT_TIMEOUT=10
	head -c 100000 /dev/zero >"$SCRATCH/vmlinux"
	userspace_get "$OPT_ARCH"
	kernel_get "image:$SCRATCH/vmlinux" "$OPT_ARCH"
	guest_run "$OPT_ARCH" "$SCRATCH/guest" "guest"
	say "$GUEST_STATE: $GUEST_REASON"
	[ "$GUEST_STATE" = no-boot ]
}

# The same tree built with another patch compiles only what the patch touches.
check_incremental()
{
	local patch=$SCRATCH/touch.patch compiled

	kernel_source source:6.1
	# what the patches of vm/patches/ touch, and a line more
	sed 's/^-\tlvx.*/&\n+\tnop/; s/^@@ -\([0-9]*\),7 +\([0-9]*\),6 @@/@@ -\1,7 +\2,7 @@/' \
		"$TOP/vm/patches/powerpc-save-clobbers-vmx.patch" >"$patch"
	kernel_get "source:6.1+$patch" ppc64le
	compiled=$(grep -c '^  \(CC\|AS\) ' "$CACHE"/build/"$SOURCE_KEY"-ppc64le-*/log | tail -n 1)
	compiled=${compiled##*:}
	say "$compiled files compiled"
	rm -rf "$(dirname "$KERNEL_IMAGE")"
	[ "$compiled" -lt 40 ]
	[ -z "$(find "$CACHE/source" -maxdepth 1 -name '*.orig')" ]
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

# With a change that is not a patch: copied, built, and not written to.
check_tree()
{
	local tree=$SCRATCH/tree written

	OPT_ARCH=ppc64le
	user_tree
	sleep 1
	: >"$SCRATCH/stamp"
	guest_of "tree:$tree" "-t 0.3" live_registers
	jq -e '[.variants[] | select(.violations > 0)] == []' "$JSON"
	written=$(find "$tree" -newer "$SCRATCH/stamp")
	[ -z "$written" ] || fail "the tree was written to: $written"
}

# bisect_step CODE PATTERN ARGUMENT...: that exit code, and on stdout one line like that.
check_bisect_step()
{
	local want=$1 pattern=$2 code=0
	shift 2
	IO_URING_COHERENCY_OUT=$SCRATCH/results "$TOP/run_tests.sh" bisect-step "$@" \
		>"$SCRATCH/out" 2>"$SCRATCH/err" || code=$?
	cat "$SCRATCH/err" "$SCRATCH/out"
	[ "$code" = "$want" ] || fail "code $code, not $want"
	[ "$(wc -l <"$SCRATCH/out")" = 1 ] && grep -q "^$pattern" "$SCRATCH/out" ||
		fail "not one line on stdout like '$pattern'"
}

# A real bisect of eight commits, the sixth of which breaks the register save, while the fourth does
# not build. Only files that change are in the repository, the rest of the tree lies around it.
check_bisect()
{
	local nr file=io_uring/nop.c

	user_tree
	cd "$SCRATCH/tree"
	git init -q .
	git config user.name check
	git config user.email check@localhost
	git add -f "$file" arch/powerpc/kernel/{fpu,vector}.S
	git commit -qm good
	git tag good
	for nr in 1 2 3 4 5 6 7 8; do
		case $nr in
		4) sed -i '$a #error "does not build"' "$file" ;;
		5) sed -i '$d' "$file" ;;
		6) patch -p1 --no-backup-if-mismatch \
			<"$TOP/vm/patches/powerpc-save-clobbers-fp-vmx.patch" ;;
		*) sed -i "\$a /* $nr */" "$file" ;;
		esac
		git commit -qam "commit $nr"
	done
	git bisect start HEAD good
	IO_URING_COHERENCY_OUT=$SCRATCH/results git bisect run "$TOP/run_tests.sh" bisect-step \
		2>&1 || fail "the bisect ends without an answer"
	git bisect log
	git bisect log | grep '^# skip: .* commit 4$'
	git bisect log | grep '^# first bad commit: .* commit 6$'
}

# check_validate CODE LAST_LINE OPTION...
check_validate()
{
	local want=$1 line=$2 code=0
	shift 2
	IO_URING_COHERENCY_OUT=$SCRATCH/results "$TOP/run_tests.sh" validate "$@" \
		>"$SCRATCH/out" 2>&1 || code=$?
	cat "$SCRATCH/out"
	[ "$code" = "$want" ] || fail "code $code, not $want"
	tail -n 1 "$SCRATCH/out" | grep -q "^verdict: $line" || fail "last line is not $line"
	jq -r '"verdict: \(.verdict)", .reason' "$SCRATCH/results/latest/results.json" \
		>"$SCRATCH/told"
	cat "$SCRATCH/told"
	tail -n 1 "$SCRATCH/out" | grep -F "$(head -n 1 "$SCRATCH/told")"
	grep -F "$(tail -n 1 "$SCRATCH/told")" "$SCRATCH/out"
	# no cell is blank, and the counts are those of results.json
	report_rows 3 kernel linux events violations "rate (95 %)" "first violation" "registers hit"
	jq -r 'def counts: [.[].variants[]] | map(.events), map([.events, .violations] | min) |
		add; [.base, .fixed | [counts]] | transpose[] | map(tostring) | join(" ")' \
		"$SCRATCH/results/latest/results.json" >"$SCRATCH/counts"
	awk '$1 == "events" || $1 == "violations" { print $2, $3 }' \
		"$SCRATCH/results/latest/report" | diff - "$SCRATCH/counts"
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

# check_mariadb CODE PATTERN OPTION...: its last line, and what is kept.
check_mariadb()
{
	local want=$1 line=$2 code=0
	shift 2
	IO_URING_COHERENCY_OUT=$SCRATCH/results "$TOP/run_tests.sh" mariadb "$@" \
		>"$SCRATCH/out" 2>&1 || code=$?
	cat "$SCRATCH/out"
	[ "$code" = "$want" ] || fail "code $code, not $want"
	tail -n 1 "$SCRATCH/out" | grep -q -- "$line" || fail "the last line is not '$line'"
	jq -e . "$SCRATCH/results/latest/results.json"
	[ "$code" = 4 ] || {
		report_rows 2 kernel linux mariadb loops failures "rate (95 %)" "seconds a loop" \
			"first failure" "damaged pages"
		jq -r '.loops, .failures' "$SCRATCH/results/latest/results.json" |
			diff <(awk '/^(loops|failures) / { print $2 }' \
			"$SCRATCH/results/latest/report") -
	}
	case $code in
	1) jq -e '.failures == 1 and .state == "corrupted" and .reason != "" and .loops > 0' \
		"$SCRATCH/results/latest/results.json" ;;
	0) jq -e '.failures == 0 and .state == "passed"' "$SCRATCH/results/latest/results.json" ;;
	esac
	[ -z "$(find "$CACHE" -maxdepth 2 -name '*.partial')" ]
}

# The same under knobs: they reach MariaDB's threads.
check_mariadb_knobs()
{
	check_mariadb 0 'violations 0 of 1 events' --kernel source:6.1 --repeat 1 \
		--knobs "--notify no_ipi --at io_write=udelay:1000 --at kick_process=mb"
	jq -e '.notify == "no_ipi" and .points.io_write.passed > 100 and .workers != null' \
		"$SCRATCH/results/latest/run/knobs.json"
}

# A kernel that there is no module for, and one that knows neither disk nor file system.
check_mariadb_refused()
{
	kernel_get source:6.1 ppc64le
	check_mariadb 4 '^run_tests.sh: barrier_ctl: ' --kernel "image:$KERNEL_IMAGE" --quick \
		--repeat 1 --knobs "--notify no_ipi"
	kernel_get distro ppc64le
	check_mariadb 4 '^run_tests.sh: .*no disk' --kernel "image:$KERNEL_IMAGE" --quick --repeat 1
}

# Twice, in another order: every claim is decided, and alike. What each has to come to is not the
# test's to say, but that corruption is found on the one kernel and not on the other.
check_claims_measured()
{
	local seed

	for seed in 1 2; do
		IO_URING_COHERENCY_OUT=$SCRATCH/results "$TOP/run_tests.sh" claims --seed $seed \
			>"$SCRATCH/out" 2>&1 || { cat "$SCRATCH/out"; fail "not all are decided"; }
		grep '^ok' "$SCRATCH/results/latest/ktap" >"$SCRATCH/decided-$seed"
		cat "$SCRATCH/decided-$seed"
	done
	cmp "$SCRATCH/decided-1" "$SCRATCH/decided-2"
	[ "$(wc -l <"$SCRATCH/decided-1")" = 15 ]
	grep '^pages_bad_kernel_none_0 [0-9]* [1-9]' "$SCRATCH/results/latest/counts"
}

# What is asked of each kernel that is built here, VERSION.
check_on()
{
	local version=$1
	local fp=powerpc-save-clobbers-fp vmx=powerpc-save-clobbers-vmx

	t "kernel-$version" kernel_get "source:$version" ppc64le
	t "quiet-$version-ppc64le" check_quiet "source:$version" ppc64le
	t "caught-$version-$fp-vmx" check_caught "$version" "$fp-vmx" "vs0 vs32"
	t "storm-$version-ppc64le" check_storm "source:$version" ppc64le $((10 + ${OPT_LONG:+5}0))
	# fprobes are taken by powerpc kernels with preemption, which the newest are
	[ "$version" != mainline ] || [ -z "$OPT_LONG" ] ||
		t "probes-later-$version" check_probes_later "source:$version"
	if [ "$version" = 6.1 ] || [ -n "$OPT_LONG" ]; then
		t "caught-$version-$fp" check_caught "$version" "$fp" "vs0"
		t "caught-$version-$vmx" check_caught "$version" "$vmx" "vs32"
	fi
}

# What all of it comes to.
check_end()
{
	[ ${#skips[@]} = 0 ] || printf '# skipped: %s\n' "${skips[@]}"
	[ ${#late[@]} = 0 ] || say "# skipped, too late for them within $CHECK_MINUTES min" \
		"(--long has no limit): ${late[*]}"
	say "$passed passed, $failed failed, $skipped skipped"
}

run_check()
{
	local fp=powerpc-save-clobbers-fp vmx=powerpc-save-clobbers-vmx
	local both=powerpc-save-clobbers-fp-vmx
	local version versions=$CHECK_VERSIONS compiler arch start=$SECONDS

	if [ -n "$OPT_LONG" ]; then
		versions="$versions $CHECK_VERSIONS_LONG"
		TEST_TIMEOUT=$((4 * TEST_TIMEOUT))
	elif [ "$OPT_TESTS" = . ]; then
		END_BEFORE=$((EPOCHSECONDS + 60 * CHECK_MINUTES))
	fi
	start
	# shellcheck disable=SC2046 # lists of packages
	need_packages make gcc libc6-dev rsync xz-utils cpio patch perl binutils procps util-linux \
		flex bison bc libelf-dev libssl-dev jq gnuplot-nox shellcheck sparse clang llvm \
		lld git \
		liburing-dev \
		dpkg-dev gcc-powerpc64-linux-gnu libc6-dev-ppc64-cross \
		$(for arch in ppc64le x86_64 arm64; do compiler_packages $arch; done) \
		"${QEMU_PACKAGE[@]}"
	host_get
	say "TAP version 13"

	t shellcheck check_shellcheck
	t checkpatch check_checkpatch
	t docs check_docs
	t adding check_adding
	t evidence check_evidence
	t page check_page
	t cpu-pairs check_cpu_pairs
	t registers check_registers
	t no-answer check_no_answer
	t window-faults check_window_faults
	t call-faults check_call_faults
	t planted-missed check_planted_missed
	t verdict check_verdict
	t verdict-surprise check_verdict_surprise
	t mariadb-judged check_mariadb_judged
	t mariadb-native check_mariadb_native
	t claims check_claims
	t claims-simulated check_claims_simulated
	t claims-counted check_claims_counted
	t claims-guest check_claims_guest
	t claims-interrupted check_claims_interrupted
	t claims-merge check_claims_merge
	t bench-figures check_bench_figures
	t check-end check_check_end
	t bad-options check_bad_options
	t options-of-commands check_options_of_commands
	t help check_help
	t environment check_environment
	t ktap-code check_ktap_code
	t guest-complaint check_guest_complaint
	t locks check_locks
	t build-error check_build_error
	t mirrors check_mirrors
	t results-kept check_results_kept
	t bad-program-options check_bad_program_options
	t patch-does-not-apply check_patch_does_not_apply
	t no-space check_no_space
	t pages-skipped check_pages_skipped
	t page-faults check_page_faults
	t pages-own-fs check_pages_own_fs
	t pages-disk-faults check_pages_disk_faults
	t pages-no-disk check_pages_no_disk
	t no-package check_no_package
	t not-debian check_not_debian
	t no-mirror check_no_mirror
	t nowhere-to-write check_nowhere_to_write
	t no-qemu check_no_qemu
	t no-bank check_no_bank
	t without-liburing check_without_liburing
	t not-root check_not_root
	t no-time check_no_time
	t unanswered check_unanswered
	t rings-lost check_rings_lost
	t mutants-judged check_mutants_judged

	# what this is for comes first, and last what a slow machine may leave out
	check_on 6.1
	t validate-default check_validate 0 'FIXED$'
	t validate-quick check_validate 0 'FIXED$' --quick
	t validate-swapped check_validate 1 'NOT FIXED$' --base source:6.1 \
		--fixed "source:6.1+$both"
	t validate-bad-twice check_validate 1 'NOT FIXED$' --fixed "source:6.1+$both"
	t validate-half-a-fix check_validate 1 'NOT FIXED$' --fixed "source:6.1+$fp"
	t validate-good-twice check_validate 4 'INCONCLUSIVE (the base does not show the problem)' \
		--base source:6.1
	t bisect-step-good check_bisect_step 0 "good: violations 0 of" source:6.1
	t bisect-step-bad check_bisect_step 1 "bad: violations" "source:6.1+$fp"
	t bisect-step-base check_bisect_step 0 "good: violations 0 of" source:6.1 \
		--base "source:6.1+$vmx"
	t bisect-step-good-base check_bisect_step 125 "cannot tell: the base does not show" \
		source:6.1 --base source:6.1
	t bisect-step-no-boot check_bisect_step 125 "cannot tell: QEMU ended" image:/dev/null
	t kick-process-does-not check_knobs_catch source:6.1+kick-process-does-not \
		notify.kernel_default_ring.reaches_a_spinning_thread \
		notify.planted_no_ipi_ignored_coop_taskrun_ring.reaches_a_spinning_thread \
		notify.signal_coop_taskrun_ring.reaches_a_spinning_thread
	t task-work-add-ignores-no-ipi check_knobs_catch source:6.1+task-work-add-ignores-no-ipi \
		notify.kernel_coop_taskrun_ring.reaches_a_spinning_thread \
		notify.no_ipi_default_ring.reaches_a_spinning_thread
	t knobs-idle check_knobs_idle
	t planted check_planted source:6.1 ppc64le "vs0 vs32 r11 CR"
	t "pages-$both" check_pages_caught "source:6.1+$both" \
		'[.uring, .uring_async, .uring_fixed] | map(.violations > 0 and .stored > 0 and
		(.classes | keys - ["register hole", "miscomputed"]) == []) | all'
	t pages-io-wq-write-loses-16-bytes check_pages_caught \
		source:6.1+io-wq-write-loses-16-bytes '[.uring, .uring_async, .uring_fixed] |
		map(.classes."register hole" > 0 and .places.cache > 0) | all'
	# shellcheck disable=SC2086 # a list
	t pages-bugs check_pages_caught "source:6.1$(printf '+%s' $PAGES_BUGS)" "$PAGES_TRACES"
	t pages-io-wq-write-is-misplaced check_pages_caught source:6.1+io-wq-write-is-misplaced \
		'[.uring, .uring_async, .uring_fixed] | map(.classes.misplaced > 0) | all'
	t pages-io-wq-cqe-before-data check_pages_caught source:6.1+io-wq-cqe-before-data \
		'[.uring, .uring_async, .uring_fixed] | map(.places.readback > 0) | all' \
		"-t 6 --engine uring,uring_async,uring_fixed,thread,kthread --dir /dev/shm"
	t pages-io-uring-fsync-is-lost check_pages_caught source:6.1+io-uring-fsync-is-lost \
		'[.uring_disk, .uring_async_disk] | map(.violations > 0 and
		(.places | keys) == ["unsynced"] and (.classes | keys) == ["stale"]) | all'
	t pages-disk-good check_pages_disk source:6.1 0 "$PAGES_GOOD"
	t pages-disk-bad check_pages_disk "source:6.1+$both" 1 \
		'[.variants[] | select(.name | test("^uring(_async|_fixed)?$")) |
		.stored > 0 and .places.memory == .violations] | all and length == 3'
	t order check_order source:6.1 ppc64le
	t order-try-to-wake-up-looks-first check_edges_caught try-to-wake-up-looks-first \
		kernel_order "-t 3" wake_up_process sleep_wake
	t rings check_rings source:6.1
	t rings-io-wq-cqe-before-data check_edges_caught io-wq-cqe-before-data ring_order "" \
		cqe_write fixed_write
	t rings-sqpoll-looks-first check_edges_caught sqpoll-looks-first ring_order "" sqpoll_wakeup
	t barrier-ctl check_barrier_ctl
	t probes-off check_probes_off
	t load-cycles check_load_cycles source:6.1 ppc64le "100${OPT_LONG:+0}"
	t fuzz-ppc64le check_fuzz source:6.1 ppc64le "100000${OPT_LONG:+0}"
	# arming takes several times as long there
	[ -z "$OPT_LONG" ] || t fuzz-x86_64 check_fuzz distro x86_64 100000
	t guest-warns check_guest_fault warns unwell 'the kernel reported: .*WARNING'
	t guest-dies check_guest_fault dies dead 'ended without a result'
	t guest-hangs check_guest_fault hangs dead 'no result within 15 s'
	t guest-does-not-boot check_guest_no_boot
	t interrupted check_interrupted INT vm --args "-t 60"
	t terminated-apart check_interrupted TERM mutants --tests source:6.1
	t killed check_interrupted KILL vm --args "-t 60"
	t incremental-build check_incremental

	for version in $versions; do
		for compiler in gcc clang; do
			for arch in x86_64 ppc64le arm64 ppc64; do
				t "build-$version-$compiler-$arch" check_build "$version" \
					"$compiler" "$arch"
			done
		done
		t "run-tests-$version-linked" check_run_tests "$version" link
		[ "$version" != 6.1 ] && [ -z "$OPT_LONG" ] ||
			t "run-tests-$version-copied" check_run_tests "$version" copy
		t "install-$version" check_install "$version"
	done
	t quiet-debian-ppc64le check_quiet distro ppc64le
	t quiet-debian-x86_64 check_quiet distro x86_64
	t quiet-debian-arm64 check_quiet distro arm64
	t planted-debian-x86_64 check_planted distro x86_64 "- [xyz]mm0 r11 FLAGS"
	t planted-debian-arm64 check_planted distro arm64 "- [vz]0 x17 NZCV"
	for version in $versions; do
		for arch in ppc64le x86_64 arm64 ppc64; do
			t "module-build-$version-$arch" check_module_build "$version" "$arch"
		done
	done
	# each with another kernel's build
	t io-uring-disabled check_io_uring_disabled
	for version in ${versions/6.1/}; do
		check_on "$version"
	done
	if [ -n "$OPT_LONG" ]; then
		# the patch is one of include/linux/sched.h, so all is built anew, before and after
		t order-set-current-state-without-mb check_edges_caught \
			set-current-state-without-mb kernel_order "-t 3" set_current_state \
			sleep_wake
		t claims-measured check_claims_measured
		t skips-i386 check_skips i386
		t skips-hppa check_skips hppa
		t quiet-6.1-ppc64 check_quiet source:6.1 ppc64
		t caught-6.1-powerpc-fork-clears-sprs check_caught 6.1 powerpc-fork-clears-sprs \
			"DSCR TAR VRSAVE"
		t caught-6.1-$both-ppc64 check_caught 6.1 "$both" "vs0 vs32" ppc64
		# one loop in nine fails, so 60 in a row pass once in a thousand times
		t mariadb-good check_mariadb 0 'violations 0 of 3 events' --kernel source:6.1 \
			--repeat 3
		t mariadb-bad check_mariadb 1 '^corrupted: violations 1 of' --repeat 60 \
			--kernel "source:6.1+$both"
		t mariadb-quick-bad check_mariadb 1 '^corrupted: violations 1 of' --quick \
			--repeat 60 --kernel "source:6.1+$both"
		t mariadb-knobs check_mariadb_knobs
		t mariadb-refused check_mariadb_refused
		for arch in x86_64 arm64; do
			t "storm-debian-$arch" check_storm distro "$arch" 60
		done
		t litmus-6.12 check_litmus 6.12
		t litmus-mainline check_litmus mainline
		t module-by-kselftest check_module_by_kselftest
		t module-in-tree check_module_in_tree
		t tree check_tree
		t bisect check_bisect
		t mutants check_mutants . "0 missed by all, 0 without an answer; 0 false alarms"
		# 7.2 does not boot with KASAN, and PROVE_LOCKING reports its console_init()
		t debug-kernel-6.1 check_debug_kernel source:6.1 CONFIG_PROVE_LOCKING=y \
			CONFIG_PPC_RADIX_MMU=y CONFIG_PPC_RADIX_MMU_DEFAULT=y \
			CONFIG_KASAN=y CONFIG_KASAN_VMALLOC=y
		t debug-kernel-mainline-preempt check_debug_kernel source:mainline \
			CONFIG_PREEMPT=y
	fi

	[ $((passed + failed + skipped)) != 0 ] ||
		die $EXIT_USAGE "--tests: no test's name matches '$OPT_TESTS'"
	say "1..$((passed + failed + skipped))"
	say "# $(((SECONDS - start) / 60)) min $(((SECONDS - start) % 60)) s"
	check_end
	[ "$failed" = 0 ] || exit $EXIT_FAIL
	# the whole of it is worth nothing without what this directory is for
	[ "$OPT_TESTS" != . ] || [ -n "$validated" ] ||
		die $EXIT_SKIP "validate came to no verdict here"
	[ "$passed" != 0 ] || exit $EXIT_SKIP
	exit 0
}

#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
#
# run_tests.sh mariadb.

# bats file_tags=quick
# shellcheck source=tests/lib.bash
. "$BATS_TEST_DIRNAME/lib.bash"

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

@test "mariadb-judged" { t check_mariadb_judged; }
@test "mariadb-native" { t check_mariadb_native; }
# one loop in nine fails, so 60 in a row pass once in a thousand times
# bats test_tags=long
@test "mariadb-good" {
	t check_mariadb 0 'violations 0 of 3 events' --kernel source:6.1 --repeat 3
}
# bats test_tags=long
@test "mariadb-bad" {
	t check_mariadb 1 '^corrupted: violations 1 of' --repeat 60 --kernel "source:6.1+$BOTH"
}
# bats test_tags=long
@test "mariadb-quick-bad" {
	t check_mariadb 1 '^corrupted: violations 1 of' --quick --repeat 60 \
		--kernel "source:6.1+$BOTH"
}
# bats test_tags=long
@test "mariadb-knobs" { t check_mariadb_knobs; }
# bats test_tags=long
@test "mariadb-refused" { t check_mariadb_refused; }

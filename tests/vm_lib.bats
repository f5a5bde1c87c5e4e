#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2030,SC2031,SC2034 # variables of run_tests.sh
#
# vm/lib: what a run is told, keeps and fetches.

# bats file_tags=quick
# shellcheck source=tests/lib.bash
. "$BATS_TEST_DIRNAME/lib.bash"

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

# accel_is MACHINE ARCH KVM ACCEL CPU: a guest of ARCH on a MACHINE where KVM "works" or not.
accel_is()
{
	local here=$1

	uname() { echo "$here"; }
	printf '#!/bin/sh\nread -r quit\ncase "$*" in *kvm*) test %s = works ;; esac\n' "$3" \
		>"$SCRATCH/qemu"
	chmod 755 "$SCRATCH/qemu"
	guest_command "$2" image initramfs console result
	[ "$GUEST_ACCEL" = "$4" ] || fail "$*: $GUEST_ACCEL"
	[[ "${QEMU_COMMAND[*]}" == *" -cpu $5 -accel $4 "* ]] || fail "$*: ${QEMU_COMMAND[*]}"
}

# KVM where it works, and not where there is no more than its device.
check_guest_accel()
{
	declare -A QEMU=([x86_64]=$SCRATCH/qemu [ppc64le]=$SCRATCH/qemu [ppc64]=$SCRATCH/qemu
		[arm64]=$SCRATCH/qemu)

	guest_cpu_virtualizes() { true; }
	accel_is x86_64 x86_64 works kvm host
	accel_is x86_64 x86_64 fails tcg,thread=multi max
	accel_is x86_64 ppc64le works tcg,thread=multi POWER9
	accel_is ppc64le ppc64 works kvm host
	accel_is aarch64 arm64 works kvm host
	accel_is aarch64 arm64 fails tcg,thread=multi max,pauth-impdef=on
	guest_cpu_virtualizes() { false; }
	accel_is x86_64 x86_64 works tcg,thread=multi max
	accel_is aarch64 arm64 works kvm host
	OPT_CPU=POWER10
	accel_is ppc64le ppc64le works kvm POWER10
	OPT_ACCEL=tcg
	accel_is ppc64le ppc64le works tcg POWER10
}

# merged_as FILE [OWN]: what is asked for of ppc64le, sorted.
merged_as()
{
	kernel_fragments ppc64le detectors "${@:2}" | kernel_merge "$SOURCE_TREE" "$SCRATCH/merged"
	grep CONFIG_ "$SCRATCH/merged" | grep -x 'CONFIG_.*\|# CONFIG_[A-Z0-9_]* is not set' |
		LC_ALL=C sort >"$1"
}

# What --config has of a symbol is there once, and no other line is gone.
check_fragments()
{
	kernel_source source:6.1
	merged_as "$SCRATCH/ours"
	printf '%s\n' "# CONFIG_EXT4_FS is not set" CONFIG_KASAN=y CONFIG_NR_CPUS=64 \
		"# of CONFIG_SMP" >"$SCRATCH/more of it"
	EXTRA_CONFIG="$SCRATCH/more of it"
	merged_as "$SCRATCH/all"
	grep -vx 'CONFIG_EXT4_FS=y\|CONFIG_NR_CPUS=8' "$SCRATCH/ours" |
		cat - <(head -n 3 "$EXTRA_CONFIG") | LC_ALL=C sort | diff - "$SCRATCH/all"
	# a .config, with ours over it but for what is no need
	printf '%s\n' "# CONFIG_SMP is not set" CONFIG_NR_CPUS=16 CONFIG_BTRFS_FS=m \
		CONFIG_HZ_1000=y CONFIG_EXT4_FS=m >"$SCRATCH/own"
	EXTRA_CONFIG=
	merged_as "$SCRATCH/all" "$SCRATCH/own"
	{
		grep -v '^CONFIG_NR_CPUS=\|^CONFIG_HZ_250=' "$SCRATCH/ours"
		printf '%s\n' CONFIG_NR_CPUS=16 "# CONFIG_BTRFS_FS is not set" CONFIG_HZ_1000=y
	} | LC_ALL=C sort | diff - "$SCRATCH/all"
}

# Of what was being fetched nothing is left, and nothing else of the cache is gone.
check_fetch_ended()
{
	local CACHE=$SCRATCH/cache

	mkdir -p "$CACHE/source/a.partial/deb" "$CACHE/source/b" "$CACHE/sysroot/c.new"
	(
		trap cleanup EXIT
		trap 'exit 143' TERM
		cleanup_hooks=() CHILD='' GUARD='' SCRATCH=''
		locked fetch "fetches packages"
		kill -TERM "$BASHPID"
	) || true
	[ "$(find "$CACHE" -mindepth 2 -maxdepth 2 ! -path '*/locks/*')" = "$CACHE/source/b" ]
}

# objects_are NEED=HAS: what a kernel for NEED is built for.
objects_are()
{
	KERNEL_NEED=${1%=*}
	kernel_objects ppc64le /x/linux-6.1-1
	[ "$KERNEL_HAS" = "${1#*=}" ] || fail "$1: $KERNEL_HAS"
}

# A kernel is built for what is asked of it, and not again with less than it has.
check_kernel_need()
{
	local CACHE=$SCRATCH/cache registers

	KERNEL_PLANTS=
	kernel_fragments ppc64le registers | xargs cat >"$SCRATCH/registers"
	kernel_fragments ppc64le detectors | xargs grep -h '^CONFIG_XFS_FS=y'
	! grep "CONFIG_NET=\|CONFIG_BLOCK=\|_XFS_" "$SCRATCH/registers" || fail "too much"
	objects_are registers=registers
	registers=$KERNEL_OBJECTS
	objects_are detectors=detectors
	[ "$KERNEL_OBJECTS" != "$registers" ] || fail "both in one place"
	mkdir -p "$registers" "$KERNEL_OBJECTS"
	: >"$registers/vmlinux"
	objects_are registers=registers
	objects_are detectors=detectors
	KERNEL_PLANTS=fp objects_are registers=detectors
	: >"$KERNEL_OBJECTS/vmlinux"
	objects_are registers=detectors
}

# Programs are built anew where a header of the module that they include is another one.
check_source_hash()
{
	local header headers before

	cp -r "$TOP" "$SCRATCH/top"
	local TOP=$SCRATCH/top
	headers=$(sed -n 's/^#include "\(.*\)"/\1/p' "$TOP/ppc_barrier_test/ppc_barrier_test.h")
	[ -n "$headers" ]
	for header in ppc_barrier_test.h $headers; do
		before=$(source_hash)
		echo >>"$TOP/ppc_barrier_test/$header"
		[ "$(source_hash)" != "$before" ] || fail "$header does not count"
	done
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

# What check says at its end is what its lines say; of what it had no time for, one line.
check_check_end()
{
	{
		printf '. %s\n' "$TOP/tests/lib.bash"
		# bats takes what begins a line here for tests of this file
		printf '@test "%s" { %s; }\n' works "t true" fails "t fail 'it is broken'" \
			reason "t skip 'no such thing here'" late "CHECK_END=1 t true" \
			later "CHECK_END=1 t true"
	} >"$SCRATCH/some.bats"
	# shellcheck source=tests/check.sh
	. "$TOP/tests/check.sh"
	: >"$SCRATCH/blocks"
	bats_apart -T -F cat "$SCRATCH/some.bats" 2>&1 | check_blocks some || true
	check_told 5 >"$SCRATCH/told"
	check_end >>"$SCRATCH/told"
	cat "$SCRATCH/told"
	sed -i 's/# [0-9]* s$/# 0 s/' "$SCRATCH/told"
	diff "$SCRATCH/told" - <<-EOF
		ok 1 works # 0 s
		not ok 2 fails # 0 s
		# it is broken
		ok 3 reason # SKIP no such thing here
		ok 4 late # SKIP too late for another test; --long has no such limit
		ok 5 later # SKIP too late for another test; --long has no such limit
		# skipped: reason: no such thing here
		# skipped, too late for them within 45 min (--long has no limit): late later
		1 passed, 1 failed, 3 skipped
	EOF
}

@test "ktap-code" { t check_ktap_code; }
@test "guest-complaint" { t check_guest_complaint; }
@test "guest-accel" { t check_guest_accel; }
@test "fetch-ended" { t check_fetch_ended; }
@test "kernel-need" { t check_kernel_need; }
@test "source-hash" { t check_source_hash; }
@test "fragments" { t check_fragments; }
@test "locks" { t check_locks; }
@test "build-error" { t check_build_error; }
@test "mirrors" { t check_mirrors; }
@test "results-kept" { t check_results_kept; }
@test "no-time" { t check_no_time; }
@test "check-end" { t check_check_end; }

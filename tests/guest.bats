#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
#
# Guests that go wrong, and runs that are ended.

# shellcheck source=tests/lib.bash
. "$BATS_TEST_DIRNAME/lib.bash"

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
	[ "$signal" = KILL ] || cat "$SCRATCH"/results/*-failed/reason | grep .
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
	# nor does QEMU come as far as to open its files
	# shellcheck disable=SC2016 # the arguments of another shell
	printf '#!/bin/sh\ncase "$*" in *-append*) exec sleep 60 ;; esac\n' >"$SCRATCH/qemu"
	chmod 755 "$SCRATCH/qemu"
	QEMU=(["$OPT_ARCH"]=$SCRATCH/qemu)
	OPT_TIMEOUT=1
	guest_run "$OPT_ARCH" "$SCRATCH/late" "guest"
	say "$GUEST_STATE: $GUEST_REASON"
	[ "$GUEST_STATE: $GUEST_REASON" = "no-boot: the kernel did not come up" ]
	guest_console "$SCRATCH/late"
}

# The same tree built with another patch compiles only what the patch touches.
check_incremental()
{
	local patch=$SCRATCH/touch.patch compiled log

	kernel_source source:6.1
	# what the patches of vm/patches/ touch, and a line more
	sed 's/^-\tlvx.*/&\n+\tnop/; s/^@@ -\([0-9]*\),7 +\([0-9]*\),6 @@/@@ -\1,7 +\2,7 @@/' \
		"$TOP/vm/patches/powerpc-save-clobbers-vmx.patch" >"$patch"
	kernel_get "source:6.1+$patch" ppc64le
	log=$(find "$CACHE/build/" -path "*/$SOURCE_KEY-ppc64le-*/log" -newer "$patch")
	compiled=$(grep -c "^  \(CC\|AS\) " "$log" || true)
	say "$compiled files compiled"
	sed -n "s/^  \(CC\|AS\) .* - due to/due to/p" "$log" | sort | uniq -c | sort -rn | head -n 5
	rm -rf "$(dirname "$KERNEL_IMAGE")"
	[ "$compiled" -lt 40 ]
	[ -z "$(find "$CACHE/source" -maxdepth 1 -name '*.orig')" ]
}

@test "guest-warns" { t check_guest_fault warns unwell 'the kernel reported: .*WARNING'; }
@test "guest-dies" { t check_guest_fault dies dead 'ended without a result'; }
@test "guest-hangs" { t check_guest_fault hangs dead 'no result within 15 s'; }
@test "guest-does-not-boot" { t check_guest_no_boot; }
@test "interrupted" { t check_interrupted INT vm --args "-t 60"; }
@test "terminated-apart" { t check_interrupted TERM mutants --tests source:6.1; }
@test "killed" { t check_interrupted KILL vm --args "-t 60"; }
@test "incremental-build" { t check_incremental; }

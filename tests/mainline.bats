#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
#
# The newest kernel, good and bad, and those of check --long.

# shellcheck source=tests/lib.bash
. "$BATS_TEST_DIRNAME/lib.bash"

# A kernel that forbids io_uring: skipped, and said. In a guest, whose sysctl is nobody else's.
check_io_uring_disabled()
{
	guest_shared source:mainline ppc64le
	[ "$(grep -c '^code 4' "$GUEST/ktap")" = 2 ]
	jq -s -e '[.[].variants[] | select(.text != "not asked for")] | length > 12 and
		all(.outcome == "skip" and (.text | startswith("io_uring is disabled")))' \
		"$JSON" "$PAGES"
}

# An error that is gone the next time is not taken for a function that this kernel lacks. Exits of
# functions need the function graph where fprobes do it.
check_probes_later()
{
	guest_script "$GUEST_TESTS/probes_later.sh"
	# 7.2 has a WARNING of its own for who finds no place there
	CONSOLE_HARMLESS+='\|WARNING: .*kernel/trace/fprobe.c'
	OPT_ARCH=ppc64le
	guest_of source:mainline ""
	grep '^all is well$' "$GUEST/ktap"
}

# Storms and the module's programs on a kernel that reports lock order, sleeping in the wrong place,
# leaks and what else is asked for.
# check_debug_kernel KERNEL [CONFIG_LINE...]
check_debug_kernel()
{
	local kernel=$1
	shift

	guest_script "$GUEST_TESTS/debug_kernel.sh" 30
	cp "$GUEST_TESTS/storm.sh" "$SCRATCH/guest.storm.sh"
	guest_disks
	{
		cat "$TOP/vm/configs/debug.config"
		printf '%s\n' "$@"
	} >"$SCRATCH/debug.config"
	OPT_ARCH=ppc64le OPT_SMP=4 OPT_MEM=3G OPT_TIMEOUT=2400 EXTRA_CONFIG=$SCRATCH/debug.config
	guest_of "$kernel" ""
	grep '^all is well$' "$GUEST/ktap"
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

# What the tests here ask of one guest.
guest_jobs()
{
	case $1 in
	source:mainline)
		echo "quiet-mainline-ppc64le $QUIET -c io_uring_coherency"
		echo "completions-mainline ./ring_complete"
		echo "io-uring-disabled sh /guest.io_uring_disabled.sh"
		;;
	*) echo "$BATS_TEST_DESCRIPTION $QUIET -c io_uring_coherency" ;;
	esac
}

@test "kernel-mainline" { t kernel_get source:mainline ppc64le; }
@test "quiet-mainline-ppc64le" { t check_quiet source:mainline ppc64le; }
@test "completions-mainline" { t check_completions source:mainline waiters; }
@test "io-uring-disabled" { t check_io_uring_disabled; }
@test "caught-mainline-powerpc-save-clobbers-fp-vmx" { t check_caught mainline "$BOTH" "vs0 vs32"; }
@test "storm-mainline-ppc64le" { t check_storm source:mainline ppc64le; }
# bats test_tags=long
@test "probes-later-mainline" { t check_probes_later; }
# bats test_tags=long
@test "quiet-6.12-ppc64le" { t check_quiet source:6.12 ppc64le; }
# bats test_tags=long
@test "caught-6.12-powerpc-save-clobbers-fp-vmx" { t check_caught 6.12 "$BOTH" "vs0 vs32"; }
# bats test_tags=long
@test "storm-6.12-ppc64le" { t check_storm source:6.12 ppc64le; }
# bats test_tags=long
@test "quiet-5.10-ppc64le" { t check_quiet source:5.10 ppc64le; }
# bats test_tags=long
@test "caught-5.10-powerpc-save-clobbers-fp-vmx" { t check_caught 5.10 "$BOTH" "vs0 vs32"; }
# bats test_tags=long
@test "storm-5.10-ppc64le" { t check_storm source:5.10 ppc64le; }
# bats test_tags=long
@test "quiet-6.1-ppc64" { t check_quiet source:6.1 ppc64; }
# bats test_tags=long
@test "tree" { t check_tree; }
# 7.2 does not boot with KASAN, and PROVE_LOCKING reports its console_init()
# bats test_tags=long
@test "debug-kernel-6.1" {
	t check_debug_kernel source:6.1 CONFIG_PROVE_LOCKING=y \
		CONFIG_PPC_RADIX_MMU=y CONFIG_PPC_RADIX_MMU_DEFAULT=y \
		CONFIG_KASAN=y CONFIG_KASAN_VMALLOC=y
}
# bats test_tags=long
@test "debug-kernel-mainline-preempt" {
	t check_debug_kernel source:mainline CONFIG_PREEMPT=y
}

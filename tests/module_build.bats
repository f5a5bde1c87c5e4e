#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
#
# The module, built for each kernel and architecture.

# shellcheck source=tests/lib.bash
. "$BATS_TEST_DIRNAME/lib.bash"

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
	printf 'CONFIG_%s\n' RUNTIME_TESTING_MENU=y TEST_PPC_BARRIER=m >"$SCRATCH/more"
	EXTRA_CONFIG=$SCRATCH/more kernel_fragments ppc64le detectors |
		kernel_merge "$SOURCE_TREE" "$SCRATCH/all.config"
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
declare -gA ACTIONS=(
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

# check_module_builds VERSION: for each architecture.
check_module_builds()
{
	local arch

	for arch in ppc64le x86_64 arm64 ppc64; do
		rm -rf "$SCRATCH/module"
		check_module_build "$1" $arch
	done
}

@test "module-build-6.1" { t check_module_builds 6.1; }
@test "module-build-mainline" { t check_module_builds mainline; }
# bats test_tags=long
@test "module-build-5.10" { t check_module_builds 5.10; }
# bats test_tags=long
@test "module-build-6.12" { t check_module_builds 6.12; }
# bats test_tags=long
@test "module-by-kselftest" { t check_module_by_kselftest; }
# bats test_tags=long
@test "module-in-tree" { t check_module_in_tree; }

#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
#
# The directory as a kselftest: built, run and installed by the trees' own rules.

# shellcheck source=tests/lib.bash
. "$BATS_TEST_DIRNAME/lib.bash"

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
	# the runner ends a program after 45 s, and each of 16 variants may take its time here
	export KSELFTEST_LIVE_REGISTERS_ARGS="-t 2 -n 100" KSELFTEST_PAGE_INTEGRITY_ARGS="-t 0.3"
	export KSELFTEST_RING_ORDER_ARGS="-t 0.2" KSELFTEST_RING_COMPLETE_ARGS="-t 0.2 --case links"
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
	local program

	tree_with_us "$1" link
	make -C "$KSELFTEST" TARGETS=io_uring_coherency O="$SCRATCH/o" \
		INSTALL_PATH="$SCRATCH/installed" install
	# so that they run where no liburing is
	for program in live_registers page_integrity ring_order ring_complete module_knobs; do
		! readelf -d "$SCRATCH/installed/io_uring_coherency/$program" |
			grep 'NEEDED.*liburing' || fail "$program needs a shared liburing"
	done
	native_short
	"$SCRATCH/installed/run_kselftest.sh" -c io_uring_coherency >"$SCRATCH/out"
	cat "$SCRATCH/out"
	native_answer "$SCRATCH/out"
}

# The native run's line: ok, or skipped for a reason that this kernel has (no io_uring).
native_answer()
{
	! grep -q '^not ok' "$1" || fail "$(grep -m 1 '^not ok' "$1")"
	# behind a link the runner names the directory that the link points to
	! grep -q '^ok 1 selftests: .*: live_registers$' "$1" || return 0
	skip "$(grep -m 1 '# SKIP' "$1")"
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
	"$(find "$SCRATCH/o" -name live_registers -type f)" >"$SCRATCH/out" || code=$?
	cat "$SCRATCH/out"
	[ $code = 4 ]
	grep -q '^ok 1 live_registers # SKIP no liburing$' "$SCRATCH/out"
}

# check_user_mode CODE ARCH PROGRAM [OPTION...]: in QEMU's user mode, which has no io_uring, it ends
# so.
check_user_mode()
{
	local want=$1 arch=$2 program code=0 BUILD_HARMLESS='^[^ ]*/kselftest_harness.h:'
	local emulator=${TRIPLET[$2]%%-*}

	# shellcheck disable=SC2046 # a list of packages
	need_packages qemu-user-static $(compiler_packages "$arch")
	build_for 6.1 "$arch" USERLDFLAGS=-static
	program=$(find "$SCRATCH/o" -name "$3" -type f)
	# of FCSR the emulator's own choice of a CPU, 5KEf, keeps nothing (QEMU 7.2)
	[ "$arch" != mips64 ] || export QEMU_CPU=MIPS64R2-generic
	"qemu-${emulator/i686/i386}-static" "$program" "${@:4}" >"$SCRATCH/out" || code=$?
	cat "$SCRATCH/out"
	[ $code = "$want" ]
}

# An architecture without a register bank, on which no kernel is booted: it says why it has no
# answer.
check_skips()
{
	check_user_mode 4 "$1" live_registers
	grep -q '^# no register bank for this architecture$' "$SCRATCH/out"
}

# One with a bank, whose controls behave.
check_bank()
{
	check_user_mode 4 "$1" live_registers
	grep -q '^ok 1 global.control_without_io_uring$' "$SCRATCH/out"
	grep -q '^ok 2 global.control_changed_register$' "$SCRATCH/out"
}

# A compiler may make more of a plain access than it is, and then no control shows anything: of a
# relaxed __atomic_store_n() gcc 12 makes an amoswap.w on riscv64.
check_relaxed()
{
	check_user_mode 0 "$1" ring_order --edge plain_sb -t 1
	grep '^# plain_sb: .* the control showed it [0-9]* of [0-9]* times' "$SCRATCH/out"
}

# check_builds VERSION COMPILER: for each architecture.
check_builds()
{
	local arch

	for arch in x86_64 ppc64le arm64 ppc64; do
		rm -rf "$SCRATCH/o"
		check_build "$1" "$2" $arch
	done
}

@test "without-liburing" { t check_without_liburing; }
@test "build-6.1-gcc" { t check_builds 6.1 gcc; }
@test "build-6.1-clang" { t check_builds 6.1 clang; }
@test "run-tests-6.1-linked" { t check_run_tests 6.1 link; }
@test "run-tests-6.1-copied" { t check_run_tests 6.1 copy; }
@test "install-6.1" { t check_install 6.1; }
@test "build-mainline-gcc" { t check_builds mainline gcc; }
@test "build-mainline-clang" { t check_builds mainline clang; }
@test "run-tests-mainline-linked" { t check_run_tests mainline link; }
# bats test_tags=long
@test "run-tests-mainline-copied" { t check_run_tests mainline copy; }
@test "install-mainline" { t check_install mainline; }
# bats test_tags=long
@test "build-5.10-gcc" { t check_builds 5.10 gcc; }
# bats test_tags=long
@test "build-5.10-clang" { t check_builds 5.10 clang; }
# bats test_tags=long
@test "run-tests-5.10-linked" { t check_run_tests 5.10 link; }
# bats test_tags=long
@test "run-tests-5.10-copied" { t check_run_tests 5.10 copy; }
# bats test_tags=long
@test "install-5.10" { t check_install 5.10; }
# bats test_tags=long
@test "build-6.12-gcc" { t check_builds 6.12 gcc; }
# bats test_tags=long
@test "build-6.12-clang" { t check_builds 6.12 clang; }
# bats test_tags=long
@test "run-tests-6.12-linked" { t check_run_tests 6.12 link; }
# bats test_tags=long
@test "run-tests-6.12-copied" { t check_run_tests 6.12 copy; }
# bats test_tags=long
@test "install-6.12" { t check_install 6.12; }
# bats test_tags=long
@test "bank-i386" { t check_bank i386; }
# bats test_tags=long
@test "bank-armhf" { t check_bank armhf; }
# bats test_tags=long
@test "bank-hppa" { t check_bank hppa; }
# bats test_tags=long
@test "bank-mips64" { t check_bank mips64; }
# bats test_tags=long
@test "skips-m68k" { t check_skips m68k; }
# bats test_tags=long
@test "relaxed-riscv64" { t check_relaxed riscv64; }

#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
#
# The reproducers of vm/series/ in the trees that they are for. Those of guests are with these.

# shellcheck source=tests/lib.bash
. "$BATS_TEST_DIRNAME/lib.bash"

# In powerpc/math of that tree, by each compiler. clang finds no ppc-asm.h, which others there need.
check_math_builds()
{
	local arch vars

	for arch in ppc64le ppc64; do
		for vars in LLVM= LLVM=1; do
			math_build "$1" "$arch" "$SCRATCH/math" "$vars"
			readelf -h "$SCRATCH/math/math/io_uring_regs" | grep -E 'Data|Machine'
		done
	done
}

# In liburing's test/, by its rules and with its helpers, and run natively.
check_liburing_builds()
{
	local work=$SCRATCH/liburing program=$SCRATCH/liburing/test/io-wq-registers.t code=0

	debian_source liburing "$work"
	cp "$TOP/vm/series/liburing/io-wq-registers.c" "$work/test/"
	(cd "$work" && ./configure --cxx=false && make -C src && make -C test "${program##*/}")
	code_is 77 "$HOST/without_io_uring" "$program"
	"$program" || code=$?
	[ "$code" != 77 ] || skip "no io_uring on this machine, or too few events"
	[ "$code" = 0 ]
}

@test "reproducer-math-builds-6.1" { t check_math_builds 6.1; }
@test "reproducer-math-builds-mainline" { t check_math_builds mainline; }
@test "reproducer-liburing-builds" { t check_liburing_builds; }

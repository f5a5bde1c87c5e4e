#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
#
# libuv's own tests, with io_uring and without. Its issue 4283 is why it has none on ppc64.

# shellcheck source=tests/lib.bash
. "$BATS_TEST_DIRNAME/lib.bash"

# The program of its tests for the guests of an architecture, static, of trixie's source: bookworm's
# knows no io_uring. What is taken from it is "return 0" on ppc64, and that a ring with an SQ thread
# is there for loops alone that ask for it, as no test does: so it was before 1.49. Sets LIBUV, a
# directory.
libuv_get()
{
	local arch=$1 work=$SCRATCH/libuv

	LIBUV=$CACHE/libuv/$arch
	[ ! -d "$LIBUV" ] || return 0
	need_packages cmake
	libuv_build() {
		debian_source libuv1 "$work" trixie && cd "$work" &&
			sed -i '/^#elif .*__ppc64__/,/^  return 0; .*SIGSEGV/d' src/unix/linux.c &&
			sed -i '/^ *if (loop->flags & UV_LOOP_ENABLE_IO_URING_SQPOLL)$/d' \
				src/unix/linux.c &&
			! grep -q 'issues/4283\|ENABLE_IO_URING_SQPOLL' src/unix/linux.c &&
			cmake -B build -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_EXE_LINKER_FLAGS=-static \
				-DCMAKE_C_COMPILER="$(cross_prefix "$arch")gcc" &&
			make -C build -j "$(nproc)" uv_run_tests_a
	}
	phase 60 "$SCRATCH/log" "build libuv's tests for $arch" libuv_build ||
		fail "libuv does not build: $(build_error "$SCRATCH/log")"
	mkdir -p "$LIBUV.new"
	cp "$work/build/uv_run_tests_a" "$LIBUV.new/"
	tar -C "$work/test" -cf "$LIBUV.new/fixtures" fixtures
	mv -T "$LIBUV.new" "$LIBUV"
}

# libuv_passed with|without ROUNDS: the tests that passed in each.
libuv_passed()
{
	sed -n 's/^ok [0-9]* - \([^ ]*\)$/\1/p' "$GUEST/$1".*.tap | sort | uniq -c |
		awk -v n="$2" '$1 == n { print $2 }'
}

# libuv_run KERNEL ROUNDS: all of them in a guest. In $SCRATCH/always those that pass in each round
# without io_uring, and in $SCRATCH/failed those of them that do not with it.
libuv_run()
{
	local n rings polled completions all=$SCRATCH

	libuv_get "$OPT_ARCH"
	cp "$LIBUV/uv_run_tests_a" "$SCRATCH/guest.uv_run_tests_a"
	cp "$LIBUV/fixtures" "$SCRATCH/guest.fixtures"
	guest_script "$GUEST_TESTS/libuv.sh" "$2"
	OPT_TIMEOUT=3000
	guest_of "$1" ""
	grep '^all is well$' "$GUEST/ktap"
	libuv_passed without "$2" >"$all/always"
	libuv_passed with "$2" | comm -23 "$all/always" - >"$all/failed"
	for n in $(seq "$2"); do
		[ ! -s "$GUEST/without.$n.trace" ] || fail "round $n: io_uring was not forbidden"
		rings=$(grep -c io_uring_create "$GUEST/with.$n.trace") || true
		polled=$(grep -c 'io_uring_create.*flags 0x.*2$' "$GUEST/with.$n.trace") || true
		completions=$(grep -c io_uring_complete "$GUEST/with.$n.trace") || true
		say "round $n: $rings rings, of these $polled with an SQ thread," \
			"$completions completions"
		[ "$polled" -ge 10 ] && [ "$completions" -ge 100 ] ||
			fail "round $n: io_uring was not used"
	done
	say "$(wc -l <"$all/always") pass without io_uring, $(wc -l <"$all/failed") of them" \
		"not with it: $(paste -sd ' ' "$all/failed")"
}

# They find neither issue 4283, which 6.1 has, nor what $BOTH does: see doc/ring_complete.md.
check_libuv()
{
	OPT_ARCH=ppc64le
	libuv_run "$1" "$2"
	[ "$(wc -l <"$SCRATCH/always")" -ge 300 ]
	[ ! -s "$SCRATCH/failed" ] || fail "io_uring breaks what libuv tests"
}

# bats test_tags=long
@test "libuv-6.1-ppc64le" { t check_libuv source:6.1 1; }
# bats test_tags=long
@test "libuv-bad-6.1-ppc64le" { t check_libuv "source:6.1+$BOTH" 1; }

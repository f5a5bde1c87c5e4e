#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
#
# ring_order with what it has to lose, and the litmus tests in the kernel's model.

# bats file_tags=quick
# shellcheck source=tests/lib.bash
. "$BATS_TEST_DIRNAME/lib.bash"

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

@test "rings-lost" { t check_rings_lost; }
# bats test_tags=long
@test "litmus-6.12" { t check_litmus 6.12; }
# bats test_tags=long
@test "litmus-mainline" { t check_litmus mainline; }

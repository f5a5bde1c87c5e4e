#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
#
# Known bad kernels: each is caught, as what it is.

# shellcheck source=tests/lib.bash
. "$BATS_TEST_DIRNAME/lib.bash"

# Pages on a bad kernel, by what jq says of the engines; those without io_uring write none wrong.
# check_pages_caught KERNEL JQ [ARGS]
check_pages_caught()
{
	OPT_ARCH=ppc64le
	guest_of "$1" "${3:--t 1}" page_integrity
	pages_are "$2"
}

pages_are()
{
	jq -e '.variants | map({key: .name, value: .}) | from_entries | '"$1" "$PAGES"
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

# What the tests here ask of one guest.
guest_jobs()
{
	printf '%s\n' "reproducer-math-$BOTH-$2 /guest.io_uring_regs" \
		"reproducer-liburing-$BOTH-$2 /guest.io-wq-registers"
	[ "$2" = ppc64le ] || return 0
	cat <<-EOF
		caught-6.1-$BOTH ./live_registers -t 1 -n 300
		pages-$BOTH ./page_integrity -t 1
		pages-disk-bad sh /guest.pages_disk.sh 1
	EOF
}

# The kernel of 2023: registers, pages.
check_registers_both()
{
	guest_shared "source:6.1+$BOTH" ppc64le
	registers_are "vs0 vs32"
}

# Each of four submitters has a quarter of the events, and one of them shows what changed, but for
# the event before all else.
check_side_by_side()
{
	OPT_ARCH=ppc64le OPT_SMP=8
	guest_of "source:6.1+$BOTH" "-t 20 -n 400 --only poll_wake_default" live_registers
	grep '^# # submitters side by side: 4$' "$GUEST/ktap"
	[ "$(grep -c 'registers changed while the thread spun' "$GUEST/ktap")" -le 5 ]
	jq -e '.submitters == 4 and (.variants[] | select(.name == "poll_wake_default") |
		.outcome == "fail" and .events >= 400 and .violations >= 0.99 * .events and
		(.changed | keys) == ["vs0", "vs32"] and .first_event <= 10 and
		.control_windows >= 4 and .control_violations == 0)' "$JSON"
}

check_pages_both()
{
	guest_shared "source:6.1+$BOTH" ppc64le
	pages_are '[.uring, .uring_async, .uring_fixed] | map(.violations > 0 and .stored > 0 and
		(.classes | keys - ["register hole", "miscomputed"]) == []) | all'
}

@test "caught-6.1-powerpc-save-clobbers-fp-vmx" { t check_registers_both; }
@test "reproducer-math-powerpc-save-clobbers-fp-vmx-ppc64le" {
	t check_math_caught "source:6.1+$BOTH" ppc64le
}
@test "reproducer-liburing-powerpc-save-clobbers-fp-vmx-ppc64le" {
	t check_liburing_caught "source:6.1+$BOTH" ppc64le
}
@test "caught-6.1-powerpc-save-clobbers-fp" { t check_caught 6.1 "${BOTH%-vmx}" "vs0"; }
@test "caught-6.1-powerpc-save-clobbers-vmx" { t check_caught 6.1 "${BOTH/fp-/}" "vs32"; }
@test "caught-side-by-side" { t check_side_by_side; }
@test "pages-powerpc-save-clobbers-fp-vmx" { t check_pages_both; }
@test "pages-disk-bad" {
	t check_pages_disk "source:6.1+$BOTH" '[.variants[] |
		select(.name | test("^uring(_async|_fixed)?$")) |
		.stored > 0 and .places.memory == .violations] | all and length == 3'
}
@test "pages-io-wq-write-loses-16-bytes" {
	t check_pages_caught source:6.1+io-wq-write-loses-16-bytes \
		'[.uring, .uring_async, .uring_fixed] |
		map(.classes."register hole" > 0 and .places.cache > 0) | all'
}
@test "pages-bugs" {
	# shellcheck disable=SC2086 # a list
	t check_pages_caught "source:6.1$(printf '+%s' $PAGES_BUGS)" "$PAGES_TRACES"
}
@test "pages-io-wq-write-is-misplaced" {
	t check_pages_caught source:6.1+io-wq-write-is-misplaced \
		'[.uring, .uring_async, .uring_fixed] | map(.classes.misplaced > 0) | all'
}
@test "pages-io-wq-cqe-before-data" {
	t check_pages_caught source:6.1+io-wq-cqe-before-data \
		'[.uring, .uring_async, .uring_fixed] | map(.places.readback > 0) | all' \
		"-t 6 --engine uring,uring_async,uring_fixed,thread,kthread --dir /dev/shm"
}
@test "pages-io-uring-fsync-is-lost" {
	t check_pages_caught source:6.1+io-uring-fsync-is-lost \
		'[.uring_disk, .uring_async_disk] | map(.violations > 0 and
		(.places | keys) == ["unsynced"] and (.classes | keys) == ["stale"]) | all'
}
@test "kick-process-does-not" {
	t check_knobs_catch source:6.1+kick-process-does-not \
		notify.kernel_default_ring.reaches_a_spinning_thread \
		notify.planted_no_ipi_ignored_coop_taskrun_ring.reaches_a_spinning_thread \
		notify.signal_coop_taskrun_ring.reaches_a_spinning_thread
}
@test "task-work-add-ignores-no-ipi" {
	t check_knobs_catch source:6.1+task-work-add-ignores-no-ipi \
		notify.kernel_coop_taskrun_ring.reaches_a_spinning_thread \
		notify.no_ipi_default_ring.reaches_a_spinning_thread
}
@test "order-try-to-wake-up-looks-first" {
	t check_edges_caught try-to-wake-up-looks-first kernel_order "-t 3" wake_up_process \
		sleep_wake
}
@test "rings-io-wq-cqe-before-data" {
	t check_edges_caught io-wq-cqe-before-data ring_order "" cqe_write fixed_write
}
@test "rings-sqpoll-looks-first" {
	t check_edges_caught sqpoll-looks-first ring_order "" sqpoll_wakeup
}
# the patch is one of include/linux/sched.h, so all is built anew, before and after
# bats test_tags=long
@test "order-set-current-state-without-mb" {
	t check_edges_caught set-current-state-without-mb kernel_order "-t 3" set_current_state \
		sleep_wake
}
# bats test_tags=long
@test "caught-6.1-powerpc-fork-clears-sprs" {
	t check_caught 6.1 powerpc-fork-clears-sprs "DSCR PPR TAR VRSAVE"
}
# bats test_tags=long
@test "caught-6.1-powerpc-save-clobbers-fp-vmx-ppc64" {
	t check_caught 6.1 "$BOTH" "vs0 vs32" ppc64
}
# bats test_tags=long
@test "reproducer-math-powerpc-save-clobbers-fp-vmx-ppc64" {
	t check_math_caught "source:6.1+$BOTH" ppc64
}
# bats test_tags=long
@test "reproducer-liburing-powerpc-save-clobbers-fp-vmx-ppc64" {
	t check_liburing_caught "source:6.1+$BOTH" ppc64
}

#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Kernels without a known fault: no violation, and knobs that do what they say.

# A kernel that forbids io_uring: skipped, and said. In a guest, whose sysctl is nobody else's.
check_io_uring_disabled()
{
	guest_script "$GUEST_TESTS/io_uring_disabled.sh"
	OPT_ARCH=ppc64le
	guest_of source:mainline ""
	[ "$(grep -c '^code 4' "$SCRATCH/guest/ktap")" = 2 ]
	# of page_integrity on tmpfs, and on a disk with and without O_DIRECT
	[ "$(grep -c '# SKIP io_uring is disabled' "$SCRATCH/guest/ktap")" = 14 ]
}

# The module is loaded and unloaded while its knobs are in use, and while a workload of nobody's
# runs. In the end nothing of it is left; nor is it after SIGTERM or SIGKILL for who had it loaded.
# check_load_cycles KERNEL ARCH CYCLES
check_load_cycles()
{
	guest_script "$GUEST_TESTS/load_cycles.sh" "$3"
	OPT_ARCH=$2
	guest_of "$1" ""
	grep "^cycles $3\$" "$SCRATCH/guest/ktap"
}

# barrier_ctl: codes, what is missing, and knobs that reach the command.
check_barrier_ctl()
{
	guest_script "$GUEST_TESTS/barrier_ctl.sh"
	OPT_ARCH=ppc64le
	guest_of source:6.1 ""
	grep '^all is well$' "$SCRATCH/guest/ktap"
	# the knobs of the outer session: the kick of a default ring has become the tick
	jq -e '.workers.live.tick + .workers.dead.tick >
		9 * (.workers.live.IPI + .workers.dead.IPI)' "$SCRATCH/guest/knobs.json"
	jq -e '.points.try_to_wake_up.passed > 200' "$SCRATCH/guest/knobs.json"
	jq -e '.workers_most == 1 and .limited > 0 and .pin_workers and .pinned > 0' \
		"$SCRATCH/guest/workers.json"
}

# check_fuzz KERNEL ARCH CALLS: random ioctls.
check_fuzz()
{
	guest_script "$GUEST_TESTS/fuzz.sh" "$3"
	OPT_ARCH=$2 OPT_TIMEOUT=3600
	guest_of "$1" ""
	grep -E "^# $3 calls in" "$SCRATCH/guest/ktap"
	! grep '^not ok' "$SCRATCH/guest/ktap" || fail "a test failed"
}

# Knobs on a kernel whose probes are switched off, before or meanwhile, or miss calls: no answer.
# The next session has nothing of it.
check_probes_off()
{
	guest_script "$GUEST_TESTS/probes_off.sh"
	OPT_ARCH=ppc64le
	guest_of source:6.1 ""
	grep '^all is well$' "$SCRATCH/guest/ktap"
	jq -e '.inactive > 0 and (.no_answer | test("switched off"))' "$SCRATCH/guest/off.json"
	jq -e '.inactive == 0 and .missed == 0 and .no_answer == ""' "$SCRATCH/guest/on.json"
	jq -e '.missed_ppm > 10000 and .exit_code == 0' "$SCRATCH/guest/missed.json"
}

# An error that is gone the next time is not taken for a function that this kernel lacks. Exits of
# functions need the function graph where fprobes do it. check_probes_later KERNEL
check_probes_later()
{
	guest_script "$GUEST_TESTS/probes_later.sh"
	OPT_ARCH=ppc64le
	guest_of "$1" ""
	grep '^all is well$' "$SCRATCH/guest/ktap"
}

# The module's programs on a kernel that reports lock order, sleeping in the wrong place, leaks and
# what else is asked for; module_knobs more than once, as it arms and disarms most.
# check_debug_kernel KERNEL [CONFIG_LINE...]
check_debug_kernel()
{
	guest_script "$GUEST_TESTS/debug_kernel.sh"
	local kernel=$1
	shift
	{
		cat "$TOP/vm/configs/debug.config"
		printf '%s\n' "$@"
	} >"$SCRATCH/debug.config"
	OPT_ARCH=ppc64le OPT_MEM=3G OPT_TIMEOUT=2400 EXTRA_CONFIG=$SCRATCH/debug.config
	guest_of "$kernel" ""
	grep '^all is well$' "$SCRATCH/guest/ktap"
}

# A variant under a knob has no answer while no knob acts; and what the bank of the architecture
# says of itself.
check_knobs_idle()
{
	guest_script "$GUEST_TESTS/knobs_idle.sh"
	OPT_ARCH=ppc64le
	guest_of source:6.1 ""
	[ "$(sed -n 's/^code //p' "$SCRATCH/guest/ktap" | paste -sd ' ')" = "4 0" ]
	jq -e '.variants[] | select(.name == "create_worker_cb_default_by_no_ipi") |
		.outcome == "skip" and .events == 0 and
		(.text | test("the probes of this kernel do not act"))' "$SCRATCH/guest/acts-0.json"
	jq -e '.variants[] | select(.events > 0) | .outcome == "pass" and
		.notifications_changed >= 100' "$SCRATCH/guest/acts-1.json"
}

# The same on file systems with a disk, where it is looked at there, too; buffered and O_DIRECT.
# check_pages_disk KERNEL CODE JQ
check_pages_disk()
{
	local json

	guest_script "$GUEST_TESTS/pages_disk.sh" "$2"
	OPT_ARCH=ppc64le
	guest_disks
	guest_of "$1" ""
	grep '^all is well$' "$SCRATCH/guest/ktap"
	for json in "$SCRATCH"/guest/pages-*.json; do
		say "${json##*/}"
		jq -r '.variants[] | "\(.name): \(.outcome): \(.text)"' "$json"
		jq -e '[.variants[] | select(.text != "not asked for" and
			(.views | length != 7))] == []' "$json"
		jq -e "$3" "$json"
	done
}

# The order of memory inside a good kernel. On x86, and under TCG on x86, a lock and each atomic
# operation that returns something are full barriers, and a load never overtakes a load: of the
# controls, those of the plain barrier and of set_current_state() are left to show something. All
# else has no answer, and says why. check_order KERNEL ARCH
check_order()
{
	local busy

	OPT_ARCH=$2
	guest_of "$1" "-t 3" kernel_order
	jq -e '[.variants[] | select(.outcome == "fail" or .violations > 0)] == []' "$ORDER"
	jq -e '[.variants[] | select(.events > 0)] | length > 9' "$ORDER"
	jq -e '[.variants[] | select(.control_events > 0).name] |
		length > 7 and index("ipi") == null and index("queue_work") == null' "$ORDER"
	jq -e '.variants | map({key: .name, value: .text}) | from_entries |
		[.ipi, .queue_work] | all(test("^not observable: a module cannot|^inconclusive"))' \
		"$ORDER"
	[ "$(uname -m)" = x86_64 ] || return 0
	jq -e '[.variants[] | select(.name | IN("memory_sb", "set_current_state") | not) |
		.outcome == "skip" and (.text | test("^not observable|^inconclusive"))] |
		all and length == 12' "$ORDER"
	# the waker's side of sleep_wake is a lock's, as are those that are not named here
	jq -e '[.variants[] | select(.control_seen > 0).name] -
		["memory_sb", "set_current_state", "sleep_wake", "queue_work_pending"] == []' \
		"$ORDER"
	jq -e '.variants[] | select(.name == "sleep_wake").forms.weak_other."0,0" // 0 | . == 0' \
		"$ORDER"
	jq -e '[.variants[].pairs_by_distance | test(" [12] of 2$")] | all' "$ORDER"
	# the emulated CPUs have to run at once for either to show anything
	busy=$(jq -r '[.variants[] | select(.name | IN("memory_sb", "set_current_state")) |
		select(.outcome != "pass") | "\(.name) is \(.text)"][0] // ""' "$ORDER")
	[ -z "$busy" ] || skip "$busy"
	jq -e '.variants[] | select(.name == "memory_sb") | .control_first_ms < 1000' "$ORDER"
}

# ring_order on a good kernel under TCG on x86: nothing forbidden, SB seen and answered, and nothing
# claimed of what this machine cannot show, or user space has no control for.
check_rings()
{
	OPT_ARCH=ppc64le
	guest_of "$1" "" ring_order
	jq -e '[.variants[] | select(.outcome == "fail" or .violations > 0)] == []' "$RINGS"
	too_busy "$RINGS" plain_sb
	jq -e '.variants | map({key: .name, value: .}) | from_entries |
		.plain_sb.outcome == "pass" and .plain_sb.relaxed_seen >= 10 and
		(.sqpoll_wakeup | .events > 0 and (.outcome == "pass" or
		(.text | test("^not observable on this machine|^inconclusive: violations"))))' \
		"$RINGS"
	jq -e '[.variants[] | select(.shape == "MP") | .outcome == "skip" and
		(.text | test("^not observable|^inconclusive|does not have"))] |
		all and length == 13' "$RINGS"
	jq -e '[.variants[] | select(.name | IN("sqe_worker", "eventfd")).text |
		test("^not observable: user space has no barrier|^inconclusive")] | all' "$RINGS"
	! grep '^not ok' "$SCRATCH/guest/ktap" || fail "a test failed"
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

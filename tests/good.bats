#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
#
# Kernels without a known fault: no violation, and knobs that do what they say.

# shellcheck source=tests/lib.bash
. "$BATS_TEST_DIRNAME/lib.bash"

# The module is loaded and unloaded while its knobs are in use, and while a workload of nobody's
# runs. In the end nothing of it is left; nor is it after SIGTERM or SIGKILL for who had it loaded.
check_load_cycles()
{
	guest_shared source:6.1 ppc64le
	grep "^cycles 100${OPT_LONG:+0}\$" "$GUEST/ktap"
}

# barrier_ctl: codes, what is missing, and knobs that reach the command.
check_barrier_ctl()
{
	guest_shared source:6.1 ppc64le
	grep '^all is well$' "$GUEST/ktap"
	# the knobs of the outer session: the kick of a default ring has become the tick
	jq -e '.workers.live.tick + .workers.dead.tick >
		9 * (.workers.live.IPI + .workers.dead.IPI)' "$GUEST/knobs.json"
	jq -e '.points.try_to_wake_up.passed > 200' "$GUEST/knobs.json"
	jq -e '.workers_most == 1 and .limited > 0 and .pin_workers and .pinned > 0' \
		"$GUEST/workers.json"
}

# Knobs on a kernel whose probes are switched off, before or meanwhile, or miss calls: no answer.
# The next session has nothing of it.
check_probes_off()
{
	guest_shared source:6.1 ppc64le
	grep '^all is well$' "$GUEST/ktap"
	jq -e '.inactive > 0 and (.no_answer | test("switched off"))' "$GUEST/off.json"
	jq -e '.inactive == 0 and .missed == 0 and .no_answer == ""' "$GUEST/on.json"
	jq -e '.missed_ppm > 10000 and .exit_code == 0' "$GUEST/missed.json"
}

# A variant under a knob has no answer while no knob acts; and what the bank of the architecture
# says of itself.
check_knobs_idle()
{
	guest_shared source:6.1 ppc64le
	[ "$(sed -n 's/^code //p' "$GUEST/ktap" | paste -sd ' ')" = "4 0" ]
	jq -e '.variants[] | select(.name == "create_worker_cb_default_by_no_ipi") |
		.outcome == "skip" and .events == 0 and
		(.text | test("the probes of this kernel do not act"))' "$GUEST/acts-0.json"
	jq -e '.variants[] | select(.events > 0) | .outcome == "pass" and
		.notifications_changed >= 100' "$GUEST/acts-1.json"
}

# The order of memory inside a good kernel. On x86, and under TCG on x86, a lock and each atomic
# operation that returns something are full barriers, and a load never overtakes a load: of the
# controls, those of the plain barrier and of set_current_state() are left to show something. All
# else has no answer, and says why.
check_order()
{
	local busy

	guest_shared source:6.1 ppc64le
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
	guest_shared source:6.1 ppc64le
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
	! grep '^not ok' "$GUEST/ktap" || fail "a test failed"
}

# What the tests here ask of one guest.
guest_jobs()
{
	printf '%s\n' "reproducer-math-6.1-$2 /guest.io_uring_regs" \
		"reproducer-math-refused-6.1-$2 ./without_io_uring /guest.io_uring_regs" \
		"reproducer-liburing-6.1-$2 /guest.io-wq-registers"
	[ "$2" = ppc64le ] || return 0
	cat <<-EOF
		quiet-6.1-ppc64le $QUIET $(printf -- ' -t io_uring_coherency:%s' live_registers \
			page_integrity module_knobs module_offload)
		order ./kernel_order -t 3
		rings ./ring_order
		completions ./ring_complete
		knobs-idle sh /guest.knobs_idle.sh
		planted $PLANTED fp vector
		pages-disk-good sh /guest.pages_disk.sh 0
		barrier-ctl sh /guest.barrier_ctl.sh
		probes-off sh /guest.probes_off.sh
		fuzz-ppc64le sh /guest.fuzz.sh 100000${OPT_LONG:+0}
		load-cycles sh /guest.load_cycles.sh 100${OPT_LONG:+0}
	EOF
}

@test "kernel-6.1" { t kernel_get source:6.1 ppc64le; }
@test "quiet-6.1-ppc64le" { t check_quiet source:6.1 ppc64le; }
@test "reproducer-math-6.1-ppc64le" { t check_math_quiet source:6.1 ppc64le; }
@test "reproducer-math-refused-6.1-ppc64le" { t check_math_refused source:6.1 ppc64le; }
@test "reproducer-liburing-6.1-ppc64le" { t check_liburing_quiet source:6.1 ppc64le; }
@test "order" { t check_order; }
@test "rings" { t check_rings; }
@test "completions" {
	t check_completions source:6.1 drain,signal_cancel,signal_work signal_storm,signal_epoll
}
@test "knobs-idle" { t check_knobs_idle; }
@test "planted" { t check_planted source:6.1 ppc64le "vs0 vs32 r11 CR"; }
@test "pages-disk-good" { t check_pages_disk source:6.1 "$PAGES_GOOD"; }
@test "barrier-ctl" { t check_barrier_ctl; }
@test "probes-off" { t check_probes_off; }
@test "fuzz-ppc64le" { t check_fuzz source:6.1 ppc64le "100000${CHECK_LONG:+0}"; }
@test "load-cycles" { t check_load_cycles; }
@test "storm-6.1-ppc64le" { t check_storm source:6.1 ppc64le; }
# bats test_tags=long
@test "reproducer-math-6.1-ppc64" { t check_math_quiet source:6.1 ppc64; }
# bats test_tags=long
@test "reproducer-liburing-6.1-ppc64" { t check_liburing_quiet source:6.1 ppc64; }

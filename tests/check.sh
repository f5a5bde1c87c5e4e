# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The project's own tests: run_tests.sh check. Each test is a function; its last line is the
# reason when it skips (code 4) and its output is shown when it fails. Sourced by run_tests.sh.

COMMAND_SUMMARY="the project's own tests; with --long all of them"
COMMAND_OPTIONS="tests long"
OPTION_TEXT[tests]="only those whose names match"
OPTION_TEXT[long]="everything, also what takes long"

# Kernels whose selftests and guests are tested: the oldest that is cheap, and the newest.
CHECK_VERSIONS="6.1 mainline"
CHECK_VERSIONS_LONG="5.10 6.12"

# The whole of it, unless it is --long, begins nothing that would end later: a slow machine without
# a cache leaves out what comes last.
CHECK_MINUTES=45
TEST_SECONDS=150	# what a test takes there at the most, if it builds no kernel

TEST_TIMEOUT=1800	# the longest test builds a kernel; in check --long four times that

passed=0
failed=0
skipped=0
skips=()
late=()		# of them those that had no time
validated=

# shellcheck source=tests/lib.bash
. "$TOP/tests/lib.bash"
# shellcheck source=tests/text.bats
. "$TOP/tests/text.bats"
# shellcheck source=tests/unit.bats
. "$TOP/tests/unit.bats"
# shellcheck source=tests/live_registers.bats
. "$TOP/tests/live_registers.bats"
# shellcheck source=tests/page_integrity.bats
. "$TOP/tests/page_integrity.bats"
# shellcheck source=tests/ring_order.bats
. "$TOP/tests/ring_order.bats"
# shellcheck source=tests/measure.bats
. "$TOP/tests/measure.bats"
# shellcheck source=tests/claims.bats
. "$TOP/tests/claims.bats"
# shellcheck source=tests/mariadb.bats
. "$TOP/tests/mariadb.bats"
# shellcheck source=tests/mutants.bats
. "$TOP/tests/mutants.bats"
# shellcheck source=tests/run.bats
. "$TOP/tests/run.bats"
# shellcheck source=tests/options.bats
. "$TOP/tests/options.bats"
# shellcheck source=tests/refused.bats
. "$TOP/tests/refused.bats"
# shellcheck source=tests/kselftest.bats
. "$TOP/tests/kselftest.bats"
# shellcheck source=tests/module_build.bats
. "$TOP/tests/module_build.bats"
# shellcheck source=tests/good.bats
. "$TOP/tests/good.bats"
# shellcheck source=tests/bad.bats
. "$TOP/tests/bad.bats"
# shellcheck source=tests/guest.bats
. "$TOP/tests/guest.bats"
# shellcheck source=tests/validate.bats
. "$TOP/tests/validate.bats"

# What is asked of each kernel that is built here, VERSION.
check_on()
{
	local version=$1
	local fp=powerpc-save-clobbers-fp vmx=powerpc-save-clobbers-vmx

	t "kernel-$version" kernel_get "source:$version" ppc64le
	t "quiet-$version-ppc64le" check_quiet "source:$version" ppc64le
	t "caught-$version-$fp-vmx" check_caught "$version" "$fp-vmx" "vs0 vs32"
	t "storm-$version-ppc64le" check_storm "source:$version" ppc64le $((10 + ${OPT_LONG:+5}0))
	# fprobes are taken by powerpc kernels with preemption, which the newest are
	[ "$version" != mainline ] || [ -z "$OPT_LONG" ] ||
		t "probes-later-$version" check_probes_later "source:$version"
	if [ "$version" = 6.1 ] || [ -n "$OPT_LONG" ]; then
		t "caught-$version-$fp" check_caught "$version" "$fp" "vs0"
		t "caught-$version-$vmx" check_caught "$version" "$vmx" "vs32"
	fi
}

# What all of it comes to.
check_end()
{
	[ ${#skips[@]} = 0 ] || printf '# skipped: %s\n' "${skips[@]}"
	[ ${#late[@]} = 0 ] || say "# skipped, too late for them within $CHECK_MINUTES min" \
		"(--long has no limit): ${late[*]}"
	say "$passed passed, $failed failed, $skipped skipped"
}

run_check()
{
	local fp=powerpc-save-clobbers-fp vmx=powerpc-save-clobbers-vmx
	local both=powerpc-save-clobbers-fp-vmx
	local version versions=$CHECK_VERSIONS compiler arch start=$SECONDS

	if [ -n "$OPT_LONG" ]; then
		versions="$versions $CHECK_VERSIONS_LONG"
		TEST_TIMEOUT=$((4 * TEST_TIMEOUT))
	elif [ "$OPT_TESTS" = . ]; then
		END_BEFORE=$((EPOCHSECONDS + 60 * CHECK_MINUTES))
	fi
	start
	# shellcheck disable=SC2046 # lists of packages
	need_packages make gcc libc6-dev rsync xz-utils cpio patch perl binutils procps util-linux \
		flex bison bc libelf-dev libssl-dev jq gnuplot-nox shellcheck sparse clang llvm \
		lld git \
		liburing-dev \
		dpkg-dev gcc-powerpc64-linux-gnu libc6-dev-ppc64-cross \
		$(for arch in ppc64le x86_64 arm64; do compiler_packages $arch; done) \
		"${QEMU_PACKAGE[@]}"
	host_get
	say "TAP version 13"

	t shellcheck check_shellcheck
	t checkpatch check_checkpatch
	t docs check_docs
	t adding check_adding
	t evidence check_evidence
	t page check_page
	t cpu-pairs check_cpu_pairs
	t registers check_registers
	t no-answer check_no_answer
	t window-faults check_window_faults
	t call-faults check_call_faults
	t planted-missed check_planted_missed
	t verdict check_verdict
	t verdict-surprise check_verdict_surprise
	t mariadb-judged check_mariadb_judged
	t mariadb-native check_mariadb_native
	t claims check_claims
	t claims-simulated check_claims_simulated
	t claims-counted check_claims_counted
	t claims-guest check_claims_guest
	t claims-interrupted check_claims_interrupted
	t claims-merge check_claims_merge
	t bench-figures check_bench_figures
	t check-end check_check_end
	t bad-options check_bad_options
	t options-of-commands check_options_of_commands
	t help check_help
	t environment check_environment
	t ktap-code check_ktap_code
	t guest-complaint check_guest_complaint
	t locks check_locks
	t build-error check_build_error
	t mirrors check_mirrors
	t results-kept check_results_kept
	t bad-program-options check_bad_program_options
	t patch-does-not-apply check_patch_does_not_apply
	t no-space check_no_space
	t pages-skipped check_pages_skipped
	t page-faults check_page_faults
	t pages-own-fs check_pages_own_fs
	t pages-disk-faults check_pages_disk_faults
	t pages-no-disk check_pages_no_disk
	t no-package check_no_package
	t not-debian check_not_debian
	t no-mirror check_no_mirror
	t nowhere-to-write check_nowhere_to_write
	t no-qemu check_no_qemu
	t no-bank check_no_bank
	t without-liburing check_without_liburing
	t not-root check_not_root
	t no-time check_no_time
	t unanswered check_unanswered
	t rings-lost check_rings_lost
	t mutants-judged check_mutants_judged

	# what this is for comes first, and last what a slow machine may leave out
	check_on 6.1
	t validate-default check_validate 0 'FIXED$'
	t validate-quick check_validate 0 'FIXED$' --quick
	t validate-swapped check_validate 1 'NOT FIXED$' --base source:6.1 \
		--fixed "source:6.1+$both"
	t validate-bad-twice check_validate 1 'NOT FIXED$' --fixed "source:6.1+$both"
	t validate-half-a-fix check_validate 1 'NOT FIXED$' --fixed "source:6.1+$fp"
	t validate-good-twice check_validate 4 'INCONCLUSIVE (the base does not show the problem)' \
		--base source:6.1
	t bisect-step-good check_bisect_step 0 "good: violations 0 of" source:6.1
	t bisect-step-bad check_bisect_step 1 "bad: violations" "source:6.1+$fp"
	t bisect-step-base check_bisect_step 0 "good: violations 0 of" source:6.1 \
		--base "source:6.1+$vmx"
	t bisect-step-good-base check_bisect_step 125 "cannot tell: the base does not show" \
		source:6.1 --base source:6.1
	t bisect-step-no-boot check_bisect_step 125 "cannot tell: QEMU ended" image:/dev/null
	t kick-process-does-not check_knobs_catch source:6.1+kick-process-does-not \
		notify.kernel_default_ring.reaches_a_spinning_thread \
		notify.planted_no_ipi_ignored_coop_taskrun_ring.reaches_a_spinning_thread \
		notify.signal_coop_taskrun_ring.reaches_a_spinning_thread
	t task-work-add-ignores-no-ipi check_knobs_catch source:6.1+task-work-add-ignores-no-ipi \
		notify.kernel_coop_taskrun_ring.reaches_a_spinning_thread \
		notify.no_ipi_default_ring.reaches_a_spinning_thread
	t knobs-idle check_knobs_idle
	t planted check_planted source:6.1 ppc64le "vs0 vs32 r11 CR"
	t "pages-$both" check_pages_caught "source:6.1+$both" \
		'[.uring, .uring_async, .uring_fixed] | map(.violations > 0 and .stored > 0 and
		(.classes | keys - ["register hole", "miscomputed"]) == []) | all'
	t pages-io-wq-write-loses-16-bytes check_pages_caught \
		source:6.1+io-wq-write-loses-16-bytes '[.uring, .uring_async, .uring_fixed] |
		map(.classes."register hole" > 0 and .places.cache > 0) | all'
	# shellcheck disable=SC2086 # a list
	t pages-bugs check_pages_caught "source:6.1$(printf '+%s' $PAGES_BUGS)" "$PAGES_TRACES"
	t pages-io-wq-write-is-misplaced check_pages_caught source:6.1+io-wq-write-is-misplaced \
		'[.uring, .uring_async, .uring_fixed] | map(.classes.misplaced > 0) | all'
	t pages-io-wq-cqe-before-data check_pages_caught source:6.1+io-wq-cqe-before-data \
		'[.uring, .uring_async, .uring_fixed] | map(.places.readback > 0) | all' \
		"-t 6 --engine uring,uring_async,uring_fixed,thread,kthread --dir /dev/shm"
	t pages-io-uring-fsync-is-lost check_pages_caught source:6.1+io-uring-fsync-is-lost \
		'[.uring_disk, .uring_async_disk] | map(.violations > 0 and
		(.places | keys) == ["unsynced"] and (.classes | keys) == ["stale"]) | all'
	t pages-disk-good check_pages_disk source:6.1 0 "$PAGES_GOOD"
	t pages-disk-bad check_pages_disk "source:6.1+$both" 1 \
		'[.variants[] | select(.name | test("^uring(_async|_fixed)?$")) |
		.stored > 0 and .places.memory == .violations] | all and length == 3'
	t order check_order source:6.1 ppc64le
	t order-try-to-wake-up-looks-first check_edges_caught try-to-wake-up-looks-first \
		kernel_order "-t 3" wake_up_process sleep_wake
	t rings check_rings source:6.1
	t rings-io-wq-cqe-before-data check_edges_caught io-wq-cqe-before-data ring_order "" \
		cqe_write fixed_write
	t rings-sqpoll-looks-first check_edges_caught sqpoll-looks-first ring_order "" sqpoll_wakeup
	t barrier-ctl check_barrier_ctl
	t probes-off check_probes_off
	t load-cycles check_load_cycles source:6.1 ppc64le "100${OPT_LONG:+0}"
	t fuzz-ppc64le check_fuzz source:6.1 ppc64le "100000${OPT_LONG:+0}"
	# arming takes several times as long there
	[ -z "$OPT_LONG" ] || t fuzz-x86_64 check_fuzz distro x86_64 100000
	t guest-warns check_guest_fault warns unwell 'the kernel reported: .*WARNING'
	t guest-dies check_guest_fault dies dead 'ended without a result'
	t guest-hangs check_guest_fault hangs dead 'no result within 15 s'
	t guest-does-not-boot check_guest_no_boot
	t interrupted check_interrupted INT vm --args "-t 60"
	t terminated-apart check_interrupted TERM mutants --tests source:6.1
	t killed check_interrupted KILL vm --args "-t 60"
	t incremental-build check_incremental

	for version in $versions; do
		for compiler in gcc clang; do
			for arch in x86_64 ppc64le arm64 ppc64; do
				t "build-$version-$compiler-$arch" check_build "$version" \
					"$compiler" "$arch"
			done
		done
		t "run-tests-$version-linked" check_run_tests "$version" link
		[ "$version" != 6.1 ] && [ -z "$OPT_LONG" ] ||
			t "run-tests-$version-copied" check_run_tests "$version" copy
		t "install-$version" check_install "$version"
	done
	t quiet-debian-ppc64le check_quiet distro ppc64le
	t quiet-debian-x86_64 check_quiet distro x86_64
	t quiet-debian-arm64 check_quiet distro arm64
	t planted-debian-x86_64 check_planted distro x86_64 "- [xyz]mm0 r11 FLAGS"
	t planted-debian-arm64 check_planted distro arm64 "- [vz]0 x17 NZCV"
	for version in $versions; do
		for arch in ppc64le x86_64 arm64 ppc64; do
			t "module-build-$version-$arch" check_module_build "$version" "$arch"
		done
	done
	# each with another kernel's build
	t io-uring-disabled check_io_uring_disabled
	for version in ${versions/6.1/}; do
		check_on "$version"
	done
	if [ -n "$OPT_LONG" ]; then
		# the patch is one of include/linux/sched.h, so all is built anew, before and after
		t order-set-current-state-without-mb check_edges_caught \
			set-current-state-without-mb kernel_order "-t 3" set_current_state \
			sleep_wake
		t claims-measured check_claims_measured
		t skips-i386 check_skips i386
		t skips-hppa check_skips hppa
		t quiet-6.1-ppc64 check_quiet source:6.1 ppc64
		t caught-6.1-powerpc-fork-clears-sprs check_caught 6.1 powerpc-fork-clears-sprs \
			"DSCR TAR VRSAVE"
		t caught-6.1-$both-ppc64 check_caught 6.1 "$both" "vs0 vs32" ppc64
		# one loop in nine fails, so 60 in a row pass once in a thousand times
		t mariadb-good check_mariadb 0 'violations 0 of 3 events' --kernel source:6.1 \
			--repeat 3
		t mariadb-bad check_mariadb 1 '^corrupted: violations 1 of' --repeat 60 \
			--kernel "source:6.1+$both"
		t mariadb-quick-bad check_mariadb 1 '^corrupted: violations 1 of' --quick \
			--repeat 60 --kernel "source:6.1+$both"
		t mariadb-knobs check_mariadb_knobs
		t mariadb-refused check_mariadb_refused
		for arch in x86_64 arm64; do
			t "storm-debian-$arch" check_storm distro "$arch" 60
		done
		t litmus-6.12 check_litmus 6.12
		t litmus-mainline check_litmus mainline
		t module-by-kselftest check_module_by_kselftest
		t module-in-tree check_module_in_tree
		t tree check_tree
		t bisect check_bisect
		t mutants check_mutants . "0 missed by all, 0 without an answer; 0 false alarms"
		# 7.2 does not boot with KASAN, and PROVE_LOCKING reports its console_init()
		t debug-kernel-6.1 check_debug_kernel source:6.1 CONFIG_PROVE_LOCKING=y \
			CONFIG_PPC_RADIX_MMU=y CONFIG_PPC_RADIX_MMU_DEFAULT=y \
			CONFIG_KASAN=y CONFIG_KASAN_VMALLOC=y
		t debug-kernel-mainline-preempt check_debug_kernel source:mainline \
			CONFIG_PREEMPT=y
	fi

	[ $((passed + failed + skipped)) != 0 ] ||
		die $EXIT_USAGE "--tests: no test's name matches '$OPT_TESTS'"
	say "1..$((passed + failed + skipped))"
	say "# $(((SECONDS - start) / 60)) min $(((SECONDS - start) % 60)) s"
	check_end
	[ "$failed" = 0 ] || exit $EXIT_FAIL
	# the whole of it is worth nothing without what this directory is for
	[ "$OPT_TESTS" != . ] || [ -n "$validated" ] ||
		die $EXIT_SKIP "validate came to no verdict here"
	[ "$passed" != 0 ] || exit $EXIT_SKIP
	exit 0
}

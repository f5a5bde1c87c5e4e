#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
#
# Debian's own kernels.

# shellcheck source=tests/lib.bash
. "$BATS_TEST_DIRNAME/lib.bash"

# What the tests here ask of one guest of each architecture.
guest_jobs()
{
	echo "quiet-debian-$2 $QUIET -c io_uring_coherency"
	echo "planted-debian-$2 $PLANTED$([ "$2" = arm64 ] || echo " fp") vector"
	[ "$2" = ppc64le ] || echo "reproducer-liburing-debian-$2 /guest.io-wq-registers"
	[ -z "$CHECK_LONG" ] || [ "$2" != x86_64 ] || echo "fuzz-x86_64 sh /guest.fuzz.sh 100000"
}

# The module can do nothing on PREEMPT_RT; what needs no module can.
check_preempt_rt()
{
	guest_script "$GUEST_TESTS/preempt_rt.sh"
	DISTRO_KERNEL['x86_64']=linux-image-rt-amd64
	OPT_ARCH=x86_64
	guest_of distro ""
	grep '^all is well$' "$GUEST/ktap"
}

# Many CPUs: Debian's kernel has room for them.
check_all_cpus()
{
	guest_script "$GUEST_TESTS/all_cpus.sh"
	OPT_ARCH=x86_64 OPT_SMP=64
	guest_of distro ""
	grep '^all is well$' "$GUEST/ktap"
}

@test "quiet-debian-ppc64le" { t check_quiet distro ppc64le; }
@test "planted-debian-ppc64le" { t check_planted distro ppc64le "vs0 vs32 r11 CR"; }
@test "quiet-debian-x86_64" { t check_quiet distro x86_64; }
@test "planted-debian-x86_64" { t check_planted distro x86_64 "FSW_FCW [xyz]mm0 r11 FLAGS"; }
@test "reproducer-liburing-debian-x86_64" { t check_liburing_quiet distro x86_64; }
@test "quiet-debian-arm64" { t check_quiet distro arm64; }
@test "planted-debian-arm64" { t check_planted distro arm64 "- [vz]0 x17 PSTATE"; }
@test "reproducer-liburing-debian-arm64" { t check_liburing_quiet distro arm64; }
# bats test_tags=long
@test "fuzz-x86_64" { t check_fuzz distro x86_64 100000; }
# bats test_tags=long
@test "storm-debian-x86_64" { t check_storm distro x86_64; }
# bats test_tags=long
@test "storm-debian-arm64" { t check_storm distro arm64; }
# bats test_tags=long
@test "refused-preempt-rt" { t check_preempt_rt; }
# bats test_tags=long
@test "all-cpus" { t check_all_cpus; }

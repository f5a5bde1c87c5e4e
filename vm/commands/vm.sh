# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The selftests on another kernel, inside QEMU: run_tests.sh vm. Sourced by run_tests.sh.

COMMAND_SUMMARY="the same on another kernel, inside QEMU"
COMMAND_OPTIONS="kernel detector args $GUEST_OPTIONS"

run_vm()
{
	local code

	kernel_check "$OPT_KERNEL"
	start
	command_packages "$OPT_ARCH" "$OPT_KERNEL" --
	userspace_get "$OPT_ARCH"
	result_open vm
	kernel_get "$OPT_KERNEL" "$OPT_ARCH"
	module_get "$OPT_ARCH"
	guest_test "run in QEMU" "$RESULT" "$OPT_ARGS $(detector_only)" 60 \
		${GIVEN[detector]:+"$OPT_DETECTOR"}
	say "kernel: $KERNEL_NAME ($OPT_ARCH, $(cat "$RESULT/qemu-version"))"
	if [ -s "$RESULT/ktap" ]; then
		cat "$RESULT/ktap"
		code=$(ktap_code "$RESULT/ktap")
	fi
	if [ "$GUEST_STATE" != ok ]; then
		guest_console "$RESULT"
		result_close
		[ "$GUEST_STATE" != no-boot ] || die $EXIT_SKIP "$GUEST_REASON"
		die $EXIT_FAIL "$GUEST_REASON"
	fi
	result_close
	exit "$code"
}

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A kernel with PREEMPT_RT: the module refuses it, and what needs the module has no answer.

grep -q 1 /sys/kernel/realtime || exit 1
! insmod ppc_barrier_test/ppc_barrier_test.ko || exit 1
dmesg | grep "ppc_barrier_test: not for kernels with PREEMPT_RT" || exit 1
for command in "./barrier_ctl --notify no_ipi -- true" ./module_knobs; do
	# shellcheck disable=SC2086 # words
	$command
	code=$?
	[ $code = 4 ] || exit 1
done
./live_registers -t 3 -n 300 --only poll_wake_default
./ring_complete -t 1 --case links
[ ! -e /sys/module/ppc_barrier_test ] && echo "all is well"

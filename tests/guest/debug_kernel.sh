#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# debug_kernel.sh SECONDS: the storms, SECONDS for each file system, and the module's programs on a
# kernel that looks for leaks, and reports what else is wrong. What the programs measure is not
# asked here: with KASAN, lock order and TCG an idle call takes longer than some of their delays.

leaks=/sys/kernel/debug/kmemleak
echo clear >$leaks || exit 1
sh /guest.storm.sh "$1" || exit 1
for program in "live_registers -t 10 -n 300" "kernel_order -t 1" module_offload module_knobs; do
	echo "running $program"
	# shellcheck disable=SC2086 # words
	./$program
	code=$?
	[ $code -le 4 ] || exit 1
done
[ ! -e /sys/module/ppc_barrier_test ] || exit 1
sleep 6		# what is younger than 5 s is not reported
echo scan >$leaks
echo scan >$leaks
cat $leaks
[ -z "$(cat $leaks)" ] && echo "all is well"

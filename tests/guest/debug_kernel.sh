#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The module's programs on a kernel that looks for leaks, and reports what else is wrong.

leaks=/sys/kernel/debug/kmemleak
echo clear >$leaks || exit 1
for program in module_knobs module_offload module_knobs \
	"live_registers -t 20 -n 300" "kernel_order -t 3" module_knobs; do
	echo "running $program"
	# shellcheck disable=SC2086 # words
	./$program || exit 1
done
[ ! -e /sys/module/ppc_barrier_test ] || exit 1
sleep 6		# what is younger than 5 s is not reported
echo scan >$leaks
echo scan >$leaks
cat $leaks
[ -z "$(cat $leaks)" ] && echo "all is well"

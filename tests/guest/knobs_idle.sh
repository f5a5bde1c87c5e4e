#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A variant under a knob, with probes that act and without; and the bank's own test.

./regs_test || exit 1
for acts in 0 1; do
	echo $acts >/proc/sys/kernel/ftrace_enabled || exit 1
	./live_registers -t 20 -n 110 --only create_worker_cb_default_by_no_ipi \
		--json "$IO_URING_COHERENCY_RESULTS"/acts-$acts.json
	echo "code $?"
done

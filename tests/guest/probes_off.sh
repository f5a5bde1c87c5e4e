#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Knobs while the probes of this kernel are switched off, or miss calls.

no_answer()
{
	want=$1
	shift
	"$@" >/tmp/out 2>&1
	code=$?
	cat /tmp/out
	[ $code = 4 ] && grep -q "$want" /tmp/out && return 0
	echo "failed: $*: code $code"
	exit 1
}
for switch in /proc/sys/kernel/ftrace_enabled /sys/kernel/debug/kprobes/enabled; do
	echo 0 >$switch || exit 1
	no_answer "probes of this kernel do not act" \
		./barrier_ctl --at io_write=udelay:1000 -- true
	no_answer "probes of this kernel do not act" ./live_registers -t 2 \
		--only poll_wake_default_by_no_ipi
	echo 1 >$switch || exit 1
	no_answer "were switched off meanwhile" ./barrier_ctl --notify no_ipi \
		--json "$IO_URING_COHERENCY_RESULTS"/off.json -- sh -c "echo 0 >$switch"
	echo 1 >$switch || exit 1
	./barrier_ctl --notify no_ipi --json "$IO_URING_COHERENCY_RESULTS"/on.json -- true ||
		exit 1
done
./module_storm miss || exit
no_answer "calls were missed by probes" ./barrier_ctl --at try_to_wake_up=none \
	--json "$IO_URING_COHERENCY_RESULTS"/missed.json -- ./module_storm miss
echo "all is well"

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# barrier_ctl: its codes, what is missing, and knobs that reach the command.

is()
{
	want=$1
	shift
	"$@" >/tmp/out 2>&1
	code=$?
	[ $code = "$want" ] && return 0
	cat /tmp/out
	echo "failed: $*: code $code, not $want"
	exit 1
}
is 0 ./barrier_ctl --list
cat /tmp/out
grep -q 'generic_perform_write_exit' /tmp/out || exit 1
is 7 ./barrier_ctl -- sh -c 'exit 7'
is 137 ./barrier_ctl -- sh -c 'kill -9 $$'
is 127 ./barrier_ctl -- /nowhere
is 4 ./barrier_ctl --at kick_process=flush_dcache -- touch /tmp/ran
cat /tmp/out
grep -q 'flush_dcache at kick_process' /tmp/out || exit 1
[ ! -e /tmp/ran ] || exit 1
is 0 ./barrier_ctl --ignore-missing --at kick_process=flush_dcache -- \
	touch /tmp/ran
[ -e /tmp/ran ] || exit 1
is 0 ./barrier_ctl --notify no_ipi --at try_to_wake_up=none \
	--json "$IO_URING_COHERENCY_RESULTS"/knobs.json -- \
	./live_registers --only poll_wake_default -t 2 -n 200
cat /tmp/out
is 0 ./barrier_ctl --workers 1 --pin-workers --json "$IO_URING_COHERENCY_RESULTS"/workers.json -- \
	./page_integrity --dir /dev/shm --no-module --engine uring_async -t 1
cat /tmp/out
[ ! -e /sys/module/ppc_barrier_test ] || exit 1
echo "all is well"

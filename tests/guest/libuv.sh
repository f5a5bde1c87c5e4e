#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# libuv.sh ROUNDS: libuv's own tests, by one program: without io_uring, which seccomp forbids, and
# with it. In the results of each: NAME.tap, and NAME.trace, the rings and completions of it.

here=$PWD
trace=/sys/kernel/tracing

# a test of its own that is late here is none that fails
export UV_RUN_AS_ROOT=1 UV_USE_IO_URING=1 UV_TEST_TIMEOUT_MULTIPLIER=10

# round NAME COMMAND...
round()
{
	name=$1
	shift
	mkdir -p /tmp/libuv/test
	cd /tmp/libuv || exit 1
	tar -C test -xf /guest.fixtures || exit 1
	echo >$trace/trace
	"$@" /guest.uv_run_tests_a >"$IO_URING_COHERENCY_RESULTS/$name.tap" 2>&1 </dev/null
	grep -E 'io_uring_(create|complete):' $trace/trace \
		>"$IO_URING_COHERENCY_RESULTS/$name.trace"
	cd / && rm -rf /tmp/libuv
	echo "$name is over at $(cut -d ' ' -f 1 /proc/uptime) s"
}

for event in create complete; do
	echo 1 >$trace/events/io_uring/io_uring_$event/enable || exit 1
done
for n in $(seq "$1"); do
	round without."$n" "$here/without_io_uring"
	round with."$n"
done
echo "all is well"

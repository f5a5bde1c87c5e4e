#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# load_cycles.sh CYCLES: the module comes and goes, under load and by programs that are killed, and
# by two programs in each other's way. In the end nothing of it is left.

cycles=$1
ko=ppc_barrier_test/ppc_barrier_test.ko
load=
n=0

die()
{
	echo "failed: $*, cycle $n"
	# or the guest waits for it
	[ -z "$load" ] || kill "$load"
	exit 1
}

left()
{
	ls -d /sys/module/ppc_barrier_test /dev/ppc_barrier_test 2>/dev/null
	pgrep -l '^(module_|live_reg|kernel_ord|pbt_)'
}

gone()
{
	try=0
	while [ -n "$(left)" ] && [ $try -lt 100 ]; do
		sleep 0.1
		try=$((try + 1))
	done
	left
	[ -z "$(left)" ]
}

# ctl ARGUMENT...: barrier_ctl. One call that a probe missed is more than 1 % of the few that a
# short command makes; these are counted in a file.
ctl()
{
	said=$(./barrier_ctl "$@" 2>&1) && return 0
	echo "$said"
	case $said in
	*"no answer about the knobs: "*" missed by probes"*) echo missed >>/tmp/missed ;;
	*) return 1 ;;
	esac
}

twenty()
{
	for pause in $(seq 20); do
		ctl --at kick_process=none -- sleep 0.0$((pause * $1 % 7)) || return
	done
}

./live_registers --no-module -t 1000 >/dev/null &
load=$!
while [ $n -lt "$cycles" ]; do
	insmod $ko || die insmod
	ctl --at try_to_wake_up=none --at kick_process_exit=mb -- sh -c 'true | true' >/tmp/out ||
		die "barrier_ctl: $(tail -n 1 /tmp/out)"
	rmmod ppc_barrier_test || die rmmod
	n=$((n + 1))
done
kill "$load"
load=

# not while somebody has it open
insmod $ko || die insmod
./barrier_ctl --at try_to_wake_up=none -- sleep 1 2>/dev/null &
sleep 0.3
rmmod ppc_barrier_test 2>/dev/null && die "rmmod of what is in use"
wait $!
rmmod ppc_barrier_test || die "last rmmod"
gone || die "something is left"

# a shell without a terminal has its jobs ignore SIGINT; SIGTERM does the same
for signal in TERM KILL; do
	for program in module_knobs module_offload live_registers kernel_order; do
		./$program >/tmp/out &
		sleep 3
		[ -e /sys/module/ppc_barrier_test ] || die "$program loads nothing"
		kill -$signal $!
		gone || die "$program leaves something behind SIG$signal"
	done
done

twenty 1 >/tmp/out1 &
first=$!
twenty 2 >/tmp/out2 &
second=$!
wait $first || die "barrier_ctl beside another: $(tail -n 1 /tmp/out1)"
wait $second || die "barrier_ctl beside another: $(tail -n 1 /tmp/out2)"
gone || die "two programs leave something behind"

touch /tmp/missed
missed=$(wc -l </tmp/missed)
echo "no answer for missed calls: $missed of $((cycles + 40))"
[ $((10 * missed)) -le "$cycles" ] || die "$missed have no answer"
echo "cycles $n"

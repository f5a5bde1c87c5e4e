#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# In the place of run_kselftest.sh: results that take no time. It says the name of its machine, as a
# program might that is not ours. What $FAULT says comes after the first results: its connection
# dies, its shell is killed, or it is late; "fails" is a violation.

fault=${FAULT:-}
outcome=pass violations=0
[ "$fault" != fails ] || outcome=fail violations=3

# ancestor NAME: the process of that name that this one came from
ancestor()
{
	pid=$$
	while [ "$(cat "/proc/$pid/comm")" != "$1" ]; do
		pid=$(sed 's/.*) [A-Z] \([0-9]*\) .*/\1/' "/proc/$pid/stat")
	done
	echo "$pid"
}

echo "TAP version 13"
echo "1..2"
echo "# host is secret-host.example.org, and secret-host"
[ "$outcome" = pass ] || printf 'not '
echo "ok 1 selftests: io_uring_coherency: live_registers"
cat >"$IO_URING_COHERENCY_RESULTS/live_registers.json" <<END
{ "program": "live_registers", "kernel": "$(uname -r)", "kernel_version": "$(uname -v)",
  "machine": "$(uname -m)", "args": "$KSELFTEST_LIVE_REGISTERS_ARGS", "variants": [
  { "name": "poll_wake_default", "outcome": "$outcome", "text": "", "events": 1000,
    "violations": $violations } ] }
END
case $fault in
dies)
	kill -KILL "$(ancestor sshd)"
	sleep 600
	;;
killed)
	kill -KILL "$(ancestor bash)"
	sleep 600
	;;
late) sleep 600 ;;
esac
echo "ok 2 selftests: io_uring_coherency: ring_order # SKIP"

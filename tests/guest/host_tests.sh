#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# In the place of run_kselftest.sh: a result that takes no time. It says the name of its machine,
# as a program might that is not ours. What FAULT, a file beside it, says: it dies, or is late.

fault=$(cat "$(dirname "$0")/fault" 2>/dev/null || true)

echo "TAP version 13"
echo "1..2"
echo "# host is secret-host.example.org, and secret-host"
echo "ok 1 selftests: io_uring_coherency: live_registers"
cat >"$IO_URING_COHERENCY_RESULTS/live_registers.json" <<END
{ "program": "live_registers", "kernel": "$(uname -r)", "variants": [
  { "name": "poll_wake_default", "outcome": "pass", "text": "", "events": 1000,
    "violations": 0 } ] }
END
case $fault in
dies) kill -KILL $PPID ;;
late) sleep 600 ;;
esac
echo "ok 2 selftests: io_uring_coherency: ring_order # SKIP"

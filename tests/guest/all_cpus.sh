#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# all_cpus.sh: live_registers has a submitter for two of the CPUs that it may use, and each of these
# works for it: on a machine of 64, and with a part of them, by taskset and by a cpuset.

TICKS=3		# that a CPU may have which are not for it

# on SUBMITTERS FROM TO COMMAND...
on()
{
	submitters=$1 from=$2 to=$3 json=$IO_URING_COHERENCY_RESULTS/of-$1.json
	shift 3
	grep '^cpu[0-9]' /proc/stat >/tmp/before
	"$@" ./live_registers --no-module -t 10 --only poll_wake_default --json "$json" || exit
	grep '^cpu[0-9]' /proc/stat |
		awk -v from="$from" -v to="$to" -v most=$TICKS '
			NR == FNR {
				was[$1] = $2 + $3 + $4
				next
			}
			{
				cpu = substr($1, 4) + 0
				ticks = $2 + $3 + $4 - was[$1]
				wanted = cpu >= from && cpu <= to
				right += (ticks > most) == wanted
				line = line " " ticks
			}
			END {
				print "ticks of each:" line
				print "of " NR / 2 " CPUs " right " as they should"
				exit right != NR / 2
			}' /tmp/before - || exit
	grep "\"submitters\": $submitters," "$json" || exit
}

on 32 0 63
on 8 40 55 taskset -c 40-55
mkdir /tmp/cpuset
mount -t cgroup -o cpuset none /tmp/cpuset
mkdir /tmp/cpuset/part
echo 3-14 >/tmp/cpuset/part/cpuset.cpus
echo 0 >/tmp/cpuset/part/cpuset.mems
echo $$ >/tmp/cpuset/part/tasks
on 6 3 14
echo "all is well"

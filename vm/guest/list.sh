#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What /guest.list says, in this order. Each line: a directory below /results, which is that of the
# command's results, a file there for its output, the command. It tells the commands that ended in
# the directory's file "commands": output, exit code, from, to (in seconds since the boot).

while read -r dir out command; do
	echo "$dir $out"
	mkdir -p "/results/$dir"
	export IO_URING_COHERENCY_RESULTS="/results/$dir"
	start=$(cut -d " " -f 1 /proc/uptime)
	sh -c "$command" </dev/null >"/results/$dir/$out" 2>&1
	echo "$out $? $start $(cut -d " " -f 1 /proc/uptime)" >>"/results/$dir/commands"
done </guest.list

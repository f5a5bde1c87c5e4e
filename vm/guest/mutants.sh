#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Detectors in the order of /guest.list. Each line: a directory below /results, a fault to plant or
# -, a detector, its options.

while read -r dir plant name args; do
	echo "$dir $name"
	mkdir -p "/results/$dir"
	export IO_URING_COHERENCY_RESULTS="/results/$dir"
	under=
	[ "$plant" = - ] || under="./barrier_ctl --plant $plant --"
	start=$(cut -d " " -f 1 /proc/uptime)
	# shellcheck disable=SC2086 # words
	$under "./$name" $args </dev/null >"/results/$dir/$name.out" 2>&1
	echo "$name $? $start $(cut -d " " -f 1 /proc/uptime)" >>"/results/$dir/detectors"
done </guest.list

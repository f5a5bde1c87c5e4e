#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The settings of claims in the order of /guest.plan, a name and a command a line. Where there is no
# module none is loaded.

ko=ppc_barrier_test/ppc_barrier_test.ko
[ ! -e $ko ] || insmod $ko || exit 1
while read -r name command; do
	echo "$name: $command"
	# shellcheck disable=SC2086 # words
	$command --json "/results/$name.json" </dev/null >"/results/$name.out" 2>&1
	echo "$name: code $?"
done </guest.plan

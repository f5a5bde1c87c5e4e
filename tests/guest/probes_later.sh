#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What the module can probe while tracers of others have all places of the function graph, and when
# they have gone: the first is no answer for the second.

instances=/sys/kernel/tracing/instances

insmod ppc_barrier_test/ppc_barrier_test.ko || exit 1
for n in $(seq 20); do
	mkdir $instances/"$n" || exit 1
	echo vfs_link >$instances/"$n"/set_ftrace_filter || exit 1
	echo function_graph >$instances/"$n"/current_tracer || break
done
echo "places are taken by $n"
./barrier_ctl --list | grep '^filemap_read_exit .*yes' && exit 1
for n in $(seq "$n"); do
	echo nop >$instances/"$n"/current_tracer
	rmdir $instances/"$n" || exit 1
done
./barrier_ctl --list | grep '^filemap_read_exit .*yes' || exit 1
rmmod ppc_barrier_test || exit 1
echo "all is well"

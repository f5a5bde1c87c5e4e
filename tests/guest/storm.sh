#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# storm.sh SECONDS: what could crash a kernel through the module.

seconds=$1
for fs in ext4 xfs; do
	mkdir -p /mnt/$fs
	grep " /mnt/$fs " /proc/mounts || mount -t ramfs none /mnt/$fs || exit
	./module_storm toggle "$seconds" /mnt/$fs/file || exit
done
if grep " xfs " /proc/mounts; then
	./module_storm sleep /mnt/ext4/file /mnt/xfs || exit
fi
./module_storm wake 1000 10000 || exit
./module_storm signal 400 10000 || exit
rmmod ppc_barrier_test 2>/dev/null
echo "storm is over"

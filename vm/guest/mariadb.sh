#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# mariadb.sh FORM LOOPS STARTS KNOBS: mariadb_loop.sh in the root file system of /mnt/root, under
# barrier_ctl with KNOBS if there are any. Before it, so many fresh starts of the detectors.

form=$1 loops=$2 starts=$3 knobs=$4
root=/mnt/root

for i in $(seq "$starts"); do
	./live_registers --no-module --stop-first \
		--json "/results/live_registers.$i.json" >/dev/null 2>&1
	./page_integrity --dir /dev/shm --no-module --engine uring -t 60 --stop-first \
		--json "/results/page_integrity.$i.json" >/dev/null 2>&1
done

[ -d $root/usr/share/mysql ] || {
	echo "this kernel has no disk: it needs ext4 and virtio_blk built in" >/results/errors
	exit 1
}
hostname localhost
mkdir -p /dev/pts
mount -t devpts pts /dev/pts
for dir in dev proc sys results; do mount -o rbind /$dir $root/$dir; done
for dir in tmp run var/tmp; do mount -t tmpfs tmp $root/$dir; done
cp /guest.mariadb_loop $root/tmp/mariadb_loop.sh
set -- chroot $root /bin/sh /tmp/mariadb_loop.sh "$form" "$loops" /results /dev/shm/mysql \
	/usr/share/mysql/mysql-test
# shellcheck disable=SC2086 # words
[ -z "$knobs" ] || set -- ./barrier_ctl $knobs --json /results/knobs.json -- "$@"
PATH=$PATH:/usr/local/bin "$@" 2>/results/errors

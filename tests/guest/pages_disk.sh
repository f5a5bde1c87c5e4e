#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# pages_disk.sh CODE: page_integrity ends so on each file system with a disk.

want=$1
for fs in ext4 xfs; do
	for direct in "" --direct; do
		echo "$fs $direct"
		# shellcheck disable=SC2086 # none or one
		./page_integrity --dir /mnt/$fs $direct -t 1 \
			--json "$IO_URING_COHERENCY_RESULTS"/pages-$fs$direct.json
		code=$?
		[ $code = "$want" ] || exit 1
	done
done
echo "all is well"

#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# Process 1 of a guest. Runs the kselftest, or /guest.sh where the host put one, and hands
# /results back by a second serial line: the console belongs to the kernel and is never read for
# the verdict. The archive holds the exit code, so one that was cut short is no result.

/bin/busybox --install -s
export PATH=/usr/bin:/usr/sbin:/bin:/sbin
mount -t proc none /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
ln -s /proc/self/fd /dev/fd
ln -s /proc/self/fd/0 /dev/stdin
ln -s /proc/self/fd/1 /dev/stdout
ln -s /proc/self/fd/2 /dev/stderr
mount -t tmpfs tmp /tmp
mount -t tmpfs results /results
mkdir -p /dev/shm
mount -t tmpfs shm /dev/shm
mount -t debugfs debug /sys/kernel/debug 2>/dev/null
mount -t tracefs trace /sys/kernel/tracing 2>/dev/null
ip link set lo up 2>/dev/null
for disk in /sys/block/vd*; do
	[ -e "$disk" ] || continue
	type=$(cat "$disk/serial")
	mkdir -p "/mnt/$type"
	case $type in
	root) mount -t ext4 -o ro "/dev/${disk##*/}" /mnt/root ;;
	*) mount -t "$type" "/dev/${disk##*/}" "/mnt/$type" ;;
	esac
done

# the host ends a guest that takes too long; without the command the runner sets no limit
rm -f /usr/bin/timeout

line=$(sed -n 's/.*coherency.result=\([^ ]*\).*/\1/p' /proc/cmdline)

export IO_URING_COHERENCY_RESULTS=/results
SELECT="-c io_uring_coherency"	# for run_kselftest.sh; guest.env may have another
UNDER=				# that is run under this command
# shellcheck source=/dev/null
[ ! -r /guest.env ] || . /guest.env
cd /kselftest || exit 1
echo "coherency: guest is up" | tee /dev/kmsg
{
	if [ -x /guest.sh ]; then
		/guest.sh
	else
		# shellcheck disable=SC2086 # words
		$UNDER ./run_kselftest.sh $SELECT
	fi
	echo $? >/results/exit
} 2>&1 | tee /results/ktap
dmesg >/results/dmesg

# held open: hvc forgets its settings with the last close (TTY_DRIVER_RESET_TERMIOS)
exec 3>"/dev/$line"
stty -F "/dev/$line" raw -echo
tar -C /results -cf - . >&3
exec 3>&-
poweroff -f

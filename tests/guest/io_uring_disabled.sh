#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Programs on a kernel that forbids io_uring.

echo 2 >/proc/sys/kernel/io_uring_disabled || exit 1
./live_registers -t 0.2
echo "code $?"
./page_integrity -t 0.1 --engine uring
echo "code $?"

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# fault.sh warns|dies|hangs: what a guest's harness must notice.

case $1 in
warns) echo "WARNING: CPU: 0 PID: 1 at nowhere" >/dev/kmsg ;;
dies) poweroff -f ;;
hangs) sleep 1000 ;;
esac

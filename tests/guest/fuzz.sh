#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# fuzz.sh CALLS: random ioctls.

IO_URING_COHERENCY_FUZZ=$1 exec ./module_knobs

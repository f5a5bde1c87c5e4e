#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Known bad kernels: each is caught, as what it is.

# Pages on a bad kernel, by what jq says of the engines; those without io_uring write none wrong.
# check_pages_caught KERNEL JQ [ARGS]
check_pages_caught()
{
	OPT_ARCH=ppc64le
	guest_of "$1" "${3:--t 1}" page_integrity
	jq -e '.variants | map({key: .name, value: .}) | from_entries | '"$2" "$PAGES"
	jq -e '[.variants[] | select(.name == "thread" or .name == "kthread") |
		.outcome == "pass"] | all and length == 2' "$PAGES"
}

# Bugs of io_uring that fit into one kernel, since each leaves a trace of its own; and those traces.
PAGES_BUGS="io-wq-write-is-dropped io-wq-write-is-short io-wq-write-is-torn
	io-wq-write-leaves-zeroes io-wq-write-leaves-stale-line io-wq-write-loses-page-tail
	io-wq-write-scribbles-buffer io-wq-read-is-dropped sqpoll-takes-stale-offset"
PAGES_TRACES='([.uring, .uring_async, .uring_fixed] | map(.places.memory_after > 0 and
	([.classes["stale", "wrong result", "torn", "zeroes", "mosaic", "register hole"] > 0] |
	all)) | all) and ([.uring_async, .uring_fixed] | map(.classes."not read" > 0) | all) and
	.uring_sqpoll.classes.misplaced > 0 and .uring_async.classes.misplaced == null'

# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The statements of the two mails, measured: run_tests.sh claims. claims.c has the settings and
# decides; here they are run in guests and counted. Sourced by run_tests.sh.

# Settings of a guest in random order, each once. Its seed is the first argument.
# shellcheck disable=SC2016 # expanded in the guest
CLAIMS_GUEST='ko=ppc_barrier_test/ppc_barrier_test.ko
[ ! -e $ko ] || insmod $ko || exit 1
./claims --plan "$guest" --seed "$seed" >/tmp/plan || exit 1
while read -r name command; do
	echo "$name: $command"
	# shellcheck disable=SC2086 # words
	$command --json /results/$name.json </dev/null >/results/$name.out 2>&1
	echo "$name: code $?"
done </tmp/plan'

# claims_guest GUEST KERNEL ARCH ROUND: runs the settings of one guest, and adds their counts.
claims_guest()
{
	local guest=$1 dir=$RESULT/$4-$1 json OPT_ARCH=$3

	printf '#!/bin/sh\ncd /kselftest/io_uring_coherency\nguest=%s\nseed=%s\n%s\n' \
		"$guest" "$((OPT_SEED + $4))" "$CLAIMS_GUEST" >"$SCRATCH/guest.sh"
	chmod 755 "$SCRATCH/guest.sh"
	userspace_get "$OPT_ARCH"
	kernel_get "$2" "$OPT_ARCH"
	KERNEL_MODULE=
	rm -f "$SCRATCH"/disk.*
	case $guest in
	bad | good) module_get "$OPT_ARCH" ;;&
	bad) guest_disks ;;
	esac
	guest_run "$OPT_ARCH" "$dir" "round $4: $guest ($KERNEL_NAME, $OPT_ARCH)" 60
	if [ "$GUEST_STATE" != ok ]; then
		guest_console "$dir"
		die "$EXIT_FAIL" "$guest: $GUEST_REASON"
	fi
	# what was skipped has no events to go by, but the reason may be the answer
	for json in "$dir"/*.json; do
		[ ! -e "$json" ] || jq -r --arg name "$(basename "$json" .json)" '.variants[] |
			select(.outcome != "" and .text != "not asked for") |
			if .outcome == "skip" then "\($name) 0 0 skip"
			else "\($name) \(.events) \(.violations) \(.outcome)" end' "$json"
	done >>"$RESULT/counts"
}

# Rounds of all settings, until every claim is decided or the time is over.
run_claims()
{
	local round code=$EXIT_SKIP start=$SECONDS

	kernel_check "$OPT_BASE"
	kernel_check "$OPT_FIXED"
	start
	need_packages jq
	host_get
	result_open claims
	say "seed: $OPT_SEED"
	for ((round = 1; code == EXIT_SKIP; round++)); do
		claims_guest bad "$OPT_BASE" "$OPT_ARCH" $round
		claims_guest good "$OPT_FIXED" "$OPT_ARCH" $round
		if [ $round = 1 ]; then
			claims_guest x86_64 distro x86_64 $round
			claims_guest arm64 distro arm64 $round
		fi
		code=0
		"$HOST/claims" --decide <"$RESULT/counts" >"$RESULT/report" || code=$?
		[ $((SECONDS - start)) -lt "$OPT_SECONDS" ] || break
	done
	cat "$RESULT/report"
	result_close
	exit "$code"
}

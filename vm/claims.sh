# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The statements of the two mails, measured: run_tests.sh claims, and merge. claims.c has the
# settings and decides; here they are run in guests and counted. Sourced by run_tests.sh.

# A plan in the order in which it is given. Without module_get() there is no module to load.
# shellcheck disable=SC2016 # expanded in the guest
CLAIMS_GUEST='#!/bin/sh
cd /kselftest/io_uring_coherency || exit 1
ko=ppc_barrier_test/ppc_barrier_test.ko
[ ! -e $ko ] || insmod $ko || exit 1
while read -r name command; do
	echo "$name: $command"
	# shellcheck disable=SC2086 # words
	$command --json /results/$name.json </dev/null >/results/$name.out 2>&1
	echo "$name: code $?"
done <<PLAN'

# claims_guest GUEST KERNEL ARCH ROUND: runs what is left to do in one guest, and adds its counts.
claims_guest()
{
	local guest=$1 dir=$RESULT/$4-$1 OPT_ARCH=$3

	"$HOST/claims" --plan "$guest" --seed "$((OPT_SEED + $4))" --look "$4" \
		<"$RESULT/counts" >"$SCRATCH/plan"
	[ -s "$SCRATCH/plan" ] || return 0
	{
		say "$CLAIMS_GUEST"
		cat "$SCRATCH/plan"
		say PLAN
	} >"$SCRATCH/guest.sh"
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
	claims_collect "$dir"
}

# claims_collect DIRECTORY: what was run there, one JSON object for each setting. What was skipped
# has no events to go by, but the reason may be the answer; unless it is that they were too few.
claims_collect()
{
	local name knobs

	while read -r name _; do
		[ -e "$1/$name.json" ] || continue
		knobs=$1/$name.knobs
		[ -e "$knobs" ] || knobs=/dev/null
		jq -c --arg name "$name" --slurpfile knobs "$knobs" '.kernel as $kernel |
			.variants[] | select(.outcome != "" and .text != "not asked for") |
			{ name: $name, kernel: $kernel, outcome, text, first_ms,
			  events: (if .outcome == "skip" then 0 else .events end),
			  violations: (if .outcome == "skip" then 0 else .violations end),
			  delivered: (.delivered // ($knobs[0].workers |
				if . then [.live, .dead | to_entries[]] | group_by(.key) | map({
					key: .[0].key | gsub("_"; " "),
					value: (map(.value) | add) }) | from_entries
				else null end)) }' "$1/$name.json"
	done <"$SCRATCH/plan" >>"$RESULT/runs"
	jq -r '[.name, .events, .violations] + ([.outcome == "pass", .outcome == "fail",
			(.outcome == "skip" and (.text | test("^inconclusive") | not))] |
			map(if . then 1 else 0 end)) |
		map(tostring) | join(" ")' "$RESULT/runs" >"$RESULT/counts"
}

# claims_decide LOOK: by the counts, results.json, which begins with the runs that they come from.
# Returns the code of the decision.
claims_decide()
{
	local code=0

	"$HOST/claims" --decide --look "$1" --json "$SCRATCH/decided.json" <"$RESULT/counts" \
		>"$RESULT/ktap" || code=$?
	[ -e "$SCRATCH/decided.json" ] || die "$EXIT_FAIL" "claims did not decide"
	jq --slurpfile runs "$RESULT/runs" --slurpfile machines "$RESULT/machines" '
		{ program: "claims", schema: 1, machines: $machines } + . |
		.settings |= map(.name as $name | [$runs[] | select(.name == $name)] as $mine |
			. + { runs: $mine,
			      delivered: ([$mine[].delivered // {} | to_entries[]] |
				group_by(.key) | map({key: .[0].key, value: (map(.value) | add)}) |
				from_entries) })' "$SCRATCH/decided.json" >"$RESULT/results.json"
	return $code
}

# The table for people: a line for each relation that a claim is made of.
claims_table()
{
	jq -r 'def short: if . == 0 then "0" else (. as $x |
			pow(10; 2 - ($x | log10 | floor)) as $p | $x * $p | round / $p |
			tostring) end;
		def rate: if .events == 0 then (if .skip > 0 then "skipped" else "not run" end)
			elif .violations == 0 then "0 of \(.events), < \(.rate_high | short)"
			else "\(.violations / .events | short) " +
				"(\(.rate_low | short) to \(.rate_high | short))" end;
		(.settings | map({key: .name, value: .}) | from_entries) as $s |
		"claim|decision|setting|rate (95 %)|against",
		(.claims[] | . as $c | .conditions | to_entries[] |
			"\(if .key == 0 then $c.id else "" end)|" +
			"\(if .key == 0 then $c.decision else "" end)|\(.value.setting)|" +
			"\($s[.value.setting] | rate)|" +
			"\(if .value.other == "" then "" else $s[.value.other] | rate end)")' \
		"$RESULT/results.json" | column_align
}

# shellcheck source=vm/claims_page.sh
. "$TOP/vm/claims_page.sh"

# What all runs end with.
claims_report()
{
	cat "$RESULT/ktap"
	claims_page
	claims_table | tee "$RESULT/report"
	result_close
	say "page: $RESULT_FINAL/index.html"
}

# Rounds of all settings, until every claim is decided or the time is over.
run_claims()
{
	local round code=$EXIT_SKIP start=$SECONDS

	kernel_check "$OPT_BASE"
	kernel_check "$OPT_FIXED"
	start
	need_packages jq gnuplot-nox
	host_get claims
	result_open claims
	: >"$RESULT/counts"
	say "seed: $OPT_SEED"
	for ((round = 1; code == EXIT_SKIP; round++)); do
		claims_guest bad "$OPT_BASE" "$OPT_ARCH" $round
		claims_guest good "$OPT_FIXED" "$OPT_ARCH" $round
		claims_guest x86_64 distro x86_64 $round
		claims_guest arm64 distro arm64 $round
		jq -n --arg seed "$OPT_SEED" --arg rounds "$round" --arg seconds \
			"$((SECONDS - start))" --arg base "$OPT_BASE" --arg fixed "$OPT_FIXED" \
			--arg arch "$OPT_ARCH" --arg date "$(date -u +%FT%TZ)" \
			--arg accel "$OPT_ACCEL" --arg smp "$OPT_SMP" \
			--arg qemu "$(cat "$RESULT"/1-bad/qemu-version)" \
			--arg host "$(uname -srm)" '{ $date, $host, $qemu, $accel, $arch, $base,
			$fixed } + ({ $seed, $rounds, $seconds, $smp } | map_values(tonumber))' \
			>"$RESULT/machines"
		code=0
		claims_decide "$round" || code=$?
		say "round $round: $(jq -r '[.claims[] | select(.decision == "open").id] |
			if . == [] then "every claim is decided" else "open: " + join(" ") end' \
			"$RESULT/results.json")"
		[ $((SECONDS - start)) -lt "$OPT_SECONDS" ] || break
	done
	claims_report
	exit "$code"
}

# The runs of several machines as one: counts add up, and so do the looks that were taken at them.
run_merge()
{
	local file look code=0

	[ ${#OPT_FILES[@]} != 0 ] || die $EXIT_USAGE "merge takes results.json of runs of claims"
	start
	need_packages jq gnuplot-nox
	for file in "${OPT_FILES[@]}"; do
		[ -r "$file" ] || die $EXIT_USAGE "there is no file $file"
		jq -e '.program == "claims" and .schema == 1' "$file" >/dev/null 2>&1 ||
			die $EXIT_USAGE "$file is no results.json of claims"
	done
	jq -se '[.[].machines[]] | length == (unique | length)' "${OPT_FILES[@]}" >/dev/null ||
		die $EXIT_USAGE "one run is there twice: its counts must not add up"
	host_get claims
	result_open merge
	jq -c '.settings[].runs[]' "${OPT_FILES[@]}" >"$RESULT/runs"
	jq -c '.machines[]' "${OPT_FILES[@]}" >"$RESULT/machines"
	: >"$SCRATCH/plan"
	claims_collect "$RESULT"
	look=$(jq -s 'map(.look) | add' "${OPT_FILES[@]}")
	claims_decide "$look" || code=$?
	claims_report
	exit "$code"
}

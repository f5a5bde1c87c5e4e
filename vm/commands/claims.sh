# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The statements of the two mails, measured: run_tests.sh claims. claims.c has the
# settings and decides; here they are run in guests and counted. Sourced by run_tests.sh.

COMMAND_SUMMARY="each statement of the reports of 2023: confirmed, refuted, or not observable here"
COMMAND_OPTIONS="base fixed seconds seed mariadb quick $GUEST_OPTIONS"
OPTION_TEXT[seconds]="begin no further round after that time, builds aside (default: 600)"
OPTION_TEXT[seed]="for the order of the settings (default: one that is printed)"
OPTION_TEXT[mariadb]="ask MariaDB, too; a round takes half an hour more with --quick, and three
times that without"
OPTION_TEXT[quick]="of MariaDB only make databases and check their pages, in a third of the
time"

claims_built=0			# seconds that guests' kernels and programs took

# claims_guest GUEST KERNEL ARCH ROUND: runs what is left to do in one guest, and adds its counts.
claims_guest()
{
	local guest=$1 dir=$RESULT/$4-$1 OPT_ARCH=$3 KERNEL_NEED=$KERNEL_NEED began=$SECONDS

	"$HOST/claims" --plan "$guest" --seed "$((OPT_SEED + $4))" --round "$4" \
		<"$RESULT/counts" >"$SCRATCH/guest.plan"
	[ -s "$SCRATCH/guest.plan" ] || return 0
	guest_script "$VM_GUEST/claims.sh"
	[[ $guest =~ ^(bad|good)$ ]] || KERNEL_NEED=registers
	userspace_get "$OPT_ARCH"
	kernel_get "$2" "$OPT_ARCH"
	KERNEL_MODULE=
	rm -f "$SCRATCH"/disk.*
	case $guest in
	bad | good) module_get "$OPT_ARCH" ;;&
	bad) guest_disks ;;
	esac
	claims_built=$((claims_built + SECONDS - began))
	guest_run "$OPT_ARCH" "$dir" "round $4: $guest ($KERNEL_NAME, $OPT_ARCH)" 60
	if [ "$GUEST_STATE" != ok ]; then
		guest_console "$dir"
		die "$EXIT_FAIL" "$guest: $GUEST_REASON"
	fi
	claims_collect "$dir" "$4" <"$SCRATCH/guest.plan"
}

# claims_mariadb FORM ROUND: the same of MariaDB (mtr or quick), each setting in guests of its own.
# A failure ends a guest, so another one does the loops that are left.
claims_mariadb()
{
	local OPT_FORM=$1 OPT_KNOBS OPT_MEM=$OPT_MEM OPT_SMP=$OPT_SMP MARIADB_SILENT=yes
	local loops end boot dir name

	"$HOST/claims" --plan "$1" --seed "$((OPT_SEED + $2))" --round "$2" \
		<"$RESULT/counts" >"$SCRATCH/plan"
	[ -s "$SCRATCH/plan" ] || return 0
	mariadb_size
	mariadb_root_get "$OPT_ARCH"
	userspace_get "$OPT_ARCH"
	rm -f "$SCRATCH"/disk.*
	while read -r -u 9 name loops end OPT_KNOBS; do
		for ((boot = 1; loops > 0; boot++)); do
			dir=$RESULT/$2-$name-$boot
			mariadb_guest "$OPT_BASE" "$dir" "round $2: $name" "$loops"
			[ "$MARIADB_STATE" != unwell ] ||
				die "$EXIT_FAIL" "$name: $MARIADB_REASON"
			jq -c --arg name "$name" --argjson look "$2" --slurpfile knobs <(cat \
				"$dir/knobs.json" 2>/dev/null || true) "$CLAIMS_DELIVERED"'
				{ name: $name, look: $look, kernel: .linux, text: .reason,
				  outcome: ({ passed: "pass", corrupted: "fail" }[.state] //
					"skip"),
				  first_ms: (if .failures > 0 then 1000 * .seconds else 0 end),
				  events: (if .io_uring then .loops else 0 end),
				  violations: (if .io_uring then .failures else 0 end),
				  delivered: ($knobs[0] | delivered) }' "$dir/run.json" \
				>>"$RESULT/runs"
			say "  $(mariadb_field '.[0] | "\(.failures) of \(.loops) loops failed" +
				if .reason == "" then "" else ": " + .reason end' "$dir")"
			case $MARIADB_STATE-$end in
			corrupted-all) ;;
			*) break ;;
			esac
			loops=$((loops - $(jq .loops "$dir/run.json")))
		done
	done 9<"$SCRATCH/plan"
	GUEST_ROOT=
	claims_count
}

# jq's "delivered": by what barrier_ctl saw workers created; "idle": why its knobs did not act, or
# null.
# shellcheck disable=SC2016 # a program of jq
CLAIMS_DELIVERED='def delivered: .workers | if . then
	[.live, .dead | to_entries[]] | group_by(.key) | map({
		key: .[0].key | gsub("_"; " "), value: (map(.value) | add) }) | from_entries
	else null end;
	def idle: if (.no_answer // "") != "" then .no_answer else
		[.points // {} | to_entries[] | select(.value.action != "off" and
			.value.passed == 0) | "\(.key) was not passed"][0] end;'

# claims_collect DIRECTORY LOOK <PLAN: what was run there, one JSON object for each setting. All
# events count, whatever the program makes of them: were a run that is too short for its "ok" left
# out, but not one that is too short and has a violation, rates would come out too high. A reason to
# skip may be the answer; unless it is that events were too few. What ran under knobs that did not
# act says nothing of its setting.
claims_collect()
{
	local name knobs

	while read -r name _; do
		[ -e "$1/$name.json" ] || continue
		knobs=$1/$name.knobs
		[ -e "$knobs" ] || knobs=/dev/null
		jq -c --arg name "$name" --argjson look "$2" --slurpfile knobs "$knobs" \
			"$CLAIMS_DELIVERED"'
			.kernel as $kernel | ($knobs[0] | idle) as $idle |
			(if has("skip") then { outcome: "skip", text: .skip, events: 0,
				violations: 0 }
			elif $idle then { outcome: "skip", text: "inconclusive: \($idle)",
				events: 0, violations: 0 } else .variants[] end) |
			select(.outcome != "" and .text != "not asked for") |
			{ name: $name, look: $look, kernel: $kernel, outcome, text, first_ms,
			  events, violations,
			  delivered: (.delivered // ($knobs[0] | delivered)) }' "$1/$name.json"
	done >>"$RESULT/runs"
	claims_count
}

# The counts of all runs, in the order of the looks that were taken at them.
claims_count()
{
	jq -rs 'def one: if . then 1 else 0 end;
		[group_by(.look)[] | map([.name, .events, .violations,
			(.outcome == "pass" | one), (.outcome == "fail" | one),
			(.outcome == "skip" and (.text | test("^inconclusive") | not) | one)] |
			map(tostring) | join(" "))] |
		.[:-1][] += ["look"] | .[][]' "$RESULT/runs" >"$RESULT/counts"
}

# claims_decide: by the counts, ktap, results.json, which begins with the runs that they come from,
# page and table. All is whole after each round, so that an interrupt in a later one loses that
# alone. Returns the code of the decision.
claims_decide()
{
	local code=0

	"$HOST/claims" --decide --json "$SCRATCH/decided.json" <"$RESULT/counts" >"$RESULT/ktap" ||
		code=$?
	[ -e "$SCRATCH/decided.json" ] || die "$EXIT_FAIL" "claims did not decide"
	jq --slurpfile runs "$RESULT/runs" --slurpfile machines "$RESULT/machines" '
		{ program: "claims", schema: 1, machines: $machines } + . |
		.settings |= map(.name as $name | [$runs[] | select(.name == $name)] as $mine |
			. + { runs: $mine,
			      delivered: ([$mine[].delivered // {} | to_entries[]] |
				group_by(.key) | map({key: .[0].key, value: (map(.value) | add)}) |
				from_entries) })' "$SCRATCH/decided.json" >"$SCRATCH/results.json"
	mv "$SCRATCH/results.json" "$RESULT/results.json"
	rm -f "$SCRATCH/rows"	# those of the round before
	claims_table >"$RESULT/report"
	claims_page
	return $code
}

# The table for people: a line for each condition that a claim is made of.
claims_table()
{
	jq -r "$JQ_SHORT"'
		def rate: if .skip > 0 and .pass + .fail == 0 then "skipped"
			elif .events == 0 then "not run"
			elif .violations == 0 then "0 of \(.events), < \(.rate_high | short)"
			else "\(.violations / .events | short) " +
				"(\(.rate_low | short) to \(.rate_high | short))" end;
		def times: if .times_high then "\(.times_low | short) to \(.times_high | short)"
			else "" end;
		(.settings | map({key: .name, value: .}) | from_entries) as $s |
		"claim|workload|decision|asked|setting|rate (95 %)|rate of its base|times that",
		(.claims[] | .id as $id | (., (.mtr, .quick |
				select(.decision | IN("not run", "not asked") | not))) |
			.workload as $workload | .decision as $decision | .conditions |
			to_entries[] | (if .key == 0 then "\($id)|\($workload)|\($decision)"
				else "||" end) + "|\(.value.relation)|\(.value.setting)|" +
			"\($s[.value.setting] | rate)|" +
			"\(if .value.other == "" then "" else $s[.value.other] | rate end)|" +
			(.value | times))' \
		"$RESULT/results.json" | report_table
	say
	jq -r '.promise, (if [.claims[] | .mtr, .quick | select(.decision != "not asked")] |
			all(.decision == "not run") then
			"MariaDB itself: not run (claims --mariadb)." else empty end),
		"The reports are about MariaDB on POWER9. A decision is about the workload that" +
		" it names; the page tells in what they differ."' "$RESULT/results.json" |
		fold -s -w 100 | sed 's/ *$//'
}

# shellcheck source=vm/commands/claims_page.sh
. "$VM_COMMANDS/claims_page.sh"

# What all runs end with.
claims_report()
{
	cat "$RESULT/ktap" "$RESULT/report"
	result_close
	say "page: $RESULT_FINAL/index.html"
}

claims_mariadb_need()
{
	local OPT_MEM=$OPT_MEM OPT_SMP=$OPT_SMP

	# shellcheck source=vm/commands/mariadb.sh
	. "$VM_COMMANDS/mariadb.sh"
	mariadb_kernel_check "$OPT_BASE"
	mariadb_memory
}

# Rounds of all settings, until every claim is decided or the time is over.
run_claims()
{
	local round code=$EXIT_SKIP start=$SECONDS form=mtr arch other

	[ -z "$OPT_QUICK" ] || form=quick
	kernel_check "$OPT_BASE"
	kernel_check "$OPT_FIXED"
	if [ -n "$OPT_MARIADB" ]; then
		claims_mariadb_need
	elif [ -n "$OPT_QUICK" ]; then
		die $EXIT_USAGE "--quick goes with --mariadb"
	fi
	start
	command_packages "$OPT_ARCH" "$OPT_BASE" "$OPT_FIXED" -- jq gnuplot-nox
	# shellcheck disable=SC2086 # words
	host_get claims ${OPT_MARIADB:+innodb_page}
	result_open claims
	: >"$RESULT/counts"
	say "seed: $OPT_SEED"
	for ((round = 1; code == EXIT_SKIP; round++)); do
		claims_guest bad "$OPT_BASE" "$OPT_ARCH" $round
		claims_guest good "$OPT_FIXED" "$OPT_ARCH" $round
		# the other architectures, by Debian's kernel or one that is built
		for arch in "${ARCHITECTURES[@]}"; do
			[[ $arch != ppc64* ]] || continue
			other=source:6.1
			[ -z "${DISTRO_KERNEL[$arch]:-}" ] || other=distro
			claims_guest "$arch" "$other" "$arch" $round
		done
		[ -z "$OPT_MARIADB" ] || claims_mariadb "$form" $round
		jq -n --arg seed "$OPT_SEED" --arg rounds "$round" --arg seconds \
			"$((SECONDS - start - claims_built))" \
			--arg base "$OPT_BASE" --arg fixed "$OPT_FIXED" \
			--arg arch "$OPT_ARCH" --arg date "$(date -u +%FT%TZ)" \
			--arg smp "$OPT_SMP" --arg host "$(uname -srm)" \
			--arg qemu "$(sort -u "$RESULT"/1-*/qemu-version | sed '$!s/$/;/')" \
			'{ $date, $host, $arch, $base, $fixed, qemu: ($qemu | gsub("\n"; " ")) } +
			({ $seed, $rounds, $seconds, $smp } | map_values(tonumber))' \
			>"$RESULT/machines"
		code=0
		claims_decide || code=$?
		say "round $round: $(jq -r '[.claims[] | select(
			any(.decision, .mtr.decision, .quick.decision; . == "open")).id] |
			if . == [] then "every claim is decided" else "open: " + join(" ") end' \
			"$RESULT/results.json")"
		[ $((SECONDS - start - claims_built)) -lt "$OPT_SECONDS" ] || break
	done
	claims_report
	exit "$code"
}

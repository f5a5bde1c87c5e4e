# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Kernels measured by a detector, and what their counts come to. Sourced by run_tests.sh.

# guest_test NAME DIRECTORY ARGS GUESS [TEST]: the kernel that kernel_get() got, to its results; of
# the selftests all, or just one.
guest_test()
{
	local program=${5:-live_registers}

	printf 'export KSELFTEST_%s_ARGS="%s"\n' "${program^^}" "$3" >"$SCRATCH/guest.env"
	[ $# -lt 5 ] || printf 'SELECT="-t io_uring_coherency:%s"\n' "$5" >>"$SCRATCH/guest.env"
	if [ -n "$KERNEL_PLANTS" ]; then
		module_get "$OPT_ARCH"
		printf 'UNDER="io_uring_coherency/barrier_ctl --plant %s --"\n' \
			"$KERNEL_PLANTS" >>"$SCRATCH/guest.env"
	fi
	guest_run "$OPT_ARCH" "$2" "$1" "$4"
	if [ -n "$KERNEL_PLANTS" ] && [ "$GUEST_STATE" = ok ] && ! grep -q '^TAP' "$2/ktap"; then
		GUEST_STATE=no-boot
		GUEST_REASON=$(last_words "$2/ktap")
	fi
	if [ "${5:-}" = "$OPT_DETECTOR" ] && [ "$GUEST_STATE" = ok ] && [ ! -s "$2/$5.json" ]; then
		GUEST_STATE=no-boot
		GUEST_REASON="$5 has no result: $(sed -n "s/.* $5 # SKIP //p" "$2/ktap")"
	fi
	printf '%s\n' "$KERNEL_NAME" >"$2/kernel"
}

# jq's counts and hit, of an array of what a detector wrote in its runs: they add up; listed is what
# people read of hit: f0-f31 for all of these.
# shellcheck disable=SC2016 # a program of jq
JQ_EVIDENCE='def counts: [.[]?.variants[]] | { events: (map(.events) | add // 0),
		violations: (map([.events, .violations] | min) | add // 0) };
	def hit: [.[]?.variants[] | select(.violations > 0) | .name as $name |
		.changed // .classes // {($name): 1} | keys[]] | unique;
	def listed: map(capture("^(?<set>.*?)(?<nr>[0-9]*)$") |
			{ set, from: (.nr | if . == "" then null else tonumber end) }) |
		sort_by(.set, .from) | reduce .[] as $one ([];
			if $one.from and .[-1].set == $one.set and .[-1].to + 1 == $one.from
			then .[-1].to = $one.from else . + [$one + { to: $one.from }] end) |
		map(.set as $set | [.from, .to] | unique | map("\($set)\(. // "")") |
			join("-")) | join(" ");'

# evidence DIRECTORY...: "EVENTS VIOLATIONS" of one or more runs.
evidence()
{
	local counts

	counts=$(field "$JQ_EVIDENCE"' counts | "\(.events) \(.violations)"' "$@")
	[ "$counts" != - ] || counts="0 0"
	echo "$counts"
}

# What the base has shown; nothing where there was none.
base_json()
{
	cat "$RESULT/base/$OPT_DETECTOR.json" 2>/dev/null || true
}

# unanswered fail|skip DIRECTORY...: why the runs of a kernel are no answer, or nothing. With
# fail: a variant that failed without a violation, or did not come to its end. With skip: one that
# has shown the problem on the base and did not pass here.
unanswered()
{
	local how=$1 dir names
	shift

	for dir in "$@"; do
		names=$(jq -r --arg how "$how" --slurpfile base <(base_json) '
			[$base[].variants[] | select(.violations > 0).name] as $hit |
			[.variants[] | select(.violations == 0) | select(
				if $how == "fail" then .outcome == "fail" or .outcome == ""
				else .outcome == "skip" and (.name | IN($hit[])) end).name] |
			join(" ")' "$dir/$OPT_DETECTOR.json")
		if [ -n "$names" ] && [ "$how" = fail ]; then
			say "the fixed kernel does not get through $names"
			return 0
		elif [ -n "$names" ]; then
			say "$names shows the problem on the base" \
				"and has no answer on the fixed kernel"
			return 0
		fi
	done
}

# field FILTER DIRECTORY...: jq's answer over the results of one or more runs, "-" without any.
field()
{
	local filter=$1 dir files=()
	shift

	for dir in "$@"; do
		[ ! -s "$dir/$OPT_DETECTOR.json" ] || files+=("$dir/$OPT_DETECTOR.json")
	done
	if [ ${#files[@]} = 0 ]; then
		echo -
	else
		jq -rs "$filter" "${files[@]}"
	fi
}

# column NAME EVENTS VIOLATIONS DIRECTORY...: the lines of one column of the table.
column()
{
	local name=$1 events=$2 violations=$3 low_high
	shift 3

	say "$name"
	say "$(cat "$1/kernel")"
	say "$(field '.[0].kernel' "$@")"
	say "$events"
	say "$violations"
	low_high=$("$HOST/verdict" --interval "$events" "$violations")
	if [ "$events" = 0 ]; then
		say "-"
	elif [ "$violations" = 0 ]; then
		say "< ${low_high#* }"
	else
		say "${low_high% *} to ${low_high#* }"
	fi
	say "$(field '[.[].variants[] | select(.violations > 0)] | min_by(.first_ms // 1e9) |
		if . == null then "none" elif .first_ms == null then "not timed" else
		"\(.first_ms | floor) ms" + if .first_event then ", event \(.first_event)"
		else "" end end' "$@")"
	say "$(field "$JQ_EVIDENCE"' hit | if . == [] then "none" else listed end' "$@")"
}

# What of a kernel is in the last line of the table.
measure_hit()
{
	case $OPT_DETECTOR in
	live_registers) echo "registers hit" ;;
	page_integrity) echo "wrong as" ;;
	*) echo "violated" ;;
	esac
}

# The options of live_registers for the base, for the fixed kernel, and for more of that; and how
# the counts are compared. Where each event of the base is a violation, 3020 without one are enough
# for a rate that is 1000 times lower: a variant ends by its events, but on a slow machine: hppa
# under QEMU 7.2 has 30 a second, where others have hundreds. With --quick, which is about a fault
# in each event, it is enough that the fixed kernel's are surprisingly few, and two variants are
# asked, those with the most events. Variants with a signal have too few in so short a time.
MEASURE=("-t 1 -n 100" "-t 2 -n 900 --tick-events 100" "-t 30 -n 4000 --tick-events 500")
MEASURE_ONLY="--only poll_wake_default,poll_wake_coop_taskrun,poll_wake_defer_taskrun"
MEASURE_ONLY+=",poll_wake_sqpoll,create_worker_cb_default,create_worker_cb_coop_taskrun"
MEASURE_ONLY+=",create_worker_cb_defer_taskrun,create_worker_cb_sqpoll"
VERDICT=()
QUICK="--only poll_wake_default,create_worker_cb_default"
MEASURE_QUICK=("-t 2 -n 300 $QUICK" "-t 10 -n 300 $QUICK" "-t 30 -n 4000 $QUICK")
VERDICT_QUICK=(--surprise)

# The same for --detector. Only live_registers can end by a number of events, and has so many that a
# rate 1000 times lower can be asked for.
measure_by_detector()
{
	local only

	only=$(detector_only)
	if [ "$OPT_DETECTOR" != live_registers ]; then
		MEASURE=("-t 1" "-t 2" "-t 10")
		VERDICT=(--surprise)
	else
		KERNEL_NEED=registers
		only=${only:-$MEASURE_ONLY}
	fi
	MEASURE=("${MEASURE[@]/%/ $only}")
}

# The detector's option for the names that were given, if any.
detector_only()
{
	[ -z "$DETECTOR_NAMES" ] || say "${DETECTOR_ONLY[$OPT_DETECTOR]} $DETECTOR_NAMES"
}

# One run of the kernel with the problem, which kernel_get() got: its counts are in base.
base_measure()
{
	guest_test "base: run in QEMU" "$RESULT/base" "${MEASURE[0]}" 10 "$OPT_DETECTOR"
	read -r -a base < <(evidence "$RESULT/base")
}

# fixed_measure NAME: runs of the other kernel, until there are enough to compare it with base, or
# one did not end well. Their directories are in runs, the last one in dir, their counts in fixed.
fixed_measure()
{
	local more

	dir=$RESULT/$1
	runs=("$dir")
	guest_test "$1: run in QEMU" "$dir" "${MEASURE[1]}" 12 "$OPT_DETECTOR"
	read -r -a fixed < <(evidence "${runs[@]}")
	# a slow machine may need more events to tell: the counts of further runs add up
	for more in 1 2; do
		if [ "$GUEST_STATE" != ok ] || [ "${base[1]}" = 0 ] || [ "${fixed[0]}" = 0 ]; then
			break
		fi
		"$HOST/verdict" "${VERDICT[@]}" "${base[@]}" "${fixed[@]}" \
			>"$SCRATCH/verdict" || true
		grep -q INCONCLUSIVE "$SCRATCH/verdict" || break
		dir=$RESULT/$1-more-$more
		guest_test "$1: more events" "$dir" "${MEASURE[2]}" 60 "$OPT_DETECTOR"
		[ ! -s "$dir/$OPT_DETECTOR.json" ] || runs+=("$dir")
		read -r -a fixed < <(evidence "${runs[@]}")
	done
}

column_align()
{
	awk -F '|' '{ for (i = 1; i <= NF; i++) { cell[NR, i] = $i
			if (length($i) > width[i]) width[i] = length($i) }
		if (NF > fields) fields = NF }
		END { for (r = 1; r <= NR; r++) { line = ""
			for (i = 1; i <= fields; i++)
				line = line sprintf("%-" (width[i] + 2) "s", cell[r, i])
			sub(/ *$/, "", line); print line } }'
}

inconclusive()
{
	verdict_close "verdict: INCONCLUSIVE ($1)" $EXIT_SKIP
}

# Writes results.json, tells the reason and, as the last line, the verdict.
verdict_close()
{
	local line=$1 code=$2 word reason answers=${ANSWERS:-$OPT_DETECTOR.json}

	word=${line#verdict: }
	word=${word%% (*}
	reason=${line#*\(}
	reason=${reason%)}
	jq -n --arg verdict "$word" --arg reason "$reason" \
		--slurpfile base <(cat "$RESULT"/base*/"$answers" 2>/dev/null || true) \
		--slurpfile fixed <(cat "$RESULT"/fixed*/"$answers" 2>/dev/null || true) \
		'{verdict: $verdict, reason: $reason, base: $base, fixed: $fixed}' \
		>"$RESULT/results.json"
	[ ! -s "$SCRATCH/rows" ] || page_write "Does a patch end what is wrong?" "$line"
	result_close
	say "reason: $reason"
	if [ "$code" = $EXIT_SKIP ]; then
		say "$line"
	else
		say "verdict: $word"
	fi
	exit "$code"
}

# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Every kernel of vm/patches against the detectors that have to catch it, and the good ones against
# all: run_tests.sh mutants; with --long each against all. mutants.jq reads what the detectors left,
# and judges. Sourced by run_tests.sh.
#
# In the header of a patch:
#
#	Detector: PROGRAM [NAME...]	must catch it, by these edges, engines, variants or tests
#	Observable: WHERE		no machine of another kind has to

MUTANTS_VERSION=6.1			# of the patches
MUTANTS_GOOD="source:6.1 source:mainline"

# The detectors and their arguments, as their tests in check.sh run them. Where a wake-up is lost
# the first leaves kernel_order too few events, if it is another one.
MUTANTS_DETECTORS='kernel_order -t 3
live_registers -t 1 -n 300
page_integrity -t 1
ring_order
module_knobs
module_offload'

# shellcheck disable=SC2016 # expanded in the guest
MUTANTS_GUEST='while read -r name args; do
	echo "$name"
	start=$(cut -d " " -f 1 /proc/uptime)
	# shellcheck disable=SC2086 # words
	./$name $args </dev/null >/results/$name.out 2>&1
	echo "$name $? $start $(cut -d " " -f 1 /proc/uptime)" >>/results/detectors
done <<DETECTORS'

# mutant_detectors [PATCH]: those that are asked, with their arguments.
mutant_detectors()
{
	if [ $# = 0 ] || [ -n "$OPT_LONG" ]; then
		say "$MUTANTS_DETECTORS"
	else
		mutant_header Detector "$1" | sed 's/ .*//' |
			grep -wFf - <(say "$MUTANTS_DETECTORS")
	fi
}

# mutant_guest KERNEL DIRECTORY [PATCH]: its detectors in one guest.
mutant_guest()
{
	local dir=$2

	printf '#!/bin/sh\ncd /kselftest/io_uring_coherency\n%s\n%s\nDETECTORS\n' \
		"$MUTANTS_GUEST" "$(mutant_detectors "${@:3}")" >"$SCRATCH/guest.sh"
	chmod 755 "$SCRATCH/guest.sh"
	userspace_get "$OPT_ARCH"
	kernel_get "$1" "$OPT_ARCH"
	module_get "$OPT_ARCH"
	guest_run "$OPT_ARCH" "$dir" "mutants: run in QEMU" 120
	printf '%s\n' "$GUEST_STATE" >"$dir/state"
	printf '%s\n' "$GUEST_REASON" >"$dir/reason"
}

# mutant NAME KERNEL [PATCH]: one line of the table, as JSON.
mutant()
{
	local name=$1 dir=$RESULT/${1//:/-} detector code=0

	mkdir -p "$dir"
	say "$name"
	echo no-build >"$dir/state"
	apart mutant_guest "$2" "$dir" "${@:3}" 2>"$dir/errors"
	wait "$CHILD" || code=$?
	CHILD=
	[ "$code" = 0 ] || last_words "$dir/errors" >"$dir/reason"
	while read -r detector _; do
		mutant_header Detector "${3:-/dev/null}" | awk -v name="$detector" \
			'$1 == name { for (i = 2; i <= NF; i++) print $i }' >"$SCRATCH/names"
		jq -n -L "$TOP/vm" --arg name "$detector" \
			--arg run "$(grep "^$detector " "$dir/detectors" 2>/dev/null || true)" \
			--rawfile names "$SCRATCH/names" \
			--rawfile out <(cat "$dir/$detector.out" 2>/dev/null || true) \
			--slurpfile json <(cat "$dir/$detector.json" 2>/dev/null || true) \
			'include "mutants"; answer($ARGS.named)'
	done <<<"$MUTANTS_DETECTORS" >"$SCRATCH/answers"
	jq -s -L "$TOP/vm" --arg name "$name" --arg kernel "$2" --rawfile state "$dir/state" \
		--rawfile reason <(cat "$dir/reason" 2>/dev/null || true) \
		--arg observable "$(mutant_header Observable "${3:-/dev/null}")" \
		--arg machine "$(uname -m)" \
		--argjson named "$(mutant_header Detector "${3:-/dev/null}" |
			jq -nR '[inputs | split(" ")[0]] | unique')" \
		--argjson good "$([ $# = 3 ] && echo false || echo true)" \
		'include "mutants"; judge($ARGS.named)' "$SCRATCH/answers" >>"$RESULT/judged"
}

# mutant_header KEY PATCH: the values of its lines KEY:.
mutant_header()
{
	sed -n "/^--- /q; s/^$1: *//p" "$2"
}

# The patches and good kernels whose names match --tests: "NAME KERNEL PATCH" a line.
mutants_chosen()
{
	local patch kernel name

	for patch in "$TOP"/vm/patches/*.patch; do
		name=$(basename "$patch" .patch)
		# a build of nearly everything before and after it, so it comes last
		[[ ! $name =~ $OPT_TESTS ]] ||
			echo "$(awk '/^\+\+\+ .*\.h$/ { n++ } END { print n + 0 }' "$patch")" \
				"$name source:$MUTANTS_VERSION+$name $patch"
	done | sort -s -k 1,1 | cut -d ' ' -f 2-
	for kernel in $MUTANTS_GOOD; do
		[[ ! $kernel =~ $OPT_TESTS ]] || echo "$kernel $kernel"
	done
}

run_mutants()
{
	local name kernel patch detector code=0 chosen

	[ -r "$TOP/vm/configs/$OPT_ARCH.config" ] ||
		die $EXIT_USAGE "kernels for $OPT_ARCH are not built here, so there are no mutants"
	chosen=$(mutants_chosen)
	[ -n "$chosen" ] ||
		die $EXIT_USAGE "--tests: no patch and no good kernel matches '$OPT_TESTS'"
	while read -r name kernel patch; do
		[ -n "$patch" ] || continue
		while read -r detector _; do
			grep -q "^$detector\( \|$\)" <<<"$MUTANTS_DETECTORS" ||
				die $EXIT_FAIL "$name: '$detector' in its header is no detector"
		done < <(mutant_header Detector "$patch" | grep . || echo nothing)
	done <<<"$chosen"
	start
	command_packages "$OPT_ARCH" "source:$MUTANTS_VERSION" -- jq
	need_command jq "results are read with it"
	result_open mutants
	while read -r name kernel patch; do
		mutant "$name" "$kernel" ${patch:+"$patch"}
	done <<<"$chosen"
	jq -s . "$RESULT/judged" >"$RESULT/results.json"
	rm "$RESULT/judged"
	jq -r -L "$TOP/vm" 'include "mutants"; table' "$RESULT/results.json" | column_align \
		>"$RESULT/report"
	jq -r -L "$TOP/vm" 'include "mutants"; summary' "$RESULT/results.json" >>"$RESULT/report"
	code=$(jq -r -L "$TOP/vm" 'include "mutants"; code' "$RESULT/results.json")
	result_close
	cat "$RESULT/report"
	exit "$code"
}

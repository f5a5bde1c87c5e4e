# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The results of claims of several machines: run_tests.sh merge. Sourced by run_tests.sh.

# shellcheck source=vm/commands/claims.sh
. "$VM_COMMANDS/claims.sh"

COMMAND_SUMMARY="results.json of several runs of claims as one"
COMMAND_ARGUMENTS="FILE..."
COMMAND_OPTIONS=""

OPT_FILES=()
command_argument()
{
	OPT_FILES+=("$1")
}

# The runs of several machines as one: they follow each other by date, as if one had gone on with
# the counts of another. So the looks that were taken add up, and the promise holds for all.
run_merge()
{
	local file code=0

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
	jq -cs 'sort_by(.machines[0].date) | foreach .[] as $r ({ before: 0, looks: 0 };
			{ before: (.before + .looks), looks: $r.look };
			.before as $before | $r.settings[].runs[] |
			.look = (.look // 1) + $before)' "${OPT_FILES[@]}" >"$RESULT/runs"
	jq -cs 'sort_by(.machines[0].date)[].machines[]' "${OPT_FILES[@]}" >"$RESULT/machines"
	claims_count
	claims_decide || code=$?
	claims_report
	exit "$code"
}

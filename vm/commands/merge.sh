# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Results of several machines as one: run_tests.sh merge. Sourced by run_tests.sh.

# shellcheck source=vm/commands/claims.sh
. "$VM_COMMANDS/claims.sh"
# shellcheck source=vm/commands/pool.sh
. "$VM_COMMANDS/pool.sh"

COMMAND_SUMMARY="results of several runs or machines as one"
COMMAND_ARGUMENTS="FILE..."
COMMAND_OPTIONS=""

OPT_FILES=()
command_argument()
{
	OPT_FILES+=("$1")
}

# What FILE is of: claims, or programs.
merge_kind()
{
	local kind

	[ -r "$1" ] || die $EXIT_USAGE "there is no file $1"
	kind=$(jq -r 'if .program == "claims" and .schema == 1 then "claims"
		elif .program == "host" and .schema == 1 or (.program | type) == "string" and
			has("kernel") then "programs"
		else "" end' "$1" 2>/dev/null) || true
	[ -n "$kind" ] ||
		die $EXIT_USAGE "$1 is no results.json of claims or host, and no program's"
	echo "$kind"
}

# The runs of several machines as one: they follow each other by date, as if one had gone on with
# the counts of another. So the looks that were taken add up, and the promise holds for all.
merge_claims()
{
	local code=0

	need_packages jq gnuplot-nox
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

# Of programs counts add up, test by test.
merge_programs()
{
	local code

	host_get verdict
	result_open merge
	pool "${OPT_FILES[@]}"
	{
		pool_tests
		echo
		pool_questions
		echo
		pool_machines
	} >"$RESULT/report"
	cat "$RESULT/report"
	page_write "What of this is wrong with a kernel?" "${#OPT_FILES[@]} results as one"
	code=$(pool_code)
	result_close
	exit "$code"
}

run_merge()
{
	local file kind='' one

	[ ${#OPT_FILES[@]} != 0 ] ||
		die $EXIT_USAGE "merge takes results.json of runs, or what programs wrote"
	start
	need_packages jq
	need_command jq "results are read with it"
	for file in "${OPT_FILES[@]}"; do
		one=$(merge_kind "$file") || exit $?
		[ "${kind:-$one}" = "$one" ] ||
			die $EXIT_USAGE "$file is of $one, and others are of $kind"
		kind=$one
	done
	jq -se 'def twice: length != (unique | length); [.[].machines // [] | .[] |
		select((.date // "") != "")] as $dated | (twice or ($dated | twice)) | not' \
		"${OPT_FILES[@]}" >/dev/null ||
		die $EXIT_USAGE "one run is there twice: its counts must not add up"
	KSELFTEST_ALONE=yes
	"merge_$kind"
}

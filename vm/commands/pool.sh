# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Results of programs of several machines as one: counts add up, test by test, and rates are those
# of the sums. Sourced by host.sh and merge.sh.

# pool FILE...: RESULT/results.json, of what programs wrote, or of other such results.json. A
# machine has the name of its files' folder, unless the file tells it, or POOL_NAME, which may be
# empty; POOL_DATE is when the programs ran.
pool()
{
	local program name events violations

	if [ $# = 0 ]; then
		: >"$SCRATCH/pool"
	else
		jq -c -n -L "$VM_COMMANDS" --arg name "${POOL_NAME-?}" \
			--arg date "${POOL_DATE:-}" 'include "pool"; inputs | pool_file(
			if $name != "?" then $name else input_filename | pool_folder end; $date)' \
			"$@" >"$SCRATCH/pool"
	fi
	jq -rs -L "$VM_COMMANDS" 'include "pool"; pool_counts' "$SCRATCH/pool" |
		while read -r program name events violations; do
			printf '%s %s %s %s\n' "$program" "$name" \
				"$("$HOST/verdict" --interval "$events" "$violations")" \
				"$("$HOST/verdict" --sentence "$events" "$violations")"
		done >"$SCRATCH/rates"
	jq -s -L "$VM_COMMANDS" --rawfile rates "$SCRATCH/rates" \
		'include "pool"; pool_results($rates)' "$SCRATCH/pool" >"$RESULT/results.json"
}

# The table of questions, as host has it.
pool_questions()
{
	jq -r -L "$VM_COMMANDS" 'include "host"; pool_runs | table' "$RESULT/results.json" |
		report_table
}

# A line for each test.
pool_tests()
{
	jq -r -L "$VM_COMMANDS" 'include "pool"; pool_tests' "$RESULT/results.json" | report_table
}

# A line for each machine, and for what they come to.
pool_machines()
{
	jq -r -L "$VM_COMMANDS" 'include "pool"; . as $all |
		[.machines[] | { name, reason: "" }] | unique | machines($all)' \
		"$RESULT/results.json" | report_table
}

# The exit code of what they come to.
pool_code()
{
	jq -r '[.results[].runs[].outcome] | if index("fail") then 1
		elif index("pass") then 0 else 4 end' "$RESULT/results.json"
}

# SPDX-License-Identifier: GPL-2.0
#
# What the programs' results on the running kernel come to, a line for each question: for host.sh.
# Input: their JSON files as one array.

# Of a variant the question that it is about; ring_complete tells.
def question($program):
	if $program == "live_registers" then "registers"
	elif $program == "page_integrity" then "pages"
	elif $program == "ring_complete" then .question
	else "order" end;

def answers:
	[.[] | .program as $program | .variants[]? |
		select(.text != "not asked for") |
		{question: question($program), program: $program, name, outcome, text, events,
			violations, fix}];

# The same of a results.json, which may have several machines.
def pool_runs:
	[.results[] | . as $test | .runs[] | . + ($test | {program, name, question})];

# One row, from the variants of a question.
def row($name):
	map(select(.question == $name)) as $all |
	($all | map(select(.outcome == "fail"))) as $bad |
	($all | map(select(.outcome == "pass"))) as $good |
	if $bad != [] then
		[$name, "violated", ($bad | map(
			(if (.machine // "") != "" then "\(.machine): " else "" end) +
			"\(.program) \(.name)" +
			if .fix then " (this kernel lacks \(.fix))" else "" end) | join(", "))]
	elif $good != [] then
		[$name, "ok", "\($good | length) of \($all | length), " +
			"\($good | map(.events) | add) events"]
	else
		[$name, "not observable here",
			($all | map(.text | values) | first // "nothing ran")]
	end;

# of answers, or pool_runs
def table:
	(["question", "answer", "by"], row("registers", "pages", "completions", "order",
		"results", "signals")) | join("|");

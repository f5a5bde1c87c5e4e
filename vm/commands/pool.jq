# SPDX-License-Identifier: GPL-2.0
#
# Results of programs of several machines as one: for pool.sh, which has the statistics made.

include "host";

# Of a file the folder that it is in.
def pool_folder: sub("/?[^/]*$"; "") | sub(".*/"; "");

# What a file has, of a program or of several machines already: its machines, and runs, one for each
# test and machine. $name is the machine's if the file has none.
def pool_file($name; $date):
	if .program == "host" then
		{ machines: [.machines[] | .name = if .name == "" then $name else .name end],
		  runs: [pool_runs[] | .machine = if .machine == "" then $name else .machine end] }
	else
		{ machines: [{ name: $name, date: $date, kernel, kernel_version, machine }],
		  runs: [[.] | answers[] | .machine = $name] }
	end;

# The sums of each test, a line each.
def pool_counts:
	[.[].runs[]] | group_by(.program, .name)[] |
		(map(.events) | add) as $events |
		"\(.[0].program) \(.[0].name) \($events) " +
		"\([map(.violations) | add, $events] | min)";

# All of it. $rates has a line for each of pool_counts: program, name, both ends, a sentence.
def pool_results($rates):
	([$rates | splits("\n") | select(. != "") / " " | { key: "\(.[0]) \(.[1])",
		value: { program: .[0], name: .[1], rate_low: (.[2] | tonumber),
			rate_high: (.[3] | tonumber), text: (.[4:] | join(" ")) } }] |
		from_entries) as $rate |
	{ program: "host", schema: 1, machines: ([.[].machines[]] | unique),
	  results: [[.[].runs[]] | group_by(.program, .name)[] |
		$rate["\(.[0].program) \(.[0].name)"] +
		{ question: .[0].question, events: (map(.events) | add),
		  violations: (map(.violations) | add),
		  runs: map(del(.program, .name, .question)) }] };

def times($outcome): map(select(.outcome == $outcome)) | length;

def pool_tests:
	["program", "test", "ok", "violated", "skipped", "counts (95 %)"],
	(.results[] | [.program, .name, (.runs | times("pass"), times("fail"), times("skip")),
		if .events > 0 then .text else .runs[0].text end]) | map(tostring) | join("|");

def sums: [times("pass"), times("fail"), times("skip"), (map(.events) | add // 0),
	(map(.violations) | add // 0)];

# Of hosts, with the reasons for which some have no answer, a line each, and their sum.
def machines($all):
	($all | pool_runs) as $runs |
	["host", "ok", "violated", "skipped", "events", "violations", "kernel"],
	(.[] | .name as $name | [$name] + if .reason != "" then
			["-", "-", "-", "-", "-", "no answer: \(.reason)"]
		else ($runs | map(select(.machine == $name)) | sums) +
			[[$all.machines[] | select(.name == $name)][0] |
				"\(.kernel) \(.machine)"] end),
	["all"] + ($runs | sums) + [""] | map(tostring) | join("|");

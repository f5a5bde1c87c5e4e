# SPDX-License-Identifier: GPL-2.0
#
# The results of a folder as KCIDB 5.3 has it: for kcidb.sh. Input: its runs as one array, each with
#
#	run		its folder in the folder of results, "" for that itself
#	kernel, origin, qemu, reason	what its files of these names say, "" where there is none
#	ktap		what the runner printed
#	programs	the files of results of its programs

# A path of KCIDB has no other characters between its dots.
def slug: gsub("[^A-Za-z0-9_-]+"; "_");

def first_line: split("\n") | map(select(. != "")) | first // "";

# What is not known is left out: KCIDB has no null.
def known: with_entries(select(.value != null and .value != "" and .value != {}));

# Of a path in a kernel's name the last part: the rest is nobody's business.
def kernel_name: gsub("(?<before>[:+])[^:+^]*/"; "\(.before)");

# KernelCI's names are those of arch/ in a kernel tree, but for x86_64.
def architecture:
	if . == "aarch64" then "arm64"
	elif startswith("ppc") then "powerpc"
	else ascii_downcase | gsub("[^a-z0-9_]"; "_") end;

# Any other word is that of a program which did not come to an outcome.
def outcome_status: {pass: "PASS", fail: "FAIL", skip: "SKIP"}[.] // "ERROR";

# From what the runner printed the programs, each with the lines of its own.
def runner_programs:
	reduce split("\n")[] as $line ([];
		($line | capture("^# selftests: .*: (?<name>[A-Za-z0-9_.-]+)$") // null) as $begin |
		($line | capture("^(?<not>not )?ok [0-9]+ selftests: .*: " +
			"(?<name>[A-Za-z0-9_.-]+)( # (?<rest>.*))?$") // null) as $over |
		if $begin then . + [$begin + {lines: []}]
		elif $over == null then
			if . == [] then . else .[-1].lines += [$line] end
		elif .[-1].name == $over.name and .[-1].ended == null then
			.[-1] += $over + {ended: true}
		else . + [$over + {lines: [], ended: true}] end);

# How many there should be.
def runner_plan:
	split("\n") | map(capture("^1\\.\\.(?<n>[0-9]+)$").n | tonumber) | add // 0;

# What the runner says of a program. One that began and did not end took the machine with it, or was
# ended with it. Of those that end, 1 is a violation; any other code but those of a skip and a pass
# is none: a signal, a time-out, wrong usage.
def runner_status:
	(.rest // "") as $rest |
	if .ended == null then "ERROR"
	elif .not == null and ($rest | startswith("SKIP")) then "SKIP"
	elif .not == null then "PASS"
	elif $rest == "" or $rest == "exit=1" then "FAIL"
	else "ERROR" end;

# Of a program that no runner tells of: the worst of its variants.
def worst_status:
	map(.outcome | outcome_status) | . as $all |
	["FAIL", "ERROR", "PASS"] | map(select(IN($all[]))) | first // "SKIP";

# Each variant that was asked for, from the file of its program.
def variants:
	.variants[] | select(.text != "not asked for") |
	{
		name: (.name | slug), status: (.outcome | outcome_status), duration: .seconds,
		number: (if .outcome == "skip" or (.events // 0) == 0 then null
			elif .rate_high then {value: .rate_high, unit: "violations/event"}
			else {value: .events, unit: "events"} end),
		misc: ({events, violations, rate_low, rate_high, reason, text, fix} | known)
	};

# The tests of a program that writes no file, as those of the module, from its lines. The harness of
# 6.1 gives no name to what it skips.
def nested:
	map(capture("^# (?<not>not )?ok [0-9]+ (?<name>[A-Za-z0-9_.-]+)" +
		"( # (?<skip>SKIP|XFAIL)( (?<reason>.*))?)?$"))[] |
	{
		name: (.name | slug), misc: ({reason} | known),
		status: (if .skip == "SKIP" then "SKIP" elif .not then "FAIL" else "PASS" end)
	};

# A program, and its variants.
def program_tests($name; $said; $file):
	($file.variants // [] | map(.events // 0) | add) as $events |
	(if $said then $said | runner_status else $file.variants | worst_status end) as $status |
	{
		name: $name, $status,
		number: (if $status == "SKIP" or ($events // 0) == 0 then null
			else {value: $events, unit: "events"} end),
		comment: (if $said and $said.ended == null then "did not come to its end"
			elif $status == "ERROR" then $said.rest else null end),
		misc: ({$events, violations: ($file.variants // [] | map(.violations // 0) | add),
			text: $file.skip} | known)
	},
	(if $file then $file | variants else $said.lines | nested end | .name = "\($name).\(.name)");

# What did not run is told where all programs are.
def missed($comment): {name: "", status: "MISS", comment: $comment};

def run_tests:
	(.programs | map({key: .program, value: .}) | from_entries) as $files |
	(.ktap | runner_programs) as $said | (.ktap | runner_plan) as $plan |
	($said[] | . as $one | program_tests(.name; $one; $files[.name])),
	($files | del(.[$said[].name])[] | . as $file | program_tests(.program; null; $file)),
	if $said == [] and $files == {} then missed(.reason | first_line)
	elif $plan > ($said | length) then
		missed("\($plan - ($said | length)) of \($plan) programs did not run")
	else empty end;

# The commit that a kernel is, if it is one without changes.
def commit:
	if (.name // "") | test("\\+") then null
	else (.from // "") | capture("^commit (?<commit>[0-9a-f]{40})$").commit // null end;

# The kernel of a run, by which runs have the same build.
def run_kernel:
	(.programs[0] // {}) as $program |
	{
		name: (.kernel | first_line | kernel_name), from: (.origin | first_line),
		release: $program.kernel, version: $program.kernel_version,
		machine: $program.machine
	} | known;

def run_environment:
	{
		comment: (.qemu | first_line),
		misc: ([.programs[] | {cpus} | known] | add)
	} | known;

# The whole. $digest is that of the folder's files, and makes the ids unlike those of another run.
def kcidb($origin; $digest; $results):
	"\($origin):\($digest)" as $folder |
	map(.reason = ([.reason, $results.reason, "no results"] |
		map(select(. != null and . != "")) | first) | .kernel_of = run_kernel) |
	(group_by(.kernel_of) | map({
		kernel: .[0].kernel_of,
		id: ([$folder, (map(.run) | min)] | map(select(. != "")) | join("/")),
		fixed: (map(.run) | any(startswith("fixed")))
	})) as $builds |
	{
		version: {major: 5, minor: 3},
		checkouts: [$builds[] | {
			id, $origin, valid: true, git_commit_hash: (.kernel | commit),
			comment: ([.kernel.name // .kernel.release, .kernel.from] |
				map(select(. != null)) | join(": "))
		} | known],
		builds: [$builds[] | {
			id, checkout_id: .id, $origin, status: "PASS",
			architecture: (.kernel.machine // "" | architecture),
			comment: ([.kernel.release, .kernel.version] | map(select(. != null)) |
				join(" ")),
			misc: ({machine: .kernel.machine} + if .fixed then
				{verdict: $results.verdict, reason: $results.reason}
				else {} end | known)
		} | known],
		tests: [.[] | . as $run | run_tests | {
			id: ([$folder, $run.run, .name] | map(select(. != "")) | join("/")),
			build_id: ($builds[] | select(.kernel == $run.kernel_of).id), $origin,
			path: (["kselftest.io_uring_coherency", .name] | map(select(. != "")) |
				join(".")),
			status, comment, duration, number, misc, environment: ($run | run_environment)
		} | known]
	};

# SPDX-License-Identifier: GPL-2.0
#
# What the detectors' results on each kernel come to: for mutants.sh. $in is what jq was
# given by --arg and its like.

def lines: split("\n") | map(select(. != ""));

# An answer by the variants of a program's JSON. Those that the header names are asked; "left"
# are those of them that had an answer, and another one.
def by_variants($named):
	map(select(.outcome == "fail" and .violations > 0)) as $hit |
	map(select($named == [] or (.name | IN($named[])))) as $asked |
	if $hit != [] then
		{state: "caught", ms: ($hit | map(.first_ms // empty) | min),
			count: ($hit | map(.violations) | add), by: ($hit | map(.name)),
			left: ($named - map(select(.outcome | IN("fail", "skip")).name))}
	elif any(.outcome == "fail") then
		{state: "failed", text: (map(select(.outcome == "fail").text) | first)}
	elif $asked | any(.outcome == "pass") then
		{state: "missed", events: ($asked | map(select(.outcome == "pass").events) | add)}
	else
		{state: "not observable here", text: ($asked | map(.text) | first)}
	end;

# The same by a program's KTAP, as lines.
def by_ktap($named):
	map(capture("^not ok [0-9]+ (?<name>[^ ]+)").name) as $hit |
	map(select(test("^ok [0-9]+ ") and (test("# SKIP") | not))) as $passed |
	if $hit != [] then
		{state: "caught", count: ($hit | length), by: $hit, left: ($named - $hit)}
	elif $passed != [] then
		{state: "missed", events: ($passed | length)}
	else
		{state: "not observable here", text: (map(select(test("# SKIP"))) | first)}
	end;

# One detector, .name: .run is "NAME.out CODE FROM TO" if it ran, .names the lines of the header,
# .out and .json what it left.
def answer($in):
	($in.names | lines) as $named | ($in.run | split(" ")) as [$name, $code, $from, $to] |
	{name: $in.name, named: $named} +
	if $in.run == "" then
		{state: "-"}
	else
		{seconds: ((($to | tonumber) - ($from | tonumber)) * 100 | round / 100)} +
		if $code | tonumber > 4 then
			{state: "failed", text: "it ended with code \($code)"}
		elif $in.json != [] and ($in.json[0] | has("skip") | not) then
			$in.json[0].variants | by_variants($named)
		elif $name | startswith("module_") then
			$in.out | lines | by_ktap($named)
		elif $in.out | test("^barrier_ctl: this kernel lacks ") then
			{state: "not observable here", lacks: true, text: ($in.out | lines | first)}
		else
			{state: "not observable here",
				text: ($in.json[0].skip //
					($in.out | lines | map(select(test("# SKIP"))) | first))}
		end
	end;

# One kernel, from its answers: .name, .kernel, whether it is .good; .state and .reason of its
# guest; .named, the detectors in its header, and where it is .observable. What another detector
# fails for may be something else, so that it is in the table and no more.
def judge($in):
	$in.good as $good | ($in.state | rtrimstr("\n")) as $state |
	($in.observable != "" and $in.machine == "x86_64") as $excused |
	map(if $excused and .state == "missed" and (.name | IN($in.named[])) then
		.state = "not observable here" | .text = $in.observable else . end) |
	map(select(.name | IN($in.named[]))) as $asked |
	{name: $in.name, kernel: $in.kernel, good: $good, guest: $state,
		reason: ($in.reason | rtrimstr("\n")), observable: $in.observable} +
	{result: (
		if $state | IN("ok", "unwell") | not then
			if $good and $state == "dead" then "false alarm" else "no answer" end
		elif $good then
			if $state == "unwell" or any(.state | IN("caught", "failed")) then
				"false alarm"
			elif any(.state == "missed") then "quiet"
			else "no answer" end
		elif $asked | any(.state == "caught") then "caught"
		elif $excused or any($asked[]; .lacks) then "not observable here"
		elif $asked | any(.state != "missed") then "no answer"
		else "missed by all" end)} +
	{wrong: [if $excused or $good or ($state | IN("ok", "unwell") | not) then empty
		else $asked[] |
		if .state == "missed" then
			"\([.name] + .named | join(" ")) is to catch it and does not"
		elif .state == "caught" and .left != [] then
			"\([.name] + .left | join(" ")) is to catch it and does not"
		else empty end end]} +
	{detectors: map({key: .name, value: del(.name)}) | from_entries};

def time:
	if .ms and .ms < 1000 then "\(.ms | round) ms"
	else "\((.ms // .seconds * 1000) / 100 | round / 10) s" end;

def cell($good):
	if .state == "caught" then "\(time), \(.count)"
	elif .state == "missed" then if $good then "quiet" else "missed" end
	elif .state == "not observable here" then "not here"
	else .state end;

# All kernels, as lines of fields.
def table:
	(["kernel"] + (.[0].detectors | keys_unsorted) + ["result"]),
	(.[] | .good as $good | [.name] + (.detectors | map(cell($good))) + [.result]) |
	join("|");

def count(f): map(select(f)) | length | tostring;

def summary:
	"(time to the first violation, or of the whole program; violations, or tests that failed)",
	(.[] | select(.reason != "") | "\(.name): \(.reason)"),
	(.[] | .name as $name | .wrong[] | "\($name): \(.)"),
	(.[] | select(.good | not) | .name as $name | .detectors | to_entries[] |
		select(.value.state == "failed") | "\($name): \(.key): \(.value.text)"),
	(map(select(.good)) as $good | map(select(.good | not)) |
		"\(length) mutants: \(count(.result == "caught")) caught, " +
		"\(count(.result == "not observable here")) not observable here, " +
		"\(count(.result == "missed by all")) missed by all, " +
		"\(count(.result == "no answer")) without an answer; " +
		"\($good | count(.result == "false alarm")) false alarms on " +
		"\($good | length) good kernels");

def code:
	if any(.result == "missed by all" or .result == "false alarm" or .wrong != []) then 1
	elif any(.result == "no answer") then 4
	else 0 end;

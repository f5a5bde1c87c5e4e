# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# index.html of a run, which holds all that it shows and refers to nothing outside of it: one
# template for all commands. Sourced by run_tests.sh.

page_style()
{
	cat <<-'EOF'
	body { font: 16px/1.5 sans-serif; color: #222; background: #fff; margin: 0 auto;
		max-width: 72rem; padding: 0 1rem 2rem; }
	h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
	table { border-collapse: collapse; width: 100%; }
	th, td { text-align: left; vertical-align: top; padding: .35rem .6rem .35rem 0;
		border-bottom: 1px solid #ddd; overflow-wrap: anywhere; }
	.confirmed { color: #006040; } .refuted { color: #b03000; } .other { color: #555; }
	.decision, .answer { font-weight: bold; } .decision, .id { white-space: nowrap; }
	small { color: #555; display: block; font-weight: normal; white-space: normal; }
	.label { display: none; } code { overflow-wrap: anywhere; }
	/* words stay whole, and what is too wide for a telephone moves below its first column */
	.rows { display: block; overflow-x: auto; font-size: .9rem; }
	.rows th, .rows td { overflow-wrap: break-word; }
	.rows tr :first-child { position: sticky; left: 0; background: #fff; }
	svg { width: 100%; height: auto; } .narrow { display: none; }
	@media (max-width: 600px) {
		.wide, .head { display: none; } .narrow { display: block; }
		.claims tr { display: block; border-bottom: 1px solid #ddd; padding: .5rem 0; }
		.claims td { display: block; border: 0; padding: 0; }
		.claims .decision { white-space: normal; }
		.claims .label { display: inline; font-weight: normal; }
		.rows { font-size: .8rem; }
	}
	EOF
}

# report_table: rows with "|" between their cells, the first of them the head, as the terminal shows
# them. SCRATCH/rows keeps them, an empty line behind each table, so that the page has the same.
report_table()
{
	tee -a "$SCRATCH/rows" | column_align
	echo >>"$SCRATCH/rows"
}

# page_report TITLE ANSWER: what the page begins with, which is what the report says: the answer in
# a sentence, then its tables.
page_report()
{
	cat <<-EOF
	<!DOCTYPE html>
	<html lang="en"><head><meta charset="utf-8">
	<meta name="viewport" content="width=device-width, initial-scale=1">
	<title>io_uring_coherency: $COMMAND</title><style>
	EOF
	page_style
	say "</style></head><body>" "<h1>$1</h1>"
	jq -nr '"<p class=\"answer\">\($ARGS.positional[0] | @html)</p>"' --args -- "$2"
	jq -Rrs 'splits("\n\n") | select(. != "") | "<table class=\"rows\">",
		(split("\n") | to_entries[] | (if .key == 0 then "th" else "td" end) as $cell |
		"<tr>" + (.value | split("|") | map("<\($cell)>\(@html)</\($cell)>") | add) +
		"</tr>"), "</table>"' "$SCRATCH/rows"
}

# What ran where, from what guests and programs left below RESULT, or where links there lead.
page_measured_on()
{
	local file dir

	say '<h2>Measured on</h2><ul>'
	find -L "$RESULT" -name origin | sort | while read -r file; do
		dir=$(dirname "$file")
		say "${dir#"$RESULT"/}: $(cat "$file"); $(cat "$dir/qemu-version")"
	done | jq -Rr '"<li>\(@html)</li>"'
	find -L "$RESULT" -name '*.json' -exec cat {} + |
		jq -rs '[.[] | objects | (., .machines[]?) | select(.kernel? and .machine?) |
			"Linux \(.kernel), \(.machine)"] | unique[] | "<li>\(@html)</li>"'
	say '</ul>'
}

page_end()
{
	say '<h2>Again</h2>'
	jq -nr '"<p><code>./run_tests.sh \($ARGS.positional[0] | @html)</code></p>"' \
		--args -- "$(printf ' %q' "${COMMAND_LINE[@]}" | cut -c 2-)"
	say '</body></html>'
}

# page_write TITLE ANSWER: the page of a report whose tables were shown by report_table().
page_write()
{
	{
		page_report "$1" "$2"
		page_measured_on
		page_end
	} >"$RESULT/index.html"
}

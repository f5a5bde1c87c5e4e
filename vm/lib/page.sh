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

# page_begin WHAT TITLE
page_begin()
{
	cat <<-EOF
	<!DOCTYPE html>
	<html lang="en"><head><meta charset="utf-8">
	<meta name="viewport" content="width=device-width, initial-scale=1">
	<title>io_uring_coherency: $1</title><style>
	EOF
	page_style
	say "</style></head><body>" "<h1>$2</h1>"
}

# Rows with "|" between their cells, the first of them the head.
page_table()
{
	say '<table class="rows">'
	jq -Rrn '[inputs | split("|") | map(@html)] | to_entries[] |
		(if .key == 0 then "th" else "td" end) as $cell |
		"<tr>" + (.value | map("<\($cell)>\(.)</\($cell)>") | add) + "</tr>"'
	say '</table>'
}

# What ran where, from what guests and programs left below RESULT, and how to do it again.
page_measured_on()
{
	local file dir

	say '<h2>Measured on</h2><ul>'
	for file in "$RESULT"/*/origin; do
		[ -e "$file" ] || continue
		dir=$(dirname "$file")
		say "$(basename "$dir"): $(cat "$file"); $(cat "$dir/qemu-version")"
	done | jq -Rr '"<li>\(@html)</li>"'
	find "$RESULT" -name '*.json' ! -name results.json -exec cat {} + |
		jq -rs '[.[] | select(.kernel?) | "Linux \(.kernel), \(.machine)"] | unique[] |
			"<li>\(@html)</li>"'
	say '</ul><h2>Again</h2>'
	jq -nr '"<p><code>./run_tests.sh \($ARGS.positional[0] | @html)</code></p>"' \
		--args -- "$(printf ' %q' "${COMMAND_LINE[@]}" | cut -c 2-)"
}

# page_write TITLE ANSWER: the page of a report whose rows are in $SCRATCH/rows.
page_write()
{
	{
		page_begin "$COMMAND" "$1"
		jq -nr '"<p class=\"answer\">\($ARGS.positional[0] | @html)</p>"' --args -- "$2"
		page_table <"$SCRATCH/rows"
		page_measured_on
		say '</body></html>'
	} >"$RESULT/index.html"
}

# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What claims shows beside its table: a picture of the rates, by gnuplot, and a page that holds
# both and refers to nothing outside of it. Sourced by claims.sh.

# What gnuplot draws: the rates of all settings that have one, "LABEL" Y RATE LOW HIGH a line.
# Without a violation RATE is 0, and HIGH the bound.
claims_rates()
{
	jq -r '[.settings[] | select(.events > 0) |
		select((.command | test("page_integrity|live_registers")) or
			(.guest | IN("mtr", "quick")))] |
		sort_by([(.guest | {bad: 0, good: 1}[.] // 2), .notify == "", .command]) |
		to_entries[] | .key as $y | .value | (if .notify == "" then .name else
			"\(.guest) kernel: notify \(.notify | sub("kernel"; "as asked")), " +
			"barrier \(.barrier), delay \(.delay)" end | gsub("_"; " ")) as $what |
		"\"\($what)\" \($y) \(.violations / .events) \(.rate_low) \(.rate_high)"' \
		"$RESULT/results.json" >"$SCRATCH/rates"
	awk '$(NF - 2) > 0' "$SCRATCH/rates" >"$SCRATCH/rates.seen"
	awk '$(NF - 2) == 0' "$SCRATCH/rates" >"$SCRATCH/rates.none"
}

# claims_plot TERMINAL WIDTH ROW WHERE FILE: WHERE the labels are is beside or above the lines, of
# which each takes ROW pixels.
claims_plot()
{
	local rows height labels
	rows=$(wc -l <"$SCRATCH/rates")
	height=$((rows * $3 + 110))
	labels='"rates" using (1.3e-5):2:1 with labels left offset 0,0.7 notitle,'

	(cd "$SCRATCH" && gnuplot 2>"$SCRATCH/log") <<-EOF ||
		set terminal $1 size $2,$height font "sans-serif,12" background "white"
		set output "$5"
		set logscale x
		set format x "10^{%T}"
		set xrange [1e-5:2]
		set yrange [$rows - 0.4:-0.9]
		set grid x lt 1 lc rgb "#dddddd"
		set border 1
		set xtics nomirror
		set ytics scale 0
		set key top center outside vertical maxcols 1 maxrows 2
		set xlabel "violations per event, 95 % interval"
		$([ "$4" = beside ] || say 'unset ytics; set lmargin 2; set rmargin 2')
		seen = "#c04000"
		none = "#0060a0"
		plot $([ "$4" = beside ] || say "$labels") \
			"rates.seen" using 3:2:4:5$([ "$4" != beside ] || say ':ytic(1)') \
			with xerrorbars lw 2 pt 7 ps 0.6 lc rgb seen title "violations seen", \
			"rates.none" using 5:2:(1e-5):5$([ "$4" != beside ] || say ':ytic(1)') \
			with xerrorbars lw 2 pt 0 lc rgb none title "none seen: the rate is below"
	EOF
		die "$EXIT_FAIL" "gnuplot cannot draw: $(last_words "$SCRATCH/log")"
}

# The picture as SVG and PNG, and one for narrow screens.
claims_pictures()
{
	claims_rates
	if [ ! -s "$SCRATCH/rates.seen" ] || [ ! -s "$SCRATCH/rates.none" ]; then
		# gnuplot refuses a file without a point; this one is outside of the picture
		echo '" " -9 9 9 9' | tee -a "$SCRATCH/rates.seen" >>"$SCRATCH/rates.none"
	fi
	claims_plot svg 900 22 beside "$RESULT/rates.svg"
	claims_plot pngcairo 900 22 beside "$RESULT/rates.png"
	claims_plot svg 360 38 above "$SCRATCH/narrow.svg"
}

# The part of an SVG file that may stand in a page; names of its parts must differ between pictures.
claims_svg()
{
	sed -n '/<svg/,$p' "$2" | sed "s/gnuplot_plot_/$1_&/g; s/gpDot/$1_&/g; s/gpPt/$1_&/g;
		s/textbox/$1_&/g; s/greybox/$1_&/g"
}

claims_rows()
{
	jq -r "$JQ_SHORT"'
		(.settings | map({key: .name, value: .}) | from_entries) as $s |
		def count: "\(.name | gsub("_"; " ")): " +
			(if .skip > 0 and .pass + .fail == 0 then
			"skipped (\(.runs[-1].text))" elif .events == 0 then "not run"
			else "\(.violations) of \(.events) events" end) +
			(.delivered | to_entries | map(select(.value > 0)) | if . == [] then "" else
			"; workers created by " + (map("\(.key) \(.value)") | join(", ")) end);
		def counts: ([.conditions[] | .setting, .other] | unique[] | select(. != "") |
			"<small>\($s[.] | count | @html)</small>"),
			([.conditions[] | select(.times_high) | "<small>so the rate of " +
			"\(.setting | gsub("_"; " ")) is \(.times_low | short) to " +
			"\(.times_high | short) times that of \(.other | gsub("_"; " "))</small>"] |
			unique[]);
		def decision: "<td class=\"decision \(if .decision | IN("confirmed", "refuted")
			then .decision else "other" end)\">" +
			"<span class=\"label\">\(.workload | @html): </span>\(.decision | @html)";
		def mariadb: if .decision == "not asked" then "<td></td>" else
			decision, (select(.decision != "not run") | counts), "</td>" end;
		.claims[] | "<tr><td class=\"id\"><b>\(.id)</b></td><td>\(.text | @html)", counts,
		"</td>", decision, "</td>", (.mtr, .quick | mariadb), "</tr>"' \
		"$RESULT/results.json"
}

# Why workloads differ: where the workers of each base were created, while it computed or not.
claims_workloads()
{
	jq -r "$JQ_SHORT"'
		(.settings | map({key: .name, value: .}) | from_entries) as $s |
		("pages_bad_kernel_none_0|our workload, page_integrity|pages",
			"registers|our workload, live_registers|windows",
			"mtr_base|MariaDB, its test|loops",
			"quick_base|MariaDB, new databases|databases") / "|" |
		$s[.[0]] as $base | .[1] as $workload | .[2] as $what |
		select($base.events > 0) |
		([$base.delivered[]] | add // 0) as $all |
		([$base.delivered | .IPI, .tick, .other | . // 0] | add) as $computing |
		def cell($name; $value):
			"<td><span class=\"label\">\($name): </span>\($value)</td>";
		"<tr><td>\($workload)</td>" + cell("events"; "\($base.events) \($what)") +
		cell("workers created while it computed";
			if $all == 0 then "not told" else "\($computing) of \($all)" end) +
		cell("of these per event";
			if $all == 0 then "not told" else $computing / $base.events | short end) +
		cell("violations per event"; $base.violations / $base.events | short) + "</tr>"' \
		"$RESULT/results.json"
}

claims_machines()
{
	jq -r '.machines[] | "<li>\(.date): base \(.base), fixed \(.fixed), \(.arch); " +
		"\(.qemu), \(.smp) CPUs on \(.host); seed \(.seed), " +
		"\(.rounds) rounds in \(.seconds) s</li>" | gsub("&"; "&amp;")' \
		"$RESULT/results.json"
	jq -r '[.settings[].runs[].kernel | select(. != "")] | unique |
		"<li>Linux \(join(", ") | @html)</li>"' "$RESULT/results.json"
}

# How many claims have come to what, in a sentence.
claims_sum()
{
	jq -r '[.claims[].decision] | group_by(.) | map("\(length) \(.[0])") |
		"our workload: " + join(", ")' "$RESULT/results.json"
}

# index.html; what it needs is in it.
claims_page()
{
	claims_pictures
	{
		page_report "What the reports of 2023 say about io_uring and corrupt pages \
			on powerpc, measured" "$(claims_sum)"
		say '<h2>Rates by setting</h2><div class="wide">'
		claims_svg wide "$RESULT/rates.svg"
		say '</div><div class="narrow">'
		claims_svg narrow "$SCRATCH/narrow.svg"
		cat <<-'EOF'
		</div>
		<h2>The claims</h2>
		<p>The reports are about MariaDB on POWER9 machines. A decision is about the
		workload of its column, and says nothing of another one.</p>
		<table class="claims"><tr class="head"><th></th>
		<th>claim, and counts of our workload</th>
		<th>our workload</th><th>MariaDB, its test</th><th>MariaDB, new databases</th></tr>
		EOF
		claims_rows
		cat <<-'EOF'
		</table>
		EOF
		jq -r '"<p>\(.promise | @html)</p>"' "$RESULT/results.json"
		cat <<-'EOF'
		<h2>Why the workloads differ</h2>
		<p>Only a worker that is created while a thread computes can cost it a register.
		Our programs have most of theirs created so, on purpose. MariaDB has nearly all of
		them created in its own system calls, where these registers are not in use: of 669
		workers in 26 loops of its test 659 in io_uring_enter(), 5 at the end of a system
		call and 5 by an interrupt, 0.19 a loop (function tracer on create_io_thread(),
		MariaDB 10.11.18, 2 emulated CPUs). What moves the moment of a creation a little
		can end MariaDB's few, and leave many of ours. Events differ, too: one of ours is
		a page or a window, one of MariaDB's a loop that writes hundreds of pages.</p>
		<table class="claims"><tr class="head"><th>workload without knobs</th>
		<th>events</th>
		<th>workers created while it computed</th><th>of these per event</th>
		<th>violations per event</th></tr>
		EOF
		claims_workloads
		cat <<-'EOF'
		</table>
		<h2>The mechanism</h2>
		<p>When io_uring needs another io-wq worker, it queues task_work to the thread
		that submitted. Where an IPI or the timer brings it, that thread is in the middle
		of its own computation, and its floating point and vector registers are in use. To
		create the worker, copy_process() saves these registers. On powerpc save_fpu() and
		save_altivec() returned with FPSCR in f0 and VSCR in v0, and did not put the old
		values back. So the thread went on with wrong ones, and wrote what came of it: the
		order of memory has nothing to do with it.</p>
		<h2>Measured on</h2><ul>
		EOF
		claims_machines
		say '</ul>'
		page_end
	} >"$RESULT/index.html"
}

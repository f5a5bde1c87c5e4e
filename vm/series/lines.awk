# SPDX-License-Identifier: GPL-2.0
#
# What a patch has of the Makefile, of programs.mk and of .gitignore: without the paragraphs that
# name run_tests.sh, and without the lines of programs and architectures that are not there yet:
# absent has their names. A comment goes with the last of its lines.

BEGIN { RS = ""; FS = "\n"; split(absent, names, " ") }

function is_absent(line,   i, n)
{
	for (i in names) {
		n = names[i]
		if (line ~ "^(" n " :?=|[a-z_]+ [+]= " n "$|include .*" n "/|/" n "([.]build/)?$)")
			return 1
	}
	return 0
}

/run_tests[.]sh/ { next }

{
	out = comment = ""
	lines = goes_on = 0
	for (i = 1; i <= NF; i++) {
		if (!goes_on && $i ~ /^#/) {
			if (lines)
				comment = ""
			lines = 0
			comment = comment $i "\n"
			continue
		}
		if (!goes_on)
			gone = is_absent($i)
		goes_on = $i ~ /\\$/
		lines++
		if (gone)
			continue
		out = out comment $i "\n"
		comment = ""
	}
	if (!lines)
		out = out comment
	# what the paragraph that is gone has looked for
	sub(/include \$\(or [^\n]*/, "include ../lib.mk", out)
	if (out != "")
		printf "%s%s", between, out
	between = "\n"
}

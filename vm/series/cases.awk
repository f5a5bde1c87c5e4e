# SPDX-License-Identifier: GPL-2.0
#
# ring_cases.h of a patch: the cases of files that are there, whose names are in present.

BEGIN {
	split(present, files, " ")
	for (i in files)
		there[files[i]] = 1
	shown = 1
}

/^#undef/ { shown = 1 }
/^\/\* case_[a-z_]*[.]c/ { shown = $2 in there || substr($2, 1, length($2) - 1) in there }
shown

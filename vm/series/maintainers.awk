# SPDX-License-Identifier: GPL-2.0
#
# MAINTAINERS with the entry of a file behind that of io_uring.

/^IO_URING$/ { at = 1 }

{ print }

at && /^$/ {
	while ((getline line < entry) > 0)
		print line
	print ""
	at = 0
}

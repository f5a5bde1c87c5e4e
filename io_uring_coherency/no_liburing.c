// SPDX-License-Identifier: GPL-2.0
/*
 * Stands in for a test that could not be built: its run is a skip, not a gap nobody sees.
 */
#include <errno.h>

#include "program.h"

int main(void)
{
	return program_skipped(program_invocation_short_name, SKIP_NO_LIBURING,
			       "built without liburing, in Debian's package liburing-dev");
}

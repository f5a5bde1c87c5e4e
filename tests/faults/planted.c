// SPDX-License-Identifier: GPL-2.0
/*
 * Linked into live_registers with -Wl,--wrap for each of these: a module that says that it plants
 * faults, and plants none; with FAULT=seldom it says that it did so three times only.
 */
#include <fcntl.h>
#include <stdlib.h>

#include "planted.h"

void __wrap_module_load_unless(bool leave, char *why, size_t size)
{
	(void)leave;
	(void)size;
	*why = '\0';
}

int __wrap_planted_open(struct planted *p, __u32 *plants)
{
	(void)p;
	(void)plants;
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

int __wrap_planted_set(int session, const struct pbt_knobs *knobs)
{
	(void)session;
	(void)knobs;
	return 0;
}

uint64_t __wrap_planted_times(int session, unsigned int plant)
{
	(void)session;
	(void)plant;
	return getenv("FAULT") ? 3 : 100;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Tracepoints of the kernel by name.
 */
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <linux/types.h>

#include "tracepoints.h"

static void compare(struct tracepoint *tp, void *arg)
{
	struct pbt_trace *trace = arg;

	if (!strcmp(tp->name, trace->name))
		trace->tp = tp;
}

bool pbt_traces_found(struct pbt_trace *traces, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (!traces[i].tp)
			for_each_kernel_tracepoint(compare, &traces[i]);
		if (!traces[i].tp)
			return false;
	}
	return true;
}

int pbt_traces_take(struct pbt_trace *traces, unsigned int nr)
{
	unsigned int i;
	int ret;

	if (!pbt_traces_found(traces, nr))
		return -EOPNOTSUPP;
	for (i = 0; i < nr; i++) {
		ret = tracepoint_probe_register(traces[i].tp, traces[i].function, traces[i].data);
		if (ret) {
			pbt_traces_release(traces, i);
			return ret;
		}
	}
	return 0;
}

void pbt_traces_release(struct pbt_trace *traces, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		tracepoint_probe_unregister(traces[i].tp, traces[i].function, traces[i].data);
	if (nr)
		tracepoint_synchronize_unregister();
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints of the kernel by name; few of them are exported.
 */
#ifndef PBT_TRACEPOINTS_H
#define PBT_TRACEPOINTS_H

struct pbt_trace {
	const char *name;
	void *function;		/* of the type that the tracepoint has, @data first */
	void *data;
	struct tracepoint *tp;	/* where it was found */
};

/* Whether this kernel has all of them. May sleep. */
bool pbt_traces_found(struct pbt_trace *traces, unsigned int nr);

/* Has all functions called, or none. 0, -EOPNOTSUPP if there is no such tracepoint, or -errno. */
int pbt_traces_take(struct pbt_trace *traces, unsigned int nr);

/* When it returns none of the functions is running. May sleep. */
void pbt_traces_release(struct pbt_trace *traces, unsigned int nr);

#endif /* PBT_TRACEPOINTS_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The probes of all parts, armed while some session wants them.
 */
#ifndef PBT_PROBES_H
#define PBT_PROBES_H

#include <linux/ptrace.h>

#include "session.h"

enum pbt_probe {
	/* the first are the points: enum pbt_point */
	PROBE_NOTIFY = PBT_NR_POINTS,
	PROBE_CREATE_IO_THREAD,
	PROBE_TCTX_TASK_WORK,
	PROBE_CREATE_WORKER_CB,
	PROBE_IO_WQ_CREATE,
	PROBE_SET_CPUS,
	/* of the module itself, so that the probes prove that they act: prove.c */
	PROBE_SELF,
	PROBE_SELF_EXIT,
	PROBE_PLANT_WRITE,
	PROBE_PLANT_READ,
	PROBE_PLANT_COPY,
	NR_PROBES
};

#define PROBE_SYMBOLS	5
#define PROBE_HOOKS	(NR_PROBES * PROBE_SYMBOLS)

/* kretprobes: calls that may be under way at once; beyond that they are counted as missed. */
#define PROBE_MAXACTIVE	512
#define PROBE_DATA	32	/* bytes for each call */

/* What a probe does; both run with preemption disabled. */
struct pbt_probe_type {
	const char *symbols[PROBE_SYMBOLS];	/* all that this kernel has are probed */
	/* at the function's entry, or NULL */
	void (*entry)(unsigned int probe, struct pt_regs *regs);
	/* for a probe of its exit: fills @data, false if the call is of no interest */
	bool (*call)(unsigned int probe, struct pt_regs *regs, void *data);
	/* @regs: of the return, only for what the function returns */
	void (*exit)(unsigned int probe, struct pt_regs *regs, void *data);
};

extern const struct pbt_probe_type pbt_point_types[PBT_NR_POINTS];
extern const struct pbt_probe_type pbt_notify_type, pbt_worker_type, pbt_tctx_type;
extern const struct pbt_probe_type pbt_create_cb_type, pbt_io_wq_type, pbt_set_cpus_type;
extern const struct pbt_probe_type pbt_self_type, pbt_self_exit_type;
extern const struct pbt_probe_type pbt_plant_write_type, pbt_plant_read_type;
extern const struct pbt_probe_type pbt_plant_copy_type;

/* What a probe does, by its number. */
const struct pbt_probe_type *pbt_probe_type(unsigned int probe);

/*
 * Which probes this kernel can have, 1 << probe. Asks the kernel, and again as long as an answer
 * was an error that may be gone the next time. May sleep.
 */
u32 pbt_probes_present(void);

/*
 * Changes what @s has armed to @want (1 << probe). Arms first; on an error (-ENOENT: there is no
 * such function, -ESHUTDOWN: probes do not act, or what the kernel says) what was armed before
 * still is. May sleep.
 */
int pbt_probes_arm(struct pbt_session *s, u32 want);

/* The module goes: no session is left. May sleep. */
void pbt_probes_exit(void);

/* Whether the probes that @s has armed act: 0 or -ESHUTDOWN. May sleep. */
int pbt_probes_watch(struct pbt_session *s);

/*
 * prove.c. Whether those of PROBE_SELF and PROBE_SELF_EXIT that are in @armed are hit by a call of
 * their function: 0 or -ESHUTDOWN. Nobody arms or disarms them meanwhile.
 */
int pbt_prove(u32 armed);

/* To be called by the hooks: the function of a probe was called, by whomever. */
void pbt_probe_hit(unsigned int probe);

/*
 * What became of calls of the functions that @s has armed, by anybody, while it had them armed: how
 * many were missed, and how many per million of the probe that missed the largest share. A call is
 * missed that came inside of another probe on the same CPU, or found no free kretprobe_instance.
 */
void pbt_probes_missed(const struct pbt_session *s, u64 *missed, u64 *ppm);

/*
 * Where a function begins and ends, by name; 0 or -ENOENT.
 * kallsyms by sprint_symbol(), which is what modules may use since 5.7.
 */
int pbt_probes_range(const char *symbol, unsigned long *begin, unsigned long *end);

#endif /* PBT_PROBES_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parts of live_registers share; its words are at the start of live_registers.c.
 *
 *	live_registers.c	variants, controls, tests, options
 *	live_spin		submitter and controller: the protocol of windows
 *	live_beside.c		submitters side by side, where there are CPUs for several
 *	live_round.c		rounds of a variant, and what is counted in them
 *	live_module.c		knobs of the module, and what it plants
 *	live_answer.c		the answer in words, and in the file of results
 *	regs, regs_<arch>	the bank
 */
#ifndef LIVE_H
#define LIVE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include <time.h>

#include "evidence.h"
#include "module.h"
#include "planted.h"
#include "program.h"
#include "provoke.h"
#include "regs.h"

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#endif

/* Fewer events than this say too little: the rate would be known to no better than 3 %. */
#define LIVE_MIN_EVENTS		100
#define LIVE_MIN_ELSEWHERE	30	/* creations elsewhere, if none is expected inside */
#define LIVE_SHOWN		4	/* violations printed in full for each variant */

/* Where a variant's workers are expected to be created. */
enum live_expectation {
	LIVE_IN_WINDOW,		/* in the submitter, by interrupt */
	LIVE_IN_SYSCALL,	/* in the submitter, but only when it enters io_uring */
	LIVE_IN_SQ_THREAD,
};

/* How workers are made to be created. */
struct live_variant {
	enum provoke_way way;
	unsigned int setup_flags;	/* of the ring */
	enum live_expectation expect;
	enum pbt_notify notify;	/* what the module makes of TWA_SIGNAL and TWA_SIGNAL_NO_IPI */
	bool signals;		/* a handler runs in each window */
	bool by_tick;		/* no more than one creation for each timer tick */
};

struct live_result {
	const char *name;
	enum live_expectation expect;
	enum pbt_notify notify;
	bool planted;		/* of the control with faults: nothing is told */
	struct answer answer;
	struct evidence evidence;	/* events inside windows, windows with a change */
	struct evidence switched;	/* those of them in which the submitter was switched out */
	struct evidence control;	/* windows without a creation, those with a change */
	bool signals;
	struct evidence frames;	/* handlers inside windows, those with another register */
	uint64_t windows;	/* the control's aside */
	uint64_t elsewhere;	/* creations that fell outside a window */
	uint64_t unexpected;	/* creations by whom none is expected */
	uint64_t late;		/* windows in which no creation was seen in time */
	uint64_t exited;	/* threads that ended inside a window: io-wq workers */
	bool died;		/* the submitter ended inside a window */
	double seconds;
	double first_ms;	/* since program start; < 0: no violation */
	uint64_t first_event;
	uint64_t changed[REG_SLOTS_MAX];
	uint64_t control_changed[REG_SLOTS_MAX];
	uint64_t explained;	/* violations whose value told the cause */
	bool delivery_told;
	uint64_t delivered[PBT_NR_DELIVERIES];	/* worker creations of all threads */
	uint64_t rewritten;	/* notifications whose mode the module changed */
	uint64_t missed;	/* calls that probes did not see meanwhile */
	char no_answer[128];	/* why the knob is not worth an answer, or empty */
};

/* Survives the harness's fork of each test. */
struct live_shared {
	pid_t main;
	struct timespec start;
	bool clean_ok, altered_ok;
	bool found;		/* a violation, in whatever variant */
	pid_t teller;		/* the process that shows what changed, or 0 */
	char no_module[256];	/* why there is none, or empty */
	struct planted planted;
	unsigned int nr;
	struct live_result result[];	/* room for each variant */
};

struct live_opt {
	double seconds;
	uint64_t max_events;
	uint64_t tick_events;	/* the same for variants by_tick */
	unsigned int beside;	/* submitters with a part each of what is asked for */
	bool stop_first;
	bool no_module;
	bool pin_workers;
	const char *only;
	const char *json;
	struct cpus cpus;
};

extern struct live_opt live_opt;
extern struct live_shared *live_shared;
extern struct reg_layout live_layout;

/* --- live_registers.c */

/* Nothing has been counted for @variant, which has that @name. */
void live_result_begin(struct live_result *r, const char *name, const struct live_variant *variant);

/* --- live_beside.c */

/* How many submitters are side by side: one for two CPUs, or one for fewer events than those. */
unsigned int live_submitters(void);

/*
 * Rounds of a variant until no more is wanted, or one fails: 0 or -errno in *@error. Adds to what
 * @r has. Returns NULL, or why there are none.
 */
const char *live_measure(struct live_result *r, const struct live_variant *variant, int *error);

/* --- live_round.c */

struct live_spin;

/* Prints expected and found value of register number @n of those that changed in the window. */
void live_show_change(const struct live_spin *s, unsigned int n);

/* live_measure() of one submitter, in this process, on all of live_opt.cpus. */
const char *live_measure_alone(struct live_result *r, const struct live_variant *variant,
			       int *error);

/* --- live_answer.c */

/*
 * Why a ring could not be had, or a round not be run. @flag is the one of the ring's that an older
 * kernel refuses, or NULL.
 */
void live_settle_error(struct live_result *r, int err, const char *flag);

/* The answer by what has been counted. */
void live_settle_measured(struct live_result *r);

/* What the answer leaves out, for people. */
void live_print_details(const struct live_result *r);

/* For struct program. */
void live_write_variant(FILE *f, unsigned int variant);
void live_write_head(FILE *f);

/* --- live_module.c */

/*
 * A session of the module for one variant, in *@session; -1 where it is not needed and cannot be
 * had. Returns NULL, or why the variant cannot be run, and that as @reason.
 */
const char *live_knobs_open(enum pbt_notify notify, int *session, enum skip_reason *reason);

/* Takes the counters and ends the session. */
void live_knobs_close(int session, struct live_result *r);

/* For planted_run(): the variant @arg, under the module's knob for its notification. */
void live_plant(struct planted *p, const void *arg);

#endif /* LIVE_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The planted control: what the module does wrong on purpose, on the kernel that is judged, has to
 * be found. Where it is not, a clean result says nothing.
 */
#ifndef PLANTED_H
#define PLANTED_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "module.h"

/* Fewer times than this, and what was found of them says too little. */
#define PLANTED_MIN	10

/* To be kept where the processes of a program share it. */
struct planted {
	bool over;
	char why[256];		/* why it did not run, or "" */
	struct {
		char what[24];	/* for people */
		uint64_t planted, found;
		uint64_t events;	/* in which it could have been */
	} fault[PBT_NR_PLANTS];
};

/* It will not run. */
void planted_not(struct planted *p, const char *why);

/*
 * Runs @control once, in a process of its own, as what it plants may end it. It opens sessions by
 * planted_open(), and fills in p->fault, or calls planted_not(). Prints what came out.
 */
void planted_run(struct planted *p, void (*control)(struct planted *p, const void *arg),
		 const void *arg);

/*
 * A session in which nothing is planted yet, and what of *@plants has a place in this kernel. -1,
 * and p->why, if there is none.
 */
int planted_open(struct planted *p, __u32 *plants);

/* PBT_SET_KNOBS. 0 or -errno. */
int planted_set(int session, const struct pbt_knobs *knobs);

/* How often this fault has been planted. */
uint64_t planted_times(int session, unsigned int plant);

/* NULL, or why a clean result is none. Good until the next call. */
const char *planted_missed(const struct planted *p);

/* A member of a JSON object, after a comma: "planted": { ... }, or "planted_not_run": "WHY". */
void planted_json(FILE *f, const struct planted *p);

#endif /* PLANTED_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parts of claims share; what it is for is at the start of claims.c.
 *
 *	claims_table.c	the settings, and the claims with their conditions
 *	claims_counts.c	counts and looks, and how the claims stand by them
 *	claims_decide.c	what counts say of a claim, with its probability of being wrong
 *	claims_plan.c	what a guest is to run
 *	claims_report.c	KTAP and JSON
 */
#ifndef CLAIMS_H
#define CLAIMS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "claims_decide.h"
#include "compiler.h"
#include "evidence.h"

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#endif

/* One setting: where, and what is run there. Every variant of the program but one is left out. */
struct claims_setting {
	char name[40];				/* what its counts go by */
	const char *guest;
	const char *notify, *barrier, *delay;	/* levels of the three factors, or none */
	const char *knobs;			/* other knobs */
	const char *command;
	unsigned int seconds;			/* in the first round; of MariaDB: loops */
	bool quiet;				/* nothing may be found here */
};

/* Who is asked: our own programs, and MariaDB in two ways. */
enum claims_column {
	CLAIMS_PROGRAMS,
	CLAIMS_MTR,
	CLAIMS_QUICK,
	CLAIMS_NR_COLUMNS
};

/* As in claims_decide.h, by the names of settings. */
struct claims_named {
	enum claims_relation relation;
	const char *setting, *other;
};

#define CLAIMS_MAX_SETTINGS	80
#define CLAIMS_MAX_CONDITIONS	12
#define CLAIMS_NR	14

struct claims_entry {
	const char *id, *text;
	struct claims_named condition[CLAIMS_MAX_CONDITIONS];
	struct claims_named mariadb[CLAIMS_MAX_CONDITIONS];	/* without the column's prefix */
};

/* --- claims_table.c */

extern const char *const claims_column_names[CLAIMS_NR_COLUMNS];
extern const char *const claims_workloads[CLAIMS_NR_COLUMNS];
extern const char *const claims_relation_names[];
extern struct claims_setting claims_settings[CLAIMS_MAX_SETTINGS];
extern unsigned int claims_nr_settings;
extern const struct claims_entry claims_list[CLAIMS_NR];

/* To be called first. */
void claims_make_settings(void);

/* The conditions of a claim in a column. */
const struct claims_named *claims_conditions(enum claims_column column,
					     const struct claims_entry *claim);

/* The number of a setting by its name, and of one that a condition in a column names; or -1. */
int claims_find(const char *name);
int claims_find_in(enum claims_column column, const char *name);

/* Whether the claim is asked in the column, and how many are. */
bool claims_is_asked(enum claims_column column, const struct claims_entry *claim);
unsigned int claims_nr_asked(enum claims_column column);

/* A form of MariaDB's test has a column of its own, all other guests run our programs. */
enum claims_column claims_column_of(const struct claims_setting *s);

/* --- claims_counts.c */

extern struct claims_counts claims_count[CLAIMS_MAX_SETTINGS];	/* of each setting */
extern struct claims_answer claims_answers[CLAIMS_NR_COLUMNS][CLAIMS_NR];
extern unsigned int claims_looks;	/* that were taken */

/* Reads counts and takes all looks, with the last one at the end of the file. */
void claims_read(FILE *f);

/* The conditions of a claim with the counts that they are about; returns how many there are. */
unsigned int claims_with_counts(enum claims_column column, const struct claims_entry *claim,
				struct claims_condition *filled);

/* MariaDB is asked only where that is wanted. */
bool claims_was_run(enum claims_column column);

/* Claims by number; how many decisions are open. */
bool claims_is_open(enum claims_column column, unsigned int claim);
unsigned int claims_nr_open(void);
const char *claims_decision_name(enum claims_column column, unsigned int claim);

/* Violations on the kernel that is to have none: of no claim, but a false alarm. */
struct evidence claims_false_alarms(void);

/* --- claims_plan.c */

/* Both points are probed in all cells, so that the probes themselves are no difference. */
void claims_print_knobs(FILE *f, const struct claims_setting *s);

/* Prints the settings of @guest that are needed, in the order of @seed, for round @round. */
void claims_plan(const char *guest, uint64_t seed, unsigned long round);

/* --- claims_report.c */

/*
 * KTAP. A claim that is refuted is as good an answer as one that is confirmed, and the name of a
 * test is the claim's, whatever the decision.
 */
void claims_print_ktap(void);

/*
 * Keys of the whole: look (how many were taken), promise (a text), settings, claims.
 *
 *	settings	name, guest, notify, barrier, delay ("" where it is no cell of the
 *			factorial design), knobs, command, events, violations, pass, fail, skip
 *			(runs), rate_low, rate_high (95 %)
 *	claims		id, text, and of our programs: workload (in words), decision, looks (at
 *			which it had new counts), decided (the one that decided it, or 0),
 *			conditions: relation, setting, other (its base; "" where it has none),
 *			times_low, times_high (how many times the base's rate it may be, with the
 *			confidence that decides; missing where one of the two has no counts);
 *			mtr, quick: the same of MariaDB
 *
 * Returns 0 or -errno.
 */
int claims_write_json(const char *path);

/* --- claims.c */

/* One sentence on stderr, and exit code 2. */
void __noreturn claims_usage(const char *what);

#endif /* CLAIMS_H */

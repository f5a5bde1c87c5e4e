/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parts of claims share.
 */
#ifndef CLAIMS_H
#define CLAIMS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "claims_decide.h"
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
#define CLAIMS_MAX_CONDITIONS	4
#define CLAIMS_NR	14

struct claims_entry {
	const char *id, *text;
	struct claims_named condition[CLAIMS_MAX_CONDITIONS];
	struct claims_named mariadb[CLAIMS_MAX_CONDITIONS];	/* without the column's prefix */
};

extern const char *const claims_column_names[CLAIMS_NR_COLUMNS];
extern const char *const claims_workloads[CLAIMS_NR_COLUMNS];
extern const char *const claims_relation_names[];
extern struct claims_setting claims_settings[CLAIMS_MAX_SETTINGS];
extern unsigned int claims_nr_settings;
extern const struct claims_entry claims_list[CLAIMS_NR];

extern struct claims_counts claims_count[CLAIMS_MAX_SETTINGS];
extern struct claims_answer claims_answers[CLAIMS_NR_COLUMNS][CLAIMS_NR];
extern unsigned int claims_looks;		/* that were taken */

extern uint64_t claims_random;
extern unsigned long claims_round;

void claims_make_settings(void);
const struct claims_named *claims_conditions(enum claims_column column,
					     const struct claims_entry *claim);
int claims_find(const char *name);
int claims_find_in(enum claims_column column, const char *name);
bool claims_is_asked(enum claims_column column, const struct claims_entry *claim);
unsigned int claims_nr_asked(enum claims_column column);
enum claims_column claims_column_of(const struct claims_setting *s);

unsigned int claims_with_counts(enum claims_column column, const struct claims_entry *claim,
				struct claims_condition *filled);
void claims_read(void);
bool claims_was_run(enum claims_column column);
bool claims_is_open(enum claims_column column, unsigned int claim);
unsigned int claims_nr_open(void);
const char *claims_decision_name(enum claims_column column, unsigned int claim);
struct evidence claims_false_alarms(void);

void claims_print_knobs(FILE *f, const struct claims_setting *s);
int claims_plan(const char *guest);

void claims_print_ktap(void);
int claims_write_json(const char *path);

void __attribute__((noreturn)) claims_usage(const char *what);

#endif /* CLAIMS_H */

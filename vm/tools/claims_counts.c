// SPDX-License-Identifier: GPL-2.0
/*
 * Counts, the looks at them, and what was decided.
 */
#include <stdio.h>
#include <string.h>

#include "claims.h"

struct claims_counts claims_count[CLAIMS_MAX_SETTINGS];

struct claims_answer claims_answers[CLAIMS_NR_COLUMNS][CLAIMS_NR];

unsigned int claims_looks;		/* that were taken */

unsigned int claims_with_counts(enum claims_column column, const struct claims_entry *claim,
				struct claims_condition *filled)
{
	const struct claims_named *c = claims_conditions(column, claim);
	unsigned int i;

	for (i = 0; i < CLAIMS_MAX_CONDITIONS && c[i].relation != CLAIMS_NONE; i++)
		filled[i] = (struct claims_condition){
			c[i].relation, &claims_count[claims_find_in(column, c[i].setting)],
			c[i].other ? &claims_count[claims_find_in(column, c[i].other)] : NULL,
		};
	return i;
}

static void take_look(void)
{
	struct claims_condition filled[CLAIMS_MAX_CONDITIONS];
	enum claims_column column;
	unsigned int i, nr;

	for (column = CLAIMS_PROGRAMS; column < CLAIMS_NR_COLUMNS; column++) {
		for (i = 0; i < CLAIMS_NR; i++) {
			nr = claims_with_counts(column, &claims_list[i], filled);
			claims_look(&claims_answers[column][i], filled, nr,
				    claims_nr_asked(column));
		}
	}
	claims_looks++;
}

static void add_counts(const char *line)
{
	static const char wrong_line[] =
		"a line of counts is SETTING EVENTS VIOLATIONS PASS FAIL SKIP, or look";
	unsigned long long events, violations, passed, failed, skipped;
	struct claims_counts *n;
	char name[64], rest;
	int i;

	if (sscanf(line, "%63s %llu %llu %llu %llu %llu %c", name, &events, &violations, &passed,
		   &failed, &skipped, &rest) != 6 || violations > events || strchr(line, '-'))
		claims_usage(wrong_line);
	i = claims_find(name);
	if (i < 0)
		claims_usage("these are counts of no setting");
	n = &claims_count[i];
	n->evidence.events += events;
	n->evidence.violations += violations;
	n->passed += passed;
	n->failed += failed;
	n->skipped += skipped;
}

void claims_read(FILE *f)
{
	bool is_new = true;
	char line[256];

	while (fgets(line, sizeof(line), f)) {
		is_new = strcmp(line, "look\n");
		if (is_new)
			add_counts(line);
		else
			take_look();
	}
	if (is_new)
		take_look();
}

bool claims_was_run(enum claims_column column)
{
	unsigned int i;

	if (column == CLAIMS_PROGRAMS)
		return true;
	for (i = 0; i < claims_nr_settings; i++)
		if (claims_column_of(&claims_settings[i]) == column &&
		    claims_count[i].passed + claims_count[i].failed + claims_count[i].skipped)
			return true;
	return false;
}

bool claims_is_open(enum claims_column column, unsigned int claim)
{
	return claims_is_asked(column, &claims_list[claim]) && claims_was_run(column) &&
	       claims_answers[column][claim].decision == CLAIMS_OPEN;
}

unsigned int claims_nr_open(void)
{
	enum claims_column column;
	unsigned int i, nr = 0;

	for (column = CLAIMS_PROGRAMS; column < CLAIMS_NR_COLUMNS; column++)
		for (i = 0; i < CLAIMS_NR; i++)
			nr += claims_is_open(column, i);
	return nr;
}

const char *claims_decision_name(enum claims_column column, unsigned int claim)
{
	static const char *const names[] = {
		[CLAIMS_OPEN] = "open", [CLAIMS_UNOBSERVABLE] = "not observable here",
		[CLAIMS_CONFIRMED] = "confirmed", [CLAIMS_REFUTED] = "refuted",
	};

	if (!claims_is_asked(column, &claims_list[claim]))
		return "not asked";
	return claims_was_run(column) ? names[claims_answers[column][claim].decision] : "not run";
}

struct evidence claims_false_alarms(void)
{
	struct evidence sum = { 0 };
	unsigned int i;

	for (i = 0; i < claims_nr_settings; i++) {
		if (!claims_settings[i].quiet)
			continue;
		sum.events += claims_count[i].evidence.events;
		sum.violations += claims_count[i].evidence.violations;
	}
	return sum;
}

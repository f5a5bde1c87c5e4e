// SPDX-License-Identifier: GPL-2.0
/*
 * The plan of a guest.
 */
#include <stdio.h>
#include <string.h>

#include "claims.h"
#include "random.h"

/* Whether @setting takes part in @c. */
static bool takes_part(enum claims_column column, const struct claims_named *c, int setting)
{
	return claims_find_in(column, c->setting) == setting ||
	       (c->other && claims_find_in(column, c->other) == setting);
}

/* Whether an open claim depends on it, or it has not been run. */
static bool is_needed(int setting)
{
	const struct claims_counts *n = &claims_count[setting];
	enum claims_column column;
	unsigned int i, j;

	if (!n->passed && !n->failed && !n->skipped)
		return true;
	for (column = CLAIMS_PROGRAMS; column < CLAIMS_NR_COLUMNS; column++) {
		for (i = 0; i < CLAIMS_NR; i++) {
			const struct claims_named *c = claims_conditions(column, &claims_list[i]);

			if (!claims_is_open(column, i))
				continue;
			for (j = 0; j < CLAIMS_MAX_CONDITIONS && c[j].relation != CLAIMS_NONE; j++)
				if (takes_part(column, &c[j], setting))
					return true;
		}
	}
	return false;
}

/* Whether a single violation answers all that is asked of a setting of MariaDB: no rate is. */
static bool one_is_enough(enum claims_column column, int setting)
{
	unsigned int i, j;

	for (i = 0; i < CLAIMS_NR; i++) {
		const struct claims_named *c = claims_list[i].mariadb;

		for (j = 0; j < CLAIMS_MAX_CONDITIONS && c[j].relation != CLAIMS_NONE; j++) {
			if (!takes_part(column, &c[j], setting))
				continue;
			if (c[j].relation == CLAIMS_LOWER ||
			    claims_find_in(column, c[j].setting) != setting)
				return false;
		}
	}
	return true;
}

void claims_print_knobs(FILE *f, const struct claims_setting *s)
{
	if (s->notify)
		fprintf(f, "--notify %s --at kick_process=%s --at io_write=%s%s", s->notify,
			s->barrier, strcmp(s->delay, "0") ? "udelay:" : "none",
			strcmp(s->delay, "0") ? s->delay : "");
	else if (s->knobs)
		fprintf(f, "%s", s->knobs);
}

static void print_command(const struct claims_setting *s, unsigned long round)
{
	const enum claims_column column = claims_column_of(s);

	if (column != CLAIMS_PROGRAMS) {
		printf("%s %lu %s %s\n", s->name, s->seconds * round,
		       one_is_enough(column, s - claims_settings) ? "first" : "all", s->knobs);
		return;
	}
	printf("%s ", s->name);
	if (s->notify || s->knobs) {
		printf("./barrier_ctl --json /results/%s.knobs ", s->name);
		claims_print_knobs(stdout, s);
		printf(" -- ");
	}
	printf("%s -t %lu\n", s->command, s->seconds * round);
}

void claims_plan(const char *guest, uint64_t seed, unsigned long round)
{
	unsigned int order[CLAIMS_MAX_SETTINGS], nr = 0, i, j;
	bool known = false;

	for (i = 0; i < claims_nr_settings; i++) {
		if (strcmp(claims_settings[i].guest, guest))
			continue;
		known = true;
		if (!is_needed(i))
			continue;
		/* Fisher & Yates, the other way round */
		j = random_below(&seed, nr + 1);
		order[nr++] = order[j];
		order[j] = i;
	}
	if (!known)
		claims_usage("there is no such guest");
	for (i = 0; i < nr; i++)
		print_command(&claims_settings[order[i]], round);
}

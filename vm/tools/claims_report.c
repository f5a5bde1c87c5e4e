// SPDX-License-Identifier: GPL-2.0
/*
 * The decisions in KTAP, and in JSON.
 */
#include <stdio.h>

#include "claims.h"
#include "json.h"

/* For all that shows decisions; the base is the setting that another one is compared with. */
static void promise(char *buf, size_t size)
{
	snprintf(buf, size,
		 "The probability that any decision about one workload is wrong is below %g %%, however often one looks, if the load of the machine does not change rates. Clean: no violation, and a rate proved to be at most %g times the base's; seen: a violation, and refuted where it could be called clean; lower: a rate proved to be below %g times the base's, and refuted where it is proved to be above.",
		 100 * (1 - EVIDENCE_CONFIDENCE), CLAIMS_ENDED, CLAIMS_LOWERED);
}

#define PROMISE_SIZE	600

/* Returns whether a rate can be told in those of its base. */
static bool has_times(const struct claims_condition *c)
{
	return c->base && c->here->evidence.events && c->base->evidence.violations;
}

/* Without an answer of their program events say nothing, as where an order cannot be seen. */
static void tell_counts(char *buf, size_t size, const struct claims_counts *n)
{
	if (n->skipped && !n->passed && !n->failed)
		snprintf(buf, size, "skipped");
	else
		evidence_sentence(buf, size, &n->evidence);
}

static void print_counts(enum claims_column column, unsigned int claim)
{
	const struct claims_named *c = claims_conditions(column, &claims_list[claim]);
	struct claims_condition filled[CLAIMS_MAX_CONDITIONS];
	unsigned int i, j, nr = claims_with_counts(column, &claims_list[claim], filled);
	char sentence[EVIDENCE_TEXT_SIZE];

	printf("#   %s: %s\n", claims_workloads[column], claims_decision_name(column, claim));
	for (i = 0; i < nr; i++) {
		const char *const names[] = { c[i].setting, c[i].other };

		for (j = 0; j < 2 && names[j]; j++) {
			const int s = claims_find_in(column, names[j]);

			tell_counts(sentence, sizeof(sentence), &claims_count[s]);
			printf("#     %s %s: %s\n",
			       j ? "base" : claims_relation_names[c[i].relation],
			       claims_settings[s].name, sentence);
		}
		if (has_times(&filled[i])) {
			const struct interval times = claims_times(&claims_answers[column][claim],
								   &filled[i], nr,
								   claims_nr_asked(column));

			printf("#     so its rate is %.3g to %.3g times the base's\n", times.low,
			       times.high);
		}
	}
}

void claims_print_ktap(void)
{
	const struct evidence alarms = claims_false_alarms();
	char sentence[EVIDENCE_TEXT_SIZE], text[PROMISE_SIZE];
	enum claims_column column;
	unsigned int i;

	promise(text, sizeof(text));
	printf("TAP version 13\n1..%u\n# %s\n", CLAIMS_NR + 1, text);
	for (i = 0; i < CLAIMS_NR; i++) {
		const char *decision = claims_decision_name(CLAIMS_PROGRAMS, i);

		if (claims_answers[CLAIMS_PROGRAMS][i].decision < CLAIMS_CONFIRMED)
			printf("ok %u %s # SKIP %s\n", i + 1, claims_list[i].id, decision);
		else
			printf("ok %u %s # %s for %s\n", i + 1, claims_list[i].id, decision,
			       claims_workloads[CLAIMS_PROGRAMS]);
		printf("#   %s\n", claims_list[i].text);
		for (column = CLAIMS_PROGRAMS; column < CLAIMS_NR_COLUMNS; column++)
			if (claims_was_run(column) && claims_is_asked(column, &claims_list[i]))
				print_counts(column, i);
	}
	printf("%s %u no_false_alarm%s\n", alarms.violations ? "not ok" : "ok", CLAIMS_NR + 1,
	       alarms.events ? "" : " # SKIP no events");
	evidence_sentence(sentence, sizeof(sentence), &alarms);
	printf("#   the kernel without the problem: %s\n", sentence);
}

static void write_answer(FILE *f, enum claims_column column, unsigned int claim)
{
	const struct claims_named *c = claims_conditions(column, &claims_list[claim]);
	const struct claims_answer *a = &claims_answers[column][claim];
	struct claims_condition filled[CLAIMS_MAX_CONDITIONS];
	unsigned int i, nr = claims_with_counts(column, &claims_list[claim], filled);

	fprintf(f, "\"workload\": \"%s\", \"decision\": \"%s\", \"decided\": %u, \"looks\": %u,\n",
		claims_workloads[column], claims_decision_name(column, claim), a->decided,
		a->looks);
	fprintf(f, "        \"conditions\": [");
	for (i = 0; i < nr; i++) {
		fprintf(f, "%s\n        { \"relation\": \"%s\",", i ? "," : "",
			claims_relation_names[c[i].relation]);
		fprintf(f, " \"setting\": \"%s\",",
			claims_settings[claims_find_in(column, c[i].setting)].name);
		fprintf(f, " \"other\": \"%s\"",
			c[i].other ? claims_settings[claims_find_in(column, c[i].other)].name : "");
		if (has_times(&filled[i])) {
			const struct interval times = claims_times(a, &filled[i], nr,
								   claims_nr_asked(column));

			fprintf(f, ", \"times_low\": %.6g, \"times_high\": %.6g", times.low,
				times.high);
		}
		fprintf(f, " }");
	}
	fprintf(f, " ]");
}

int claims_write_json(const char *path)
{
	char text[PROMISE_SIZE];
	struct json_file json;
	enum claims_column column;
	unsigned int i;
	FILE *f;
	int ret;

	ret = json_open(&json, path);
	if (ret)
		return ret;
	f = json.f;
	promise(text, sizeof(text));
	fprintf(f, "{\n  \"look\": %u,\n  \"promise\": \"%s\",\n  \"settings\": [",
		claims_looks, text);
	for (i = 0; i < claims_nr_settings; i++) {
		const struct claims_setting *s = &claims_settings[i];
		const struct claims_counts *n = &claims_count[i];
		const struct interval rate = evidence_interval(&n->evidence, EVIDENCE_CONFIDENCE);

		fprintf(f, "%s\n    { \"name\": \"%s\", \"guest\": \"%s\",", i ? "," : "", s->name,
			s->guest);
		fprintf(f, " \"notify\": \"%s\", \"barrier\": \"%s\", \"delay\": \"%s\",\n",
			s->notify ?: "", s->barrier ?: "", s->delay ?: "");
		fprintf(f, "      \"knobs\": \"");
		claims_print_knobs(f, s);
		fprintf(f, "\", \"command\": \"%s\",\n", s->command);
		fprintf(f, "      \"events\": %llu, \"violations\": %llu,",
			(unsigned long long)n->evidence.events,
			(unsigned long long)n->evidence.violations);
		fprintf(f, " \"pass\": %llu, \"fail\": %llu, \"skip\": %llu,\n",
			(unsigned long long)n->passed, (unsigned long long)n->failed,
			(unsigned long long)n->skipped);
		fprintf(f, "      \"rate_low\": %.6g, \"rate_high\": %.6g }", rate.low, rate.high);
	}
	fprintf(f, "\n  ],\n  \"claims\": [");
	for (i = 0; i < CLAIMS_NR; i++) {
		fprintf(f, "%s\n    { \"id\": \"%s\", \"text\": \"%s\",\n      ", i ? "," : "",
			claims_list[i].id, claims_list[i].text);
		write_answer(f, CLAIMS_PROGRAMS, i);
		for (column = CLAIMS_MTR; column < CLAIMS_NR_COLUMNS; column++) {
			fprintf(f, ",\n      \"%s\": { ", claims_column_names[column]);
			write_answer(f, column, i);
			fprintf(f, " }");
		}
		fprintf(f, " }");
	}
	fprintf(f, "\n  ]\n}\n");
	return json_commit(&json);
}

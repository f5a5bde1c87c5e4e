// SPDX-License-Identifier: GPL-2.0
/*
 * claims: what the mails of 2023 say, as a table of settings and of what has to hold between the
 * counts in them; and the decision for each, from counts.
 *
 *	claims --plan GUEST [--seed N] [--round N]	the settings of a guest in random order,
 *							each with its command
 *	claims --decide [--json FILE]			decides
 *
 * Both read counts from standard input, a line "SETTING EVENTS VIOLATIONS PASS FAIL SKIP" each: the
 * last three are how many runs ended so. Lines of one setting add up, so runs of several machines
 * do. A line "look" tells that all before it was looked at together, as is done with all of it at
 * its end: so every look that was ever taken is taken again, and what was decided then stays
 * decided. A plan leaves out what no undecided claim needs; without counts it is all there is.
 *
 * The design is a factorial one, notification x barrier x delay, on the kernel with the problem
 * and on one without, and beside it the settings that one claim needs alone. Settings run k times
 * as long in round k. The plan of a guest mtr or quick has lines "SETTING LOOPS all|first KNOBS" in
 * place of commands; with "first" a failure is the end of it, as one answers all that is asked.
 *
 * Some claims are also asked of MariaDB itself, by its own test (mtr) and by making databases
 * (quick): each workload is a column of its own, with settings, events (loops) and decisions of its
 * own. The reports are of MariaDB; what is decided of one workload says nothing of another.
 *
 * Each claim is taken apart into conditions, which claims_decide.c decides. What lacks the events
 * is open, and what a machine cannot show is not observable.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "claims.h"

#define EXIT_FAIL	1
#define EXIT_USAGE	2
#define EXIT_OPEN	4

void __noreturn claims_usage(const char *what)
{
	fprintf(stderr,
		"claims: %s; it takes --decide, --json FILE, or --plan GUEST, --seed N, --round N.\n",
		what);
	exit(EXIT_USAGE);
}

static int decide(const char *json)
{
	int ret;

	claims_print_ktap();
	if (json) {
		ret = claims_write_json(json);
		if (ret) {
			fprintf(stderr, "claims: cannot write %s: %s\n", json, strerror(-ret));
			return EXIT_FAIL;
		}
	}
	if (claims_false_alarms().violations)
		return EXIT_FAIL;
	return claims_nr_open() ? EXIT_OPEN : 0;
}

static unsigned long long parse_number(const char *text, const char *what)
{
	char *end;
	unsigned long long n;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || !n || errno)
		claims_usage(what);
	return n;
}

int main(int argc, char **argv)
{
	const char *guest = NULL, *json = NULL;
	unsigned long long seed = time(NULL), round = 1;
	bool deciding = false;
	int i;

	claims_make_settings();
	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--decide"))
			deciding = true;
		else if (!strcmp(argv[i], "--plan") && i + 1 < argc)
			guest = argv[++i];
		else if (!strcmp(argv[i], "--seed") && i + 1 < argc)
			seed = parse_number(argv[++i], "--seed takes a number from 1 on");
		else if (!strcmp(argv[i], "--round") && i + 1 < argc)
			round = parse_number(argv[++i], "--round takes a number from 1 on");
		else if (!strcmp(argv[i], "--json") && i + 1 < argc)
			json = argv[++i];
		else
			claims_usage("this is no option of it");
	}
	if (deciding == !!guest || (json && !deciding))
		claims_usage("one of two things at a time");
	claims_read(stdin);
	if (deciding)
		return decide(json);
	claims_plan(guest, seed, round);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * What the counters of a session are worth, and a table of them for people.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "module.h"
#include "module_parts.h"

#define UNSEEN_PPM	10000	/* of calls or processes: an answer about knobs allows no more */

const char *module_no_answer(const struct pbt_counters *c)
{
	if (c->inactive)
		return "the probes of this kernel were switched off meanwhile";
	if (c->missed_ppm > UNSEEN_PPM)
		return module_why("%llu calls were missed by probes, %.1f %% of those of one point",
				  (unsigned long long)c->missed, c->missed_ppm / 1e4);
	if (c->lost * 1000000 > (c->lost + c->joined) * UNSEEN_PPM)
		return module_why("%llu of %llu processes were not taken into the session",
				  (unsigned long long)c->lost,
				  (unsigned long long)(c->lost + c->joined));
	return NULL;
}

/* --- counters for people */

#define WIDTH	26	/* of the first column: generic_perform_write_exit */

static void print_row(FILE *f, const char *what, const char *state, const __u64 *counts)
{
	unsigned int i;
	bool any = false;

	for (i = 0; i < PBT_NR_DELIVERIES; i++)
		any |= counts[i] != 0;
	if (!any)
		return;
	fprintf(f, "%-*s %-12s", WIDTH, what, state);
	for (i = 0; i < PBT_NR_DELIVERIES; i++)
		fprintf(f, " %12llu", (unsigned long long)counts[i]);
	fprintf(f, "\n");
}

static bool has_counts(const struct pbt_histogram *h)
{
	unsigned int i;

	for (i = 0; i < PBT_NR_DELIVERIES; i++)
		if (h->live[i] || h->dead[i])
			return true;
	return false;
}

void module_print(FILE *f, const struct pbt_knobs *knobs, const struct pbt_counters *counters)
{
	bool heading = false;
	unsigned int i;

	for (i = 0; i < PBT_NR_POINTS; i++) {
		const struct pbt_knob *knob = &knobs->point[i];
		char action[32];

		if (knob->action == PBT_OFF && !counters->point[i])
			continue;
		if (!heading)
			fprintf(f, "%-*s %-12s %12s\n", WIDTH, "point", "action", "passed");
		heading = true;
		if (knob->action == PBT_UDELAY)
			snprintf(action, sizeof(action), "udelay:%u", knob->usecs);
		else
			snprintf(action, sizeof(action), "%s", module_action_names[knob->action]);
		fprintf(f, "%-*s %-12s %12llu\n", WIDTH, module_point_names[i], action,
			(unsigned long long)counters->point[i]);
	}

	heading = false;
	for (i = 0; i < PBT_NR_NOTIFY; i++) {
		if (!counters->notify_seen[i])
			continue;
		if (!heading)
			fprintf(f, "%-*s %-12s %12s\n", WIDTH, "task_work_add()", "asked for",
				"calls");
		heading = true;
		fprintf(f, "%-*s %-12s %12llu\n", WIDTH, "",
			i == PBT_NOTIFY_KERNEL ? "neither" : module_notify_names[i],
			(unsigned long long)counters->notify_seen[i]);
	}
	if (counters->notify_changed || knobs->notify != PBT_NOTIFY_KERNEL)
		fprintf(f, "%-*s to %-9s %12llu\n", WIDTH, "  changed",
			module_notify_names[knobs->notify],
			(unsigned long long)counters->notify_changed);

	if (knobs->workers)
		fprintf(f, "%-*s %-12u %12llu threads with more workers otherwise\n", WIDTH,
			"io-wq workers at most", knobs->workers,
			(unsigned long long)counters->limited);
	if (knobs->flags & PBT_PIN_WORKERS)
		fprintf(f, "%-*s %-12s %12llu\n", WIDTH, "io-wq workers pinned", "",
			(unsigned long long)counters->pinned);

	for (i = 0; i < PBT_NR_PLANTS; i++)
		if (knobs->plants & (1U << i) || counters->planted[i])
			fprintf(f, "planted %s: %llu times\n", module_plant_names[i],
				(unsigned long long)counters->planted[i]);

	if (has_counts(&counters->workers) || has_counts(&counters->task_work)) {
		fprintf(f, "%-*s %-12s", WIDTH, "brought by", "FP, vectors");
		for (i = 0; i < PBT_NR_DELIVERIES; i++)
			fprintf(f, " %12s", module_delivery_names[i]);
		fprintf(f, "\n");
		print_row(f, "workers created", "live", counters->workers.live);
		print_row(f, "workers created", "dead", counters->workers.dead);
		print_row(f, "task_work", "live", counters->task_work.live);
		print_row(f, "task_work", "dead", counters->task_work.dead);
	}

	if (counters->cut)
		fprintf(f, "cut: %llu delays, or a CPU had been kept from other work too long\n",
			(unsigned long long)counters->cut);
	if (counters->missed)
		fprintf(f, "missed: %llu calls, at most %.2f %% of those of one point\n",
			(unsigned long long)counters->missed, counters->missed_ppm / 1e4);
	if (counters->lost)
		fprintf(f, "lost: %llu processes are not in the session, for want of memory\n",
			(unsigned long long)counters->lost);
}

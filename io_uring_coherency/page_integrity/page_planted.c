// SPDX-License-Identifier: GPL-2.0
/*
 * The planted control: what the module has io-wq do wrong; see page_planted.h.
 */
#include <string.h>
#include <unistd.h>

#include "kselftest.h"
#include "page_planted.h"
#include "page_report.h"

#define PLANTED_PAGES	128	/* written with each fault that the module plants */
#define PLANTED_SIZE	(1024 * 1024)	/* of a file at most; all are looked at each time */
#define PLANTED_FILES	4	/* ... and so many */
#define PLANTED_THREADS	2

/* What the module has io-wq do wrong. Which register a page is in just now is chance. */
static const enum pbt_plant plants[] = {
	PBT_PLANT_WRITE_SHORT, PBT_PLANT_WRITE_DROPPED, PBT_PLANT_WRITE_MISPLACED,
	PBT_PLANT_WRITE_STALE, PBT_PLANT_READ_SHORT,
};

/* A round with one fault. Returns 0 or -errno. */
static int plant_one(struct planted *p, struct page_run *run, int session, enum pbt_plant plant)
{
	const struct page_counts *c = &run->board->counts;
	const struct evidence before = c->pages;
	const struct pbt_knobs knobs = { .plants = 1U << plant };
	const char *failed;
	uint64_t found;
	int ret;

	ret = planted_set(session, &knobs);
	if (!ret)
		ret = page_run_round(run, &failed);
	if (ret)
		return ret;
	snprintf(p->fault[plant].what, sizeof(p->fault[plant].what), "%s",
		 module_plant_names[plant]);
	p->fault[plant].planted = planted_times(session, plant);
	p->fault[plant].events = c->pages.events - before.events;
	/* what is misplaced may be wrong in two places */
	found = c->pages.violations - before.violations;
	p->fault[plant].found = found < p->fault[plant].planted ? found : p->fault[plant].planted;
	return 0;
}

void page_planted_control(struct planted *p, const void *arg)
{
	const enum page_site_id site = *(const enum page_site_id *)arg;
	struct page_options few = page_opt;
	const char *why = NULL;
	__u32 possible = 0;
	struct page_run run;
	unsigned int i;
	int session, ret = 0;

	for (i = 0; i < ARRAY_SIZE(plants); i++)
		possible |= 1U << plants[i];
	if (!(few.views & (VIEWS_FILE | VIEW_BIT(VIEW_READBACK)))) {
		planted_not(p, "no view of what was written is asked for");
		return;
	}
	session = planted_open(p, &possible);
	if (session < 0)
		return;
	if (few.size > PLANTED_SIZE)
		few.size = PLANTED_SIZE;
	if (few.files > PLANTED_FILES)
		few.files = PLANTED_FILES;
	if (few.threads > PLANTED_THREADS)
		few.threads = PLANTED_THREADS;
	/* what is wrong on the disk is so in the page cache, too, where a look takes less time */
	if (few.views & VIEWS_CACHE)
		few.views &= ~VIEWS_DISK;
	why = page_run_open(&run, &few, ENGINE_uring_async, site, few.threads);
	if (why) {
		planted_not(p, why);
		page_run_close(&run);
		return;
	}
	run.most = PLANTED_PAGES / few.threads;
	/* nobody has to wait for any */
	run.board->counts.creations = PAGE_MIN_CREATIONS;
	for (i = 0; !ret && i < ARRAY_SIZE(plants); i++)
		if (possible & 1U << plants[i])
			ret = plant_one(p, &run, session, plants[i]);
	if (ret)
		planted_not(p, strerror(-ret));
	page_run_close(&run);
	close(session);
}

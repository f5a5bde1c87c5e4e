// SPDX-License-Identifier: GPL-2.0
/*
 * The control: what is damaged on purpose has to be found; see page_control.h.
 */
#include <string.h>
#include <unistd.h>

#include "compiler.h"
#include "kselftest.h"
#include "page_control.h"
#include "page_report.h"
#include "page_verifier.h"
#include "page_writer.h"

/* What is damaged in which place, one page after the other. */
static const struct damage {
	enum page_view after;
	enum page_class class;
} damages[] = {
	{ VIEW_MEMORY, PAGE_STALE }, { VIEW_MEMORY, PAGE_MISPLACED }, { VIEW_MEMORY, PAGE_TORN },
	{ VIEW_MEMORY, PAGE_MOSAIC }, { VIEW_MEMORY, PAGE_ZEROES },
	{ VIEW_MEMORY, PAGE_REGISTER_HOLE },
	{ VIEW_MEMORY_AFTER, PAGE_STALE }, { VIEW_MEMORY_AFTER, PAGE_MISPLACED },
	{ VIEW_MEMORY_AFTER, PAGE_ZEROES }, { VIEW_MEMORY_AFTER, PAGE_REGISTER_HOLE },
	{ VIEW_READBACK, PAGE_STALE }, { VIEW_READBACK, PAGE_MISPLACED },
	{ VIEW_READBACK, PAGE_TORN }, { VIEW_READBACK, PAGE_MOSAIC },
	{ VIEW_READBACK, PAGE_ZEROES }, { VIEW_READBACK, PAGE_REGISTER_HOLE },
	{ VIEW_READBACK, PAGE_NOT_READ }, { VIEW_READBACK, PAGE_BEYOND_BUFFER },
	{ VIEW_CACHE, PAGE_STALE }, { VIEW_CACHE, PAGE_MISPLACED }, { VIEW_CACHE, PAGE_TORN },
	{ VIEW_CACHE, PAGE_MOSAIC }, { VIEW_CACHE, PAGE_ZEROES },
	{ VIEW_CACHE, PAGE_REGISTER_HOLE },
	{ VIEW_RESULT, PAGE_WRONG_RESULT },
};

/* The views in which such damage is seen: there, and wherever the page comes to from there. */
static unsigned int seen_in(const struct damage *d, unsigned int views)
{
	switch (d->after) {
	case VIEW_MEMORY:
		return views & VIEW_BIT(VIEW_MEMORY) ? views : 0;
	case VIEW_CACHE:
		return views & VIEWS_FILE;
	case VIEW_RESULT:
		return VIEW_BIT(VIEW_RESULT);
	default:
		return views & VIEW_BIT(d->after);
	}
}

/* Makes something of the page @id that it should not be. */
static void damage(const struct page_id *id, enum page_class class, char *page)
{
	char other[PAGE_BYTES] __aligned(PAGE_ALIGNMENT);
	struct page_id from = *id;

	if (class == PAGE_MISPLACED)
		from.page++;
	else
		from.generation--;
	page_expect(&from, other);
	switch (class) {
	case PAGE_TORN:
		memcpy(page + 8192, other + 8192, 8192);
		break;
	case PAGE_MOSAIC:
		memcpy(page + 4096, other + 4096, 64);
		break;
	case PAGE_ZEROES:
		memset(page + 4096, 0, 4096);
		break;
	case PAGE_REGISTER_HOLE:
		memset(page + 4096 + 32, 0, 16);
		break;
	case PAGE_NOT_READ:
		page_expect(id, other);
		page_poison(other, page);
		break;
	default:
		memcpy(page, other, PAGE_BYTES);
	}
}

/* The same in the file, behind the back of what should be there. */
static void damage_file(struct page_run *run, const struct page_id *id, enum page_class class)
{
	char page[PAGE_BYTES] __aligned(PAGE_ALIGNMENT);

	page_expect(id, page);
	damage(id, class, page);
	/* if this fails, the control does not behave */
	if (pwrite(run->files.plain[id->file], page, PAGE_BYTES,
		   (off_t)id->page * PAGE_BYTES) != PAGE_BYTES)
		return;
}

static struct page_id damaged[ARRAY_SIZE(damages)];

/* Every so many pages of the round there is one. */
static unsigned int damage_every(const struct page_run *run)
{
	return run->schedule[0].nr / ARRAY_SIZE(damages) < 2 ? 1 : 2;
}

static void damage_on_purpose(struct page_run *run, enum page_view after, unsigned int n,
			      const struct page_id *id, struct page_transfer *t)
{
	const unsigned int i = n / damage_every(run);
	const struct damage *d = &damages[i];

	if (n % damage_every(run) || i >= ARRAY_SIZE(damages))
		return;
	damaged[i] = *id;
	if (d->after == VIEW_RESULT && after == VIEW_MEMORY_AFTER)
		t->res = PAGE_BYTES / 2;
	if (d->after != after || !seen_in(d, run->board->counts.views))
		return;
	if (after == VIEW_CACHE)
		damage_file(run, id, d->class);
	else if (d->class == PAGE_BEYOND_BUFFER)
		((char *)t->buf)[PAGE_BYTES + 100] = 0;
	else
		damage(id, d->class, t->buf);
}

/* A round by this thread alone, with no ring: nobody under suspicion. Returns 0 or -errno. */
static int write_alone(struct page_run *run, const char **failed)
{
	struct page_writer w = { .run = run };

	run->writing = 1;
	page_writer_run(&w);
	run->synced = w.synced;
	*failed = w.error ? w.failed : "verifying";
	return w.error;
}

/*
 * Each kind of damage has to be found in every place, and be told as what it is; and nothing else.
 * Returns NULL and how many @others were found, or why there is no answer at this site.
 */
const char *page_control_pages(enum page_site_id site, uint64_t *others)
{
	unsigned int i, views, wanted = 0, found = 0, all;
	static char why_not[600];
	const char *failed, *why;
	struct page_id id;
	struct page_run run;
	int ret;

	why = page_run_open(&run, &page_opt, ENGINE_NONE, site, 1);
	if (why) {
		page_run_close(&run);
		return why;
	}
	all = run.board->files * run.board->pages;
	views = run.board->counts.views;
	run.damage = damage_on_purpose;
	run.most = ARRAY_SIZE(damages) * damage_every(&run);
	ret = write_alone(&run, &failed);
	if (ret) {
		snprintf(why_not, sizeof(why_not), "%s fails: %s", failed, strerror(-ret));
		page_run_close(&run);
		return why_not;
	}
	if (views & VIEWS_FILE) {
		/* a sentinel, and something behind the end */
		id = page_board_id(run.board, 0, run.board->pages - 1);
		damage_file(&run, &id, PAGE_ZEROES);
		wanted++;
	}
	if (pwrite(run.files.plain[0], "", 1, page_opt.size + 100) == 1)
		wanted++;
	ret = page_files_write_back(&run.files) ?: page_verifier_look(&run.files, true);
	/* what the machine does not have */
	views &= ~page_counts_not_looked(&run.board->counts);
	if (ret) {
		snprintf(why_not, sizeof(why_not), "verifying fails: %s", strerror(-ret));
		page_run_close(&run);
		return why_not;
	}
	found = (views & VIEWS_FILE &&
		 page_board_state(run.board, 0, id.page)->wrong == (views & VIEWS_FILE)) +
		run.board->counts.class[PAGE_BEYOND_END];
	for (i = 0; i < ARRAY_SIZE(damages); i++) {
		const struct page_state *state = page_board_state(run.board, damaged[i].file,
								  damaged[i].page);
		const unsigned int in = seen_in(&damages[i], views);

		if (!in)
			continue;
		wanted++;
		if (state->class == damages[i].class && (state->wrong & in) == in)
			found++;
		else
			ksft_print_msg("%s, %s was found as %s, in views %#x of %#x\n",
				       page_view_name(damages[i].after),
				       page_class_name(damages[i].class),
				       page_class_name(state->class), state->wrong, in);
	}
	if (!wanted || found != wanted)
		why = "pages that were damaged on purpose are not found";
	ksft_print_msg("control: %u of %u damaged pages found, and %d others of %u\n", found,
		       wanted, (int)run.board->counts.pages.violations - (int)found, all);
	/* nobody damaged these, and io_uring had nothing to do with it */
	*others = run.board->counts.pages.violations - wanted;
	page_run_close(&run);
	return why;
}

/*
 * Damage behind the file system has to be seen in each view of the disk, and in none of the page
 * cache: then they look where they say. Sets the views of the disk that did not. Returns NULL, or
 * why there is no answer.
 */
const char *page_control_disk(enum page_site_id site, unsigned int *unproven)
{
	const char *why;
	struct page_run run;
	unsigned int i;
	int ret;

	why = page_run_open(&run, &page_opt, ENGINE_NONE, site, 1);
	*unproven = 0;
	for (i = 0; !why && i < PAGE_CONTROL_DISK; i++) {
		const struct page_id id = page_board_id(run.board, i % run.board->files, i);

		ret = page_files_damage_disk(&run.files, &id);
		if (ret == -ENOENT)
			why = "what was written is not found on the disk";
		else if (ret)
			why = "the disk cannot be written to";
	}
	if (!why && page_verifier_look(&run.files, true))
		why = "verifying fails";
	for (i = 0; !why && i < PAGE_CONTROL_DISK; i++) {
		const unsigned int file = i % run.board->files;
		const struct page_state *state = page_board_state(run.board, file, i);

		*unproven |= run.board->counts.views & VIEWS_DISK & ~state->wrong;
		if (state->wrong & VIEWS_CACHE)
			why = "the page cache does not keep what was written";
	}
	if (why)
		*unproven = VIEWS_DISK;
	page_run_close(&run);
	return why;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Looking at pages, and counting; see page_board.h.
 */
#include <sys/mman.h>

#include "page_board.h"
#include "program.h"

static const struct {
	const char *name;
	enum page_view_of of;
} views[VIEW_NR] = {
#define VIEW(id, name, of) \
	[VIEW_##id] = { #name, VIEW_OF_##of },
#include "page_views.h"
	[VIEW_RESULT] = { .name = "result" },
	[VIEW_SIZE] = { .name = "size" },
};

static const struct {
	const char *name, *text;
} places[PLACE_NR] = {
	[PLACE_MEMORY] = { "memory", "in memory before the write" },
	[PLACE_MEMORY_AFTER] = { "memory_after", "in memory after the write" },
	[PLACE_RESULT] = { "result", "in the result of the write or read" },
	[PLACE_READBACK] = { "readback", "when read back right after the CQE, but not later" },
	[PLACE_CACHE] = { "cache", "in the page cache" },
	[PLACE_DISK] = { "disk", "on disk" },
	[PLACE_UNSYNCED] = { "unsynced", "not on disk after fsync" },
	[PLACE_END] = { "end", "at the end of the file" },
};

const char *page_view_name(unsigned int view)
{
	return views[view].name;
}

const char *page_place_name(unsigned int place)
{
	return places[place].name;
}

const char *page_place_text(unsigned int place)
{
	return places[place].text;
}

uint32_t page_views_of(enum page_view_of of)
{
	uint32_t bits = 0;
	unsigned int i;

	for (i = 0; i < VIEW_PAGES; i++)
		if (views[i].of == of)
			bits |= VIEW_BIT(i);
	return bits;
}

uint32_t page_counts_not_looked(const struct page_counts *c)
{
	uint32_t bits = 0;
	unsigned int i;

	for (i = 0; i < VIEW_PAGES; i++)
		if (c->views & VIEW_BIT(i) && !c->view[i].events)
			bits |= VIEW_BIT(i);
	return bits;
}

static size_t board_size(unsigned int files, unsigned int pages)
{
	return sizeof(struct page_board) + (size_t)files * (pages + 1) * sizeof(struct page_state);
}

struct page_board *page_board_make(unsigned int files, unsigned int pages, unsigned int views,
				   const struct timespec *start)
{
	struct page_board *b = mmap(NULL, board_size(files, pages), PROT_READ | PROT_WRITE,
				    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (b == MAP_FAILED)
		return NULL;
	b->files = files;
	b->pages = pages;
	b->counts.views = views;
	b->start = *start;
	return b;
}

void page_board_free(struct page_board *b)
{
	munmap(b, board_size(b->files, b->pages));
}

struct page_state *page_board_state(struct page_board *b, unsigned int file, unsigned int page)
{
	return &b->state[file * (b->pages + 1) + page];
}

struct page_id page_board_id(struct page_board *b, unsigned int file, unsigned int page)
{
	return (struct page_id){
		.seed = b->seed, .file = file, .page = page,
		.generation = page_board_state(b, file, page)->generation,
	};
}

static void count(uint64_t *counter)
{
	__atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}

static enum page_place place_of(const struct page_board *b, const struct page_state *state)
{
	if (state->wrong & VIEW_BIT(VIEW_MEMORY))
		return PLACE_MEMORY;
	if (state->wrong & VIEW_BIT(VIEW_MEMORY_AFTER))
		return PLACE_MEMORY_AFTER;
	if (state->wrong & VIEW_BIT(VIEW_SIZE))
		return PLACE_END;
	if (state->wrong & VIEW_BIT(VIEW_RESULT))
		return PLACE_RESULT;
	if (!(state->wrong & VIEWS_FILE))
		return PLACE_READBACK;
	/*
	 * What is wrong in the page cache is written back so. O_DIRECT goes past it: then it is
	 * wrong there alone, or because it was read from the disk so.
	 */
	if (state->wrong & VIEWS_CACHE && !(b->direct && state->wrong & VIEWS_DISK))
		return PLACE_CACHE;
	/* the other views of the disk have the page written to it when they look */
	if ((state->wrong & VIEWS_FILE) == VIEW_BIT(VIEW_CRASH))
		return PLACE_UNSYNCED;
	return PLACE_DISK;
}

static void settle_state(struct page_board *b, struct page_state *state)
{
	if (!state->wrong || state->placed)
		return;
	state->placed = true;
	count(&b->counts.place[place_of(b, state)]);
	if (state->wrong & VIEWS_FILE)
		count(&b->counts.stored);
}

void page_board_settle(struct page_board *b)
{
	unsigned int file, page;

	for (file = 0; file < b->files; file++) {
		for (page = 0; page < b->pages; page++)
			settle_state(b, page_board_state(b, file, page));
		/* in each round a file ends anew */
		settle_state(b, page_board_state(b, file, b->pages));
		*page_board_state(b, file, b->pages) = (struct page_state){ 0 };
	}
}

void page_board_begin(struct page_board *b, const struct page_id *id)
{
	struct page_state *state = page_board_state(b, id->file, id->page);

	settle_state(b, state);
	*state = (struct page_state){ .generation = id->generation, .unknown = true };
}

void page_board_end(struct page_board *b, const struct page_id *id)
{
	page_board_state(b, id->file, id->page)->unknown = false;
}

/* By one of these a page counts as looked at. */
static uint32_t proof(const struct page_board *b)
{
	return b->counts.views & VIEWS_FILE ?: b->counts.views;
}

static void note_look(struct page_board *b, struct page_state *state, enum page_view view)
{
	const uint32_t bit = VIEW_BIT(view);
	uint32_t before;

	if (state->looked & bit)
		return;
	before = __atomic_fetch_or(&state->looked, bit, __ATOMIC_RELAXED);
	if (before & bit)
		return;
	count(&b->counts.view[view].events);
	/* the first generation is not an engine's */
	if (state->generation > 1 && bit & proof(b) && !(before & proof(b)))
		count(&b->counts.pages.events);
}

static void note_wrong(struct page_board *b, struct page_state *state,
		       const struct page_sample *sample)
{
	const uint32_t bit = VIEW_BIT(sample->view);
	const uint32_t before = __atomic_fetch_or(&state->wrong, bit, __ATOMIC_RELAXED);
	unsigned int n;

	if (!__atomic_load_n(&b->counts.first_ms, __ATOMIC_RELAXED))
		__atomic_store_n(&b->counts.first_ms, ms_since(&b->start) + 1, __ATOMIC_RELAXED);
	if (before & bit)
		return;
	count(&b->counts.view[sample->view].violations);
	if (before)
		return;
	state->class = sample->damage.class;
	count(&b->counts.pages.violations);
	count(&b->counts.class[sample->damage.class]);
	n = __atomic_fetch_add(&b->counts.samples, 1, __ATOMIC_RELAXED);
	if (n < PAGE_SAMPLES)
		b->counts.sample[n] = *sample;
}

bool page_board_look(struct page_board *b, const struct page_id *id, const void *want,
		     const void *found, enum page_view view)
{
	struct page_state *state = page_board_state(b, id->file, id->page);
	struct page_sample sample;

	__atomic_add_fetch(&b->counts.looks, 1, __ATOMIC_RELAXED);
	note_look(b, state, view);
	if (page_compare(id, want, found, &sample.damage))
		return true;
	sample.id = *id;
	sample.view = view;
	note_wrong(b, state, &sample);
	return false;
}

void page_board_result(struct page_board *b, const struct page_id *id, bool write, int result,
		       bool right)
{
	struct page_state *state = page_board_state(b, id->file, id->page);
	const struct page_sample sample = {
		.id = *id, .view = VIEW_RESULT, .damage.class = PAGE_WRONG_RESULT,
		.wanted = PAGE_BYTES, .got = result, .write = write,
	};

	note_look(b, state, VIEW_RESULT);
	if (!right)
		note_wrong(b, state, &sample);
}

void page_board_sync(struct page_board *b, unsigned int file, int result, bool right)
{
	struct page_state *state = page_board_state(b, file, b->pages);
	const struct page_sample sample = {
		.id = page_board_id(b, file, b->pages), .view = VIEW_RESULT,
		.damage.class = PAGE_WRONG_RESULT, .wanted = 0, .got = result, .write = true,
	};

	note_look(b, state, VIEW_RESULT);
	if (!right)
		note_wrong(b, state, &sample);
}

void page_board_overrun(struct page_board *b, const struct page_id *id)
{
	const struct page_sample sample = {
		.id = *id, .view = VIEW_READBACK, .damage.class = PAGE_BEYOND_BUFFER,
	};

	note_wrong(b, page_board_state(b, id->file, id->page), &sample);
}

bool page_board_size(struct page_board *b, unsigned int file, off_t size)
{
	struct page_sample sample = {
		.view = VIEW_SIZE, .damage.class = PAGE_BEYOND_END,
		.wanted = (off_t)b->pages * PAGE_BYTES, .got = size,
	};
	unsigned int page = b->pages;

	note_look(b, page_board_state(b, file, page), VIEW_SIZE);
	if (size == sample.wanted)
		return true;
	/* the pages that are beyond the end, or the end itself */
	if (size < sample.wanted)
		page = size / PAGE_BYTES;
	do {
		struct page_state *state = page_board_state(b, file, page);

		sample.id = page_board_id(b, file, page);
		note_look(b, state, VIEW_SIZE);
		note_wrong(b, state, &sample);
	} while (++page < b->pages);
	return false;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Damage of a page, for people; see page.h.
 */
#include <stdio.h>

#include "page_parts.h"

const char *page_class_name(enum page_class class)
{
	static const char *const names[PAGE_NR_CLASSES] = {
		[PAGE_GOOD] = "good",
		[PAGE_NOT_READ] = "not read",
		[PAGE_STALE] = "stale",
		[PAGE_MISPLACED] = "misplaced",
		[PAGE_TORN] = "torn",
		[PAGE_MOSAIC] = "mosaic",
		[PAGE_ZEROES] = "zeroes",
		[PAGE_REGISTER_HOLE] = "register hole",
		[PAGE_MISCOMPUTED] = "miscomputed",
		[PAGE_OTHER] = "other",
		[PAGE_WRONG_RESULT] = "wrong result",
		[PAGE_BEYOND_END] = "beyond the end",
		[PAGE_BEYOND_BUFFER] = "beyond the buffer",
	};

	return names[class];
}

static void hex(char *text, const uint8_t *bytes)
{
	unsigned int i;

	for (i = 0; i < 16; i++)
		sprintf(text + 2 * i, "%02x", bytes[i]);
}

static void print_pieces(char *text, size_t size, const struct page_id *id,
			 const struct page_damage *d)
{
	char of[80] = "";

	if (d->class != PAGE_NOT_READ && page_same(&d->found, id))
		snprintf(of, sizeof(of), ", of generation %u", d->found.generation);
	else if (d->class != PAGE_NOT_READ)
		snprintf(of, sizeof(of), ", of file %u page %u generation %u", d->found.file,
			 d->found.page, d->found.generation);
	if (d->piece == PAGE_BYTES)
		snprintf(text, size, " (all of it%s)", of);
	else
		snprintf(text, size, " (%u piece%s of %u byte%s%s at %s of %u%s)", d->pieces,
			 d->pieces == 1 ? "" : "s", d->piece, d->piece == 1 ? "" : "s",
			 d->pieces == 1 ? "" : " or more",
			 d->pieces == 1 ? "a multiple" : "multiples", d->grain, of);
}

int page_damage_print(char *buf, size_t size, const struct page_id *id,
		      const struct page_damage *d)
{
	static const char *const by[PAGE_NR_PAYLOADS] = { "C", "memcpy", "AES" };
	char class[160], expected[33], got[33];

	class[0] = '\0';
	if (d->class == PAGE_STALE)
		snprintf(class, sizeof(class), " (generation %u)", d->found.generation);
	else if (d->class == PAGE_MISPLACED)
		snprintf(class, sizeof(class), " (file %u page %u generation %u)", d->found.file,
			 d->found.page, d->found.generation);
	else if (d->class == PAGE_TORN)
		snprintf(class, sizeof(class), " (at %u, the other part of generation %u)", d->cut,
			 d->found.generation);
	else if (d->class == PAGE_REGISTER_HOLE && d->stride)
		snprintf(class, sizeof(class), " (%u units in the same columns, stride %u)",
			 d->count, d->stride);
	else if (d->pieces)
		print_pieces(class, sizeof(class), id, d);
	hex(expected, d->expected);
	hex(got, d->got);
	return snprintf(buf, size,
			"file %u page %u generation %u (by %s): %s%s, %u bytes in %u range%s, the first %u at %u (aligned to %u)\n"
			"at %u expected %s found %s, sums %s",
			id->file, id->page, id->generation, by[page_payload_of(id)],
			page_class_name(d->class), class, d->bytes, d->nr_ranges,
			d->nr_ranges == 1 ? "" : "s", d->range[0].length, d->range[0].offset,
			d->alignment, d->sample, expected, got,
			d->sums_ok ? "right for what was found" : "wrong");
}

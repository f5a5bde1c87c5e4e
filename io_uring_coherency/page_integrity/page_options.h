/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The options of page_integrity.
 */
#ifndef PAGE_OPTIONS_H
#define PAGE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "page_files.h"

#define PAGE_DIRECTORY	"/dev/shm"
#define PAGE_MIN_WINDOW	8	/* pages; while they are computed one worker is created ... */
#define PAGE_MAX_WORKERS	4	/* for the I/O of a thread */

struct page_options {
	double seconds;
	unsigned int threads, files;
	size_t size;
	const char *dir;	/* or NULL */
	const char *fs;		/* one of its own, with its image in dir */
	const char *engine;
	const char *json;
	unsigned int views;
	unsigned int workers;		/* at most, 0: as many as it takes */
	bool direct, stop_first, no_module;
};

extern struct page_options page_opt;

void page_options_parse(int argc, char **argv);

#endif /* PAGE_OPTIONS_H */

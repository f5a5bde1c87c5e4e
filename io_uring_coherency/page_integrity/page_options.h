/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The options of page_integrity.
 */
#ifndef PAGE_OPTIONS_H
#define PAGE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#define DIRECTORY	"/dev/shm"
#define MAX_THREADS	64
#define MIN_WINDOW	8	/* pages; while they are computed one worker is created ... */
#define MAX_WORKERS	4	/* for the I/O of a thread */

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

extern struct page_options opt;

void parse_options(int argc, char **argv);

#endif /* PAGE_OPTIONS_H */

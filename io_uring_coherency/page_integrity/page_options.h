/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The options of page_integrity.
 */
#ifndef PAGE_OPTIONS_H
#define PAGE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "page_files.h"

#define PAGE_DIRECTORY		"/dev/shm"
#define PAGE_MIN_WINDOW		8	/* pages of each thread */
#define PAGE_MAX_WORKERS	4	/* for the I/O of a thread */

struct page_options {
	double seconds;		/* for each engine */
	unsigned int threads;	/* that write */
	unsigned int files;
	size_t size;		/* bytes of each file: whole pages */
	const char *dir;	/* or NULL */
	const char *fs;		/* a file system of its own, with its image in dir; or NULL */
	const char *engine;	/* names with commas, or NULL: all */
	const char *json;	/* path, or NULL */
	unsigned int views;	/* bits */
	unsigned int workers;	/* at most, 0: as many as it takes */
	bool direct, stop_first, no_module;
};

/* As given, or by default. */
extern struct page_options page_opt;

/* Fills in page_opt. Ends the program for wrong usage, with exit code 2, and for --help. */
void page_options_parse(int argc, char **argv);

#endif /* PAGE_OPTIONS_H */

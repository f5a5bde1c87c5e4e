/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where page_integrity has its files: a directory, or a file system made for it.
 */
#ifndef PAGE_SITE_H
#define PAGE_SITE_H

#include <stdbool.h>
#include <stddef.h>

#include "page_disk.h"

/* Where the files are. */
enum page_site_id {
	SITE_ASKED,		/* as the options say; tmpfs by default, as in the report */
	SITE_DISK,		/* without such options beside it: a file system with a disk ... */
	SITE_DISK_DIRECT,	/* ... and O_DIRECT there */
	SITE_NR
};

/* A place for files. */
struct page_site {
	char dir[4096];
	char name[300];		/* for people */
	struct page_disk disk;	/* that dir is the root of, if it is ours */
	bool ours;
	char note[300];		/* why it is not what was looked for first, or empty */
	bool direct;		/* files are written with O_DIRECT */
	char why[512];		/* there is none, or empty */
};

/* The directory @dir as it is. */
void page_site_directory(struct page_site *site, const char *dir);

/*
 * A file system of @type, with room for @bytes of data and its image in the directory @dir. Returns
 * false if there is none, with the reason in why.
 */
bool page_site_make(struct page_site *site, const char *type, size_t bytes, const char *dir);

/*
 * Something with a disk for @bytes of data: a file system of @type with its image in @dir,
 * $TMPDIR, /var/tmp or the current directory; else the first of these three that is on a disk.
 * Returns false if there is none, with the reason in why.
 */
bool page_site_find(struct page_site *site, const char *type, size_t bytes, const char *dir);

extern struct page_site page_sites[SITE_NR];

/*
 * Fills in page_sites as the options ask for. Returns NULL, or why there is nothing at all to write
 * to; where only some of them are not to be had, their why tells.
 */
const char *page_sites_find(void);

#endif /* PAGE_SITE_H */

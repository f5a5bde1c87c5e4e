// SPDX-License-Identifier: GPL-2.0
/*
 * Where page_integrity has its files; see page_site.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "page_files.h"
#include "page_options.h"
#include "page_site.h"

struct page_site page_sites[SITE_NR];

void page_site_directory(struct page_site *site, const char *dir)
{
	memset(site, 0, sizeof(*site));
	snprintf(site->dir, sizeof(site->dir), "%s", dir);
	snprintf(site->name, sizeof(site->name), "%s", dir);
}

bool page_site_make(struct page_site *site, const char *type, size_t bytes, const char *dir)
{
	const char *why;

	memset(site, 0, sizeof(*site));
	/* twice: ext4 and xfs keep some of it to themselves */
	if (page_disk_make(&site->disk, type, 2 * bytes, dir, &why)) {
		snprintf(site->why, sizeof(site->why), "%s", why);
		return false;
	}
	site->ours = true;
	snprintf(site->dir, sizeof(site->dir), "/proc/self/fd/%d", site->disk.root);
	snprintf(site->name, sizeof(site->name), "%s", type);
	return true;
}

#define NR_PLACES	4

bool page_site_find(struct page_site *site, const char *type, size_t bytes, const char *dir)
{
	const char *const places[NR_PLACES] = { dir, getenv("TMPDIR"), "/var/tmp", "." };
	char first[512] = "";
	unsigned int i;

	for (i = 0; i < NR_PLACES; i++) {
		if (!places[i])
			continue;
		if (page_site_make(site, type, bytes, places[i]))
			return true;
		if (!*first)
			snprintf(first, sizeof(first), "%s", site->why);
	}
	for (i = 1; i < NR_PLACES; i++) {
		if (!places[i] || !page_disk_under(places[i]))
			continue;
		page_site_directory(site, places[i]);
		snprintf(site->note, sizeof(site->note), "%.299s", first);
		return true;
	}
	snprintf(site->why, sizeof(site->why),
		 "%.300s; and no directory on a disk can be written to ($TMPDIR, /var/tmp, .)",
		 first);
	return false;
}

const char *page_sites_find(void)
{
	const size_t bytes = page_opt.files * page_opt.size;
	const char *const dir = page_opt.dir ?: PAGE_DIRECTORY;
	unsigned int i;

	if (page_opt.fs && !page_site_make(&page_sites[SITE_ASKED], page_opt.fs, bytes, dir))
		return page_sites[SITE_ASKED].why;
	if (!page_opt.fs)
		page_site_directory(&page_sites[SITE_ASKED], dir);
	page_sites[SITE_ASKED].direct = page_opt.direct;
	if (page_opt.fs || page_opt.dir || page_opt.direct) {
		for (i = SITE_DISK; i < SITE_NR; i++)
			snprintf(page_sites[i].why, sizeof(page_sites[i].why), "not asked for");
		return NULL;
	}
	page_site_find(&page_sites[SITE_DISK], "ext4", bytes, PAGE_DIRECTORY);
	page_sites[SITE_DISK_DIRECT] = page_sites[SITE_DISK];
	page_sites[SITE_DISK_DIRECT].direct = true;
	return NULL;
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The verifier: the process that looks at the files, one of its own, which has no ring and thus no
 * task_work.
 *
 * What proves that a view of the disk looks at the disk:
 *
 *	direct	O_DIRECT, of pages that were not in the page cache before and are not after it; by
 *		mincore(2). It writes back first what is dirty, so it says nothing of fsync.
 *	dropped	the same of pages that were not in the page cache before. So does it.
 *	crash	a copy of the image of a file system of one's own (page_disk.h), made before anybody
 *		else looks, so that what fsync did not write is not there. A journal's commit
 *		(each 5 s) or writeback (of what is dirty for 30 s) might have written it.
 */
#ifndef PAGE_VERIFIER_H
#define PAGE_VERIFIER_H

#include "page_files.h"

/* Returns NULL, or the reason for a SKIP. It ends when page_files_close() closes its pipes. */
const char *page_verifier_start(struct page_files *f);

/*
 * Has the verifier look at all that there is; if all is @synced and it did not take too much of the
 * time so far, also at what a crash would leave. Returns 0, or -errno if not all could be read.
 */
int page_verifier_look(struct page_files *f, bool synced);

#endif /* PAGE_VERIFIER_H */

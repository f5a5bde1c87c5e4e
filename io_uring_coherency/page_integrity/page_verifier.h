/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The process that looks at the files: one of its own, which has no ring and thus no task_work.
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

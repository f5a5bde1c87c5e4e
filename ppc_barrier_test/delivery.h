/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How task_work reached the task, and how io-wq workers came to be created.
 */
#ifndef PBT_DELIVERY_H
#define PBT_DELIVERY_H

#include <linux/types.h>

/* Which enum pbt_delivery can be told apart on this kernel, 1 << each; 0: none. May sleep. */
u32 pbt_delivery_kinds(void);

/*
 * One more, or one fewer, session that counts. On x86 and arm64 this takes tracepoints of the
 * interrupts; 0 or -errno. May sleep.
 */
int pbt_delivery_get(void);
void pbt_delivery_put(void);

#endif /* PBT_DELIVERY_H */

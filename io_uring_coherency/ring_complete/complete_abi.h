/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ABI that the headers of liburing 2.1 lack, by include/uapi/linux/io_uring.h of 7.2. An enum's
 * members cannot be probed for, therefore their names are ours.
 */
#ifndef COMPLETE_ABI_H
#define COMPLETE_ABI_H

#include <liburing.h>
#include <stdint.h>

#include "compiler.h"

#ifndef IORING_SETUP_SINGLE_ISSUER
#define IORING_SETUP_SINGLE_ISSUER	BIT(12)	/* 6.0 */
#endif
#ifndef IORING_SETUP_DEFER_TASKRUN
#define IORING_SETUP_DEFER_TASKRUN	BIT(13)	/* 6.1 */
#endif
#ifndef IORING_ACCEPT_MULTISHOT
#define IORING_ACCEPT_MULTISHOT		BIT(0)	/* 5.19 */
#endif
#ifndef IORING_FEAT_NATIVE_WORKERS
#define IORING_FEAT_NATIVE_WORKERS	BIT(9)	/* 5.12 */
#endif

#define COMPLETE_DEFER		(IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN)

#define COMPLETE_BUFFER_SHIFT	16			/* IORING_CQE_BUFFER_SHIFT */
#define COMPLETE_REGISTER_PBUF_RING	22		/* 5.19 */
#define COMPLETE_PBUF_RING_INC		2		/* IOU_PBUF_RING_INC, 6.12 */
#define COMPLETE_CQE_F_BUF_MORE		BIT(4)	/* 6.12 */

#define COMPLETE_RECV_POLL_FIRST	BIT(0)	/* IORING_RECVSEND_POLL_FIRST, 5.19 */
#define COMPLETE_RECV_MULTISHOT		BIT(1)	/* IORING_RECV_MULTISHOT, 6.0 */
#define COMPLETE_RECV_BUNDLE		BIT(4)	/* IORING_RECVSEND_BUNDLE, 6.10 */
#define COMPLETE_OP_READ_MULTISHOT	49		/* 6.7 */

#define COMPLETE_SEND_FIXED_BUF		BIT(2)	/* IORING_RECVSEND_FIXED_BUF, 6.0 */
#define COMPLETE_CQE_F_NOTIF		BIT(3)	/* IORING_CQE_F_NOTIF, 6.0 */
#define COMPLETE_OP_SEND_ZC		47		/* 6.0 */
#define COMPLETE_OP_MSG_RING		40		/* 5.18 */
#define COMPLETE_POLL_MULTI		BIT(0)	/* IORING_POLL_ADD_MULTI, 5.13 */
#define COMPLETE_ERESTARTSYS	512			/* include/linux/errno.h */
#define COMPLETE_CANCEL_ALL		BIT(0)	/* IORING_ASYNC_CANCEL_ALL, 5.19 */
#define COMPLETE_CANCEL_FD		BIT(1)	/* 5.19 */
#define COMPLETE_CANCEL_ANY		BIT(2)	/* 5.19 */

struct complete_pbuf {
	uint64_t addr;
	uint32_t len;
	uint16_t bid;
	uint16_t tail;		/* of the ring, in its first entry */
};

struct complete_pbuf_reg {
	uint64_t ring_addr;
	uint32_t ring_entries;
	uint16_t bgid;
	uint16_t flags;
	uint64_t resv[3];
};

#endif /* COMPLETE_ABI_H */

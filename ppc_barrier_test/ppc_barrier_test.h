/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * ABI between the module ppc_barrier_test and its users in userspace.
 */
#ifndef PPC_BARRIER_TEST_H
#define PPC_BARRIER_TEST_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define PBT_DEVICE	"/dev/ppc_barrier_test"
#define PBT_ABI		1

/* PBT_GET_INFO: what this module can do. */
struct pbt_info {
	__u32 abi;		/* PBT_ABI */
	__u32 capabilities;	/* none so far */
};

#define PBT_GET_INFO	_IOR('b', 0, struct pbt_info)

#endif /* PPC_BARRIER_TEST_H */

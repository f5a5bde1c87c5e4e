// SPDX-License-Identifier: GPL-2.0
/*
 * Faults on purpose, so that a detector can be seen to find them. Probes change what the kernel
 * works on, never the path that it takes: a kprobe that has become a jump ignores a changed
 * instruction pointer.
 *
 * struct task_struct *create_io_thread(int (*fn)(void *), void *arg, int node)  kernel/fork.c
 *	In task_work that an interrupt has brought: the FP and vector registers are the user's own,
 *	and struct pt_regs holds the others.
 * void kick_process(struct task_struct *p)					kernel/sched/core.c
 *	A task on this CPU, as the caller is, is not kicked.
 * int task_work_add(task, work, notify)					kernel/task_work.c
 * ssize_t (*write_iter)(struct kiocb *iocb, struct iov_iter *from), and read_iter, of file systems
 *	Fewer bytes to do or another place of the file, and at the end a result as if that were not.
 *	Called by pointer, therefore no compiler inlines them.
 * size_t copy_page_from_iter_atomic(struct page *page, size_t offset, size_t bytes,
 *				     struct iov_iter *i)			lib/iov_iter.c
 *	Since 5.14; in 7.2 copy_folio_from_iter_atomic(), whose folio begins with its first page.
 *	What is copied goes to a page of our own. ftrace does not trace lib/, so not where fprobes
 *	take the place of kprobes.
 *
 * In 5.10.223 (but for the last), 6.1, 6.12 and 7.2. That a CQE comes before the data cannot be
 * planted: there is no function to call for it, and nothing that could be changed to have it.
 */
#define pr_fmt(fmt)	KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/sizes.h>
#include <linux/uio.h>

#include "arch.h"
#include "compat.h"
#include "plant.h"
#include "probes.h"

#define EVERY		8	/* of so many reads, writes or copies one is wrong */
#define SMALLEST	4096	/* and those with fewer bytes are left alone */
#define FEWER		16	/* bytes */
#define ELSEWHERE	16384	/* offset ^ this */
#define PAGES_OF_OUR_OWN	get_order(SZ_64K)

#define PLANTS_OF_REGISTERS	(BIT(PBT_PLANT_FP) | BIT(PBT_PLANT_VECTOR) | \
				 BIT(PBT_PLANT_GPR) | BIT(PBT_PLANT_FLAGS) | \
				 BIT(PBT_PLANT_OTHERS))
#define PLANTS_OF_READS		BIT(PBT_PLANT_READ_SHORT)
#define PLANTS_OF_WRITES	(BIT(PBT_PLANT_WRITE_SHORT) | BIT(PBT_PLANT_WRITE_DROPPED) | \
				 BIT(PBT_PLANT_WRITE_MISPLACED))

static const struct {
	const char *name;
	u8 probe;
} table[PBT_NR_PLANTS] = {
#define PBT_PLANT(id, plant_name, place) \
	[PBT_PLANT_##id] = { .name = #plant_name, .probe = place },
#include "pbt_plants.h"
};

static DEFINE_MUTEX(prepare_mutex);
static u32 told;
static struct page *own_pages;

u32 pbt_plants_possible(u32 probes)
{
	u32 plants = BIT(PBT_NR_PLANTS) - 1;
	unsigned int i;

#ifndef ARCH_PLANTS_FP
	plants &= ~BIT(PBT_PLANT_FP);
#endif
#ifndef ARCH_PLANTS_VECTOR
	plants &= ~BIT(PBT_PLANT_VECTOR);
#endif
	if (!COMPAT_HAS_NO_IPI)
		plants &= ~BIT(PBT_PLANT_NO_IPI_IGNORED);
	for (i = 0; i < PBT_NR_PLANTS; i++)
		if (!(probes & BIT(table[i].probe)))
			plants &= ~BIT(i);
	return plants;
}

u32 pbt_plants_probes(u32 plants)
{
	unsigned int i;
	u32 probes = 0;

	for (i = 0; i < PBT_NR_PLANTS; i++)
		if (plants & BIT(i))
			probes |= BIT(table[i].probe);
	return probes;
}

/* Here and not in the probes: some are called with locks held that printk() may want. */
static void tell(u32 plants)
{
	char text[160] = "";
	unsigned int i, at = 0;

	if (!plants)
		return;
	for (i = 0; i < PBT_NR_PLANTS; i++)
		if (plants & BIT(i))
			at += scnprintf(text + at, sizeof(text) - at, " %s", table[i].name);
	add_taint(TAINT_USER, LOCKDEP_STILL_OK);
	pr_warn("%s[%d] asks for faults in its own tasks:%s\n", current->comm,
		task_tgid_nr(current), text);
}

int pbt_plants_prepare(u32 plants)
{
	int ret = 0;

	mutex_lock(&prepare_mutex);
	if (plants & BIT(PBT_PLANT_WRITE_STALE) && !own_pages) {
		own_pages = alloc_pages(GFP_KERNEL | __GFP_COMP | __GFP_ZERO, PAGES_OF_OUR_OWN);
		if (!own_pages)
			ret = -ENOMEM;
	}
	if (!ret) {
		tell(plants & ~told);
		told |= plants;
	}
	mutex_unlock(&prepare_mutex);
	return ret;
}

void pbt_plants_exit(void)
{
	if (own_pages)
		__free_pages(own_pages, PAGES_OF_OUR_OWN);
}

void pbt_plant_registers(struct pbt_session *s)
{
	const u32 plants = READ_ONCE(s->knobs.plants) & PLANTS_OF_REGISTERS;
	struct pt_regs *regs = task_pt_regs(current);
	unsigned long flags;
	unsigned int i;

	if (!plants || current->flags & (PF_KTHREAD | PF_IO_WORKER) || arch_in_syscall(regs))
		return;
	local_irq_save(flags);
	for (i = 0; i < PBT_NR_PLANTS; i++)
		if (plants & BIT(i) && arch_plant(i, regs, atomic64_read(&s->planted[i])))
			atomic64_inc(&s->planted[i]);
	local_irq_restore(flags);
}

void pbt_plant_kick(struct pbt_session *s, struct pt_regs *regs)
{
	if (!(READ_ONCE(s->knobs.plants) & BIT(PBT_PLANT_KICK)))
		return;
	arch_set_argument(regs, 0, (unsigned long)current);
	atomic64_inc(&s->planted[PBT_PLANT_KICK]);
}

unsigned long pbt_plant_mode(struct pbt_session *s, unsigned long mode)
{
	if (!COMPAT_HAS_NO_IPI || mode != COMPAT_TWA_NO_IPI ||
	    !(READ_ONCE(s->knobs.plants) & BIT(PBT_PLANT_NO_IPI_IGNORED)))
		return mode;
	atomic64_inc(&s->planted[PBT_PLANT_NO_IPI_IGNORED]);
	return TWA_SIGNAL;
}

/* The session of the running thread if that is one of io_uring, and wants one of these. */
static struct pbt_session *session_of_worker(u32 *plants)
{
	struct pbt_session *s;

	if (!(current->flags & PF_IO_WORKER))
		return NULL;
	s = pbt_session_of(task_tgid(current));
	if (!s)
		return NULL;
	*plants &= READ_ONCE(s->knobs.plants);
	return *plants ? s : NULL;
}

/* Which of @plants is for this call, each in turn; or PBT_NR_PLANTS. */
static unsigned int next_plant(struct pbt_session *s, unsigned int probe, u32 plants)
{
	const u32 turn = atomic_inc_return(&s->plant_turn[probe - PROBE_PLANT_WRITE]);
	unsigned int skip = turn / EVERY % hweight32(plants);

	if (turn % EVERY)
		return PBT_NR_PLANTS;
	while (skip--)
		plants &= plants - 1;
	return __ffs(plants);
}

struct plant_call {
	const struct pid *tgid;	/* only compared */
	struct kiocb *iocb;
	u32 plant;
	u32 missing;		/* bytes of what was asked for */
	u32 rest;		/* ... and the others */
	s32 by;			/* how much its position was moved */
};

static bool plant_call(unsigned int probe, struct pt_regs *regs, void *data)
{
	u32 plants = probe == PROBE_PLANT_READ ? PLANTS_OF_READS : PLANTS_OF_WRITES;
	struct kiocb *iocb = (struct kiocb *)arch_argument(regs, 0);
	struct iov_iter *iter = (struct iov_iter *)arch_argument(regs, 1);
	struct pbt_session *s = session_of_worker(&plants);
	struct plant_call *call = data;
	struct inode *inode;

	BUILD_BUG_ON(sizeof(*call) > PROBE_DATA);
	if (!s)
		return false;
	inode = file_inode(iocb->ki_filp);
	if (!S_ISREG(inode->i_mode) || iov_iter_count(iter) < SMALLEST ||
	    iov_iter_count(iter) > MAX_RW_COUNT || iocb->ki_flags & IOCB_APPEND ||
	    (iocb->ki_pos | ELSEWHERE) + iov_iter_count(iter) > i_size_read(inode))
		return false;
	/* it has to be whole sectors */
	if (iocb->ki_flags & IOCB_DIRECT)
		plants &= ~(BIT(PBT_PLANT_WRITE_SHORT) | BIT(PBT_PLANT_READ_SHORT));
	if (!plants)
		return false;
	call->tgid = task_tgid(current);
	call->iocb = iocb;
	call->plant = next_plant(s, probe, plants);
	call->missing = 0;
	call->by = 0;
	switch (call->plant) {
	case PBT_PLANT_WRITE_DROPPED:
		call->missing = iov_iter_count(iter);
		break;
	case PBT_PLANT_WRITE_MISPLACED:
		call->by = iocb->ki_pos & ELSEWHERE ? -ELSEWHERE : ELSEWHERE;
		break;
	case PBT_PLANT_WRITE_SHORT:
	case PBT_PLANT_READ_SHORT:
		call->missing = FEWER;
		break;
	default:
		return false;
	}
	call->rest = iov_iter_count(iter) - call->missing;
	iov_iter_truncate(iter, call->rest);
	iocb->ki_pos += call->by;
	return true;
}

/* Else the kernel sees what is missing, and does it: so ends a call that outlives the session. */
static void plant_exit(unsigned int probe, struct pt_regs *regs, void *data)
{
	const struct plant_call *call = data;
	const long ret = arch_returned(regs);
	struct pbt_session *s;

	/* with this the request is somebody else's, and ends elsewhere */
	if (ret != -EIOCBQUEUED)
		call->iocb->ki_pos -= call->by;
	if (ret == call->rest) {
		call->iocb->ki_pos += call->missing;
		regs_set_return_value(regs, call->rest + call->missing);
	} else if (ret != -EIOCBQUEUED || !call->by) {
		return;
	}
	s = pbt_session_of(call->tgid);
	if (s)
		atomic64_inc(&s->planted[call->plant]);
}

static void copy_entry(unsigned int probe, struct pt_regs *regs)
{
	struct page *page = (struct page *)arch_argument(regs, 0);
	const size_t offset = (u32)arch_argument(regs, 1), bytes = arch_argument(regs, 2);
	u32 plants = BIT(PBT_PLANT_WRITE_STALE);
	struct pbt_session *s = session_of_worker(&plants);

	/* what was not read yet would show what the memory held before */
	if (!s || bytes < SMALLEST || bytes > SZ_64K - offset || offset > SZ_64K ||
	    !PageUptodate(page) || next_plant(s, probe, plants) == PBT_NR_PLANTS)
		return;
	arch_set_argument(regs, 0, (unsigned long)own_pages);
	atomic64_inc(&s->planted[PBT_PLANT_WRITE_STALE]);
}

const struct pbt_probe_type pbt_plant_write_type = {
	.symbols = {
		"generic_file_write_iter", "shmem_file_write_iter", "ext4_file_write_iter",
		"xfs_file_write_iter", "btrfs_file_write_iter",
	},
	.call = plant_call,
	.exit = plant_exit,
};

const struct pbt_probe_type pbt_plant_read_type = {
	.symbols = {
		"generic_file_read_iter", "shmem_file_read_iter", "ext4_file_read_iter",
		"xfs_file_read_iter", "btrfs_file_read_iter",
	},
	.call = plant_call,
	.exit = plant_exit,
};

const struct pbt_probe_type pbt_plant_copy_type = {
	.symbols = { "copy_page_from_iter_atomic", "copy_folio_from_iter_atomic" },
	.entry = copy_entry,
};

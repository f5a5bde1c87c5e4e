// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Test that FPU, VMX and VSX registers survive the creation of an io_uring worker.
 *
 * io_uring creates its workers by task work of the thread that submitted the requests. When an
 * interrupt brings the task work, that thread is in the middle of its own computation and has
 * live registers: create_io_thread() -> copy_process() -> flush_all_to_thread() saves them by
 * save_fpu() and save_altivec(), which store FPSCR through f0 and VSCR through v0. They did not
 * restore these two until v6.7-rc4, "powerpc: Don't clobber f0/vs0 during fp|altivec register
 * save", and MariaDB wrote corrupt pages.
 *
 * The submitter queues a read of an empty eventfd, and linked to it a splice from an empty pipe.
 * It then loads all registers of a bank, spins without a system call, and stores them. While it
 * spins, the main thread writes to the eventfd: the read completes in the submitter's task work,
 * and a worker is created there for the splice, as all others block in theirs (poll.c and
 * io-wq.c of 6.1 and 7.2).
 *
 *	window		one spin of the submitter
 *	event		a window in which this process got another thread, the worker. As the
 *			submitter made no system call, an interrupt brought the task work
 *	violation	a window after which a register was not what it was loaded with
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/io_uring.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "utils.h"

#define EVENTS_WANTED	200	/* of each bank */
#define EVENTS_MIN	100	/* with fewer there is no answer */
#define BANK_MS		10000	/* to get them */
#define LATE_MS		100	/* to wait for a worker: a tick brings what no IPI brought */
#define ROUND		32	/* windows of one submitter, and its workers in the end */
#define VIOLATIONS_SHOWN	3

struct reg {
	u64 dw[2];	/* f0-f31 have just the first */
};

static struct {
	u32 entered;	/* at 0: the registers are loaded */
	u32 leave;	/* at 4 */
	int created;	/* workers since entered */
	/* a slot for each register, and behind it one for FPSCR or VSCR */
	struct reg in[65] __cacheline_aligned;
	struct reg out[65] __cacheline_aligned;
} win;

/* @op for each register i of a bank. */
#define EACH(nr, op)			\
	".set	i, 0\n"			\
	".rept	" nr "\n"		\
	"li	%[at], 16 * i\n"	\
	op "\n"				\
	".set	i, i + 1\n"		\
	".endr\n"

/*
 * A thread that was scheduled out gets a unit back by its next use, or sooner where load_fp or
 * load_vec says so (restore_math() of 6.1 and 7.2). Each turn uses it, so that it is on.
 */
#define SPIN(use)			\
	"li	%[at], 1\n"		\
	"stw	%[at], 0(%[win])\n"	\
	"1:\n"				\
	use "\n"			\
	"lwz	%[at], 4(%[win])\n"	\
	"cmpwi	%[at], 0\n"		\
	"beq	1b\n"

#define FPRS "fr0", "fr1", "fr2", "fr3", "fr4", "fr5", "fr6", "fr7", "fr8", "fr9", "fr10",	\
	"fr11", "fr12", "fr13", "fr14", "fr15", "fr16", "fr17", "fr18", "fr19", "fr20", "fr21",	\
	"fr22", "fr23", "fr24", "fr25", "fr26", "fr27", "fr28", "fr29", "fr30", "fr31"

#define VRS "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12",	\
	"v13", "v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24",	\
	"v25", "v26", "v27", "v28", "v29", "v30", "v31"

/*
 * A window is one asm, so that the compiler can keep nothing of its own in a register meanwhile.
 * Not all bits of FPSCR and VSCR keep what is written, so that is read back for the pattern.
 */
static void window_fpu(void)
{
	long at;

	asm volatile("li	%[at], 16 * 32\n"
		     "lfdx	0, %[in], %[at]\n"
		     "mtfsf	255, 0\n"
		     "mffs	0\n"
		     "stfdx	0, %[in], %[at]\n"
		     EACH("32", "lfdx i, %[in], %[at]")
		     SPIN("fmr 31, 31")
		     EACH("32", "stfdx i, %[out], %[at]")
		     "li	%[at], 16 * 32\n"
		     "mffs	0\n"
		     "stfdx	0, %[out], %[at]\n"
		     : [at] "=&b" (at)
		     : [win] "b" (&win), [in] "b" (win.in), [out] "b" (win.out)
		     : "memory", "cr0", FPRS);
}

static void window_vmx(void)
{
	long at;

	asm volatile("li	%[at], 16 * 32\n"
		     "lvx	0, %[in], %[at]\n"
		     "mtvscr	0\n"
		     "mfvscr	0\n"
		     "stvx	0, %[in], %[at]\n"
		     EACH("32", "lvx i, %[in], %[at]")
		     SPIN("vor 31, 31, 31")
		     EACH("32", "stvx i, %[out], %[at]")
		     "li	%[at], 16 * 32\n"
		     "mfvscr	0\n"
		     "stvx	0, %[out], %[at]\n"
		     : [at] "=&b" (at)
		     : [win] "b" (&win), [in] "b" (win.in), [out] "b" (win.out)
		     : "memory", "cr0", VRS);
}

/* The registers of both, and their other halves. */
static void window_vsx(void)
{
	long at;

	asm volatile(".machine	push\n"
		     ".machine	power7\n"
		     EACH("64", "lxvd2x i, %[in], %[at]")
		     SPIN("xxlor 63, 63, 63")
		     EACH("64", "stxvd2x i, %[out], %[at]")
		     ".machine	pop\n"
		     : [at] "=&b" (at)
		     : [win] "b" (&win), [in] "b" (win.in), [out] "b" (win.out)
		     : "memory", "cr0", FPRS, VRS);
}

static struct bank {
	const char *name, *prefix, *status;
	void (*window)(void);
	unsigned long hwcap;
	int nr;
	bool wide;
	u64 windows, events, violations;
} banks[] = {
	{ "fpu", "f", "FPSCR", window_fpu, PPC_FEATURE_HAS_FPU, 32, false },
	{ "vmx", "v", "VSCR", window_vmx, PPC_FEATURE_HAS_ALTIVEC, 32, true },
	{ "vsx", "vs", NULL, window_vsx, PPC_FEATURE_HAS_VSX, 64, true },
	{ NULL }
};

static int ring_fd, trigger, data[2], sink, gone;
static u32 sq_size, *sq_tail;
static void *sq;
static struct io_uring_sqe *sqes;
static u64 start;

static u64 now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ULL + ts.tv_nsec / 1000000;
}

/* proc_task_getattr(), fs/proc/base.c of 6.1 and 7.2: two links, and one for each thread */
static int threads(void)
{
	struct stat st;

	return stat("/proc/self/task", &st) ? -1 : (int)st.st_nlink - 2;
}

/* Bits of FPSCR and VSCR that trap nothing: RN and C, SAT and NJ. */
static void fill_window(struct bank *bank)
{
	u64 status = bank->windows & 1 ? 0x10000 : 1;
	u64 n = bank->windows++ << 8;
	int i;

	for (i = 0; i <= bank->nr; i++) {
		win.in[i].dw[0] = i < bank->nr ? ++n * 0x9e3779b97f4a7c15ULL : status;
		win.in[i].dw[1] = i < bank->nr ? ++n * 0x9e3779b97f4a7c15ULL : status;
		win.in[i].dw[1] *= bank->wide;
	}
	memset(win.out, 0, sizeof(win.out));
	win.created = 0;
}

/* The first slot from @i on that has changed, or -1. */
static int changed(struct bank *bank, int i)
{
	for (; i < bank->nr + !!bank->status; i++)
		if (memcmp(&win.in[i], &win.out[i], sizeof(struct reg)))
			return i;
	return -1;
}

static void show(struct bank *bank)
{
	int i;

	for (i = changed(bank, 0); i >= 0; i = changed(bank, i + 1)) {
		printf("%s: event %llu, %llu ms: ", bank->name, bank->events, now_ms() - start);
		if (i == bank->nr)
			printf("%s", bank->status);
		else
			printf("%s%d", bank->prefix, i);
		printf(" was %016llx_%016llx, is %016llx_%016llx\n", win.in[i].dw[0],
		       win.in[i].dw[1], win.out[i].dw[0], win.out[i].dw[1]);
	}
}

/* Without io_uring each register keeps its value, and it would be seen if it did not. */
static int control(struct bank *bank)
{
	int i;

	for (i = 0; i < bank->nr + !!bank->status; i++) {
		fill_window(bank);
		win.leave = 1;
		bank->window();
		win.in[i].dw[0] ^= 1;
		FAIL_IF(changed(bank, 0) != i || changed(bank, i + 1) != -1);
	}
	return 0;
}

/* A round's requests fill the SQ ring just once, and their CQEs fit into the CQ ring. */
static int ring_open(void)
{
	struct io_uring_params p = { 0 };
	u32 i, *array;

	ring_fd = syscall(__NR_io_uring_setup, 2 * ROUND, &p);
	if (ring_fd < 0) {
		perror("io_uring_setup");
		return -1;
	}
	sq_size = p.sq_off.array + p.sq_entries * sizeof(u32);
	sq = mmap(NULL, sq_size, PROT_READ | PROT_WRITE, MAP_SHARED, ring_fd, IORING_OFF_SQ_RING);
	sqes = mmap(NULL, 2 * ROUND * sizeof(*sqes), PROT_READ | PROT_WRITE, MAP_SHARED, ring_fd,
		    IORING_OFF_SQES);
	trigger = eventfd(0, 0);
	if (sq == MAP_FAILED || sqes == MAP_FAILED || trigger < 0 || pipe(data)) {
		perror("mmap, eventfd or pipe");
		return -1;
	}
	sq_tail = sq + p.sq_off.tail;
	array = sq + p.sq_off.array;
	for (i = 0; i < 2 * ROUND; i++)
		array[i] = i;
	return 0;
}

static int submit(void)
{
	struct io_uring_sqe *sqe = &sqes[*sq_tail];
	static u64 value;

	memset(sqe, 0, 2 * sizeof(*sqe));
	sqe->opcode = IORING_OP_READ;
	sqe->flags = IOSQE_IO_LINK;
	sqe->fd = trigger;
	sqe->addr = (unsigned long)&value;
	sqe->len = sizeof(value);
	sqe++;
	/* a splice cannot be polled for, so its worker blocks */
	sqe->opcode = IORING_OP_SPLICE;
	sqe->flags = IOSQE_ASYNC;
	sqe->fd = sink;
	sqe->off = -1;
	sqe->splice_fd_in = data[0];
	sqe->splice_off_in = -1;
	sqe->len = 1;
	__atomic_store_n(sq_tail, *sq_tail + 2, __ATOMIC_RELEASE);
	return syscall(__NR_io_uring_enter, ring_fd, 2, 0, 0, NULL, 0) == 2 ? 0 : -1;
}

static void *submitter(void *arg)
{
	struct bank *bank = arg;
	bool bad;
	int i;

	for (i = 0; i < ROUND; i++) {
		if (submit()) {
			perror("io_uring_enter");
			break;
		}
		fill_window(bank);
		win.leave = 0;
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		bank->window();
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		bad = changed(bank, 0) >= 0;
		/* one that came too late to be seen is there all the same */
		bank->events += bad || win.created;
		if (bad && bank->violations++ < VIOLATIONS_SHOWN)
			show(bank);
	}
	/* the splices come to the end of their pipe, so no worker stays blocked */
	close(data[1]);
	__atomic_store_n(&gone, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* Makes the submitter, which is in its window, create a worker. */
static void create_worker(void)
{
	u64 one = 1, end = now_ms() + LATE_MS;
	int before = threads(), now;

	if (write(trigger, &one, sizeof(one)) != sizeof(one))
		perror("write to eventfd");
	do {
		sched_yield();
		now = threads();
	} while (now <= before && now_ms() < end);
	win.created = now > before;
	__atomic_store_n(&win.leave, 1, __ATOMIC_RELEASE);
}

/* Each round has a submitter of its own, as workers end with the thread they were created for. */
static int run_round(struct bank *bank)
{
	int base = threads();
	pthread_t thread;

	gone = 0;
	win.entered = 0;
	if (ring_open() || pthread_create(&thread, NULL, submitter, bank))
		return -1;
	while (!__atomic_load_n(&gone, __ATOMIC_ACQUIRE)) {
		if (__atomic_exchange_n(&win.entered, 0, __ATOMIC_ACQUIRE))
			create_worker();
		sched_yield();
	}
	pthread_join(thread, NULL);
	munmap(sq, sq_size);
	munmap(sqes, 2 * ROUND * sizeof(*sqes));
	close(ring_fd);
	close(trigger);
	close(data[0]);
	/* one that ends in a window would hide one that is created there */
	while (threads() > base)
		sched_yield();
	return 0;
}

static int test_io_uring_regs(void)
{
	u64 violations = 0, end;
	bool refused = false, few = false;
	struct bank *bank;

	setbuf(stdout, NULL);
	start = now_ms();
	sink = open("/dev/null", O_WRONLY);
	FAIL_IF(sink < 0);
	SKIP_IF_MSG(threads() < 0, "no /proc/self/task");

	for (bank = banks; bank->name; bank++) {
		if (!have_hwcap(bank->hwcap)) {
			printf("%s: this CPU has none\n", bank->name);
			continue;
		}
		FAIL_IF(control(bank));
		end = now_ms() + BANK_MS;
		do {
			refused = run_round(bank);
		} while (!refused && !bank->violations && bank->events < EVENTS_WANTED &&
			 now_ms() < end);
		printf("%s: %llu events, %llu violations\n", bank->name, bank->events,
		       bank->violations);
		violations += bank->violations;
		few |= bank->events < EVENTS_MIN;
	}
	FAIL_IF(violations);
	SKIP_IF_MSG(refused, "this kernel has no io_uring, or forbids it here");
	SKIP_IF_MSG(few, "too few events");
	return 0;
}

int main(int argc, char *argv[])
{
	return test_harness(test_io_uring_regs, "io_uring_regs");
}

// SPDX-License-Identifier: MIT
/*
 * Description: Check that vector registers survive the creation of an io-wq
 *		worker by task_work that an interrupt brought.
 *
 * io-wq workers are created in the context of the task that submitted. With an
 * interrupt that is in the middle of the task's own computation, and fork code
 * saves registers that are live. powerpc lost f0 and v0 there until v6.7-rc4,
 * "powerpc: Don't clobber f0/vs0 during fp|altivec register save".
 *
 * The submitter queues a read of an empty eventfd, linked to a splice from an
 * empty pipe. It then loads all registers, spins without a system call, and
 * stores them. While it spins, the main thread writes to the eventfd: the read
 * completes in the submitter's task_work, and a worker is created there for the
 * splice, as all others block in theirs. An event is a spin in which this
 * process got another thread.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "liburing.h"
#include "helpers.h"

#define EVENTS_WANTED	320
#define EVENTS_MIN	100	/* or no answer */
#define TEST_MS		10000	/* to get them */
#define LATE_MS		100	/* a tick brings what no IPI brought */
#define ROUND		32	/* spins of one submitter */
#define SHOWN		3

struct reg {
	unsigned long long word[4];
};

static struct {
	unsigned int entered;	/* at 0: the registers are loaded */
	unsigned int leave;	/* at 4 */
	int created;		/* workers since entered */
	struct reg in[64], out[64];
} win;

/*
 * Of each architecture: spin(), a single asm so that the compiler can keep
 * nothing of its own in a register meanwhile; what the registers are, and
 * whether this CPU has them.
 */
#if defined(__x86_64__)

#define EACH(op)	".irp i, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"	\
			op "\n"						\
			".endr\n"
#define SPIN		"movl $1, (%[win])\n"				\
			"1:\n"						\
			"pause\n"					\
			"cmpl $0, 4(%[win])\n"				\
			"je 1b\n"
#define XMM		"xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5",	\
			"xmm6", "xmm7", "xmm8", "xmm9", "xmm10",	\
			"xmm11", "xmm12", "xmm13", "xmm14", "xmm15"

static int nr_regs = 16, nr_words;
static const char *prefix;

static bool have_regs(void)
{
	bool avx = __builtin_cpu_supports("avx");

	nr_words = avx ? 4 : 2;
	prefix = avx ? "ymm" : "xmm";
	return true;
}

static void spin(void)
{
	if (nr_words == 4)
		asm volatile(EACH("vmovups 32 * \\i(%[in]), %%ymm\\i")
			     SPIN
			     EACH("vmovups %%ymm\\i, 32 * \\i(%[out])")
			     "vzeroupper\n"
			     : : [win] "r" (&win), [in] "r" (win.in),
				 [out] "r" (win.out)
			     : "memory", "cc", XMM);
	else
		asm volatile(EACH("movups 32 * \\i(%[in]), %%xmm\\i")
			     SPIN
			     EACH("movups %%xmm\\i, 32 * \\i(%[out])")
			     : : [win] "r" (&win), [in] "r" (win.in),
				 [out] "r" (win.out)
			     : "memory", "cc", XMM);
}

#elif defined(__aarch64__)

#define EACH(op)	".irp i, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,"	\
			"17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"	\
			op "\n"						\
			".endr\n"

static int nr_regs = 32, nr_words = 2;
static const char *prefix = "v";

static bool have_regs(void)
{
	return true;
}

static void spin(void)
{
	unsigned int t;

	asm volatile(EACH("ldr q\\i, [%[in], #32 * \\i]")
		     "mov %w[t], #1\n"
		     "str %w[t], [%[win]]\n"
		     "1:\n"
		     "ldr %w[t], [%[win], #4]\n"
		     "cbz %w[t], 1b\n"
		     EACH("str q\\i, [%[out], #32 * \\i]")
		     : [t] "=&r" (t)
		     : [win] "r" (&win), [in] "r" (win.in), [out] "r" (win.out)
		     : "memory", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7",
		       "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15",
		       "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23",
		       "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31");
}

#elif defined(__powerpc64__)

#define HWCAP_VSX	0x80
#define EACH(op)	".set i, 0\n"					\
			".rept 64\n"					\
			"li %[t], 32 * i\n"				\
			op "\n"						\
			".set i, i + 1\n"				\
			".endr\n"

static int nr_regs = 64, nr_words = 2;
static const char *prefix = "vs";

static bool have_regs(void)
{
	return getauxval(AT_HWCAP) & HWCAP_VSX;
}

/*
 * A thread that was scheduled out gets the unit back by its next use, or sooner
 * where load_fp and load_vec say so (restore_math() of 6.1 and 7.2). Each turn
 * uses it, so that it is on.
 */
static void spin(void)
{
	long t;

	asm volatile(".machine push\n"
		     ".machine power7\n"
		     EACH("lxvd2x i, %[in], %[t]")
		     "li %[t], 1\n"
		     "stw %[t], 0(%[win])\n"
		     "1:\n"
		     "xxlor 63, 63, 63\n"
		     "lwz %[t], 4(%[win])\n"
		     "cmpwi %[t], 0\n"
		     "beq 1b\n"
		     EACH("stxvd2x i, %[out], %[t]")
		     ".machine pop\n"
		     : [t] "=&b" (t)
		     : [win] "b" (&win), [in] "b" (win.in), [out] "b" (win.out)
		     : "memory", "cr0",
		       "fr0", "fr1", "fr2", "fr3", "fr4", "fr5", "fr6", "fr7",
		       "fr8", "fr9", "fr10", "fr11", "fr12", "fr13", "fr14",
		       "fr15", "fr16", "fr17", "fr18", "fr19", "fr20", "fr21",
		       "fr22", "fr23", "fr24", "fr25", "fr26", "fr27", "fr28",
		       "fr29", "fr30", "fr31",
		       "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8",
		       "v9", "v10", "v11", "v12", "v13", "v14", "v15", "v16",
		       "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24",
		       "v25", "v26", "v27", "v28", "v29", "v30", "v31");
}

#else

static int nr_regs, nr_words;
static const char *prefix = "";

static bool have_regs(void)
{
	return false;
}

static void spin(void)
{
}

#endif

static struct io_uring ring;
static int trigger, data[2], sink, gone;
static unsigned long windows, events, violations;

static unsigned long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ULL + ts.tv_nsec / 1000000;
}

/* A directory has two links, and this one another for each thread. */
static int threads(void)
{
	struct stat st;

	return stat("/proc/self/task", &st) ? -1 : (int)st.st_nlink - 2;
}

static void fill_window(void)
{
	unsigned long long n = windows++ << 8;
	int i, j;

	memset(win.in, 0, sizeof(win.in));
	memset(win.out, 0, sizeof(win.out));
	for (i = 0; i < nr_regs; i++)
		for (j = 0; j < nr_words; j++)
			win.in[i].word[j] = ++n * 0x9e3779b97f4a7c15ULL;
	win.created = 0;
}

/* The first register from @i on that has changed, or -1. */
static int changed(int i)
{
	for (; i < nr_regs; i++)
		if (memcmp(&win.in[i], &win.out[i], sizeof(struct reg)))
			return i;
	return -1;
}

static void show(void)
{
	int i, j;

	for (i = changed(0); i >= 0; i = changed(i + 1)) {
		fprintf(stderr, "event %lu: %s%d was", events, prefix, i);
		for (j = 0; j < nr_words; j++)
			fprintf(stderr, " %016llx", win.in[i].word[j]);
		fprintf(stderr, ", is");
		for (j = 0; j < nr_words; j++)
			fprintf(stderr, " %016llx", win.out[i].word[j]);
		fprintf(stderr, "\n");
	}
}

/*
 * Without io_uring each register keeps its value, and it would be seen if it
 * did not.
 */
static bool control(void)
{
	int i;

	for (i = 0; i < nr_regs; i++) {
		fill_window();
		win.leave = 1;
		spin();
		win.in[i].word[nr_words - 1] ^= 1;
		if (changed(0) != i || changed(i + 1) != -1)
			return false;
	}
	return true;
}

static int submit(void)
{
	struct io_uring_sqe *sqe;
	static unsigned long long value;

	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_read(sqe, trigger, &value, sizeof(value), 0);
	sqe->flags |= IOSQE_IO_LINK;

	/* a splice cannot be polled for, so its worker blocks */
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_splice(sqe, data[0], -1, sink, -1, 1, 0);
	sqe->flags |= IOSQE_ASYNC;

	return io_uring_submit(&ring);
}

static void *submitter(void *arg)
{
	int i, ret;
	bool bad;

	for (i = 0; i < ROUND; i++) {
		ret = submit();
		if (ret != 2) {
			fprintf(stderr, "submit: %d\n", ret);
			break;
		}
		fill_window();
		win.leave = 0;
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		spin();
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		bad = changed(0) >= 0;
		/* one that came too late to be seen is there all the same */
		events += bad || win.created;
		if (bad && violations++ < SHOWN)
			show();
	}
	/* the splices come to the end of their pipe, and no worker stays */
	close(data[1]);
	__atomic_store_n(&gone, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* Makes the submitter create a worker while it spins. */
static void create_worker(void)
{
	unsigned long long one = 1, end = now_ms() + LATE_MS;
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

/*
 * Workers end with the thread that they were created for, so each round has a
 * submitter of its own. Its CQEs fit into the CQ ring.
 */
static int run_round(void)
{
	int base = threads(), ret;
	pthread_t thread;

	ret = io_uring_queue_init(2 * ROUND, &ring, 0);
	if (ret) {
		fprintf(stderr, "queue_init: %s\n", strerror(-ret));
		return T_EXIT_SKIP;
	}
	trigger = eventfd(0, 0);
	if (trigger < 0 || pipe(data)) {
		perror("eventfd or pipe");
		return T_EXIT_FAIL;
	}
	gone = 0;
	win.entered = 0;
	if (pthread_create(&thread, NULL, submitter, NULL)) {
		perror("pthread_create");
		return T_EXIT_FAIL;
	}
	while (!__atomic_load_n(&gone, __ATOMIC_ACQUIRE)) {
		if (__atomic_exchange_n(&win.entered, 0, __ATOMIC_ACQUIRE))
			create_worker();
		sched_yield();
	}
	pthread_join(thread, NULL);
	io_uring_queue_exit(&ring);
	close(trigger);
	close(data[0]);
	/* one that ends in a spin would hide one that is created there */
	while (threads() > base)
		sched_yield();
	return T_EXIT_PASS;
}

int main(int argc, char *argv[])
{
	unsigned long long end;
	int ret;

	if (argc > 1)
		return T_EXIT_SKIP;

	if (!have_regs()) {
		printf("no registers of this architecture or CPU, skip\n");
		return T_EXIT_SKIP;
	}
	if (threads() < 0) {
		printf("no /proc/self/task, skip\n");
		return T_EXIT_SKIP;
	}
	sink = open("/dev/null", O_WRONLY);
	if (sink < 0) {
		perror("/dev/null");
		return T_EXIT_FAIL;
	}
	if (!control()) {
		fprintf(stderr, "registers change without io_uring\n");
		return T_EXIT_FAIL;
	}

	end = now_ms() + TEST_MS;
	do {
		ret = run_round();
		if (ret)
			return ret;
	} while (!violations && events < EVENTS_WANTED && now_ms() < end);

	printf("%lu events, %lu violations\n", events, violations);
	if (violations)
		return T_EXIT_FAIL;
	if (events < EVENTS_MIN) {
		printf("too few events, skip\n");
		return T_EXIT_SKIP;
	}
	return T_EXIT_PASS;
}

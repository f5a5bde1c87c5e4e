// SPDX-License-Identifier: GPL-2.0
/*
 * For tests, linked into live_registers with --wrap=reg_arch_spin: what may go wrong in a window,
 * by the name in $FAULT. All but the first spare the two controls, which have no io-wq workers.
 *
 *	from-start	a register changes in the first window of a process
 *	idle		a register changes in windows in which no thread was created
 *	submitter	the thread comes to its end
 *	thread		another thread comes to its end
 *	frame		the handler of a signal is shown another register
 *	sigreturn	a register changes as that returns
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <ucontext.h>

/* what the linker's --wrap calls it */
#define reg_arch_spin	__real_reg_arch_spin
#include "regs.h"
#include "fault.h"

#define CONTROL_THREADS	3	/* controller, spawner, submitter */

static unsigned int threads(void)
{
	struct stat st;

	return stat("/proc/self/task", &st) ? 0 : st.st_nlink - 2;
}

/* At once, or up to 150 us later: a creation takes less on one machine and more on another. */
static void *end_inside(void *window)
{
	const struct timespec nap = { .tv_nsec = 10000 };
	static unsigned int ended;
	unsigned int naps = ended++ % 4 * 5;

	while (!__atomic_load_n(regs_word(window, REG_WIN_ENTERED), __ATOMIC_ACQUIRE) &&
	       !__atomic_load_n(regs_word(window, REG_WIN_STOP), __ATOMIC_ACQUIRE))
		nanosleep(&nap, NULL);
	while (naps--)
		nanosleep(&nap, NULL);
	return NULL;
}

/* The first slot of each bank is the first in the image. */
static void change(struct reg_window *w)
{
	w->mem[REG_WIN_OUT] ^= 1;
}

static void change_frame(ucontext_t *context)
{
#if defined(__x86_64__)
	context->uc_mcontext.gregs[REG_RBX] ^= 1;
#elif defined(__i386__)
	context->uc_mcontext.gregs[REG_EBX] ^= 1;
#elif defined(__powerpc64__)
	context->uc_mcontext.gp_regs[14] ^= 1;
#elif defined(__aarch64__)
	context->uc_mcontext.regs[19] ^= 1;
#elif defined(__arm__)
	context->uc_mcontext.arm_r9 ^= 1;
#elif defined(__mips__)
	context->uc_mcontext.gregs[19] ^= 1;
#elif defined(__riscv)
	context->uc_mcontext.__gregs[19] ^= 1;
#else
	(void)context;
#endif
}

static struct sigaction handler;

static void handle(int nr, siginfo_t *info, void *context)
{
	if (fault_is("frame"))
		change_frame(context);
	handler.sa_sigaction(nr, info, context);
	change_frame(context);
}

/* Its handler is called by one that does more. */
static void wrap_handler(void)
{
	struct sigaction own;

	sigaction(SIGUSR1, NULL, &own);
	if (!own.sa_sigaction || own.sa_sigaction == handle)
		return;
	handler = own;
	own.sa_sigaction = handle;
	sigaction(SIGUSR1, &own, NULL);
}

void __wrap_reg_arch_spin(struct reg_window *w)
{
	static unsigned int windows;
	const unsigned int before = threads();
	bool with_thread = fault_is("thread") && before > CONTROL_THREADS;
	pthread_t thread;

	if (fault_is("frame") || fault_is("sigreturn"))
		wrap_handler();
	with_thread = with_thread && !pthread_create(&thread, NULL, end_inside, w);
	__real_reg_arch_spin(w);
	if (with_thread)
		pthread_join(thread, NULL);
	if (fault_is("from-start") && !windows++)
		change(w);
	if (before <= CONTROL_THREADS)
		return;
	if (fault_is("submitter"))
		pthread_exit(NULL);
	if (fault_is("idle") && threads() == before)
		change(w);
}

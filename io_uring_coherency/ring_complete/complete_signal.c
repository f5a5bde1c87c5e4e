// SPDX-License-Identifier: GPL-2.0
/*
 * Handlers that look at how they are called; see complete_case.h.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "complete_case.h"
#include "kselftest.h"

#define STACK_SIZE	(256UL * 1024)
#define MAX_REGISTERS	48
#define MAX_TOLD	10	/* violations, of which the first says it all */

/* What the first handler that was not called as it should be has seen. */
struct oddity {
	const char *what;
	int nr, signo, code, pid, status;
	uintptr_t sp;
};

struct crash {
	int nr, nr_registers;
	uintptr_t address, pc, sp;
	unsigned long reg[MAX_REGISTERS];
};

/* Of all threads: handlers may run in several at a time. */
static struct {
	unsigned long calls, nested, odd, told;
	unsigned int crashes;
	struct oddity first;
	struct crash crash;
	pid_t pid;
	uid_t uid;
} seen;

static __thread char *stack;
static __thread unsigned int depth;	/* handlers */
static __thread bool may_not;
static __thread sigjmp_buf *guard;

#define count(p)	__atomic_add_fetch(p, 1, __ATOMIC_RELAXED)

/* tgkill(2) sends all but SIGPIPE, which the kernel has of the process itself. */
static int sent_by(int nr)
{
	return nr == SIGPIPE ? SI_USER : SI_TKILL;
}

static const char *oddity_of(int nr, const siginfo_t *info, const ucontext_t *context)
{
	const uintptr_t here = (uintptr_t)__builtin_frame_address(0), low = (uintptr_t)stack;

	if (complete_load(&may_not))
		return "it is blocked";
	if (stack && (here < low || here >= low + STACK_SIZE ||
		      (uintptr_t)context < low || (uintptr_t)context >= low + STACK_SIZE))
		return "it is not on its stack";
	if (stack && context->uc_stack.ss_sp != stack)
		return "its ucontext has another stack";
	if (info->si_signo != nr)
		return "siginfo has another signal";
	if (info->si_code != sent_by(nr) && (nr != SIGCHLD || info->si_code != CLD_EXITED))
		return "siginfo has a code that nobody sends";
	if (info->si_uid != seen.uid)
		return "siginfo has another user";
	if (info->si_code == sent_by(nr) ? info->si_pid != seen.pid :
	    info->si_status != complete_child_status(info->si_pid))
		return "siginfo has another process";
	return NULL;
}

static void on_signal(int nr, siginfo_t *info, void *context)
{
	const int error = errno;
	const char *what = oddity_of(nr, info, context);

	count(&seen.calls);
	if (count(&depth) > 1)
		count(&seen.nested);
	if (what && count(&seen.odd) == 1)
		seen.first = (struct oddity){
			what, nr, info->si_signo, info->si_code, info->si_pid, info->si_status,
			(uintptr_t)__builtin_frame_address(0)
		};
	/* a second one within this one, if it is not blocked */
	if (nr == SIGRTMIN && complete_load(&depth) == 1)
		raise(SIGRTMIN + 1);
	complete_store(&depth, depth - 1);
	/* errno is found by a register that belongs to the thread */
	if (stack)
		close(-1);
	errno = error;
}

static void registers_of(struct crash *to, const ucontext_t *context)
{
	int i;

#if defined(__x86_64__)
	const greg_t *reg = context->uc_mcontext.gregs;

	to->nr_registers = NGREG;
	to->pc = reg[REG_RIP];
	to->sp = reg[REG_RSP];
#elif defined(__powerpc64__)
	const unsigned long *reg = context->uc_mcontext.gp_regs;

	to->nr_registers = 44;	/* struct pt_regs: 32 gpr, nip, msr, ..., dsisr, result */
	to->pc = reg[32];
	to->sp = reg[1];
#elif defined(__aarch64__)
	const unsigned long long *reg = context->uc_mcontext.regs;

	to->nr_registers = 31;
	to->pc = context->uc_mcontext.pc;
	to->sp = context->uc_mcontext.sp;
#else
	const unsigned long *reg = NULL;

	(void)context;
#endif
	for (i = 0; i < to->nr_registers; i++)
		to->reg[i] = reg[i];
}

static void on_crash(int nr, siginfo_t *info, void *context)
{
	if (count(&seen.crashes) == 1) {
		seen.crash.nr = nr;
		seen.crash.address = (uintptr_t)info->si_addr;
		registers_of(&seen.crash, context);
	}
	if (guard)
		siglongjmp(*guard, 1);
	/* to be met again, and then the end */
	signal(nr, SIG_DFL);
}

bool complete_handle(struct complete_case *c, int nr, int flags)
{
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | flags };

	seen.pid = getpid();
	seen.uid = getuid();
	if (sigaction(nr, &action, NULL))
		return complete_fail(c, -errno, "sigaction()");
	action.sa_sigaction = on_crash;
	action.sa_flags = SA_SIGINFO | SA_ONSTACK;
	sigfillset(&action.sa_mask);
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGILL, &action, NULL);
	return true;
}

bool complete_handler_stack(struct complete_case *c)
{
	stack_t to = { .ss_size = STACK_SIZE };

	to.ss_sp = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);
	if (to.ss_sp == MAP_FAILED)
		return complete_fail(c, -errno, "mmap()");
	if (sigaltstack(&to, NULL))
		return complete_fail(c, -errno, "sigaltstack()");
	stack = to.ss_sp;
	return true;
}

void complete_handlers_may(bool run)
{
	complete_store(&may_not, !run);
}

void complete_guard(void (*call)(void *arg), void *arg)
{
	sigjmp_buf from;

	/* with its mask: handlers have one of their own */
	if (!sigsetjmp(from, 1)) {
		guard = &from;
		call(arg);
	}
	guard = NULL;
	complete_store(&depth, 0);
}

static void print_registers(const struct crash *crash)
{
	char line[100];
	int i, at = 0;

	for (i = 0; i < crash->nr_registers; i++) {
		at += snprintf(line + at, sizeof(line) - at, " %016lx", crash->reg[i]);
		if (i % 4 < 3 && i < crash->nr_registers - 1)
			continue;
		ksft_print_msg("    registers %2d:%s\n", i - i % 4, line);
		at = 0;
	}
}

bool complete_handlers_judge(struct complete_case *c)
{
	const unsigned long odd = complete_load(&seen.odd);
	const struct oddity *first = &seen.first;
	const struct crash *crash = &seen.crash;

	for (; seen.told < odd && complete_violations(c->r) < MAX_TOLD; seen.told++)
		complete_bad(c, COMPLETE_WRONG,
			     "a handler of signal %d: %s: si_signo %d, si_code %d, si_pid %d (of %d), si_status %d, at %#lx",
			     first->nr, first->what, first->signo, first->code, first->pid,
			     seen.pid, first->status, (unsigned long)first->sp);
	if (!complete_load(&seen.crashes))
		return true;
	complete_bad(c, COMPLETE_WRONG, "signal %d: address %#lx, pc %#lx, sp %#lx", crash->nr,
		     (unsigned long)crash->address, (unsigned long)crash->pc,
		     (unsigned long)crash->sp);
	ksft_print_msg("%s: signal %d: address %#lx, pc %#lx, sp %#lx, %lu handlers before\n",
		       c->what->name, crash->nr, (unsigned long)crash->address,
		       (unsigned long)crash->pc, (unsigned long)crash->sp,
		       complete_load(&seen.calls));
	print_registers(crash);
	return false;
}

unsigned long complete_handled(unsigned long *nested)
{
	if (nested)
		*nested = complete_load(&seen.nested);
	return complete_load(&seen.calls);
}

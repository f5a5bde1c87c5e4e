/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the programs that ask a question of the kernel share: answers, reasons, the clock.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include <time.h>

#include "compiler.h"

#define SKIP_REASON(id, ...) SKIP_##id,
enum skip_reason {
#include "skip_reasons.h"
	SKIP_NR_REASONS
};

/* The answer of one variant. */
struct answer {
	char outcome[8];	/* "pass", "fail", "skip", or "" if it did not run */
	char text[512];		/* the sentence for people */
	enum skip_reason reason;	/* of a skip */
	/* its pass is there to be compared with, and no answer to the question of the program */
	bool control;
};

/* A "pass" or a "fail". */
void __printf(3, 4)
settle(struct answer *a, const char *outcome, const char *fmt, ...);

void __printf(3, 4)
settle_skip(struct answer *a, enum skip_reason reason, const char *fmt, ...);

bool is_skip(const struct answer *a);

/* Its members in a file of results: outcome, the reason of a skip, text. */
void answer_json(FILE *f, const struct answer *a);

/*
 * For SKIP(return, "%s", ...) of the harness: the words of skip_reasons.h. What they leave out
 * is printed in a line before, behind @name; so is skip_because()'s, as there is no answer.
 */
const char *answer_reason(const char *name, const struct answer *a);
__printf(2, 3) const char *
skip_because(enum skip_reason reason, const char *fmt, ...);

/* True for a "fail", and for a "pass" of what is no control. */
bool is_answer(const struct answer *a);

/* Why a ring cannot be had, by -errno of io_uring_setup(2) or io_uring_register(2), or NULL. */
const char *no_ring(int err);

/*
 * Whether there is high memory, as on some machines of 32 bits. Kernels from 5.19 to 6.5 take the
 * address of a registered buffer ring's first page, and die where it has none ("io_uring/kbuf:
 * don't allow registered buffer rings on highmem pages", v6.6). Nothing else tells them from later
 * ones, so there is no such ring there.
 */
bool high_memory(void);

/* Why a buffer ring is not there: high_memory(), or -EINVAL of IORING_REGISTER_PBUF_RING. */
const char *no_buffer_ring(void);

/* Milliseconds of CLOCK_MONOTONIC. */
double ms_since(const struct timespec *then);

/*
 * Whether the program, process @main, has ended before this test of it. PR_SET_PDEATHSIG tells of
 * the parent only, which newer harnesses put between, and a Ctrl-C does not reach the process
 * group that they give each test.
 */
bool orphaned(pid_t main);

/*
 * To be called at the start of a test: it ends with its parent, by PR_SET_PDEATHSIG, and when
 * @seconds are over, as a kernel that hangs one test must not hang the run.
 */
void program_test_begin(unsigned int seconds);

struct cpus;

/* What is in the file of results of a program, beside its name and the kernel's. */
struct program {
	const char *name;
	void (*write_head)(FILE *f);	/* members of the whole, each after a comma; or NULL */
	const struct cpus *cpus;	/* that may be used, and what draws of them: or NULL */
	const uint64_t *seed;
	unsigned int (*variants)(void);
	const struct answer *(*answer)(unsigned int variant);
	void (*write_variant)(FILE *f, unsigned int variant);	/* an object */
};

/*
 * To be called at the start of main(): @size bytes of zeroes that every process of the harness
 * shares. Each test ends with _exit(), so from here on stdout is written line by line.
 */
void *program_share(size_t size);

/*
 * For a main() that ends with what this returns: runs the harness, @main. At its end the results
 * go to the file @path (NULL: none): all or none, and KSFT_FAIL and a sentence if that is not
 * possible. The harness knows no result "skipped as a whole": a program none of whose variants has
 * an is_answer() ends with KSFT_SKIP.
 */
int program_run(const struct program *program, const char *path, int (*main)(int, char **),
		char **argv);

/*
 * What this run leaves out on its own account, see harness_main.h: told in one line for each
 * reason, behind the tests.
 */
void program_left_out(enum skip_reason reason, const char *name);

/* The same for a program that is skipped as a whole, with @why in @path, too. */
int program_skip(const struct program *program, const char *path, enum skip_reason reason,
		 const char *why);

/* Prints that the program @name is skipped as a whole, as one test. Returns KSFT_SKIP. */
int program_skipped(const char *name, enum skip_reason reason, const char *why);

/* The CPUs to run on, each once. A kernel may have more of them than CPU_SETSIZE. */
struct cpus {
	unsigned int nr;
	int *cpu;
	cpu_set_t *allowed;	/* to this process */
	size_t size;		/* of that set, in bytes: for CPU_SET_S(3) and its like */
};

/*
 * The CPUs that thread @tid (0: the caller) may use, in a set of *@size bytes, to be freed. NULL if
 * they cannot be told.
 */
cpu_set_t *cpus_allowed(pid_t tid, size_t *size);

/* Sets to be freed, too: none of @c, but with room for all; @cpu alone. They die without memory. */
cpu_set_t *cpus_none(const struct cpus *c);
cpu_set_t *cpus_only(int cpu, size_t *size);

/* Thread @tid (0: the caller) runs on @cpu alone. Returns 0 or -errno. */
int cpus_pin(pid_t tid, int cpu);

/*
 * Those of @list, such as 0-3,8, that the user gave to @option; NULL: all that this process may
 * use. Dies if it is no list, or if one of them may not be used.
 */
void cpus_choose(struct cpus *c, const char *list, const char *option);

/* The argument of -t, in seconds: more than 0, up to a million. Dies for anything else. */
double parse_seconds(const char *text);

/* Whether @list, names with commas between them, has @name. No list, NULL, has all. */
bool names_have(const char *list, const char *name);

/* The first name of @list that is not @known, until the next call; NULL if there is none. */
const char *names_unknown(const char *list, bool (*known)(const char *name));

/* For what getopt_long(3) returned and is no option of the program's own, --help ('h') among it. */
void __noreturn program_usage(int c, const char *usage);

/*
 * To be called behind getopt_long(3): dies if there are further arguments, or if there could be no
 * file of results @json; NULL is none.
 */
void program_options_end(int argc, char **argv, const char *json);

/* One sentence on stderr, and exit code 2: wrong usage. */
void __noreturn __printf(1, 2)
die(const char *fmt, ...);

/*
 * x86 shows store buffering and no other reordering, so that there the order of message passing
 * cannot be seen broken, with barriers or without.
 */
#ifdef __x86_64__
#define MACHINE_IS_TSO	true
#elif defined(__i386__)
#define MACHINE_IS_TSO	true
#else
#define MACHINE_IS_TSO	false
#endif

/* A declaration with its semicolon: what a macro makes of each line of a table (ring_edges.h). */
#define DECLARATION(...)	__VA_ARGS__

#endif /* PROGRAM_H */

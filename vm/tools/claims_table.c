// SPDX-License-Identifier: GPL-2.0
/*
 * The settings, and what has to hold between the counts in them.
 */
#include <stdio.h>
#include <string.h>

#include "claims.h"

/* Those of MariaDB are the guests, too. */
const char *const claims_column_names[CLAIMS_NR_COLUMNS] = { "programs", "mtr", "quick" };

/* In words, wherever a decision is told. */
const char *const claims_workloads[CLAIMS_NR_COLUMNS] = {
	"our workload", "MariaDB, its test", "MariaDB, new databases",
};

/* What the names of its settings begin with. */
static const char *const claims_prefixes[CLAIMS_NR_COLUMNS] = { "", "mtr_", "quick_" };

#define PAGES	"./page_integrity --dir /dev/shm --no-module --engine uring"
#define DISK	"./page_integrity --dir /mnt/ext4 --no-module --engine uring"
#define COPIES	"--at generic_perform_write=none --at filemap_read=none"
#define FLUSH	"--at generic_perform_write_exit=flush_dcache --at filemap_read_exit=flush_dcache"
#define REGS	"./live_registers --only "
#define ORDER	"./kernel_order --edge "
#define RINGS	"./ring_order --edge "

/* The levels of the factors, with which a cell of the factorial design is named. */
static const char *const notify_levels[] = { "kernel", "signal", "no_ipi" };
static const char *const barrier_levels[] = { "none", "mb" };
static const char *const delay_levels[] = { "0", "1000" };	/* us */

#define BASE	"pages_bad_kernel_none_0"

/* Another architecture, which has a guest of its own. */
#define OTHER(arch)								\
	{ "registers_" #arch, #arch, .command = REGS "poll_wake_default", .seconds = 2 }

/* What one claim needs alone. */
static const struct claims_setting alone[] = {
	{ "pages_no_ipi_io_write_mb", "bad", .knobs = "--notify no_ipi --at io_write=mb",
	  .command = PAGES, .seconds = 3 },
	{ "pages_kthread", "bad", .seconds = 3,
	  .command = "./page_integrity --dir /dev/shm --engine kthread" },
	{ "pages_thread", "bad", .seconds = 3,
	  .command = "./page_integrity --dir /dev/shm --no-module --engine thread" },
	{ "pages_one_worker", "bad", .command = PAGES " --workers 1", .seconds = 3 },
	{ "pages_copy_none", "bad", .command = DISK, .seconds = 3, .knobs = COPIES },
	{ "pages_copy_isync", "bad", .command = DISK, .seconds = 3,
	  .knobs = "--at generic_perform_write=isync --at filemap_read=isync" },
	{ "pages_copy_mb", "bad", .command = DISK, .seconds = 3,
	  .knobs = "--at generic_perform_write=mb --at filemap_read=mb" },
	/* the mail flushes what has been copied */
	{ "pages_copy_flush", "bad", .command = DISK, .seconds = 3,
	  .knobs = FLUSH },
	{ "registers", "bad", .command = REGS "poll_wake_default", .seconds = 2 },
	{ "registers_pinned", "bad", .command = REGS "poll_wake_default --pin-workers",
	  .seconds = 2 },
	{ "registers_worker_cb", "bad", .command = REGS "create_worker_cb_default", .seconds = 2 },
	{ "registers_worker_cb_pinned", "bad", .seconds = 2,
	  .command = REGS "create_worker_cb_default --pin-workers" },
	{ "registers_good", "good", .command = REGS "poll_wake_default", .seconds = 2,
	  .quiet = true },
	OTHER(arm64),
	OTHER(armhf),
	OTHER(hppa),
	OTHER(i386),
	OTHER(riscv64),
	OTHER(s390x),
	OTHER(x86_64),
	{ "ipi", "good", .command = ORDER "ipi", .seconds = 3 },
	{ "queue_work", "good", .command = ORDER "queue_work", .seconds = 3 },
	{ "kthread_unuse_mm", "good", .command = ORDER "kthread_unuse_mm", .seconds = 3 },
	{ "wake_up", "good", .command = ORDER "sleep_wake", .seconds = 3 },
	{ "task_work", "good", .command = ORDER "task_work_signal", .seconds = 3 },
	{ "sqe_worker", "good", .command = RINGS "sqe_worker", .seconds = 2 },
	{ "cqe_file", "good", .command = RINGS "cqe_file", .seconds = 2 },
};

/* MariaDB under knobs; with the points probed in all of them, as in the factorial design. */
#define PROBED(notify, barrier, write)	\
	"--notify " notify " --at kick_process=" barrier " --at io_write=" write

static const struct {
	const char *name, *knobs;
} mariadb[] = {
	{ "base", PROBED("kernel", "none", "none") },
	{ "barrier", PROBED("kernel", "mb", "none") },
	{ "no_ipi_delay", PROBED("no_ipi", "none", "udelay:1000") },
	{ "no_ipi_io_write_mb", PROBED("no_ipi", "none", "mb") },
	{ "signal_delay", PROBED("signal", "none", "udelay:1000") },
	{ "signal_barrier_delay", PROBED("signal", "mb", "udelay:1000") },
	{ "one_worker", PROBED("kernel", "none", "none") " --workers 1" },
	{ "pinned", PROBED("kernel", "none", "none") " --pin-workers" },
};

#define LOOPS		40	/* of MariaDB in a round */

struct claims_setting claims_settings[CLAIMS_MAX_SETTINGS];
unsigned int claims_nr_settings;

static void add_cells(const char *guest, unsigned int seconds, bool quiet)
{
	unsigned int n, b, d;

	for (n = 0; n < ARRAY_SIZE(notify_levels); n++) {
		for (b = 0; b < ARRAY_SIZE(barrier_levels); b++) {
			for (d = 0; d < ARRAY_SIZE(delay_levels); d++) {
				struct claims_setting *s = &claims_settings[claims_nr_settings++];

				*s = (struct claims_setting){
					.guest = guest, .notify = notify_levels[n],
					.barrier = barrier_levels[b], .delay = delay_levels[d],
					.command = PAGES, .seconds = seconds, .quiet = quiet,
				};
				snprintf(s->name, sizeof(s->name), "pages_%s_%s_%s_%s", guest,
					 s->notify, s->barrier, s->delay);
			}
		}
	}
}

/* The good kernel's are to be clean and no more, so they are short. */
void claims_make_settings(void)
{
	enum claims_column column;
	unsigned int i;

	add_cells("bad", 3, false);
	add_cells("good", 1, true);
	for (i = 0; i < ARRAY_SIZE(alone); i++)
		claims_settings[claims_nr_settings++] = alone[i];
	for (column = CLAIMS_MTR; column < CLAIMS_NR_COLUMNS; column++) {
		for (i = 0; i < ARRAY_SIZE(mariadb); i++) {
			struct claims_setting *s = &claims_settings[claims_nr_settings++];

			*s = (struct claims_setting){
				.guest = claims_column_names[column], .knobs = mariadb[i].knobs,
				.command = "", .seconds = LOOPS,
			};
			snprintf(s->name, sizeof(s->name), "%s%s", claims_prefixes[column],
				 mariadb[i].name);
		}
	}
}

const char *const claims_relation_names[] = {
	[CLAIMS_SEEN] = "seen", [CLAIMS_CLEAN] = "clean", [CLAIMS_LOWER] = "lower",
	[CLAIMS_ORDERED] = "ordered",
};

const struct claims_entry claims_list[CLAIMS_NR] = {
	{ "C1", "a barrier between try_to_wake_up() and kick_process() lowers the rate, no more",
	  .condition = { { CLAIMS_LOWER, "pages_bad_kernel_mb_0", BASE },
			 { CLAIMS_SEEN, "pages_bad_kernel_mb_0", BASE } },
	  .mariadb = { { CLAIMS_LOWER, "barrier", "base" },
		       { CLAIMS_SEEN, "barrier", "base" } } },
	{ "C2", "TWA_SIGNAL_NO_IPI and udelay(1000) in io_write() end it",
	  .condition = { { CLAIMS_CLEAN, "pages_bad_no_ipi_none_1000", BASE } },
	  .mariadb = { { CLAIMS_CLEAN, "no_ipi_delay", "base" } } },
	{ "C3", "TWA_SIGNAL_NO_IPI and a barrier in place of the delay do not",
	  .condition = { { CLAIMS_SEEN, "pages_no_ipi_io_write_mb", BASE } },
	  .mariadb = { { CLAIMS_SEEN, "no_ipi_io_write_mb", "base" } } },
	{ "C4", "the delay with TWA_SIGNAL does not",
	  .condition = { { CLAIMS_SEEN, "pages_bad_signal_none_1000", BASE } },
	  .mariadb = { { CLAIMS_SEEN, "signal_delay", "base" } } },
	{ "C5", "TWA_SIGNAL, the barrier and the delay do",
	  .condition = { { CLAIMS_CLEAN, "pages_bad_signal_mb_1000", BASE } },
	  .mariadb = { { CLAIMS_CLEAN, "signal_barrier_delay", "base" } } },
	{ "C6", "the same write by a kthread with kthread_use_mm() is clean",
	  .condition = { { CLAIMS_CLEAN, "pages_kthread", BASE } } },
	{ "C7", "the same write by a userspace thread is clean",
	  .condition = { { CLAIMS_CLEAN, "pages_thread", BASE } } },
	{ "C8", "isync, mb and flush_dcache_page() where the page cache is copied do not help",
	  .condition = { { CLAIMS_SEEN, "pages_copy_isync", "pages_copy_none" },
			 { CLAIMS_SEEN, "pages_copy_mb", "pages_copy_none" },
			 { CLAIMS_SEEN, "pages_copy_flush", "pages_copy_none" } } },
	{ "C9", "powerpc only: other architectures are clean",
	  .condition = { { CLAIMS_SEEN, "registers", NULL },
			 { CLAIMS_CLEAN, "registers_arm64", "registers" },
			 { CLAIMS_CLEAN, "registers_armhf", "registers" },
			 { CLAIMS_CLEAN, "registers_hppa", "registers" },
			 { CLAIMS_CLEAN, "registers_i386", "registers" },
			 { CLAIMS_CLEAN, "registers_riscv64", "registers" },
			 { CLAIMS_CLEAN, "registers_s390x", "registers" },
			 { CLAIMS_CLEAN, "registers_x86_64", "registers" } } },
	{ "C10", "IPI send and receive are full barriers on both sides",
	  .condition = { { CLAIMS_ORDERED, "ipi", NULL } } },
	{ "C11", "schedule_work() and kthread_unuse_mm() are full barriers",
	  .condition = { { CLAIMS_ORDERED, "queue_work", NULL },
			 { CLAIMS_ORDERED, "kthread_unuse_mm", NULL } } },
	{ "C12", "wake-up, task_work, SQE and CQE hand over in order",
	  .condition = { { CLAIMS_ORDERED, "wake_up", NULL },
			 { CLAIMS_ORDERED, "task_work", NULL },
			 { CLAIMS_ORDERED, "sqe_worker", NULL },
			 { CLAIMS_ORDERED, "cqe_file", NULL } } },
	{ "C13", "with one io-wq worker at most it is clean",
	  .condition = { { CLAIMS_CLEAN, "pages_one_worker", BASE } },
	  .mariadb = { { CLAIMS_CLEAN, "one_worker", "base" } } },
	{ "C14", "with each worker pinned to its creator's CPU it is clean",
	  .condition = { { CLAIMS_CLEAN, "registers_worker_cb_pinned", "registers_worker_cb" },
			 { CLAIMS_CLEAN, "registers_pinned", "registers" } },
	  .mariadb = { { CLAIMS_CLEAN, "pinned", "base" } } },
};

const struct claims_named *claims_conditions(enum claims_column column,
					     const struct claims_entry *claim)
{
	return column == CLAIMS_PROGRAMS ? claim->condition : claim->mariadb;
}

int claims_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < claims_nr_settings; i++)
		if (!strcmp(claims_settings[i].name, name))
			return i;
	return -1;
}

int claims_find_in(enum claims_column column, const char *name)
{
	char full[64];

	snprintf(full, sizeof(full), "%s%s", claims_prefixes[column], name);
	return claims_find(full);
}

bool claims_is_asked(enum claims_column column, const struct claims_entry *claim)
{
	return claims_conditions(column, claim)[0].relation != CLAIMS_NONE;
}

unsigned int claims_nr_asked(enum claims_column column)
{
	unsigned int i, nr = 0;

	for (i = 0; i < CLAIMS_NR; i++)
		nr += claims_is_asked(column, &claims_list[i]);
	return nr;
}

enum claims_column claims_column_of(const struct claims_setting *s)
{
	enum claims_column column;

	for (column = CLAIMS_MTR; column < CLAIMS_NR_COLUMNS; column++)
		if (!strcmp(s->guest, claims_column_names[column]))
			return column;
	return CLAIMS_PROGRAMS;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * The options of page_integrity; see page_options.h.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json.h"
#include "page_engine.h"
#include "page_files.h"
#include "page_options.h"
#include "program.h"

struct page_options page_opt = {
	/* with these one round writes PAGE_MIN_PAGES */
	.seconds = 1, .threads = 2, .files = 4, .size = 2304 << 10,
	.views = VIEW_BIT(VIEW_PAGES) - 1,
};

static const char usage[] =
	"usage: page_integrity [-t SECONDS] [--threads N] [--files N] [--size SIZE] [--dir DIR]\n"
	"                      [--fs TYPE] [--direct] [--engine NAME] [--verify VIEWS]\n"
	"                      [--workers N] [--json FILE] [--stop-first] [--no-module]\n"
	"  -t SECONDS      time for each engine, in all places where it writes (default 1; 5 times\n"
	"                  that to reach 500 pages)\n"
	"  --threads N     threads that write (default 2)\n"
	"  --files N       files that they write to (default 4)\n"
	"  --size SIZE     of each file, such as 512K, 1G; default 2304K\n"
	"  --dir DIR       where the files are (default /dev/shm); they have no name\n"
	"  --fs TYPE       on an empty tmpfs, ext4, xfs or btrfs made for this run, its image in DIR;\n"
	"                  it is mounted nowhere and goes with the program; needs root and mkfs\n"
	"  --direct        open them with O_DIRECT\n"
	"                  without these three: in /dev/shm, and by some engines also on a disk, with\n"
	"                  and without O_DIRECT: an ext4 as by --fs, or else $TMPDIR, /var/tmp or .\n"
	"  --engine NAME   of %s these alone\n"
	"  --verify VIEWS  of %s\n"
	"                  (default: all there are); results and sizes are looked at in any case\n"
	"  --workers N     a thread has N io-wq workers of each kind at most; the first N are created\n"
	"                  when it submits, and none while it computes\n"
	"  --json FILE     results for programs; $IO_URING_COHERENCY_RESULTS/page_integrity.json\n"
	"                  is the default where that directory is named\n"
	"  --stop-first    an engine ends with the round of its first wrong page\n"
	"  --no-module     leave ppc_barrier_test alone, even where it could be loaded\n"
	"exit status: 0 all pages right, 1 wrong pages, 4 no answer (skipped), 2 wrong usage\n";

/* @nr names with commas between them. */
static void list_names(char *buf, size_t size, unsigned int nr, const char *(*name)(unsigned int))
{
	unsigned int i, at = 0;

	for (i = 0; i < nr && at < size; i++)
		at += snprintf(buf + at, size - at, "%s%s", i ? "," : "", name(i));
}

static const char *engine_name(unsigned int kind)
{
	return page_engine_name(kind);
}

static void print_usage(FILE *f)
{
	char engines[200], views[200];

	list_names(engines, sizeof(engines), ENGINE_NR, engine_name);
	list_names(views, sizeof(views), VIEW_PAGES, page_view_name);
	fprintf(f, usage, engines, views);
}

static unsigned int parse_number(const char *option, const char *text, unsigned int max)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (end == text || *end || *text == '-' || !n || n > max)
		die("%s takes a number from 1 to %u, not '%s'", option, max, text);
	return n;
}

static size_t parse_size(const char *text)
{
	static const char units[] = "KMG";
	const char *unit;
	char *end;
	unsigned long long n = strtoull(text, &end, 10);

	unit = *end ? strchr(units, *end) : NULL;
	if (end == text || *text == '-' || !unit || end[1] || n > 1ULL << 20)
		die("--size takes a number with K, M or G, not '%s'", text);
	n <<= 10 * (unit - units + 1);
	if (n < 512 << 10 || n % PAGE_BYTES)
		die("--size is 512K at least, and whole pages of %d bytes", PAGE_BYTES);
	return n;
}

static unsigned int parse_views(char *list)
{
	unsigned int views = 0, i;
	char *name;

	while ((name = strsep(&list, ","))) {
		for (i = 0; i < VIEW_PAGES && strcmp(name, page_view_name(i)); i++)
			;
		if (i == VIEW_PAGES)
			die("--verify knows no '%s'; see --help", name);
		views |= VIEW_BIT(i);
	}
	return views;
}

static bool engine_exists(const char *name)
{
	unsigned int i;

	for (i = 0; i < ENGINE_NR && strcmp(name, page_engine_name(i)); i++)
		;
	return i < ENGINE_NR;
}

void page_options_parse(int argc, char **argv)
{
	enum {
		THREADS = 256, FILES, SIZE, DIR_, FS, DIRECT, ENGINE, VERIFY, JSON, STOP, NO_MODULE,
		WORKERS
	};
	static const struct option options[] = {
		{ "threads", required_argument, NULL, THREADS },
		{ "files", required_argument, NULL, FILES },
		{ "size", required_argument, NULL, SIZE },
		{ "dir", required_argument, NULL, DIR_ },
		{ "fs", required_argument, NULL, FS },
		{ "direct", no_argument, NULL, DIRECT },
		{ "engine", required_argument, NULL, ENGINE },
		{ "verify", required_argument, NULL, VERIFY },
		{ "json", required_argument, NULL, JSON },
		{ "stop-first", no_argument, NULL, STOP },
		{ "no-module", no_argument, NULL, NO_MODULE },
		{ "workers", required_argument, NULL, WORKERS },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	unsigned int writable;
	int c;

	page_opt.json = json_default("page_integrity");
	while ((c = getopt_long(argc, argv, "t:h", options, NULL)) != -1) {
		switch (c) {
		case 't':
			page_opt.seconds = parse_seconds(optarg);
			break;
		case THREADS:
			page_opt.threads = parse_number("--threads", optarg, PAGE_MAX_THREADS);
			break;
		case FILES:
			page_opt.files = parse_number("--files", optarg, PAGE_FILES_MOST);
			break;
		case SIZE:
			page_opt.size = parse_size(optarg);
			break;
		case DIR_:
			page_opt.dir = optarg;
			/* the default may be missing: then there is no answer */
			if (access(optarg, W_OK | X_OK))
				die("cannot write to %s: %s", optarg, strerror(errno));
			break;
		case FS:
			page_opt.fs = optarg;
			if (!page_disk_knows(optarg))
				die("--fs takes tmpfs, ext4, xfs or btrfs, not '%s'", optarg);
			break;
		case DIRECT:
			page_opt.direct = true;
			break;
		case ENGINE:
			page_opt.engine = optarg;
			if (names_unknown(optarg, engine_exists))
				die("--engine knows no '%s'; see --help",
				    names_unknown(optarg, engine_exists));
			break;
		case VERIFY:
			page_opt.views = parse_views(optarg);
			break;
		case JSON:
			page_opt.json = optarg;
			break;
		case STOP:
			page_opt.stop_first = true;
			break;
		case WORKERS:
			page_opt.workers = parse_number("--workers", optarg, PAGE_MAX_WORKERS);
			break;
		case NO_MODULE:
			page_opt.no_module = true;
			break;
		case 'h':
			print_usage(stdout);
			exit(0);
		default:
			print_usage(stderr);
			exit(2);
		}
	}
	program_options_end(argc, argv, page_opt.json);
	writable = page_opt.files * page_files_writable(page_opt.size / PAGE_BYTES);
	if (writable / page_opt.threads < PAGE_MIN_WINDOW)
		die("too many threads for so few pages: %d for each are needed", PAGE_MIN_WINDOW);
}

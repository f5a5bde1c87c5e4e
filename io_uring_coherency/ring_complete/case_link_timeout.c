// SPDX-License-Identifier: GPL-2.0
/*
 * Requests with a linked timeout.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "complete_abi.h"
#include "complete_case.h"

/*
 * A request waits for a byte, its timeout for time, and a third one that is linked behind them for
 * both. The byte is there before, comes about when the timer fires, or never. Either the request
 * has all of it, which stops the timer, or the timer has fired, and the request is cancelled and
 * takes nothing. Where both meet, the timer has fired, but the request has all of it. What is
 * linked runs where the request has all of it.
 *
 * The timer of a request that io-wq sleeps in is started when that is over, since b53e523261bf
 * (v6.15, 6.1.139): __io_issue_sqe() of io_uring/io_uring.c, 7.2. One that fires while io-wq has
 * tried, but not armed a poll, finds a worker, and the request waits on. The -EALREADY of a worker
 * that it finds gives way to the -ENOENT of what is asked next: io_try_cancel() of
 * io_uring/cancel.c, 6.1.
 */
#define CHAINS		4U
#define ROUND_SHIFT	8
#define LONG_NS		1000000000000ULL
#define SHORT_NS	200000U
#define TURNS		40000U	/* of a loop: about SHORT_NS */

enum chain_part { THE_REQUEST, THE_TIMEOUT, THE_NEXT, CHAIN_PARTS };

static const char *const parts[CHAIN_PARTS] = { "the request", "its timeout", "the next" };

static const struct limited_kind {
	const char *name;
	uint8_t opcode, flags;
	bool takes;		/* the byte */
	bool works;		/* io-wq may have it: it is interrupted, or missed */
} kinds[] = {
	{ "a read", IORING_OP_READ, 0, .takes = true },
	{ "an async read", IORING_OP_READ, IOSQE_ASYNC, .takes = true, .works = true },
	{ "a splice", IORING_OP_SPLICE, IOSQE_ASYNC, .takes = true, .works = true },
	{ "a poll", IORING_OP_POLL_ADD, 0, .takes = false },
};

struct chain {
	const struct limited_kind *kind;
	int bytes[2], sink[2];
	uint64_t ns;		/* of the timer */
	struct __kernel_timespec ts;
	bool before, meanwhile;	/* when the byte comes */
	bool works;		/* io-wq may have it, at least once the byte is there */
	bool fed, next;
	char byte;
	bool done[CHAIN_PARTS];
	int res[CHAIN_PARTS];
	double ms[CHAIN_PARTS];	/* since the submission */
};

struct limits {
	struct complete_case *c;
	struct io_uring ring;
	struct complete_thread feeder;
	struct timespec start;
	bool works;		/* what io-wq has may get no byte */
	bool reads;		/* io_uring reads the pipes by itself */
	unsigned int round, pause;
	struct chain chain[CHAINS];
	uint64_t expired, ended, met;
};

static void chain_feed(struct chain *ch)
{
	ch->fed = write(ch->bytes[1], "x", 1) == 1;
}

static void limits_choose(struct limits *all)
{
	struct complete_case *c = all->c;
	struct chain *ch;
	unsigned int i;

	for (i = 0; i < CHAINS; i++) {
		ch = &all->chain[i];
		ch->kind = &kinds[complete_draw(c, ARRAY_SIZE(kinds))];
		ch->works = ch->kind->works ||
			    (ch->kind->opcode == IORING_OP_READ && !all->reads);
		ch->before = complete_draw(c, 4) == 0;
		ch->meanwhile = !ch->before &&
				(complete_draw(c, 3) || (ch->kind->works && !all->works));
		ch->ns = 1 + complete_draw(c, SHORT_NS);
		if ((ch->before || ch->meanwhile) && complete_draw(c, 2))
			ch->ns = LONG_NS;
		ch->ts.tv_sec = ch->ns / 1000000000;
		ch->ts.tv_nsec = ch->ns % 1000000000;
		ch->next = complete_draw(c, 2);
		ch->fed = false;
		ch->byte = 0;
		memset(ch->done, 0, sizeof(ch->done));
		ch->done[THE_NEXT] = !ch->next;
	}
	all->pause = complete_draw(c, TURNS);
}

static void request_prepare(struct chain *ch, struct io_uring_sqe *sqe)
{
	const uint64_t data = sqe->user_data;

	if (ch->kind->opcode == IORING_OP_POLL_ADD) {
		io_uring_prep_poll_add(sqe, ch->bytes[0], POLLIN);
	} else if (ch->kind->opcode == IORING_OP_SPLICE) {
		io_uring_prep_splice(sqe, ch->bytes[0], -1, ch->sink[1], -1, 1, 0);
	} else {
		sqe->fd = ch->bytes[0];
		sqe->addr = (uintptr_t)&ch->byte;
		sqe->len = 1;
	}
	sqe->user_data = data;
	sqe->flags = ch->kind->flags | IOSQE_IO_LINK;
}

static void chain_prepare(struct limits *all, unsigned int i)
{
	const uint64_t data = (uint64_t)all->round << ROUND_SHIFT | i * CHAIN_PARTS;
	struct chain *ch = &all->chain[i];
	struct io_uring_sqe *sqe;

	if (ch->before)
		chain_feed(ch);
	sqe = complete_sqe(all->c, &all->ring, ch->kind->opcode, data);
	request_prepare(ch, sqe);
	sqe = complete_sqe(all->c, &all->ring, IORING_OP_LINK_TIMEOUT, data + THE_TIMEOUT);
	sqe->addr = (uintptr_t)&ch->ts;
	sqe->len = 1;
	if (!ch->next)
		return;
	sqe->flags = IOSQE_IO_LINK;
	complete_sqe(all->c, &all->ring, IORING_OP_NOP, data + THE_NEXT);
}

static void limits_feed(void *arg)
{
	struct limits *all = arg;
	unsigned int i;

	complete_spin(all->pause);
	for (i = 0; i < CHAINS; i++)
		if (all->chain[i].meanwhile)
			chain_feed(&all->chain[i]);
}

static void limits_take(struct limits *all, const struct complete_cqe *cqe)
{
	const unsigned int i = cqe->data & ((1U << ROUND_SHIFT) - 1), part = i % CHAIN_PARTS;
	struct chain *ch = &all->chain[i / CHAIN_PARTS % CHAINS];

	if (cqe->data >> ROUND_SHIFT != all->round || i >= CHAINS * CHAIN_PARTS ||
	    ch->done[part]) {
		complete_twice(all->c, cqe);
		return;
	}
	ch->done[part] = true;
	ch->res[part] = cqe->res;
	ch->ms[part] = ms_since(&all->start);
}

static bool limits_done(void *arg)
{
	struct limits *all = arg;
	struct complete_cqe cqe;
	unsigned int i, k;

	complete_enter(&all->ring, 0, 0, IORING_ENTER_GETEVENTS);
	while (complete_take(&all->ring, &cqe))
		limits_take(all, &cqe);
	for (i = 0; i < CHAINS; i++)
		for (k = 0; k < CHAIN_PARTS; k++)
			if (!all->chain[i].done[k])
				return false;
	return true;
}

/* --- what has come of it */

static bool request_has_all(const struct chain *ch)
{
	const int res = ch->res[THE_REQUEST];

	return ch->kind->takes ? res == 1 : res > 0 && res & POLLIN;
}

/* The splice's is the kernel's own ERESTARTSYS: see case_cancel.c. */
static bool request_stopped(const struct chain *ch)
{
	const int res = ch->res[THE_REQUEST];

	return res == -ECANCELED ||
	       (ch->works && (res == -EINTR || res == -COMPLETE_ERESTARTSYS));
}

/* Whether the timer has fired, by what the timeout says. -ENOENT: it had nothing to cancel. */
static bool timer_fired(const struct chain *ch)
{
	const int res = ch->res[THE_TIMEOUT];

	return res == -ETIME || res == -EALREADY || res == -ENOENT;
}

/* What is wrong with results, or NULL. */
static const char *chain_is_wrong(const struct chain *ch)
{
	const bool all = request_has_all(ch), fired = timer_fired(ch);

	if (!all && !request_stopped(ch))
		return "has neither all of it, nor is it cancelled";
	if (!fired && ch->res[THE_TIMEOUT] != -ECANCELED)
		return "has a timeout that neither fires nor is cancelled";
	if (!all && !fired)
		return "is cancelled by a timeout that is cancelled";
	if (!all && ch->res[THE_TIMEOUT] != -ETIME && !ch->works)
		return "is cancelled by a timeout that did not find it";
	if (all && ch->ns == LONG_NS && fired)
		return "has all of it, and a timeout that fires";
	if (ch->next && ch->res[THE_NEXT] != (all ? 0 : -ECANCELED))
		return "is not what the one behind it goes by";
	if (ch->byte && !all)
		return "is cancelled, and has its byte";
	return NULL;
}

/* Bytes that are left, and that a splice has moved. */
static const char *chain_has_wrong_bytes(const struct chain *ch)
{
	const bool took = ch->kind->takes && request_has_all(ch);
	int left = 0, moved = 0;
	char buf[16];

	if (ioctl(ch->bytes[0], FIONREAD, &left) || ioctl(ch->sink[0], FIONREAD, &moved))
		return "has a pipe that cannot be asked";
	if (left && read(ch->bytes[0], buf, sizeof(buf)) != left)
		return "has a pipe that cannot be read";
	if (moved && read(ch->sink[0], buf, sizeof(buf)) != moved)
		return "has a pipe that cannot be read";
	if (left != ch->fed - took)
		return left ? "has not taken the byte" : "has taken a byte";
	if (moved != (took && ch->kind->opcode == IORING_OP_SPLICE))
		return "has not moved the byte, or has";
	if (took && !moved && ch->byte != 'x')
		return "does not have the byte";
	return NULL;
}

static void chain_judge(struct limits *all, struct chain *ch)
{
	const char *wrong = chain_is_wrong(ch), *bytes = chain_has_wrong_bytes(ch);
	struct complete_case *c = all->c;
	enum chain_part early;

	all->expired += request_stopped(ch);
	all->ended += request_has_all(ch) && !timer_fired(ch);
	all->met += request_has_all(ch) && timer_fired(ch);
	early = timer_fired(ch) && ch->ms[THE_TIMEOUT] * 1e6 < ch->ns ? THE_TIMEOUT :
		request_stopped(ch) && ch->ms[THE_REQUEST] * 1e6 < ch->ns ? THE_REQUEST :
		CHAIN_PARTS;
	if (wrong || bytes)
		complete_bad(c, COMPLETE_WRONG, "%s %s: res %d, timeout of %.3f ms %d, next %d",
			     ch->kind->name, wrong ?: bytes, ch->res[THE_REQUEST], ch->ns / 1e6,
			     ch->res[THE_TIMEOUT], ch->next ? ch->res[THE_NEXT] : 0);
	else if (early != CHAIN_PARTS)
		complete_bad(c, COMPLETE_EARLY, "%s: %s has res %d after %.3f of %.3f ms",
			     ch->kind->name, parts[early], ch->res[early], ch->ms[early],
			     ch->ns / 1e6);
	else
		complete_good(c);
}

static bool limits_round(struct limits *all)
{
	struct complete_case *c = all->c;
	unsigned int i;

	all->round++;
	limits_choose(all);
	for (i = 0; i < CHAINS; i++)
		chain_prepare(all, i);
	clock_gettime(CLOCK_MONOTONIC, &all->start);
	complete_ask(&all->feeder, limits_feed, all);
	if (!complete_submit(c, &all->ring) ||
	    !complete_await(c, complete_done, &all->feeder, all->feeder.tid, "a write()") ||
	    !complete_await(c, limits_done, all, 0, "a request with a timeout, or that"))
		return false;
	for (i = 0; i < CHAINS; i++)
		chain_judge(all, &all->chain[i]);
	complete_none_left(c, &all->ring);
	return true;
}

static void limits_run(struct complete_case *c, bool works)
{
	static struct limits all;
	unsigned int i;

	all.c = c;
	all.works = works;
	for (i = 0; i < CHAINS; i++)
		if (pipe2(all.chain[i].bytes, O_CLOEXEC) || pipe2(all.chain[i].sink, O_CLOEXEC)) {
			complete_fail(c, -errno, "pipe()");
			return;
		}
	all.reads = complete_reads_pipe(all.chain[0].bytes[0]);
	if (!complete_thread(c, &all.feeder, "feeder") ||
	    !complete_ring(c, &all.ring, 4 * CHAINS, 0, 0))
		return;
	while (complete_more(c))
		if (!limits_round(&all))
			break;
	complete_note(c, "%llu cancelled by timeouts, %llu before, %llu as it fired",
		      (unsigned long long)all.expired, (unsigned long long)all.ended,
		      (unsigned long long)all.met);
}

void case_link_timeout(struct complete_case *c)
{
	limits_run(c, false);
}

void case_link_timeout_workers(struct complete_case *c)
{
	limits_run(c, true);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Linked chains.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "complete_case.h"

/*
 * Each link of a chain that runs writes its number into a pipe, which then has the order in which
 * they ran, while their CQEs have the order in which they completed. One may fail: by a pipe that
 * nobody reads, or by less data than were asked for. Both are failures of a request that runs: one
 * that cannot be submitted would end hard links, too. The order of those that are cancelled among
 * themselves is nobody's promise.
 */
#define LINKS_MOST	6
#define SHORT_HAS	4
#define SHORT_WANTS	8

enum link_kind { LINK_NOTE, LINK_NOP, LINK_EPIPE, LINK_SHORT };

struct chain {
	struct complete_case *c;
	struct io_uring ring;
	unsigned int hard;	/* IOSQE_IO_LINK or IOSQE_IO_HARDLINK */
	unsigned int round, nr;
	enum link_kind kind[LINKS_MOST];
	int want[LINKS_MOST];
	bool done[LINKS_MOST];
	char number[LINKS_MOST];
	int notes[2], unread, data[2];
	char buf[SHORT_WANTS];
};

/* The kinds, with at most one failure, and so the results. */
static void chain_choose(struct chain *ch)
{
	struct complete_case *c = ch->c;
	unsigned int i, fails;

	ch->nr = 2 + complete_draw(c, LINKS_MOST - 1);
	fails = complete_draw(c, ch->nr + 1);
	for (i = 0; i < ch->nr; i++) {
		ch->done[i] = false;
		ch->number[i] = i;
		ch->kind[i] = complete_draw(c, 4) ? LINK_NOTE : LINK_NOP;
		if (i == fails)
			ch->kind[i] = complete_draw(c, 2) ? LINK_EPIPE : LINK_SHORT;
		if (i > fails && ch->hard == IOSQE_IO_LINK)
			ch->want[i] = -ECANCELED;
		else
			ch->want[i] = ch->kind[i] == LINK_NOP ? 0 :
				      ch->kind[i] == LINK_NOTE ? 1 :
				      ch->kind[i] == LINK_EPIPE ? -EPIPE : SHORT_HAS;
	}
}

static bool chain_submit(struct chain *ch)
{
	struct io_uring_sqe *sqe;
	unsigned int i;

	for (i = 0; i < ch->nr; i++) {
		sqe = complete_sqe(ch->c, &ch->ring, IORING_OP_WRITE, ch->round << 8 | i);
		sqe->fd = ch->kind[i] == LINK_EPIPE ? ch->unread : ch->notes[1];
		sqe->addr = (uintptr_t)&ch->number[i];
		sqe->len = 1;
		sqe->off = -1;
		if (ch->kind[i] == LINK_NOP) {
			sqe->opcode = IORING_OP_NOP;
			sqe->fd = -1;
			sqe->addr = 0;
			sqe->len = 0;
			sqe->off = 0;
		} else if (ch->kind[i] == LINK_SHORT) {
			sqe->opcode = IORING_OP_READ;
			sqe->fd = ch->data[0];
			sqe->addr = (uintptr_t)ch->buf;
			sqe->len = SHORT_WANTS;
			if (write(ch->data[1], ch->buf, SHORT_HAS) != SHORT_HAS)
				return complete_fail(ch->c, -errno, "write()");
		}
		sqe->flags = i < ch->nr - 1 ? ch->hard : 0;
		if (complete_draw(ch->c, 4) == 0)
			sqe->flags |= IOSQE_ASYNC;
	}
	return complete_submit(ch->c, &ch->ring);
}

static void chain_judge(struct chain *ch, const struct complete_cqe *cqe)
{
	const unsigned int i = cqe->data & 0xff;
	struct complete_case *c = ch->c;
	unsigned int k;

	if (cqe->data >> 8 != ch->round || i >= ch->nr || ch->done[i]) {
		complete_twice(c, cqe);
		return;
	}
	ch->done[i] = true;
	for (k = 0; k < i && ch->done[k]; k++)
		;
	if (cqe->res != ch->want[i] && ch->want[i] == -ECANCELED)
		complete_bad(c, COMPLETE_ORDER, "link %u of %u runs behind a failure: res %d",
			     i + 1, ch->nr, cqe->res);
	else if (cqe->res != ch->want[i])
		complete_bad(c, COMPLETE_WRONG, "link %u of %u has res %d, not %d", i + 1, ch->nr,
			     cqe->res, ch->want[i]);
	else if (k < i && cqe->res != -ECANCELED)
		complete_bad(c, COMPLETE_ORDER, "link %u of %u completes before %u", i + 1,
			     ch->nr, k + 1);
	else
		complete_good(c);
}

/* The notes of those that ran, in the order in which they did. */
static void chain_judge_notes(struct chain *ch)
{
	char note[2 * LINKS_MOST];
	unsigned int i, nr = 0;
	ssize_t len;

	len = read(ch->notes[0], note, sizeof(note));
	for (i = 0; i < ch->nr; i++) {
		if (ch->kind[i] != LINK_NOTE || ch->want[i] == -ECANCELED)
			continue;
		if ((ssize_t)nr >= len || note[nr] != (char)i) {
			complete_bad(ch->c, COMPLETE_ORDER, "where link %u of %u should run, %s",
				     i + 1, ch->nr,
				     (ssize_t)nr < len ? "another does" : "none does");
			return;
		}
		nr++;
	}
	if (len > (ssize_t)nr)
		complete_bad(ch->c, COMPLETE_TWICE, "%zd links run, not %u", len, nr);
}

static bool chain_round(struct chain *ch)
{
	struct complete_cqe cqe;
	unsigned int i;

	ch->round++;
	chain_choose(ch);
	if (!chain_submit(ch))
		return false;
	for (i = 0; i < ch->nr; i++) {
		if (!complete_next(ch->c, &ch->ring, &cqe, "a link of a chain"))
			return false;
		chain_judge(ch, &cqe);
	}
	complete_none_left(ch->c, &ch->ring);
	chain_judge_notes(ch);
	/* of a read that was cancelled */
	while (read(ch->data[0], ch->buf, sizeof(ch->buf)) > 0)
		;
	return true;
}

static bool chain_open(struct chain *ch)
{
	int unread[2];

	/* both are read here; io_uring's reads of .data find what they look for */
	if (pipe2(ch->notes, O_NONBLOCK) || pipe2(ch->data, O_NONBLOCK) || pipe(unread))
		return complete_fail(ch->c, -errno, "pipe()");
	close(unread[0]);
	ch->unread = unread[1];
	return complete_ring(ch->c, &ch->ring, 2 * LINKS_MOST, 0, 0);
}

static void chain_run(struct complete_case *c, unsigned int hard)
{
	static struct chain ch;

	ch.c = c;
	ch.hard = hard;
	if (!chain_open(&ch))
		return;
	while (complete_more(c))
		if (!chain_round(&ch))
			break;
}

void case_links(struct complete_case *c)
{
	chain_run(c, IOSQE_IO_LINK);
}

void case_hard_links(struct complete_case *c)
{
	chain_run(c, IOSQE_IO_HARDLINK);
}

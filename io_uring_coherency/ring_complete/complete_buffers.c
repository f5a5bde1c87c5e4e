// SPDX-License-Identifier: GPL-2.0
/*
 * Groups of provided buffers; see complete_buffers.h.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "complete_buffers.h"

#define GIVEN		0x10000000U	/* user_data: of provided buffers */
#define FULL		0xc3

static const char *const kind_names[BUFFERS_KINDS] = {
	[BUFFERS_CLASSIC] = "the group",
	[BUFFERS_RING] = "the buffer ring",
	[BUFFERS_INC] = "the incremental ring",
};

static bool all_are(const unsigned char *at, size_t len, unsigned char byte)
{
	return !len || (*at == byte && !memcmp(at, at + 1, len - 1));
}

bool buffers_empty(const struct buffer *b, unsigned int from, unsigned int to)
{
	return from >= to || all_are(b->at + from, to - from, BUFFER_EMPTY);
}

/* --- what there is */

static bool register_ring(struct buffer_group *g)
{
	struct complete_pbuf_reg reg = {
		.ring_entries = g->nr,
		.bgid = g->id,
		.flags = g->kind == BUFFERS_INC ? COMPLETE_PBUF_RING_INC : 0,
	};

	/* those with IOU_PBUF_RING_INC are of 6.12 and later */
	if (!reg.flags && high_memory())
		return false;
	g->entries = mmap(NULL, g->nr * sizeof(*g->entries), PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (g->entries == MAP_FAILED)
		return complete_fail(g->c, -errno, "mmap()");
	reg.ring_addr = (uintptr_t)g->entries;
	if (!syscall(__NR_io_uring_register, g->ring->ring_fd, COMPLETE_REGISTER_PBUF_RING, &reg,
		     1))
		return true;
	if (errno != EINVAL)
		complete_fail(g->c, -errno, "IORING_REGISTER_PBUF_RING");
	return false;
}

/* A file from which any of them is filled. */
static bool make_full(struct buffer_group *g)
{
	unsigned char bytes[4096];
	unsigned int i;

	memset(bytes, FULL, sizeof(bytes));
	g->full = syscall(__NR_memfd_create, "full", 0);
	for (i = 0; g->full >= 0 && i < g->most; i += sizeof(bytes))
		if (write(g->full, bytes, sizeof(bytes)) != sizeof(bytes))
			return complete_fail(g->c, errno ? -errno : -EIO, "write()");
	return g->full >= 0 || complete_fail(g->c, -errno, "memfd_create()");
}

bool buffers_open(struct complete_case *c, struct buffer_group *g, struct io_uring *ring,
		  enum buffer_kind kind, unsigned int nr, unsigned int most, unsigned int unit)
{
	const size_t page = sysconf(_SC_PAGESIZE), stride = (most + page - 1) / page * page + page;
	unsigned char *mem;
	unsigned int i;

	*g = (struct buffer_group){
		.c = c, .ring = ring, .kind = kind, .id = kind, .nr = nr, .most = most
	};
	mem = mmap(NULL, nr * stride + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		   -1, 0);
	if (mem == MAP_FAILED)
		return complete_fail(c, -errno, "mmap()");
	memset(mem, BUFFER_EMPTY, nr * stride + page);
	for (i = 0; i < nr; i++) {
		g->buffer[i].at = mem + i * stride + page;
		g->buffer[i].len = most;
		if (unit)
			g->buffer[i].len -= unit * complete_draw(c, most / 2 / unit + 1);
	}
	if (kind != BUFFERS_CLASSIC && !register_ring(g))
		return false;
	return make_full(g) && buffers_give_all(g);
}

/* --- who has them */

void buffers_give(struct buffer_group *g, unsigned int bid)
{
	struct buffer *b = &g->buffer[bid];
	struct complete_pbuf *at;
	struct io_uring_sqe *sqe;

	memset(b->at, BUFFER_EMPTY, b->len);
	b->pos = 0;
	b->given = true;
	b->turn = g->turn;
	g->given++;
	g->bid[g->turn % g->nr] = bid;
	if (g->kind == BUFFERS_CLASSIC) {
		g->turn++;
		sqe = complete_sqe(g->c, g->ring, IORING_OP_NOP, 0);
		io_uring_prep_provide_buffers(sqe, b->at, b->len, 1, g->id, bid);
		sqe->user_data = GIVEN | bid;
		return;
	}
	at = &g->entries[g->turn++ % g->nr];
	at->addr = (uintptr_t)b->at;
	at->len = b->len;
	at->bid = bid;
	io_uring_smp_store_release(&g->entries[0].tail, g->turn);
}

bool buffers_told(struct complete_case *c, const struct complete_cqe *cqe)
{
	if (!(cqe->data & GIVEN))
		return false;
	if (cqe->res < 0)
		complete_fail(c, cqe->res, "IORING_OP_PROVIDE_BUFFERS");
	return true;
}

bool buffers_give_all(struct buffer_group *g)
{
	unsigned int order[BUFFERS_MOST], nr = 0, i, k;
	struct complete_cqe cqe;

	for (i = 0; i < g->nr; i++) {
		if (g->buffer[i].given)
			continue;
		k = complete_draw(g->c, nr + 1);
		order[nr++] = order[k];
		order[k] = i;
	}
	for (i = 0; i < nr; i++)
		buffers_give(g, order[i]);
	if (g->kind != BUFFERS_CLASSIC)
		return true;
	if (!complete_submit(g->c, g->ring))
		return false;
	for (i = 0; i < nr; i++)
		if (!complete_next(g->c, g->ring, &cqe, "IORING_OP_PROVIDE_BUFFERS") ||
		    !buffers_told(g->c, &cqe))
			return false;
	return !g->c->failed;
}

bool buffers_named(struct buffer_group *g, const struct complete_cqe *cqe, const char *who,
		   unsigned int *bid)
{
	*bid = cqe->flags >> COMPLETE_BUFFER_SHIFT;
	if (!(cqe->flags & IORING_CQE_F_BUFFER))
		complete_bad(g->c, COMPLETE_WRONG, "%s: res %d, and no buffer is named", who,
			     cqe->res);
	else if (*bid >= g->nr || !g->buffer[*bid].given)
		complete_bad(g->c, COMPLETE_WRONG, "%s: res %d in buffer %u, which %s has not got",
			     who, cqe->res, *bid, kind_names[g->kind]);
	else if (cqe->flags & COMPLETE_CQE_F_BUF_MORE && g->kind != BUFFERS_INC)
		complete_bad(g->c, COMPLETE_WRONG, "%s: F_BUF_MORE, by %s", who,
			     kind_names[g->kind]);
	else
		return true;
	return false;
}

void buffers_take(struct buffer_group *g, unsigned int bid)
{
	g->buffer[bid].given = false;
	g->given--;
	g->taken++;
}

/* --- all of them */

static bool count_untouched(struct buffer_group *g)
{
	const struct buffer *b;
	unsigned int i;

	for (i = 0; i < g->nr; i++) {
		b = &g->buffer[i];
		if (b->given && !buffers_empty(b, b->pos, b->len)) {
			complete_bad(g->c, COMPLETE_WRONG,
				     "buffer %u of %u bytes has others than the %u that are told of",
				     i, b->len, b->pos);
			return false;
		}
		if (!all_are(b->at - BUFFER_GUARD, BUFFER_GUARD, BUFFER_EMPTY)) {
			complete_bad(g->c, COMPLETE_WRONG, "bytes are before buffer %u of %s", i,
				     kind_names[g->kind]);
			return false;
		}
	}
	return true;
}

/* A read that fills what is left of a buffer. */
static bool count_one(struct buffer_group *g, const struct complete_cqe *cqe)
{
	const struct buffer *b;
	unsigned int bid;

	if (!buffers_named(g, cqe, "a read at the end", &bid))
		return false;
	buffers_take(g, bid);
	b = &g->buffer[bid];
	if (cqe->res != (int)(b->len - b->pos))
		complete_bad(g->c, COMPLETE_WRONG, "%s has %d bytes of buffer %u left, not %u",
			     kind_names[g->kind], cqe->res, bid, b->len - b->pos);
	else if (!all_are(b->at + b->pos, b->len - b->pos, FULL))
		complete_bad(g->c, COMPLETE_WRONG, "what is left of buffer %u of %s is elsewhere",
			     bid, kind_names[g->kind]);
	else if (cqe->flags & COMPLETE_CQE_F_BUF_MORE)
		complete_bad(g->c, COMPLETE_WRONG, "F_BUF_MORE of buffer %u, which is full", bid);
	else
		return true;
	return false;
}

bool buffers_count(struct buffer_group *g)
{
	unsigned int nr = g->given + 1, i;
	struct complete_cqe cqe;
	struct io_uring_sqe *sqe;

	if (!count_untouched(g))
		return false;
	for (i = 0; i < nr; i++) {
		sqe = complete_sqe(g->c, g->ring, IORING_OP_READ, i);
		sqe->fd = g->full;
		sqe->len = g->most;
		sqe->flags = IOSQE_BUFFER_SELECT;
		sqe->buf_group = g->id;
	}
	if (!complete_submit(g->c, g->ring))
		return false;
	for (i = 0; i < nr; i++)
		if (!complete_next(g->c, g->ring, &cqe, "a read at the end") ||
		    (cqe.res != -ENOBUFS && !count_one(g, &cqe)))
			return false;
	for (i = 0; i < g->nr && !g->buffer[i].given; i++)
		;
	if (i < g->nr) {
		complete_bad(g->c, COMPLETE_WRONG, "buffer %u is lost: %s no longer gives it out",
			     i, kind_names[g->kind]);
		return false;
	}
	return buffers_give_all(g);
}

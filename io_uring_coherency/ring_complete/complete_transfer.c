// SPDX-License-Identifier: GPL-2.0
/*
 * Reads and writes of a file whose contents are known; see complete_transfer.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "complete_transfer.h"

#define BYTES		(TRANSFER_MOST + 65536U)
#define HOLES		8

/* --- a file, and what it should have */

static bool file_fill(struct transfer_file *f)
{
	struct complete_case *c = f->c;
	size_t i, len;

	for (i = 0; i < BYTES; i += 8)
		*(uint64_t *)(f->bytes + i) = random_draw(&c->random);
	for (i = 0; i < f->size; i += len) {
		len = f->size - i < TRANSFER_MOST ? f->size - i : TRANSFER_MOST;
		memcpy(f->want + i, transfer_bytes(f), len);
		if (pwrite(f->plain, f->want + i, len, i) != (ssize_t)len)
			return complete_fail(c, errno ? -errno : -EIO, "filling a file");
	}
	if (fsync(f->plain))
		return complete_fail(c, -errno, "fsync()");
	return true;
}

bool transfer_open(struct complete_case *c, struct transfer_file *f, size_t size)
{
	f->c = c;
	f->size = size;
	f->want = calloc(1, TRANSFER_ROOM);
	f->bytes = malloc(BYTES);
	if (!f->want || !f->bytes)
		return complete_fail(c, -ENOMEM, "malloc()");
	f->plain = complete_file(c);
	if (f->plain < 0)
		return false;
	f->direct = complete_again(f->plain, O_RDWR | O_DIRECT);
	f->map = mmap(NULL, TRANSFER_ROOM, PROT_READ, MAP_SHARED, f->plain, 0);
	if (f->direct < 0 || f->map == MAP_FAILED)
		return complete_fail(c, -errno, "opening a file again");
	if (!file_fill(f))
		return false;
	/* no page comes but by a request for it, and in no large folio, of which no part goes */
	posix_fadvise(f->plain, 0, 0, POSIX_FADV_RANDOM);
	posix_fadvise(f->plain, 0, 0, POSIX_FADV_DONTNEED);
	return true;
}

const unsigned char *transfer_bytes(struct transfer_file *f)
{
	return f->bytes + complete_draw(f->c, BYTES - TRANSFER_MOST);
}

void transfer_wrote(struct transfer_file *f, size_t at, const unsigned char *from, size_t len)
{
	if (at > f->size)
		memset(f->want + f->size, 0, at - f->size);
	memcpy(f->want + at, from, len);
	if (at + len > f->size)
		f->size = at + len;
}

size_t transfer_gets(const struct transfer_file *f, uint64_t at, size_t len)
{
	if (at >= f->size)
		return 0;
	return len < f->size - at ? len : f->size - at;
}

size_t transfer_length(struct complete_case *c, size_t most)
{
	unsigned int bits = 1;
	size_t len;

	while (4096UL << bits < most)
		bits++;
	len = 4096UL << complete_draw(c, bits);
	len += complete_draw(c, len + 1);
	return len < most ? len : most;
}

/* --- the page cache */

void transfer_clean(const struct transfer_file *f)
{
	sync_file_range(f->plain, 0, 0, SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
			SYNC_FILE_RANGE_WAIT_AFTER);
}

bool transfer_has_holes(const struct transfer_file *f, uint64_t at, size_t len)
{
	const size_t page = sysconf(_SC_PAGESIZE);
	const uint64_t first = at / page * page;
	unsigned char in[TRANSFER_ROOM / 4096];
	size_t i;

	len = transfer_gets(f, first, len + at - first);
	if (!len || mincore(f->map + first, len, in))
		return false;
	for (i = 0; i < (len + page - 1) / page; i++)
		if (!(in[i] & 1))
			return true;
	return false;
}

bool transfer_punch(const struct transfer_file *f, uint64_t at, size_t len)
{
	const unsigned int page = sysconf(_SC_PAGESIZE), nr = complete_draw(f->c, HOLES + 1);
	uint64_t hole, most;
	unsigned int i;

	/* all of it, or holes; what was read before is there */
	if (nr == HOLES)
		posix_fadvise(f->plain, at, len, POSIX_FADV_DONTNEED);
	for (i = 0; i < nr && nr < HOLES; i++) {
		hole = (at + complete_draw(f->c, len)) / page * page;
		most = complete_draw(f->c, 2) ? page : transfer_length(f->c, len);
		posix_fadvise(f->plain, hole, (most + page - 1) / page * page,
			      POSIX_FADV_DONTNEED);
		/* on its way back already */
		if (complete_draw(f->c, 4) == 0)
			posix_fadvise(f->plain, hole, page, POSIX_FADV_WILLNEED);
	}
	return transfer_has_holes(f, at, len);
}

/* --- a transfer */

void transfer_cut(struct complete_case *c, struct transfer *t, unsigned char *buf, size_t len,
		  bool direct)
{
	const unsigned int unit = direct ? TRANSFER_ALIGN : 1;
	unsigned int i;
	size_t part;

	t->len = len;
	t->nr = complete_draw(c, 2) ? 1 : 1 + complete_draw(c, TRANSFER_PIECES);
	for (i = 0; i < t->nr; i++) {
		part = len;
		if (i < t->nr - 1)
			part = complete_draw(c, len / unit + 1) * unit;
		if (!direct)
			buf += complete_draw(c, TRANSFER_ALIGN);
		t->piece[i] = (struct iovec){ .iov_base = buf, .iov_len = part };
		buf += part;
		len -= part;
	}
}

/* How many pieces there are. */
static unsigned int pieces(const struct transfer *t)
{
	return t->nr ?: 1;
}

void transfer_put(struct transfer *t, const unsigned char *from)
{
	unsigned int i;

	for (i = 0; i < pieces(t); i++) {
		memcpy(t->piece[i].iov_base, from, t->piece[i].iov_len);
		from += t->piece[i].iov_len;
	}
}

void transfer_set(struct transfer *t, int byte)
{
	unsigned int i;

	for (i = 0; i < pieces(t); i++)
		memset(t->piece[i].iov_base, byte, t->piece[i].iov_len);
}

size_t transfer_differs(const struct transfer *t, const unsigned char *want, size_t len)
{
	const unsigned char *has;
	size_t at = 0, k, part;
	unsigned int i;

	for (i = 0; i < pieces(t) && at < len; i++, at += part) {
		has = t->piece[i].iov_base;
		part = t->piece[i].iov_len;
		if (part > len - at)
			part = len - at;
		if (!memcmp(has, want + at, part))
			continue;
		for (k = 0; has[k] == want[at + k]; k++)
			;
		return at + k;
	}
	return len;
}

struct io_uring_sqe *transfer_prepare(struct complete_case *c, struct io_uring *ring,
				      struct transfer *t, uint64_t data)
{
	struct io_uring_sqe *sqe = complete_sqe(c, ring, IORING_OP_READ, data);

	sqe->fd = t->fd;
	sqe->off = t->at;
	sqe->flags = t->flags;
	if (!t->nr) {
		sqe->opcode = t->write ? IORING_OP_WRITE_FIXED : IORING_OP_READ_FIXED;
		sqe->addr = t->registered;
		sqe->len = t->len;
		sqe->buf_index = t->buffer;
	} else if (t->nr == 1) {
		sqe->opcode = t->write ? IORING_OP_WRITE : IORING_OP_READ;
		sqe->addr = (uintptr_t)t->piece[0].iov_base;
		sqe->len = t->len;
	} else {
		sqe->opcode = t->write ? IORING_OP_WRITEV : IORING_OP_READV;
		sqe->addr = (uintptr_t)t->piece;
		sqe->len = t->nr;
	}
	return sqe;
}

bool transfer_do(struct complete_case *c, struct io_uring *ring, struct transfer *t)
{
	struct complete_cqe cqe;

	transfer_prepare(c, ring, t, 1);
	if (!complete_submit(c, ring) ||
	    !complete_next(c, ring, &cqe, t->write ? "a write" : "a read"))
		return false;
	t->res = cqe.res;
	complete_none_left(c, ring);
	return true;
}

/* --- what has come of it */

/* "a readv of 1048576 bytes at 4096, half cached, by IOSQE_ASYNC" */
static const char *describe(const struct transfer_file *f, const struct transfer *t)
{
	static char text[128];
	char at[32] = "the position";

	if (t->at != TRANSFER_POS)
		snprintf(at, sizeof(at), "%llu", (unsigned long long)t->at);
	snprintf(text, sizeof(text), "a %s%s%s of %zu bytes at %s%s%s",
		 t->fd == f->direct ? "direct " : "", t->write ? "write" : "read",
		 t->nr > 1 ? "v" : t->nr ? "" : "_fixed", t->len, at,
		 t->holes ? ", half cached" : "", t->flags & IOSQE_ASYNC ? ", async" : "");
	return text;
}

const char *transfer_look(struct transfer_file *f, uint64_t at, size_t len)
{
	const size_t gets = transfer_gets(f, at, len);
	static unsigned char *has;
	static char text[80];
	struct transfer whole;
	struct stat st;
	ssize_t ret;
	size_t k;

	has = has ?: malloc(TRANSFER_ROOM);
	ret = has ? pread(f->plain, has, len, at) : -1;
	whole = (struct transfer){ .piece[0] = { has, gets } };
	text[0] = '\0';
	if (ret != (ssize_t)gets)
		snprintf(text, sizeof(text), "pread gets %zd", ret);
	else if (fstat(f->plain, &st) || st.st_size != (off_t)f->size)
		snprintf(text, sizeof(text), "the file has %lld bytes, not %zu",
			 (long long)st.st_size, f->size);
	if (*text)
		return text;
	k = transfer_differs(&whole, f->want + at, gets);
	if (k < gets)
		snprintf(text, sizeof(text), "pread finds %#x at %llu, not %#x", has[k],
			 (unsigned long long)at + k, f->want[at + k]);
	return text;
}

static bool judge_read(struct transfer_file *f, const struct transfer *t)
{
	const size_t gets = transfer_gets(f, t->at, t->len);
	struct complete_case *c = f->c;
	const char *look;
	size_t k;

	if (t->res != (int)gets) {
		look = transfer_look(f, t->at, t->len);
		complete_bad(c, COMPLETE_WRONG, "%s: res %d, pread gets %s%zu%s%s", describe(f, t),
			     t->res, gets == t->len ? "all, " : "", gets, *look ? "; " : "", look);
		return false;
	}
	k = transfer_differs(t, f->want + t->at, gets);
	if (k < gets) {
		look = transfer_look(f, t->at, t->len);
		complete_bad(c, COMPLETE_WRONG, "%s: byte %zu is wrong, %s", describe(f, t), k,
			     *look ? look : "pread gets the right one");
		return false;
	}
	complete_good(c);
	return true;
}

static bool judge_write(struct transfer_file *f, const struct transfer *t)
{
	const uint64_t from = t->at < TRANSFER_ALIGN ? 0 : t->at - TRANSFER_ALIGN;
	struct complete_case *c = f->c;
	const char *look;

	/* and what is around it */
	look = transfer_look(f, from, t->at - from + t->len + TRANSFER_ALIGN);
	if (t->res == (int)t->len && !*look)
		complete_good(c);
	else if (t->res == (int)t->len)
		complete_bad(c, COMPLETE_WRONG, "%s: %s", describe(f, t), look);
	else
		complete_bad(c, COMPLETE_WRONG, "%s: res %d, pwrite does all%s%s", describe(f, t),
			     t->res, *look ? "; " : "", look);
	return t->res == (int)t->len && !*look;
}

bool transfer_judge(struct transfer_file *f, const struct transfer *t)
{
	return t->write ? judge_write(f, t) : judge_read(f, t);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Reads of a file into provided buffers, several under way at once, and such as fail.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "complete_buffers.h"
#include "complete_transfer.h"

/*
 * A read gets its buffer as it starts, and may be tried again: where a page is missing, by io-wq,
 * or after a part of it. Kernels gave the buffer back then, and took another, or none. So two
 * threads submit to one ring, for a group of provided buffers and a buffer ring, more reads than
 * there are buffers, of ranges that are half cached, or at the end of the file.
 */
#define FILE_BYTES	((1U << 20) - 1234)
#define GROUPS		2		/* BUFFERS_CLASSIC, BUFFERS_RING */
#define BUFFERS		8		/* of each */
#define LENGTH		(32U << 10)
#define THREADS		2
#define READS		20
#define CANCELS		0x100		/* user_data: of a cancel request */

struct read_request;

/* What is asked for. */
struct read_kind {
	const char *name;
	int res[3];		/* with these it may end */
	bool all, part;		/* or with all that pread(2) gets, or some of it */
	void (*change)(struct read_request *r, struct io_uring_sqe *sqe);
};

struct read_request {
	const struct read_kind *kind;
	struct buffer_group *group;
	int fd;
	uint64_t at;
	unsigned int len, flags;
	bool done;
	struct iovec iov;
	struct complete_cqe cqe;
};

static struct reads {
	struct transfer_file file;
	struct io_uring ring;
	struct buffer_group group[GROUPS];
	unsigned int nr_groups;
	struct reads_thread {
		struct complete_thread thread;
		unsigned int first;
	} thread[THREADS];
	pthread_mutex_t lock;		/* of the SQ */
	struct read_request request[READS];
	unsigned int nr;		/* of this round */
	int write_only, directory, silent[2], pipe[2];
	bool fail;			/* some of them do */
	unsigned int all, holes, failed, none;
} reads;

/* --- what fails */

static void change_to_vector(struct read_request *r, struct io_uring_sqe *sqe)
{
	r->iov.iov_len = r->len;
	sqe->opcode = IORING_OP_READV;
	sqe->addr = (uintptr_t)&r->iov;
	sqe->len = 1;
}

static void change_to_closed(struct read_request *r, struct io_uring_sqe *sqe)
{
	(void)r;
	sqe->fd = -1;
}

static void change_to_write_only(struct read_request *r, struct io_uring_sqe *sqe)
{
	(void)r;
	sqe->fd = reads.write_only;
}

static void change_to_directory(struct read_request *r, struct io_uring_sqe *sqe)
{
	(void)r;
	sqe->fd = reads.directory;
}

static void change_to_negative(struct read_request *r, struct io_uring_sqe *sqe)
{
	(void)r;
	sqe->off = -2;
}

static void change_to_odd(struct read_request *r, struct io_uring_sqe *sqe)
{
	r->at |= 1;
	sqe->off = r->at;
	sqe->fd = reads.file.direct;
}

static void change_to_nowait(struct read_request *r, struct io_uring_sqe *sqe)
{
	(void)r;
	sqe->rw_flags = RWF_NOWAIT;
}

static void change_to_dontwait(struct read_request *r, struct io_uring_sqe *sqe)
{
	(void)r;
	sqe->opcode = IORING_OP_RECV;
	sqe->addr = 0;
	sqe->off = 0;
	sqe->len = LENGTH;
	sqe->fd = reads.silent[0];
	sqe->msg_flags = MSG_DONTWAIT;
}

static void change_to_cancelled(struct read_request *r, struct io_uring_sqe *sqe)
{
	(void)r;
	sqe->fd = reads.pipe[0];
	sqe->off = -1;
}

static const struct read_kind good = { "read", .all = true };
static const struct read_kind vector = { "readv", .all = true, .change = change_to_vector };
static const struct read_kind cancelled = {
	"read of a pipe that is cancelled", { -ECANCELED, -EINTR }, .change = change_to_cancelled
};

static const struct read_kind bad[] = {
	{ "read of no descriptor", { -EBADF }, .change = change_to_closed },
	{ "read of what is write-only", { -EBADF }, .change = change_to_write_only },
	{ "read of a directory", { -EISDIR, -EINVAL }, .change = change_to_directory },
	{ "read at offset -2", { -EINVAL }, .change = change_to_negative },
	{ "direct read at an odd offset", { -EINVAL }, .all = true, .change = change_to_odd },
	{ "read with RWF_NOWAIT", { -EAGAIN, -EOPNOTSUPP }, .all = true, .part = true,
	  .change = change_to_nowait },
	{ "recv with MSG_DONTWAIT", { -EAGAIN }, .change = change_to_dontwait },
};

/* --- what there is */

static bool reads_open(struct complete_case *c)
{
	unsigned int i;

	/*
	 * Classic ones are of one length: an async readv chose one, gave it back, and asked for no
	 * more than its length from the next (io_req_prep_async() of 6.1).
	 */
	if (buffers_open(c, &reads.group[0], &reads.ring, BUFFERS_CLASSIC, BUFFERS, LENGTH, 0) &&
	    buffers_open(c, &reads.group[1], &reads.ring, BUFFERS_RING, BUFFERS, LENGTH,
			 TRANSFER_ALIGN))
		reads.nr_groups = 2;
	else
		reads.nr_groups = 1;
	if (c->failed)
		return false;
	pthread_mutex_init(&reads.lock, NULL);
	for (i = 0; i < THREADS; i++)
		if (!complete_thread(c, &reads.thread[i].thread, "submitter"))
			return false;
	reads.write_only = complete_again(reads.file.plain, O_WRONLY);
	reads.directory = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (reads.write_only < 0 || reads.directory < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, reads.silent))
		return complete_fail(c, -errno, "opening what is not read");
	return !c->failed;
}

static void request_choose(struct complete_case *c, struct read_request *r, unsigned int groups)
{
	const bool direct = complete_draw(c, 3) == 0;
	const unsigned int unit = direct ? TRANSFER_ALIGN : 1;

	*r = (struct read_request){
		.kind = complete_draw(c, 4) ? &good : &vector, .fd = reads.file.plain
	};
	r->group = &reads.group[groups < reads.nr_groups ? groups :
				complete_draw(c, reads.nr_groups)];
	if (direct)
		r->fd = reads.file.direct;
	r->len = (1 + complete_draw(c, LENGTH / unit)) * unit;
	r->at = complete_draw(c, FILE_BYTES / unit) * unit;
	/* at the end of the file, or across it */
	if (complete_draw(c, 4) == 0)
		r->at = (FILE_BYTES - complete_draw(c, r->len)) / unit * unit;
	r->flags = complete_draw(c, 3) ? 0 : IOSQE_ASYNC;
	if (reads.fail && complete_draw(c, 3))
		r->kind = complete_draw(c, 4) ? &bad[complete_draw(c, ARRAY_SIZE(bad))] :
			  &cancelled;
	reads.holes += transfer_punch(&reads.file, r->at, r->len);
}

/* --- threads that submit */

static void request_submit(struct complete_case *c, struct read_request *r, unsigned int nr)
{
	struct io_uring_sqe *sqe = complete_sqe(c, &reads.ring, IORING_OP_READ, nr);

	sqe->fd = r->fd;
	sqe->off = r->at;
	sqe->len = r->len;
	sqe->flags = IOSQE_BUFFER_SELECT | r->flags;
	sqe->buf_group = r->group->id;
	if (r->kind->change)
		r->kind->change(r, sqe);
	complete_submit(c, &reads.ring);
}

static void thread_submits(void *arg)
{
	const struct reads_thread *t = arg;
	unsigned int i;

	for (i = t->first; i < reads.nr; i += THREADS) {
		pthread_mutex_lock(&reads.lock);
		request_submit(reads.file.c, &reads.request[i], i);
		pthread_mutex_unlock(&reads.lock);
	}
}

/* --- what comes of it */

static bool reads_take(struct complete_case *c)
{
	struct complete_cqe cqe;
	struct read_request *r;

	if (!complete_next(c, &reads.ring, &cqe, "a read into a provided buffer"))
		return false;
	if (cqe.data & CANCELS)
		return true;
	r = &reads.request[cqe.data % READS];
	if (cqe.data < reads.nr && !r->done) {
		r->cqe = cqe;
		r->done = true;
		return true;
	}
	complete_bad(c, COMPLETE_TWICE, "a second CQE of read %llu: res %d",
		     (unsigned long long)cqe.data, cqe.res);
	return false;
}

/* Of a pipe, which is empty; what cannot be cancelled any more gets its end. */
static bool reads_cancel(struct complete_case *c)
{
	unsigned int i, nr = 0, left = 0;
	bool fine = true;

	for (i = 0; i < reads.nr; i++) {
		if (reads.request[i].done)
			continue;
		left++;
		if (reads.request[i].kind != &cancelled)
			continue;
		complete_sqe(c, &reads.ring, IORING_OP_ASYNC_CANCEL, CANCELS | i)->addr = i;
		nr++;
	}
	if (nr && !complete_submit(c, &reads.ring))
		return false;
	close(reads.pipe[1]);
	for (i = 0; i < nr + left && fine; i++)
		fine = reads_take(c);
	return fine;
}

static bool reads_do(struct complete_case *c)
{
	unsigned int i, pipes = 0;

	for (i = 0; i < THREADS; i++) {
		reads.thread[i].first = i;
		complete_ask(&reads.thread[i].thread, thread_submits, &reads.thread[i]);
	}
	for (i = 0; i < reads.nr; i++)
		pipes += reads.request[i].kind == &cancelled;
	for (i = pipes; i < reads.nr; i++)
		if (!reads_take(c))
			return false;
	for (i = 0; i < THREADS; i++)
		if (!complete_await(c, complete_done, &reads.thread[i].thread,
				    reads.thread[i].thread.tid, "a submission"))
			return false;
	return !reads.fail || reads_cancel(c);
}

/* "a direct read of 4096 bytes at 8192, async, by a ring" */
static const char *describe(const struct read_request *r)
{
	static char text[128];

	snprintf(text, sizeof(text), "a %s%s of %u bytes at %llu%s%s",
		 r->fd == reads.file.direct ? "direct " : "", r->kind->name,
		 r->len, (unsigned long long)r->at, r->flags & IOSQE_ASYNC ? ", async" : "",
		 r->group->kind == BUFFERS_CLASSIC ? "" : ", by a ring");
	return text;
}

static bool judge_data(const struct read_request *r, const struct buffer *b)
{
	const unsigned int asked = r->len < b->len ? r->len : b->len, res = r->cqe.res;
	const size_t gets = transfer_gets(&reads.file, r->at, asked);
	const unsigned char *want = reads.file.want + r->at;
	struct complete_case *c = reads.file.c;
	unsigned int k, behind = res;

	/* O_DIRECT has zeroes, or the disk's bytes, behind the end of a file: for pread(2), too */
	if (r->fd == reads.file.direct || r->kind->change == change_to_odd)
		behind = asked;
	for (k = 0; k < res && k < gets && b->at[k] == want[k]; k++)
		;
	if (res > gets || (res < gets && !r->kind->part))
		complete_bad(c, COMPLETE_WRONG, "%s, buffer of %u: res %u, pread gets %zu",
			     describe(r), b->len, res, gets);
	else if (k < res)
		complete_bad(c, COMPLETE_WRONG, "%s: byte %u of %u in its buffer is wrong",
			     describe(r), k, res);
	else if (!buffers_empty(b, behind, b->len))
		complete_bad(c, COMPLETE_WRONG, "%s: bytes behind the %u that are told of",
			     describe(r), res);
	else
		return true;
	return false;
}

/* Whether it may have found the group empty: all its buffers were with the other requests. */
static bool judge_none(const struct read_request *r)
{
	unsigned int others = 0, i;

	for (i = 0; i < reads.nr; i++)
		if (&reads.request[i] != r && reads.request[i].group == r->group)
			others += reads.fail || reads.request[i].cqe.res != -ENOBUFS;
	reads.none++;
	if (others >= BUFFERS)
		return true;
	complete_bad(reads.file.c, COMPLETE_WRONG, "%s: ENOBUFS, and %u of %u buffers are in use",
		     describe(r), others, BUFFERS);
	return false;
}

static bool may_fail(const struct read_request *r, unsigned int bid)
{
	const int res = r->cqe.res;

	if (res == -EFAULT)
		return reads.fail && (!(r->cqe.flags & IORING_CQE_F_BUFFER) || bid == 0);
	return res && (res == r->kind->res[0] || res == r->kind->res[1]);
}

static bool request_judge(const struct read_request *r)
{
	struct complete_case *c = reads.file.c;
	bool named = r->cqe.flags & IORING_CQE_F_BUFFER;
	unsigned int bid = 0;

	reads.all++;
	if (r->cqe.res == -ENOBUFS && !named)
		return judge_none(r);
	if ((named || r->cqe.res > 0) && !buffers_named(r->group, &r->cqe, describe(r), &bid))
		return false;
	if (named)
		buffers_take(r->group, bid);
	if (r->kind == &cancelled && !r->cqe.res)
		return true;
	if (r->cqe.res < 0 && may_fail(r, bid)) {
		reads.failed++;
		return true;
	}
	if (r->cqe.res >= 0 && r->kind->all)
		return !named || judge_data(r, &r->group->buffer[bid]);
	complete_bad(c, COMPLETE_WRONG, "%s: res %d", describe(r), r->cqe.res);
	return false;
}

/* Whoever gets this buffer fails. */
static bool reads_forbid(int prot)
{
	const struct buffer *b;
	unsigned int i;

	for (i = 0; i < reads.nr_groups && reads.fail; i++) {
		b = &reads.group[i].buffer[0];
		if (mprotect(b->at, b->len, prot))
			return complete_fail(reads.file.c, -errno, "mprotect()");
	}
	return true;
}

static bool reads_round(struct complete_case *c)
{
	/* one of them alone, so that it may be empty, or any */
	const unsigned int groups = complete_draw(c, GROUPS + 1);
	bool fine = true;
	unsigned int i;

	if (reads.fail && pipe2(reads.pipe, O_CLOEXEC))
		return complete_fail(c, -errno, "pipe()");
	reads.nr = 1 + complete_draw(c, READS);
	for (i = 0; i < reads.nr; i++)
		request_choose(c, &reads.request[i], groups);
	fine = reads_forbid(PROT_NONE) && reads_do(c) && reads_forbid(PROT_READ | PROT_WRITE);
	if (reads.fail)
		close(reads.pipe[0]);
	if (!fine)
		return false;
	for (i = 0; i < reads.nr; i++) {
		if (!request_judge(&reads.request[i]))
			return false;
		complete_good(c);
	}
	complete_none_left(c, &reads.ring);
	for (i = 0; i < reads.nr_groups && fine; i++)
		fine = buffers_count(&reads.group[i]);
	return fine;
}

static void reads_run(struct complete_case *c, bool fail)
{
	reads.fail = fail;
	if (!complete_ring(c, &reads.ring, 64, 256, 0) ||
	    !transfer_open(c, &reads.file, FILE_BYTES) || !reads_open(c))
		return;
	while (complete_more(c))
		if (!reads_round(c))
			break;
	complete_note(c, "%u of %u half cached, %u failed, %u found no buffer%s", reads.holes,
		      reads.all, reads.failed, reads.none,
		      reads.nr_groups < GROUPS ? ", no rings" : "");
}

void case_buffer_read(struct complete_case *c)
{
	reads_run(c, false);
}

void case_buffer_fail(struct complete_case *c)
{
	reads_run(c, true);
}

/* --- buffers that are used up bit by bit */

/* One read after the other, as their order is that of their CQEs then, some of them short. */
static bool bits_round(struct complete_case *c, struct buffer_group *g, struct read_request *r)
{
	struct buffer *b;
	unsigned int bid, len, k;
	size_t gets;

	request_choose(c, r, BUFFERS_CLASSIC);
	r->group = g;
	r->fd = reads.file.plain;
	request_submit(c, r, 1);
	if (!complete_next(c, &reads.ring, &r->cqe, "a read into a provided buffer"))
		return false;
	if (r->cqe.res == -ENOBUFS)
		return g->given ? judge_none(r) : buffers_give_all(g);
	/* at the very end it gets nothing, and may leave its buffer */
	if (!r->cqe.res && !(r->cqe.flags & IORING_CQE_F_BUFFER))
		return true;
	if (!buffers_named(g, &r->cqe, describe(r), &bid))
		return false;
	b = &g->buffer[bid];
	len = r->len < b->len - b->pos ? r->len : b->len - b->pos;
	gets = transfer_gets(&reads.file, r->at, len);
	for (k = 0; k < gets && b->at[b->pos + k] == reads.file.want[r->at + k]; k++)
		;
	if (r->cqe.res != (int)gets)
		complete_bad(c, COMPLETE_WRONG, "%s, %u left in its buffer: res %d, pread gets %zu",
			     describe(r), b->len - b->pos, r->cqe.res, gets);
	else if (k < gets)
		complete_bad(c, COMPLETE_WRONG, "%s: byte %u is not at %u in buffer %u",
			     describe(r), k, b->pos + k, bid);
	b->pos += gets;
	if (!(r->cqe.flags & COMPLETE_CQE_F_BUF_MORE))
		buffers_take(g, bid);
	return !complete_violations(c->r);
}

void case_buffer_incremental_read(struct complete_case *c)
{
	static struct buffer_group group;
	static struct read_request request;

	if (!complete_ring(c, &reads.ring, 64, 256, 0) ||
	    !transfer_open(c, &reads.file, FILE_BYTES))
		return;
	reads.nr_groups = 1;
	if (!buffers_open(c, &group, &reads.ring, BUFFERS_INC, BUFFERS, 4 * LENGTH, 1)) {
		if (!c->failed)
			complete_skip(c, SKIP_NOT_IN_KERNEL,
				      "this kernel does not have IOU_PBUF_RING_INC");
		return;
	}
	while (complete_more(c)) {
		if (!bits_round(c, &group, &request))
			break;
		complete_good(c);
	}
	if (!complete_violations(c->r) && !c->failed)
		buffers_count(&group);
}

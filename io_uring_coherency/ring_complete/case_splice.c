// SPDX-License-Identifier: GPL-2.0
/*
 * Splices and tees, from files to pipes, from pipe to pipe and to files.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "complete_case.h"

/*
 * A part of a file goes to a pipe, is teed to a second one, and both go to files, at offsets or at
 * positions. Each step is one request, or the steps are linked and each has to move all of it. What
 * a splice moves, how positions go on and what is in the files is as by splice(2).
 */
#define FILE_BYTES	(128U << 10)
#define PART_MOST	32768U	/* fits into a pipe of 16 pages of 4 KiB, the least size */
#define ENDS		2	/* pipes, and files that they go to */
#define POSITION	((int64_t)-1)

enum splice_step { STEP_IN, STEP_TEE, STEP_OUT, STEP_OUT_TEE, SPLICE_STEPS };

struct splices {
	struct complete_case *c;
	struct io_uring ring;
	int from, to[ENDS], pipe[ENDS][2];
	unsigned char *want, *to_want[ENDS], *has;
	unsigned int len;
	int64_t at[SPLICE_STEPS];	/* offset, or POSITION */
	uint64_t pos, to_pos[ENDS];
	bool linked;
	int res[SPLICE_STEPS];
	uint64_t nr, nr_linked;
};

static const char *const step_names[SPLICE_STEPS] = {
	"a splice from a file", "a tee", "a splice to a file", "a splice to another"
};

/* --- requests */

static void splice_choose(struct splices *all)
{
	struct complete_case *c = all->c;
	unsigned int i;

	all->len = 1 + complete_draw(c, complete_draw(c, 2) ? 4096 : PART_MOST);
	all->linked = complete_draw(c, 2);
	for (i = 0; i < SPLICE_STEPS; i++)
		all->at[i] = complete_draw(c, 2) ? POSITION :
			     (int64_t)complete_draw(c, FILE_BYTES - PART_MOST);
	if (all->pos > FILE_BYTES - PART_MOST)
		all->pos = complete_draw(c, 1000);
	for (i = 0; i < ENDS; i++)
		if (all->to_pos[i] > FILE_BYTES - PART_MOST)
			all->to_pos[i] = complete_draw(c, 1000);
	all->nr++;
	all->nr_linked += all->linked;
}

/* Positions are where the rounds before have left them, or are set. */
static bool splice_seek(struct splices *all)
{
	if (lseek(all->from, all->pos, SEEK_SET) < 0 ||
	    lseek(all->to[0], all->to_pos[0], SEEK_SET) < 0 ||
	    lseek(all->to[1], all->to_pos[1], SEEK_SET) < 0)
		return complete_fail(all->c, -errno, "lseek()");
	return true;
}

static void step_prepare(struct splices *all, enum splice_step step)
{
	struct io_uring_sqe *sqe = complete_sqe(all->c, &all->ring, IORING_OP_SPLICE, step);
	const unsigned int end = step == STEP_OUT_TEE;

	if (step == STEP_IN)
		io_uring_prep_splice(sqe, all->from, all->at[step], all->pipe[0][1], -1, all->len,
				     0);
	else if (step == STEP_TEE)
		io_uring_prep_tee(sqe, all->pipe[0][0], all->pipe[1][1], all->len, 0);
	else
		io_uring_prep_splice(sqe, all->pipe[end][0], -1, all->to[end], all->at[step],
				     all->len, 0);
	sqe->user_data = step;
	sqe->flags = complete_draw(all->c, 2) ? IOSQE_ASYNC : 0;
	if (all->linked && step != STEP_OUT_TEE)
		sqe->flags |= IOSQE_IO_LINK;
}

static bool steps_take(struct splices *all, unsigned int nr)
{
	struct complete_case *c = all->c;
	struct complete_cqe cqe;

	for (; nr; nr--) {
		if (!complete_next(c, &all->ring, &cqe, "a splice"))
			return false;
		if (cqe.data >= SPLICE_STEPS || all->res[cqe.data] != -EINPROGRESS)
			complete_twice(c, &cqe);
		else
			all->res[cqe.data] = cqe.res;
	}
	return true;
}

static bool splice_do(struct splices *all)
{
	unsigned int step;

	for (step = 0; step < SPLICE_STEPS; step++)
		all->res[step] = -EINPROGRESS;
	for (step = 0; step < SPLICE_STEPS; step++) {
		step_prepare(all, step);
		if (all->linked)
			continue;
		if (!complete_submit(all->c, &all->ring) || !steps_take(all, 1))
			return false;
	}
	return !all->linked ||
	       (complete_submit(all->c, &all->ring) && steps_take(all, SPLICE_STEPS));
}

/* --- what has come of it */

/* What the files should have, and where positions should be. */
static void splice_expect(struct splices *all)
{
	uint64_t from = all->at[STEP_IN], to;
	unsigned int i;

	if (all->at[STEP_IN] == POSITION) {
		from = all->pos;
		all->pos += all->len;
	}
	for (i = 0; i < ENDS; i++) {
		to = all->at[STEP_OUT + i];
		if (all->at[STEP_OUT + i] == POSITION) {
			to = all->to_pos[i];
			all->to_pos[i] += all->len;
		}
		memcpy(all->to_want[i] + to, all->want + from, all->len);
	}
}

static bool file_differs(struct splices *all, unsigned int i)
{
	unsigned int k;

	if (pread(all->to[i], all->has, FILE_BYTES, 0) != FILE_BYTES) {
		complete_fail(all->c, -EIO, "reading a file");
		return true;
	}
	if (!memcmp(all->has, all->to_want[i], FILE_BYTES))
		return false;
	for (k = 0; all->has[k] == all->to_want[i][k]; k++)
		;
	complete_bad(all->c, COMPLETE_WRONG, "%s: byte %u is %#x, not %#x; %u bytes, at %lld",
		     step_names[STEP_OUT + i], k, all->has[k], all->to_want[i][k], all->len,
		     (long long)all->at[STEP_OUT + i]);
	return true;
}

static bool positions_differ(struct splices *all)
{
	const off_t pos = lseek(all->from, 0, SEEK_CUR);
	const off_t to[ENDS] = { lseek(all->to[0], 0, SEEK_CUR), lseek(all->to[1], 0, SEEK_CUR) };
	int left[ENDS];

	if (ioctl(all->pipe[0][0], FIONREAD, &left[0]) ||
	    ioctl(all->pipe[1][0], FIONREAD, &left[1]))
		return !complete_fail(all->c, -errno, "ioctl()");
	if (pos == (off_t)all->pos && to[0] == (off_t)all->to_pos[0] &&
	    to[1] == (off_t)all->to_pos[1] && !left[0] && !left[1])
		return false;
	complete_bad(all->c, COMPLETE_WRONG, "positions are %lld, %lld, %lld, not %llu, %llu, %llu",
		     (long long)pos, (long long)to[0], (long long)to[1],
		     (unsigned long long)all->pos, (unsigned long long)all->to_pos[0],
		     (unsigned long long)all->to_pos[1]);
	return true;
}

static void splice_judge(struct splices *all)
{
	unsigned int step;

	for (step = 0; step < SPLICE_STEPS; step++)
		if (all->res[step] != (int)all->len) {
			complete_bad(all->c, COMPLETE_WRONG, "%s of %u bytes%s: res %d",
				     step_names[step], all->len, all->linked ? ", linked" : "",
				     all->res[step]);
			return;
		}
	splice_expect(all);
	if (!file_differs(all, 0) && !file_differs(all, 1) && !positions_differ(all))
		complete_good(all->c);
}

static bool file_open(struct splices *all, int *fd, unsigned char **want)
{
	unsigned int i;

	*fd = complete_file(all->c);
	if (*fd < 0)
		return false;
	*want = malloc(FILE_BYTES);
	if (!*want)
		return complete_fail(all->c, -ENOMEM, "malloc()");
	for (i = 0; i < FILE_BYTES; i += sizeof(uint64_t))
		*(uint64_t *)(*want + i) = random_draw(&all->c->random);
	if (pwrite(*fd, *want, FILE_BYTES, 0) != FILE_BYTES)
		return complete_fail(all->c, errno ? -errno : -EIO, "filling a file");
	return true;
}

static bool splices_open(struct splices *all)
{
	struct complete_case *c = all->c;
	unsigned int i;

	all->has = malloc(FILE_BYTES);
	if (!all->has)
		return complete_fail(c, -ENOMEM, "malloc()");
	if (!file_open(all, &all->from, &all->want))
		return false;
	for (i = 0; i < ENDS; i++) {
		if (!file_open(all, &all->to[i], &all->to_want[i]))
			return false;
		if (pipe2(all->pipe[i], O_CLOEXEC))
			return complete_fail(c, -errno, "pipe()");
	}
	return complete_ring(c, &all->ring, 2 * SPLICE_STEPS, 0, 0);
}

void case_splice(struct complete_case *c)
{
	static struct splices all;

	all.c = c;
	if (!splices_open(&all))
		return;
	while (complete_more(c)) {
		splice_choose(&all);
		if (!splice_seek(&all) || !splice_do(&all))
			break;
		splice_judge(&all);
		complete_none_left(c, &all.ring);
		if (complete_violations(c->r))
			break;
	}
	complete_note(c, "%llu of %llu with linked steps", (unsigned long long)all.nr_linked,
		      (unsigned long long)all.nr);
}

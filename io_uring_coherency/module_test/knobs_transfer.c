// SPDX-License-Identifier: GPL-2.0
/*
 * Writes and reads by io-wq, and whether they are wrong as a fault on purpose says.
 */
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <string.h>
#include <unistd.h>

#include "knobs_parts.h"
#include "knobs_session.h"

static struct io_uring ring;
static int file = -1;

const char *knobs_prepare_transfers(void)
{
	if (knobs_ramfs < 0)
		return "ramfs cannot be mounted here";
	if (io_uring_queue_init(8, &ring, 0))
		return "io_uring cannot be used";
	/* without it no transfer will do */
	file = openat(knobs_ramfs, "planted", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	return NULL;
}

int knobs_transfer(bool write, unsigned char mark, char *buf)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
	static char both[2 * KNOBS_PIECE];
	struct io_uring_cqe *cqe;
	int ret;

	memset(both, mark, sizeof(both));
	if (pwrite(file, both, sizeof(both), 0) != sizeof(both))
		return -errno;
	memset(buf, mark + 1, KNOBS_PIECE);
	if (write)
		io_uring_prep_write(sqe, file, buf, KNOBS_PIECE, 0);
	else
		io_uring_prep_read(sqe, file, buf, KNOBS_PIECE, 0);
	sqe->flags |= IOSQE_ASYNC;
	ret = io_uring_submit_and_wait(&ring, 1);
	if (ret < 0)
		return ret;
	ret = io_uring_wait_cqe(&ring, &cqe);
	if (!ret) {
		ret = cqe->res;
		io_uring_cqe_seen(&ring, cqe);
	}
	return ret;
}

int knobs_as_planted(unsigned int plant, unsigned char mark, const char *buf)
{
	const bool read = plant == PBT_PLANT_READ_SHORT;
	/* what the first piece is to be, and what it was */
	const char new = read ? mark : mark + 1, old = read ? mark + 1 : mark;
	char found[2 * KNOBS_PIECE], right[2 * KNOBS_PIECE], wrong[2 * KNOBS_PIECE];
	unsigned int i;

	if (pread(file, found, sizeof(found), 0) != sizeof(found))
		return -1;
	if (read)
		memcpy(found, buf, KNOBS_PIECE);
	memset(right, mark, sizeof(right));
	memset(right, new, KNOBS_PIECE);
	memcpy(wrong, right, sizeof(right));
	if (plant == PBT_PLANT_WRITE_SHORT || read)
		memset(wrong + KNOBS_PIECE - 16, old, 16);
	if (plant == PBT_PLANT_WRITE_DROPPED || plant == PBT_PLANT_WRITE_MISPLACED)
		memset(wrong, old, KNOBS_PIECE);
	if (plant == PBT_PLANT_WRITE_MISPLACED)
		memset(wrong + KNOBS_PIECE, new, KNOBS_PIECE);
	/* pages of the page cache */
	for (i = 0; plant == PBT_PLANT_WRITE_STALE && i < KNOBS_PIECE; i += 4096)
		memset(wrong + i, found[i] == old ? old : new, 4096);
	if (!memcmp(found, right, sizeof(found)))
		return 0;
	return memcmp(found, wrong, sizeof(found)) ? -1 : 1;
}

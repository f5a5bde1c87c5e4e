/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reads and writes of a file on a disk, whose contents are known.
 */
#ifndef COMPLETE_TRANSFER_H
#define COMPLETE_TRANSFER_H

#include <sys/uio.h>

#include "complete_case.h"

#define TRANSFER_ROOM	(6U << 20)	/* bytes of a file, at most */
#define TRANSFER_MOST	(2U << 20)	/* ... and of one transfer */
#define TRANSFER_PIECES	8
#define TRANSFER_ALIGN	4096U		/* of O_DIRECT */
#define TRANSFER_POS	UINT64_MAX	/* the file's position */

struct transfer_file {
	struct complete_case *c;
	int plain, direct;		/* one file, twice open */
	unsigned char *want;		/* what it should have */
	size_t size;
	unsigned char *map;		/* to ask for what is in the page cache; nobody reads it */
	unsigned char *bytes;		/* random ones, to be written */
};

/* A file of @size bytes. False if there is none: the case has ended. */
bool transfer_open(struct complete_case *c, struct transfer_file *f, size_t size);

/* TRANSFER_MOST random bytes or less. */
const unsigned char *transfer_bytes(struct transfer_file *f);

/* @len bytes of @from are written at @at, as far as what it should have is concerned. */
void transfer_wrote(struct transfer_file *f, size_t at, const unsigned char *from, size_t len);

/* How many bytes a read of @len at @at gets. */
size_t transfer_gets(const struct transfer_file *f, uint64_t at, size_t len);

/* A size for a transfer: 4 KiB to @most, small ones as often as large ones. */
size_t transfer_length(struct complete_case *c, size_t most);

/* Writes what is dirty, if there is anything, to the disk. */
void transfer_clean(const struct transfer_file *f);

/* Whether some of this range is not in the page cache. */
bool transfer_has_holes(const struct transfer_file *f, uint64_t at, size_t len);

/* Has parts of it leave the page cache, as a rule. Whether some of it is not there then. */
bool transfer_punch(const struct transfer_file *f, uint64_t at, size_t len);

struct transfer {
	int fd;
	bool write;
	uint64_t at;
	size_t len;
	unsigned int nr;		/* pieces; 0: it is a registered buffer's part, piece[0] */
	struct iovec piece[TRANSFER_PIECES];
	uint64_t registered;		/* its address when it was registered */
	unsigned int buffer;		/* its number */
	unsigned int flags;		/* IOSQE_ */
	bool holes;			/* not all of it is in the page cache */
	int res;
};

#define TRANSFER_BUFFER	(TRANSFER_MOST + TRANSFER_PIECES * TRANSFER_ALIGN)

/*
 * Makes pieces of @buf, which has TRANSFER_BUFFER bytes, for @len bytes: for O_DIRECT aligned and
 * without gaps, else neither.
 */
void transfer_cut(struct complete_case *c, struct transfer *t, unsigned char *buf, size_t len,
		  bool direct);

/* To and from its pieces. The last returns the first byte that is not as @want has it, or @len. */
void transfer_put(struct transfer *t, const unsigned char *from);
void transfer_set(struct transfer *t, int byte);
size_t transfer_differs(const struct transfer *t, const unsigned char *want, size_t len);

/* An SQE for it. */
struct io_uring_sqe *transfer_prepare(struct complete_case *c, struct io_uring *ring,
				      struct transfer *t, uint64_t data);

/* By io_uring, and up to its end. False if it is lost, or the case has ended. */
bool transfer_do(struct complete_case *c, struct io_uring *ring, struct transfer *t);

/* An event: a read's result and data, or a write's result, and what pread() finds then. */
bool transfer_judge(struct transfer_file *f, const struct transfer *t);

/* Whether pread() finds what it should in this range; "" or what it finds. */
const char *transfer_look(struct transfer_file *f, uint64_t at, size_t len);

#endif /* COMPLETE_TRANSFER_H */

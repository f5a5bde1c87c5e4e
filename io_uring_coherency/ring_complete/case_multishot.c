// SPDX-License-Identifier: GPL-2.0
/*
 * Requests with several completions: all but the last have IORING_CQE_F_MORE.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "complete_abi.h"
#include "complete_case.h"

enum { SHOT_MULTI = 1, SHOT_CANCEL };

#define SHOTS_MOST	16	/* until it is cancelled */

struct shot {
	struct complete_case *c;
	struct io_uring ring;
	int fd;			/* an eventfd, or a listening socket */
	struct sockaddr_un addr;
	socklen_t addr_len;
};

/*
 * The kernel may end a multishot request whenever it likes, and tells so by a CQE without F_MORE:
 * it is then asked for again. Sets *@ended.
 */
static bool shot_one(struct shot *s, struct complete_cqe *cqe, bool *ended, const char *what)
{
	if (!complete_next(s->c, &s->ring, cqe, what))
		return false;
	*ended = !(cqe->flags & IORING_CQE_F_MORE);
	if (cqe->data == SHOT_MULTI)
		return true;
	complete_bad(s->c, COMPLETE_TWICE, "user_data %llu, which nobody waits for",
		     (unsigned long long)cqe->data);
	return false;
}

/* It is cancelled: two CQEs in any order, its last without F_MORE, and none after that. */
static bool shot_cancel(struct shot *s, int opcode)
{
	struct complete_case *c = s->c;
	struct complete_cqe cqe;
	bool ended = false;
	unsigned int seen;

	complete_sqe(c, &s->ring, opcode, SHOT_CANCEL)->addr = SHOT_MULTI;
	if (!complete_submit(c, &s->ring))
		return false;
	for (seen = 0; seen != (1U << SHOT_MULTI | 1U << SHOT_CANCEL);
	     seen |= 1U << (cqe.data & 3)) {
		if (!complete_next(c, &s->ring, &cqe, "the end of a multishot request"))
			return false;
		if (cqe.data == SHOT_CANCEL && cqe.res < 0 && cqe.res != -EALREADY)
			return complete_fail(c, cqe.res, "cancelling a multishot request");
		if (cqe.data != SHOT_MULTI)
			continue;
		if (ended)
			complete_bad(c, COMPLETE_TWICE, "a CQE after that without F_MORE: res %d",
				     cqe.res);
		else if (cqe.flags & IORING_CQE_F_MORE)
			complete_bad(c, COMPLETE_WRONG, "a cancelled request has F_MORE, res %d",
				     cqe.res);
		else if (cqe.res != -ECANCELED)
			complete_bad(c, COMPLETE_WRONG, "a cancelled request has res %d", cqe.res);
		else
			complete_good(c);
		ended = true;
	}
	complete_none_left(c, &s->ring);
	return true;
}

/* --- poll */

static bool poll_starts(struct shot *s)
{
	struct io_uring_sqe *sqe = complete_sqe(s->c, &s->ring, IORING_OP_POLL_ADD, SHOT_MULTI);

	io_uring_prep_poll_add(sqe, s->fd, POLLIN);
	sqe->len = IORING_POLL_ADD_MULTI;
	sqe->user_data = SHOT_MULTI;
	return complete_submit(s->c, &s->ring);
}

static bool poll_event(struct shot *s, bool *ended)
{
	const uint64_t one = 1;
	struct complete_cqe cqe;
	uint64_t value;

	if (write(s->fd, &one, sizeof(one)) != sizeof(one))
		return complete_fail(s->c, -errno, "write() to an eventfd");
	if (!shot_one(s, &cqe, ended, "an event of a multishot poll"))
		return false;
	if (*ended && cqe.res == -EINVAL)
		return complete_skip(s->c, SKIP_NOT_IN_KERNEL,
				     "this kernel does not have IORING_POLL_ADD_MULTI");
	if (cqe.res < 0 || !(cqe.res & POLLIN))
		complete_bad(s->c, COMPLETE_WRONG, "an event of a multishot poll: res %d", cqe.res);
	else
		complete_good(s->c);
	/* one that came while the last was looked at is an event, too, and may be told twice */
	while (read(s->fd, &value, sizeof(value)) > 0)
		;
	while (!*ended && complete_take(&s->ring, &cqe))
		*ended = !(cqe.flags & IORING_CQE_F_MORE);
	return true;
}

static bool poll_round(struct shot *s)
{
	unsigned int nr = 1 + complete_draw(s->c, SHOTS_MOST);
	bool ended = false;

	if (!poll_starts(s))
		return false;
	while (nr-- && !ended)
		if (!poll_event(s, &ended))
			return false;
	return ended || shot_cancel(s, IORING_OP_POLL_REMOVE);
}

void case_poll_multi(struct complete_case *c)
{
	static struct shot s;

	s.c = c;
	s.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (s.fd < 0) {
		complete_fail(c, -errno, "eventfd()");
		return;
	}
	if (!complete_ring(c, &s.ring, 4, 8 * SHOTS_MOST, 0))
		return;
	while (complete_more(c))
		if (!poll_round(&s))
			break;
}

/* --- accept */

static bool accept_starts(struct shot *s)
{
	struct io_uring_sqe *sqe = complete_sqe(s->c, &s->ring, IORING_OP_ACCEPT, SHOT_MULTI);

	sqe->fd = s->fd;
	sqe->ioprio = IORING_ACCEPT_MULTISHOT;
	return complete_submit(s->c, &s->ring);
}

/* A connection that says its number; another descriptor, or none, that has it is a wrong one. */
static bool accept_judge(struct shot *s, int fd, uint64_t number)
{
	uint64_t got = 0;

	if (recv(fd, &got, sizeof(got), MSG_DONTWAIT) == sizeof(got) && got == number)
		complete_good(s->c);
	else
		complete_bad(s->c, COMPLETE_WRONG, "connection %llu is accepted as %llu",
			     (unsigned long long)number, (unsigned long long)got);
	close(fd);
	return true;
}

static bool accept_one(struct shot *s, uint64_t number, bool *ended)
{
	const int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct complete_cqe cqe;
	bool ok;

	if (client < 0 || connect(client, (struct sockaddr *)&s->addr, s->addr_len) ||
	    send(client, &number, sizeof(number), 0) != sizeof(number))
		return complete_fail(s->c, -errno, "a connection of a local socket");
	ok = shot_one(s, &cqe, ended, "a connection by a multishot accept");
	if (ok && *ended && cqe.res == -EINVAL)
		ok = complete_skip(s->c, SKIP_NOT_IN_KERNEL,
				   "this kernel does not have IORING_ACCEPT_MULTISHOT");
	else if (ok && cqe.res < 0)
		ok = complete_fail(s->c, cqe.res, "IORING_OP_ACCEPT");
	else if (ok)
		ok = accept_judge(s, cqe.res, number);
	close(client);
	return ok;
}

static bool accept_round(struct shot *s, uint64_t *number)
{
	unsigned int nr = 1 + complete_draw(s->c, SHOTS_MOST);
	bool ended = false;

	if (!accept_starts(s))
		return false;
	while (nr-- && !ended)
		if (!accept_one(s, ++*number, &ended))
			return false;
	return ended || shot_cancel(s, IORING_OP_ASYNC_CANCEL);
}

void case_accept_multi(struct complete_case *c)
{
	static struct shot s;
	uint64_t number = 0;

	s.c = c;
	s.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	s.addr.sun_family = AF_UNIX;
	s.addr_len = sizeof(s.addr);
	/* the kernel chooses a name that is in no file system: unix(7), autobind */
	if (s.fd < 0 || bind(s.fd, (struct sockaddr *)&s.addr, sizeof(s.addr.sun_family)) ||
	    getsockname(s.fd, (struct sockaddr *)&s.addr, &s.addr_len) || listen(s.fd, 16)) {
		complete_fail(c, -errno, "a local socket");
		return;
	}
	if (!complete_ring(c, &s.ring, 4, 8 * SHOTS_MOST, 0))
		return;
	while (complete_more(c))
		if (!accept_round(&s, &number))
			break;
}

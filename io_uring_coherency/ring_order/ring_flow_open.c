// SPDX-License-Identifier: GPL-2.0
/*
 * What reads and writes are done with, made and given back; see ring_flow.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cpu_pairs.h"
#include "ring_flow.h"

/*
 * ABI that the headers of liburing 2.1 lack, by include/uapi/linux/io_uring.h of 7.2. An enum's
 * members cannot be probed for, therefore the names are ours.
 */
#define REGISTER_PBUF_RING	22	/* 5.19 */

struct pbuf_reg {
	uint64_t ring_addr;
	uint32_t ring_entries;
	uint16_t bgid;
	uint16_t flags;
	uint64_t resv[3];
};

static int sys_register(const struct io_uring *ring, unsigned int op, void *arg, unsigned int nr)
{
	return syscall(__NR_io_uring_register, ring->ring_fd, op, arg, nr) < 0 ? -errno : 0;
}

static int open_pairs(struct ring_flow *f)
{
	unsigned int i;
	int ret;

	for (i = 0; i < f->nr_slots; i++) {
		/* only a file that does not block is tried inline by the kernels before 6.5 */
		if (f->kind.place == RING_SOCKET)
			ret = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
					 f->pair[i]);
		else
			ret = pipe2(f->pair[i], O_NONBLOCK | O_CLOEXEC);
		if (ret)
			return -errno;
	}
	return 0;
}

static int open_file(struct ring_flow *f)
{
	size_t size = RING_SLOTS * RING_STRIDE;

	f->file = memfd_create("ring_order", MFD_CLOEXEC);
	if (f->file < 0 || ftruncate(f->file, size))
		return -errno;
	f->map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, f->file, 0);
	if (f->map == MAP_FAILED) {
		f->map = NULL;
		return -errno;
	}
	memset(f->map, 0, size);
	return 0;
}

static int open_ring(struct ring_flow *f)
{
	struct io_uring_params params = { 0 };
	int ret, fds[RING_SLOTS];
	cpu_set_t *other;
	unsigned int i;
	size_t size;

	if (f->kind.sqpoll) {
		params.flags = IORING_SETUP_SQPOLL | IORING_SETUP_SQ_AFF;
		params.sq_thread_cpu = f->s->cpu[1];
		params.sq_thread_idle = 2000;	/* ms: longer than a slice */
	}
	ret = io_uring_queue_init_params(2 * RING_SLOTS, &f->ring, &params);
	if (ret) {
		f->ring.ring_fd = -1;
		return ret;
	}
	ring_fill_sq_array(&f->ring);
	if (f->kind.sqpoll) {
		/* before 5.11 an SQ thread takes nothing but registered files */
		for (i = 0; i < f->nr_slots; i++)
			fds[i] = f->pair[i][f->kind.write];
		return io_uring_register_files(&f->ring, fds, f->nr_slots);
	}
	/* the kernels before 5.14 cannot, there the worker runs anywhere */
	other = cpus_only(f->s->cpu[1], &size);
	io_uring_register_iowq_aff(&f->ring, size, other);
	free(other);
	return 0;
}

static int open_buffers(struct ring_flow *f)
{
	const struct iovec all = { .iov_base = f->buf[0], .iov_len = RING_SLOTS * RING_STRIDE };
	struct pbuf_reg reg = { .ring_entries = RING_BUFFERS, .bgid = 1 };

	if (f->kind.fixed)
		return io_uring_register_buffers(&f->ring, &all, 1);
	if (f->kind.select) {
		f->pbuf = (struct ring_pbuf *)(f->s->memory + RING_SLICE_MEMORY / 2);
		reg.ring_addr = (uintptr_t)f->pbuf;
		if (high_memory())
			return -EOPNOTSUPP;
		return sys_register(&f->ring, REGISTER_PBUF_RING, &reg, 1);
	}
	return 0;
}

void ring_flow_close(struct ring_flow *f)
{
	unsigned int i;

	if (f->ring.ring_fd >= 0)
		io_uring_queue_exit(&f->ring);
	for (i = 0; i < RING_SLOTS; i++) {
		if (f->pair[i][0] < 0)
			continue;
		close(f->pair[i][0]);
		close(f->pair[i][1]);
	}
	if (f->map)
		munmap(f->map, RING_SLOTS * RING_STRIDE);
	if (f->file >= 0)
		close(f->file);
	if (f->event >= 0)
		close(f->event);
}

int ring_flow_open(struct ring_flow *f, struct ring_slice *s)
{
	const struct ring_flow_kind *kind = &s->edge->flow;
	unsigned int i;
	int ret;

	*f = (struct ring_flow){
		.s = s, .kind = *kind, .file = -1, .event = -1, .ring.ring_fd = -1,
		/* a single page and the least that fills one is what file systems differ by */
		.len = kind->place == RING_FILE ? 4096 : 512,
		.nr_slots = kind->eventfd ? 1 : RING_SLOTS,
		.scratch = s->memory + RING_SLICE_MEMORY / 4 * 3,
	};
	for (i = 0; i < RING_SLOTS; i++)
		f->pair[i][0] = -1;
	/* words and cache lines meet in another way in each slice */
	for (i = 0; i < RING_BUFFERS; i++)
		f->buf[i] = s->memory + i * RING_STRIDE + (s->same_line ? 0 : s->seed % 64 * 8);

	s->failed = "making files";
	ret = kind->place == RING_FILE ? open_file(f) : open_pairs(f);
	if (ret)
		return ret;
	s->failed = "io_uring_setup()";
	ret = open_ring(f);
	if (ret)
		return ret;
	ret = open_buffers(f);
	if (ret) {
		s->failed = kind->select ? RING_PBUF_CALL : "registering buffers";
		/* 5.18 and older do not know it */
		return kind->select && ret == -EINVAL ? -EOPNOTSUPP : ret;
	}
	if (kind->eventfd) {
		s->failed = "IORING_REGISTER_EVENTFD";
		f->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
		if (f->event < 0)
			return -errno;
		ret = io_uring_register_eventfd(&f->ring, f->event);
		if (ret)
			return ret;
	}
	s->failed = NULL;
	return 0;
}

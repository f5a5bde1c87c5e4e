/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Result files for programs: JSON that is there whole or not at all.
 */
#ifndef JSON_H
#define JSON_H

#include <limits.h>
#include <stdio.h>

struct json_file {
	const char *path;
	char tmp[PATH_MAX];	/* what is written until json_commit() */
	FILE *f;
};

/*
 * The file that a program writes unless it is told another one:
 * $IO_URING_COHERENCY_RESULTS/PROGRAM.json, or NULL where that directory is not named. Good until
 * the next call.
 */
const char *json_default(const char *program);

/* 0, or the errno for which there could be no file @path. */
int json_refused(const char *path);

/* Opens a file beside @path. Returns 0 or -errno; -ENAMETOOLONG for a path near PATH_MAX. */
int json_open(struct json_file *j, const char *path);

/* Puts what was written in place of @path. Returns 0, or -errno and leaves nothing behind. */
int json_commit(struct json_file *j);

/* Writes the members "kernel", "kernel_version" and "machine", with no comma around them. */
void json_kernel(FILE *f);

/* Writes @s in quotes, with quotes, backslashes and control characters escaped. */
void json_string(FILE *f, const char *s);

/* Writes the member @name, a string. */
void json_member(FILE *f, const char *name, const char *value);

#endif /* JSON_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Random numbers that a seed repeats. Inline, as some draw one for each event.
 */
#ifndef RANDOM_H
#define RANDOM_H

#include <stdint.h>

/*
 * splitmix64 (Steele, Lea & Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014):
 * every bit of @state reaches every bit of the result, so that seeds may be numbers in a row, and 0
 * is one.
 */
static inline uint64_t random_draw(uint64_t *state)
{
	uint64_t x = *state += 0x9e3779b97f4a7c15ULL;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

/* Below @limit, which is small: the remainder favours none by more than @limit of 2^64. */
static inline uint64_t random_below(uint64_t *state, uint64_t limit)
{
	return random_draw(state) % limit;
}

#endif /* RANDOM_H */

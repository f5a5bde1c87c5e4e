/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kernel's headers have and a program's do not, by the kernel's names. kselftest.h of 6.12
 * has some of it, that of 6.1 has not.
 */
#ifndef COMPILER_H
#define COMPILER_H

#include "kselftest.h"

#define BIT(n)			(1U << (n))

#ifndef __printf
#define __printf(a, b)		__attribute((format(printf, a, b)))
#endif
#ifndef __noreturn
#define __noreturn		__attribute((noreturn))
#endif
#define __aligned(bytes)	__attribute((aligned(bytes)))
/* glibc has it */
#ifndef __always_inline
#define __always_inline		inline
#endif

#endif /* COMPILER_H */

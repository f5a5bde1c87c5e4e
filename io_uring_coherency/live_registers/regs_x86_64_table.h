/* SPDX-License-Identifier: GPL-2.0 */
/*
 * x86-64: the registers beside vectors and masks. To be included wherever one of them matters, with
 * REG() and MISSING() defined; a register is added here and nowhere else.
 *
 * REG(name, class, offset, len, text, legal, bit, kind, operand)
 *	offset, len	of its slot, see regs_x86.h; free from 2256 to 2303, from 2816 to 3583
 *	text		of what is covered, for people, with what separates it from the one before
 *	legal		bits that may vary, two at least; 0: this CPU does not have it
 *	bit		number in REG_WIN_FEATURES that tells that this CPU has it; 0: each has it
 *	kind, operand	how the assembly moves it: load_<kind>, store_<kind> in regs_x86.S
 *
 * PKRU (Documentation/core-api/protection-keys.rst of 6.1): the keys that no memory has.
 * GS base (Documentation/x86/x86_64/fsgs.rst of 6.1): free for users, where they may write it
 * without a system call; below 2^47, which each CPU takes. So may FS base vary, which the assembly
 * does not use, while no handler runs.
 */
#include "regs_x86_table.h"
REG(rax, GPR, 2112, 8, ", rax", ~0ULL, 0, gpr, rax)
REG(rbx, GPR, 2120, 8, " rbx", ~0ULL, 0, gpr, rbx)
REG(rcx, GPR, 2128, 8, " rcx", ~0ULL, 0, gpr, rcx)
REG(rdx, GPR, 2136, 8, " rdx", ~0ULL, 0, gpr, rdx)
REG(rsi, GPR, 2144, 8, " rsi", ~0ULL, 0, gpr, rsi)
REG(rbp, GPR, 2152, 8, " rbp", ~0ULL, 0, gpr, rbp)
REG(r8, GPR, 2160, 8, " r8-r15", ~0ULL, 0, gpr, r8)
REG(r9, GPR, 2168, 8, "", ~0ULL, 0, gpr, r9)
REG(r10, GPR, 2176, 8, "", ~0ULL, 0, gpr, r10)
REG(r11, GPR, 2184, 8, "", ~0ULL, 0, gpr, r11)
REG(r12, GPR, 2192, 8, "", ~0ULL, 0, gpr, r12)
REG(r13, GPR, 2200, 8, "", ~0ULL, 0, gpr, r13)
REG(r14, GPR, 2208, 8, "", ~0ULL, 0, gpr, r14)
REG(r15, GPR, 2216, 8, "", ~0ULL, 0, gpr, r15)
/* after the general registers: they travel through these */
REG(PKRU, SWITCHED, 2240, 4, ", PKRU", pkru, 3, pkru, 0)
REG(GSBASE, SWITCHED, 2224, 8, ", GS base", fsgsbase ? (1ULL << 47) - 1 : 0, 4, base, gsbase)
REG(FLAGS, GPR, REG_X86_FLAGS, 8, ", AC, DF, ID", REG_X86_FLAGS_LEGAL, 0, flags, 0)
REG(FSBASE, SWITCHED, 2232, 8, ", FS base", fsgsbase ? (1ULL << 47) - 1 : 0, 5, base, fsbase)

/* what user code may hold live and nobody looks at */
MISSING("rsp, rdi, flags but for AC DF ID")
MISSING("FOP, FIP, FDP")
MISSING(pkru ? "PKRU of key 0" : "PKRU")
MISSING(fsgsbase ? "segment selectors" : "segment selectors, FS and GS base")
MISSING("shadow stack pointer")
MISSING("AMX tiles")
MISSING("APX r16-r31")

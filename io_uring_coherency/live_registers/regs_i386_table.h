/* SPDX-License-Identifier: GPL-2.0 */
/*
 * i386: the registers beside vectors and masks. To be included wherever one of them matters, with
 * REG() and MISSING() defined; a register is added here and nowhere else. What a row has is told in
 * regs_x86_64_table.h; free are offsets from 2136 to 2239, from 2284 to 2303, from 2816 to 3583.
 *
 * PKRU: no 32-bit kernel has it (X86_INTEL_MEMORY_PROTECTION_KEYS, arch/x86/Kconfig of 6.1), a
 * 64-bit kernel lets 32-bit programs use it.
 *
 * es, fs, gs (Intel SDM vol. 1, 3.4.2): free for users but for gs where a handler runs. They hold a
 * selector, and behind it of a segment that set_thread_area(2) has made; see regs_i386.c.
 */
#include "regs_x86_table.h"
REG(eax, GPR, 2112, 4, ", eax", ~0U, 0, gpr, eax)
REG(ebx, GPR, 2116, 4, " ebx", ~0U, 0, gpr, ebx)
REG(ecx, GPR, 2120, 4, " ecx", ~0U, 0, gpr, ecx)
REG(edx, GPR, 2124, 4, " edx", ~0U, 0, gpr, edx)
REG(esi, GPR, 2128, 4, " esi", ~0U, 0, gpr, esi)
REG(ebp, GPR, 2132, 4, " ebp", ~0U, 0, gpr, ebp)
/* after the general registers: they travel through these */
REG(PKRU, SWITCHED, 2240, 4, ", PKRU", pkru, 3, pkru, 0)
REG(es, GPR, REG_I386_SEGMENTS, 4, ", es fs gs and their bases", segments, 4, seg, es)
REG(fs, SWITCHED, REG_I386_SEGMENTS + 4, 4, "", segments, 4, seg, fs)
REG(gs, SWITCHED, REG_I386_SEGMENTS + 8, 4, "", segments, 4, seg, gs)
REG(FLAGS, GPR, REG_X86_FLAGS, 4, ", AC, DF, ID", REG_X86_FLAGS_LEGAL, 0, flags, 0)

/* what user code may hold live and nobody looks at */
MISSING("esp, edi, flags but for AC DF ID")
MISSING("FOP, FIP, FDP")
MISSING(pkru ? "PKRU of key 0" : "PKRU")
MISSING(segments ? "cs ds ss" : "segment registers")

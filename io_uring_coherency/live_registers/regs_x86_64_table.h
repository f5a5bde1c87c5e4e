/* SPDX-License-Identifier: GPL-2.0 */
/*
 * x86-64: the registers beside vectors and masks. To be included wherever one of them matters, with
 * REG() and MISSING() defined; a register is added here and nowhere else.
 *
 * REG(name, class, offset, len, text, legal, bit, kind, operand)
 *	offset, len	of its slot, see regs_x86_64.h; free from 2256 to 2303, from 2816 to 3583
 *	text		of what is covered, for people, with what separates it from the one before
 *	legal		bits that may vary, two at least; 0: this CPU does not have it
 *	bit		number in REG_WIN_FEATURES that tells that this CPU has it; 0: each has it
 *	kind, operand	how the assembly moves it: load_<kind>, store_<kind> in regs_x86_64.S
 *
 * MXCSR (Intel SDM vol. 1, 10.2.3): the sticky flags, rounding control and flush to zero vary, and
 * denormals are zeros where the CPU has that. x86_64_legalize() masks exceptions whose flags are
 * set; the others do not trap, as the window computes nothing.
 *
 * x87 (Intel SDM vol. 1, 8.1): of FCW precision and rounding control; of FSW the sticky flags,
 * condition codes and TOP, not ES and B, which the CPU derives; which registers are empty, of FTW a
 * bit each; exceptions as above. FOP, FIP and FDP are left out: CPUs of AMD save them with an
 * exception pending only (X86_BUG_FXSAVE_LEAK, arch/x86/kernel/fpu/core.c of 6.1).
 *
 * PKRU (Documentation/core-api/protection-keys.rst of 6.1): the keys that no memory has.
 * GS base (Documentation/x86/x86_64/fsgs.rst of 6.1): free for users, where they may write it
 * without a system call; below 2^47, which each CPU takes. So may FS base vary, which the assembly
 * does not use, while no handler runs.
 */
REG(MXCSR, VECTOR, REG_X86_64_MXCSR, 4, ", MXCSR", 0xe03f | (daz ? MXCSR_DAZ : 0), 0, by_fx, 0)
REG(FSW_FCW, FP, REG_X86_64_FSW_FCW, 4, ", FCW, FSW, FTW", 0x7f7f0f00, 0, fx, 0)
REG(FTW, FP, REG_X86_64_FTW, 4, "", 0xff, 0, ftw, 0)
REG(st0, FP, REG_X86_64_ST, 12, ", st0-st7 (mm0-mm7)", ~0ULL, 0, by_fx, 0)
REG(st1, FP, REG_X86_64_ST + 16, 12, "", ~0ULL, 0, by_fx, 0)
REG(st2, FP, REG_X86_64_ST + 32, 12, "", ~0ULL, 0, by_fx, 0)
REG(st3, FP, REG_X86_64_ST + 48, 12, "", ~0ULL, 0, by_fx, 0)
REG(st4, FP, REG_X86_64_ST + 64, 12, "", ~0ULL, 0, by_fx, 0)
REG(st5, FP, REG_X86_64_ST + 80, 12, "", ~0ULL, 0, by_fx, 0)
REG(st6, FP, REG_X86_64_ST + 96, 12, "", ~0ULL, 0, by_fx, 0)
REG(st7, FP, REG_X86_64_ST + 112, 12, "", ~0ULL, 0, by_fx, 0)
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
REG(FLAGS, GPR, REG_X86_64_FLAGS, 8, ", AC, DF, ID", REG_X86_64_FLAGS_LEGAL, 0, flags, 0)
REG(FSBASE, SWITCHED, 2232, 8, ", FS base", fsgsbase ? (1ULL << 47) - 1 : 0, 5, base, fsbase)

/* what user code may hold live and nobody looks at */
MISSING("rsp, rdi, flags but for AC DF ID")
MISSING("FOP, FIP, FDP")
MISSING(pkru ? "PKRU of key 0" : "PKRU")
MISSING(fsgsbase ? "segment selectors" : "segment selectors, FS and GS base")
MISSING("shadow stack pointer")
MISSING("AMX tiles")
MISSING("APX r16-r31")

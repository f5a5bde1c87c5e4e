/* SPDX-License-Identifier: GPL-2.0 */
/*
 * riscv64: the registers beside f0-f31, v0-v31 and x1-x31. To be included wherever one of them
 * matters, with REG() and MISSING() defined; a register is added here and nowhere else.
 *
 * REG(name, class, offset, len, text, legal, bit, kind, operand)
 *	offset, len	of its slot, see regs_riscv64.h; free from 552 to 1023
 *	text		of what is covered, for people, with what separates it from the one before
 *	legal		bits that may vary, two at least; 0: this CPU does not have it
 *	bit		number in REG_WIN_FEATURES that tells that this CPU has it; 0: each has it
 *	kind, operand	how the assembly moves it: load_<kind>, store_<kind> in regs_riscv64.S; the
 *			number of a CSR
 *
 * fcsr (unprivileged ISA, F, 2): the five flags, which no move raises, and of the rounding modes
 * those of riscv64_legalize(). __fstate_save() has it with f0-f31 (arch/riscv/kernel/fpu.S of 6.1).
 *
 * V 1.0, 3. vl: no more than there are elements with SEW 64 and LMUL 1, the fewest of all vtypes
 * here. vtype: vma, vta, SEW, and LMUL from 1 up, which each CPU takes. vcsr: vxrm and vxsat.
 * vstart: what the CPU keeps; it comes last, because each instruction of V makes it 0. The kernel
 * saves them with v0-v31: __vstate_csr_save(), arch/riscv/include/asm/vector.h of 7.2.
 *
 * None is saved by a task switch alone: tp goes with the other general registers (handle_exception,
 * arch/riscv/kernel/entry.S of 6.1 and 7.2).
 */
REG(fcsr, FP, REG_RISCV64_FCSR, 8, ", fcsr", 0xff, 0, csr, 0x003)
REG(vl, VECTOR, REG_RISCV64_VL, 8, ", vl", vl, REG_RISCV64_V_BIT, vl, 0xc20)
REG(vtype, VECTOR, 528, 8, ", vtype", v ? 0xdb : 0, REG_RISCV64_V_BIT, vtype, 0xc21)
REG(vcsr, VECTOR, 536, 8, ", vcsr", v ? 0x07 : 0, REG_RISCV64_V_BIT, csr, REG_RISCV64_CSR_VCSR)
REG(vstart, VECTOR, 544, 8, ", vstart", vstart, 2, csr, REG_RISCV64_CSR_VSTART)

/* what user code may hold live and nobody looks at */
MISSING("sp, x10, x11, frm but for 3 and 4")
MISSING(v ? "vsew[2], vlmul[2], high bits of vl" : "V")
MISSING(vstart ? "XTheadVector" : "vstart, XTheadVector")
MISSING("shadow stack pointer")

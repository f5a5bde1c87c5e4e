// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/ppc_barrier_test: one open file is one session. A skeleton so far: it answers what it can
 * do, which is nothing yet, so that users can already tell a module that cannot from none.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include "ppc_barrier_test.h"

static int session_open(struct inode *inode, struct file *file)
{
	/* the mode of the node can be changed; what the knobs will do is root's alone */
	return capable(CAP_SYS_ADMIN) ? 0 : -EPERM;
}

static long session_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	const struct pbt_info info = { .abi = PBT_ABI };

	if (cmd != PBT_GET_INFO)
		return -ENOTTY;
	return copy_to_user((void __user *)arg, &info, sizeof(info)) ? -EFAULT : 0;
}

static const struct file_operations session_fops = {
	.owner = THIS_MODULE,
	.open = session_open,
	.unlocked_ioctl = session_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice session_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "ppc_barrier_test",
	.fops = &session_fops,
	.mode = 0600,
};
module_misc_device(session_device);

MODULE_INFO(test, "Y");
MODULE_DESCRIPTION("Task work, barrier and delay injection for io_uring tests");
MODULE_LICENSE("GPL");

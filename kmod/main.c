// SPDX-License-Identifier: GPL-2.0
/*
 * The module: filesystem type and device.
 */
#include <linux/module.h>

#include "vexfs.h"

static int __init vexfs_init(void)
{
	int ret = vexfs_super_init();

	if (ret)
		return ret;
	ret = misc_register(&vexfs_device);
	if (ret)
		vexfs_super_exit();
	return ret;
}

static void __exit vexfs_exit(void)
{
	misc_deregister(&vexfs_device);
	vexfs_super_exit();
}

module_init(vexfs_init);
module_exit(vexfs_exit);

MODULE_DESCRIPTION("VexFS, a filesystem whose files can be found by meaning");
MODULE_AUTHOR("The VexFS authors");
MODULE_LICENSE("GPL");

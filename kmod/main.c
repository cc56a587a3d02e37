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
	ret = vexfs_device_init();
	if (ret)
		vexfs_super_exit();
	return ret;
}

static void __exit vexfs_exit(void)
{
	vexfs_device_exit();
	vexfs_super_exit();
}

module_init(vexfs_init);
module_exit(vexfs_exit);

MODULE_DESCRIPTION("VexFS, a filesystem whose files can be found by meaning");
MODULE_AUTHOR("The VexFS authors");
MODULE_LICENSE("GPL");

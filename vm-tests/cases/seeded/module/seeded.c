// SPDX-License-Identifier: GPL-2.0
/*
 * A module that does one thing wrong, on purpose, when it is loaded: bug=NAME says which. A kernel
 * that looks for such things has to tell of it; one that does not is none to try VexFS on.
 */
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#define SEEDED_BYTES 64

static char* bug = "";
module_param(bug, charp, 0);

static void seeded_use_after_free(void) {
    char* memory = kmalloc(SEEDED_BYTES, GFP_KERNEL);

    kfree(memory);
    OPTIMIZER_HIDE_VAR(memory);
    if (memory)
        READ_ONCE(memory[SEEDED_BYTES / 2]);
}

static void seeded_out_of_bounds(void) {
    char* memory = kmalloc(SEEDED_BYTES, GFP_KERNEL);
    char* beyond = memory + SEEDED_BYTES;

    OPTIMIZER_HIDE_VAR(beyond);
    if (memory)
        READ_ONCE(*beyond);
    kfree(memory);
}

static void seeded_leak(void) {
    char* memory = kmalloc(SEEDED_BYTES, GFP_KERNEL);

    OPTIMIZER_HIDE_VAR(memory);
}

static DEFINE_MUTEX(seeded_one);
static DEFINE_MUTEX(seeded_two);

static void seeded_lock_order(void) {
    mutex_lock(&seeded_one);
    mutex_lock(&seeded_two);
    mutex_unlock(&seeded_two);
    mutex_unlock(&seeded_one);

    mutex_lock(&seeded_two);
    mutex_lock(&seeded_one);
    mutex_unlock(&seeded_one);
    mutex_unlock(&seeded_two);
}

static DEFINE_SPINLOCK(seeded_spin);

static void seeded_sleep_in_atomic(void) {
    spin_lock(&seeded_spin);
    might_sleep();
    spin_unlock(&seeded_spin);
}

static char __rcu* seeded_shared;

static void seeded_no_rcu_lock(void) {
    char* shared = rcu_dereference(seeded_shared);

    OPTIMIZER_HIDE_VAR(shared);
}

static void seeded_shift(void) {
    int bits = 40, shifted;

    OPTIMIZER_HIDE_VAR(bits);
    shifted = 1 << bits;
    OPTIMIZER_HIDE_VAR(shifted);
}

static const struct {
    const char* name;
    void (*commit)(void);
} seeded_bugs[] = {
    {"use_after_free", seeded_use_after_free},
    {"out_of_bounds", seeded_out_of_bounds},
    {"leak", seeded_leak},
    {"lock_order", seeded_lock_order},
    {"sleep_in_atomic", seeded_sleep_in_atomic},
    {"no_rcu_lock", seeded_no_rcu_lock},
    {"shift", seeded_shift},
};

static int __init seeded_init(void) {
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE(seeded_bugs); i++) {
        if (strcmp(bug, seeded_bugs[i].name))
            continue;
        seeded_bugs[i].commit();
        return 0;
    }
    return -EINVAL;
}

static void __exit seeded_exit(void) {}

module_init(seeded_init);
module_exit(seeded_exit);

MODULE_DESCRIPTION("Does one thing wrong, to see whether the kernel notices");
MODULE_AUTHOR("The VexFS authors");
MODULE_LICENSE("GPL");

/* SPDX-License-Identifier: Apache-2.0 */
/* A chain of malloc'd blocks. A piece larger than a block gets a block of its own, so a 6 MB body is not copied to grow.
   What a round had in several blocks, the next has in one. */
#include "arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1 /* as gcc spells it */
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define POISON(p, n) ASAN_POISON_MEMORY_REGION(p, n)
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
#else
#define POISON(p, n) ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#endif

enum {
    BLOCK_BYTES = 32 * 1024,
    KEEP_BYTES = 32 * 1024 * 1024,
    SMALL_ROUNDS = 32,
    ALIGN = alignof(max_align_t),
};

struct arena_block {
    struct arena_block *next;
    size_t cap, used;
    bool fixed; /* the caller's memory: neither freed nor followed by another block */
    alignas(max_align_t) char bytes[];
};

void arena_init(struct arena *a, size_t limit) {
    *a = (struct arena){.limit = limit};
}

/* `used` stands at the limit from the beginning, so that no second block can be added. */
void arena_init_fixed(struct arena *a, void *memory, size_t bytes) {
    size_t skip = -(uintptr_t)memory & (ALIGN - 1);
    *a = (struct arena){0};
    if (bytes < skip || bytes - skip < sizeof(struct arena_block)) return;
    size_t cap = (bytes - skip - sizeof(struct arena_block)) & ~(size_t)(ALIGN - 1);
    a->head = (struct arena_block *)(void *)((char *)memory + skip);
    *a->head = (struct arena_block){.cap = cap, .fixed = true};
    a->used = a->limit = cap;
    POISON(a->head->bytes, cap);
}

static size_t rounded(size_t n) {
    return (n + (ALIGN - 1)) & ~(size_t)(ALIGN - 1);
}

static size_t first_bytes(const struct arena *a) {
    return a->keep ? a->keep : BLOCK_BYTES;
}

static struct arena_block *add_block(struct arena *a, size_t need) {
    size_t usual = a->head ? BLOCK_BYTES : first_bytes(a), cap = need > usual ? need : usual;
    if (cap > a->limit - a->used) cap = need;
    struct arena_block *b = malloc(sizeof *b + cap);
    if (!b) return NULL;
    *b = (struct arena_block){.next = a->head, .cap = cap};
    POISON(b->bytes, cap);
    a->head = b;
    a->used += cap;
    return b;
}

void *arena_take(struct arena *a, size_t n) {
    if (n > SIZE_MAX / 2) return NULL;
    n = rounded(n ? n : 1);
    struct arena_block *b = a->head;
    if (!b || b->cap - b->used < n) {
        if (n > a->limit - a->used) return NULL;
        b = add_block(a, n);
        if (!b) return NULL;
    }
    void *p = b->bytes + b->used;
    b->used += n;
    UNPOISON(p, n);
    return p;
}

void *arena_zero(struct arena *a, size_t n) {
    void *p = arena_take(a, n);
    return p ? memset(p, 0, n) : NULL;
}

/* A block that holds nothing but this piece can be resized by the allocator, which for large ones moves pages, not bytes. */
static void *grow_sole(struct arena *a, struct arena_block *b, size_t new_n) {
    size_t more = new_n - b->cap;
    if (more > a->limit - a->used) return NULL;
    struct arena_block *moved = realloc(b, sizeof *b + new_n);
    if (!moved) return NULL;
    a->head = moved;
    a->used += more;
    moved->cap = moved->used = new_n;
    UNPOISON(moved->bytes, new_n);
    return moved->bytes;
}

void *arena_grow(struct arena *a, void *p, size_t old_n, size_t new_n) {
    if (!p) return arena_take(a, new_n);
    if (new_n > SIZE_MAX / 2) return NULL;
    size_t was = rounded(old_n ? old_n : 1), want = rounded(new_n ? new_n : 1);
    struct arena_block *b = a->head;
    bool last = (char *)p + was == b->bytes + b->used;
    if (want <= was) return p;
    if (last && want - was <= b->cap - b->used) {
        UNPOISON((char *)p + was, want - was);
        b->used += want - was;
        return p;
    }
    if (last && (char *)p == b->bytes && want > BLOCK_BYTES) return grow_sole(a, b, want);
    void *fresh = arena_take(a, new_n);
    return fresh ? memcpy(fresh, p, old_n) : NULL;
}

char *arena_copy(struct arena *a, struct str s) {
    if (s.n == SIZE_MAX) return NULL;
    char *p = arena_take(a, s.n + 1);
    if (!p) return NULL;
    if (s.n) memcpy(p, s.p, s.n);
    p[s.n] = 0;
    return p;
}

/* What the first block should be, after a round that took so much. */
static size_t size_to_keep(struct arena *a, size_t taken) {
    size_t most = a->limit / 3 < KEEP_BYTES ? a->limit / 3 : KEEP_BYTES, now = first_bytes(a);
    a->small_rounds = taken < now / 4 ? a->small_rounds + 1 : 0;
    if (a->small_rounds >= SMALL_ROUNDS) return BLOCK_BYTES;
    if (taken <= now || now >= most) return now;
    size_t roomy = taken < most ? taken + taken / 8 : most; /* the next round may take a little more */
    return rounded(roomy < most ? roomy : most);
}

void arena_reset(struct arena *a) {
    size_t taken = 0;
    for (struct arena_block *b = a->head; b; b = b->next) taken += b->used;
    a->keep = size_to_keep(a, taken);
    struct arena_block *kept = NULL;
    for (struct arena_block *b = a->head, *next; b; b = next) {
        next = b->next;
        if (!kept && (b->fixed || b->cap == a->keep)) kept = b;
        else free(b);
    }
    a->head = kept;
    a->used = kept ? kept->cap : 0;
    if (!kept) return;
    kept->next = NULL;
    kept->used = 0;
    POISON(kept->bytes, kept->cap);
}

void arena_close(struct arena *a) {
    for (struct arena_block *b = a->head, *next; b; b = next) {
        next = b->next;
        if (b->fixed) UNPOISON(b->bytes, b->cap);
        else free(b);
    }
    *a = (struct arena){0};
}

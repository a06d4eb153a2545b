/* SPDX-License-Identifier: Apache-2.0 */
/* Counts what a thread takes from the heap: by our own code (linked with --wrap=malloc,calloc,realloc), and by libcrypto
   after heap_count_begin. Other libraries' calls do not come here. */
#ifndef TESTS_HEAP_COUNT_H
#define TESTS_HEAP_COUNT_H

#include <openssl/crypto.h>
#include <stdbool.h>
#include <stdlib.h>

static _Thread_local volatile size_t heap_count; /* volatile: compilers think that malloc changes no variable */

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

void *__wrap_malloc(size_t n) {
    heap_count++;
    return __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size) {
    heap_count++;
    return __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n) {
    heap_count++;
    return __real_realloc(p, n);
}

static inline void *heap_count_malloc(size_t n, const char *file, int line) {
    (void)file, (void)line;
    heap_count++;
    return __real_malloc(n);
}

static inline void *heap_count_realloc(void *p, size_t n, const char *file, int line) {
    (void)file, (void)line;
    heap_count++;
    return __real_realloc(p, n);
}

static inline void heap_count_free(void *p, const char *file, int line) {
    (void)file, (void)line;
    free(p);
}

/* Before anything else uses libcrypto; false: it came too late. */
static inline bool heap_count_begin(void) {
    return CRYPTO_set_mem_functions(heap_count_malloc, heap_count_realloc, heap_count_free) == 1;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* `apigw call` as a program of its own (call.cmake). */
#include "call.h"

int main(int argc, char **argv) {
    return call_main(argc, argv);
}

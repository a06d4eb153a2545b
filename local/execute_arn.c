/* SPDX-License-Identifier: Apache-2.0 */
/* A '*' can stand for several parts; as the end of the text it stands for all that are left. */
#include "execute_arn.h"

const char *execute_arn_name(enum execute_arn_part part) {
    static const char *const names[] = {"partition", "service", "region", "account", "API", "stage", "method", "path"};
    return names[part];
}

bool execute_arn_split(struct str text, struct execute_arn *arn) {
    struct str rest = text, head;
    *arn = (struct execute_arn){0};
    bool all = str_eq(text, STR("*"));
    if (!all && (!str_cut(&rest, ':', &head) || !str_eq(head, STR("arn")))) return false;
    for (int i = 0; i < EXECUTE_ARN_PARTS; i++) {
        char separator = i <= EXECUTE_ARN_ACCOUNT ? ':' : '/';
        if (i == EXECUTE_ARN_PATH && rest.p) {
            arn->at[i] = rest;
        } else if (rest.p) {
            str_cut(&rest, separator, &arn->at[i]);
            all = !rest.p && str_ends(arn->at[i], STR("*"));
        } else if (all) {
            arn->at[i] = STR("*");
        }
    }
    return true;
}

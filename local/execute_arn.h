/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a Resource of execute-api:Invoke: arn:PARTITION:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/path.
   https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html */
#ifndef LOCAL_EXECUTE_ARN_H
#define LOCAL_EXECUTE_ARN_H

#include "str.h"

enum execute_arn_part {
    EXECUTE_ARN_PARTITION,
    EXECUTE_ARN_SERVICE,
    EXECUTE_ARN_REGION,
    EXECUTE_ARN_ACCOUNT,
    EXECUTE_ARN_API,
    EXECUTE_ARN_STAGE,
    EXECUTE_ARN_METHOD,
    EXECUTE_ARN_PATH, /* without its first slash */
    EXECUTE_ARN_PARTS
};

struct execute_arn {
    struct str at[EXECUTE_ARN_PARTS]; /* absent: the text ended before; "*" when it ended in one */
};

/* Of an ARN or of a pattern for one; false: it does not begin with "arn:" and is not "*". */
bool execute_arn_split(struct str text, struct execute_arn *arn);

const char *execute_arn_name(enum execute_arn_part part); /* "stage" */

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The event of an invocation: a file, standard input, or one of events/ by its name. */
#ifndef LOCAL_INVOKE_EVENT_H
#define LOCAL_INVOKE_EVENT_H

#include "buf.h"

enum { INVOKE_EVENT_MAX_BYTES = 6 * 1024 * 1024 }; /* of a synchronous invocation */

/* `given`: "-", a file, or NAME for events/NAME.json beside the template; NULL: {}. The bytes are the file's, and JSON.
   ERR_CONFIG: no such file or event (the known ones are listed); ERR_PARSE: it is not JSON; ERR_LIMIT: it is too long. */
bool invoke_event_read(const char *given, const char *template_path, struct str *event, struct arena *a, struct err *e);

#endif

# SPDX-License-Identifier: Apache-2.0
# `apigw call`, and what it has in common with sign and explain: enough for a program of its own.
set(CALL_SOURCES
  call.c call_body.c call_flags.c call_output.c call_send.c call_watch.c client.c client_print.c explain.c flags.c
  input.c process.c profile.c profile_file.c profile_process.c)

# SPDX-License-Identifier: Apache-2.0
# `apigw check` and `apigw invoke`.
set(CHECK_SOURCES
  check.c check_assume.c check_cell.c check_expect.c check_matrix.c check_miss.c check_range.c check_report.c execute_arn.c
  invoke.c invoke_event.c invoke_wait.c lint.c lint_cycle.c lint_policy.c lint_principal.c lint_route.c lint_said.c lint_template.c
  route_sample.c samconfig.c stack_flags.c toml.c)

# SPDX-License-Identifier: Apache-2.0
# The template's reader and the evaluator of policies: needs base and libyaml only.
set(MODEL_SOURCES
  api.c model.c model_api.c model_condition.c model_event.c model_function.c model_http_api.c model_managed.c
  model_action.c model_parts.c model_path.c model_policy.c model_principal.c model_session.c model_trust.c model_url.c node.c node_read.c policy.c
  policy_condition.c policy_range.c policy_value.c policy_variable.c stable_id.c template.c template_condition.c template_made.c
  template_name.c template_parameter.c template_resolve.c template_sub.c usage_plan.c)

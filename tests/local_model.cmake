# SPDX-License-Identifier: Apache-2.0
if(BUILD_LOCAL)
  unit(node local)
  unit(template local)
  unit(model local)
  unit(model_iam local)
  unit(policy local)
endif()

# SPDX-License-Identifier: Apache-2.0
# Tests of `apigw check`, its lints, and `apigw invoke`.
if(BUILD_LOCAL)
  foreach(name lint check invoke)
    unit(${name} local)
  endforeach()
endif()

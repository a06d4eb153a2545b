# SPDX-License-Identifier: Apache-2.0
# scripts/smoke.sh, run against the local gateway.
if(BUILD_LOCAL)
  add_test(NAME e2e_smoke COMMAND ${SYSTEM_PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/e2e/smoke.py ${CMAKE_BINARY_DIR})
  set_tests_properties(e2e_smoke PROPERTIES TIMEOUT 600)
endif()

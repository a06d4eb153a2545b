# SPDX-License-Identifier: Apache-2.0
# The gateway under load, for a few seconds; `make load` takes longer, and wrk with it.
if(BUILD_LOCAL)
  add_executable(load_function ${CMAKE_CURRENT_LIST_DIR}/load/function.c)
  target_link_libraries(load_function PRIVATE handlers)
  add_test(NAME e2e_load COMMAND ${SYSTEM_PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/load/run.py ${CMAKE_BINARY_DIR} 4 --seed 2)
  set_tests_properties(e2e_load PROPERTIES TIMEOUT 600)
endif()

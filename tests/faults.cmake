# SPDX-License-Identifier: Apache-2.0
# What public makes of a peer that fails, and what it tells: a table of faults against the real bootstrap.
if(BUILD_LOCAL)
  add_test(NAME faults COMMAND ${SYSTEM_PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/faults/run.py ${CMAKE_BINARY_DIR})
  set_tests_properties(faults PROPERTIES TIMEOUT 600)
  foreach(seed 000 001 002 003 004)
    add_test(NAME e2e_seed_${seed}
      COMMAND ${SYSTEM_PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/e2e/seeds.py ${CMAKE_BINARY_DIR} ${seed})
    set_tests_properties(e2e_seed_${seed} PROPERTIES TIMEOUT 600 SKIP_RETURN_CODE 77)
  endforeach()
endif()

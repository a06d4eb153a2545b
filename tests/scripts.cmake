# SPDX-License-Identifier: Apache-2.0
# Tests that are scripts.
add_test(NAME install_dependencies COMMAND sh ${CMAKE_CURRENT_LIST_DIR}/e2e/install_dependencies.sh)
set_tests_properties(install_dependencies PROPERTIES TIMEOUT 600)

# Whole paths through the real apigw and bootstrap, called by botocore and curl.
if(BUILD_LOCAL)
  set(scripts gateway kinds templates start host sts sign explain call check invoke)
  if(NOT SANITIZE) # sanitizers keep freed memory on purpose
    list(APPEND scripts memory)
  endif()
  foreach(script ${scripts})
    add_test(NAME e2e_${script}
      COMMAND ${SYSTEM_PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/e2e/${script}.py ${CMAKE_BINARY_DIR})
    set_tests_properties(e2e_${script} PROPERTIES TIMEOUT 600 SKIP_RETURN_CODE 77)
  endforeach()
endif()

# A function that streams, and the one that the runtime shows.
if(BUILD_LOCAL)
  add_executable(streamer ${CMAKE_CURRENT_LIST_DIR}/e2e/streamer.c)
  add_executable(streaming_example ${CMAKE_SOURCE_DIR}/runtime/examples/streaming.c)
  foreach(name streamer streaming_example)
    target_link_libraries(${name} PRIVATE runtime)
  endforeach()
  add_test(NAME e2e_stream
    COMMAND ${SYSTEM_PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/e2e/stream.py ${CMAKE_BINARY_DIR} $<TARGET_FILE:streamer>
      $<TARGET_FILE:streaming_example>)
  set_tests_properties(e2e_stream PROPERTIES TIMEOUT 600)
endif()

# What README.md tells to run.
if(BUILD_LOCAL)
  add_test(NAME e2e_readme
    COMMAND ${SYSTEM_PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/e2e/readme.py ${CMAKE_BINARY_DIR} ${CMAKE_C_COMPILER} "${SANITIZE}")
  set_tests_properties(e2e_readme PROPERTIES TIMEOUT 600)
endif()

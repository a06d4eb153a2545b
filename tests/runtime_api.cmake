# SPDX-License-Identifier: Apache-2.0
# The conformance server for the Runtime API with the function that it drives, and the parts of `make bench-runtime`.
find_package(Threads REQUIRED)

add_executable(subject ${CMAKE_CURRENT_LIST_DIR}/runtime_api/subject.c)
target_link_libraries(subject PRIVATE runtime)
add_test(NAME e2e_runtime_api
  COMMAND ${SYSTEM_PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/runtime_api/run.py $<TARGET_FILE:subject>)
set_tests_properties(e2e_runtime_api PROPERTIES TIMEOUT 600)

add_executable(runtime_echo ${CMAKE_CURRENT_LIST_DIR}/bench/runtime_echo.c)
target_link_libraries(runtime_echo PRIVATE runtime)
add_executable(runtime_floor ${CMAKE_CURRENT_LIST_DIR}/bench/runtime_floor.c)
add_executable(runtime_server ${CMAKE_CURRENT_LIST_DIR}/bench/runtime_server.c)

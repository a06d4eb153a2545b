# SPDX-License-Identifier: Apache-2.0
# With LAMBDA_STATIC: `apigw call` alone, in one file that needs nothing of the machine it is copied to. It starts in a
# third of the time, for the distribution's libcurl has some thirty libraries to load.
include(${CMAKE_CURRENT_LIST_DIR}/call_sources.cmake)
list(TRANSFORM CALL_SOURCES PREPEND local/)
add_executable(apigw-call EXCLUDE_FROM_ALL local/call_program.c ${CALL_SOURCES})
target_include_directories(apigw-call PRIVATE local)
target_link_libraries(apigw-call PRIVATE handlers cjson_dependency)

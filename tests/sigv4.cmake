# SPDX-License-Identifier: Apache-2.0
# Tests of sigv4/ and of the key and signing parts of local/. AWS's suite is read from the folder SIGV4_SUITE.
unit(sigv4_stages sigv4)
unit(sigv4_sign sigv4)
unit(sigv4_check sigv4)
unit(sigv4_cache sigv4)
target_link_libraries(test_sigv4_cache PRIVATE Threads::Threads)
unit(sigv4_verify sigv4)
unit(sigv4_verify_query sigv4)
unit(sigv4_refuse sigv4)
unit(sigv4_property sigv4)
unit(sigv4a sigv4)
unit(sigv4_endpoint sigv4)
unit(sigv4_explain sigv4)
unit(sigv4_explain_text sigv4)

# These count what is taken from the heap (unit/heap_count.h).
function(count_heap target)
  target_link_libraries(${target} PRIVATE PkgConfig::CRYPTO)
  target_link_options(${target} PRIVATE -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc)
  target_compile_definitions(${target} PRIVATE $<$<BOOL:${SIGV4_EVP}>:SIGV4_EVP>)
endfunction()
count_heap(test_sigv4_sign)

add_executable(test_sigv4_suite golden/test_sigv4_suite.c)
target_link_libraries(test_sigv4_suite PRIVATE sigv4 cjson_dependency)
add_test(NAME sigv4_suite COMMAND test_sigv4_suite WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
set_tests_properties(sigv4_suite PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 600)

# Ours: one request for each check of the verifier, for other verifiers too.
add_executable(test_sigv4_negative golden/test_sigv4_negative.c)
target_link_libraries(test_sigv4_negative PRIVATE sigv4 cjson_dependency)
add_test(NAME sigv4_negative COMMAND test_sigv4_negative WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
set_tests_properties(sigv4_negative PROPERTIES TIMEOUT 600)

if(BUILD_LOCAL)
  scripted_unit(profile local)
  unit(profile_file local)
  unit(profile_process local)
  unit(flags local)
  foreach(part body flags output watch)
    unit(call_${part} local)
  endforeach()

  add_test(NAME sign_equals_botocore
    COMMAND ${SYSTEM_PYTHON3} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/sign_equals_botocore.py $<TARGET_FILE:apigw>)
  add_test(NAME profiles_equal_botocore
    COMMAND ${SYSTEM_PYTHON3} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/profiles_equal_botocore.py $<TARGET_FILE:apigw>)
  set_tests_properties(sign_equals_botocore profiles_equal_botocore PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 600)
endif()

# make bench-sigv4
add_executable(bench_sigv4 EXCLUDE_FROM_ALL bench/sigv4.c)
target_include_directories(bench_sigv4 PRIVATE unit)
target_link_libraries(bench_sigv4 PRIVATE sigv4)
count_heap(bench_sigv4)

# make bench-call
add_executable(bench_call EXCLUDE_FROM_ALL bench/call.c)
target_link_libraries(bench_call PRIVATE handlers PkgConfig::CURL)

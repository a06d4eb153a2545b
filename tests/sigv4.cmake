# SPDX-License-Identifier: Apache-2.0
# Tests of sigv4/ and of the key and signing parts of local/. AWS's suite is read from the folder SIGV4_SUITE.
unit(sigv4_stages sigv4)
unit(sigv4_sign sigv4)
unit(sigv4_verify sigv4)
unit(sigv4_property sigv4)

add_executable(test_sigv4_suite golden/test_sigv4_suite.c)
target_link_libraries(test_sigv4_suite PRIVATE sigv4 cjson_dependency)
add_test(NAME sigv4_suite COMMAND test_sigv4_suite WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
set_tests_properties(sigv4_suite PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 120)

if(BUILD_LOCAL)
  unit(profile local)

  add_test(NAME sign_equals_botocore
    COMMAND ${SYSTEM_PYTHON3} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/sign_equals_botocore.py $<TARGET_FILE:apigw>)
  set_tests_properties(sign_equals_botocore PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 120)
endif()

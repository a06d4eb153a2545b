# SPDX-License-Identifier: Apache-2.0
# Other people's signers sign the same requests: a short run against the one that the distribution packages.
# `make differential` is the long one, against all of them.
add_executable(sigv4_signer differential/signer.c)
target_link_libraries(sigv4_signer PRIVATE sigv4 cjson_dependency)
add_test(NAME differential
  COMMAND ${SYSTEM_PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/differential/compare.py $<TARGET_FILE:sigv4_signer> --cases 3000)
set_tests_properties(differential PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 600)

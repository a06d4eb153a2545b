# SPDX-License-Identifier: Apache-2.0
# What `make install` installs, used from outside: find_package, pkg-config, the C++ interface, runtime/README.md.
add_test(NAME e2e_install COMMAND ${SYSTEM_PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/install/run.py ${CMAKE_BINARY_DIR})
set_tests_properties(e2e_install PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 600)

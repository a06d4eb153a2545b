# SPDX-License-Identifier: Apache-2.0
# Tests that are scripts.
add_test(NAME install_dependencies COMMAND sh ${CMAKE_CURRENT_LIST_DIR}/e2e/install_dependencies.sh)
set_tests_properties(install_dependencies PROPERTIES TIMEOUT 60)

# SPDX-License-Identifier: Apache-2.0
if(BUILD_LOCAL)
  unit(node local)
  unit(template local)
  unit(model local)
  unit(model_api local)
  unit(model_iam local)
  unit(policy local)
  unit(policy_condition local)
  unit(access local)
  # Templates that are refused; and templates that are read as SAM reads them, where a Python has aws-sam-translator.
  set(sam_python3 ${SYSTEM_PYTHON3})
  foreach(python3 python3 ${PROJECT_SOURCE_DIR}/build/conformance-venv/bin/python)
    execute_process(COMMAND ${python3} -c "import samtranslator" RESULT_VARIABLE missing OUTPUT_QUIET ERROR_QUIET)
    if(missing STREQUAL 0)
      set(sam_python3 ${python3})
    endif()
  endforeach()
  add_test(NAME templates_refused
           COMMAND ${SYSTEM_PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/templates/refused.py ${CMAKE_BINARY_DIR})
  add_test(NAME templates_sam
           COMMAND ${sam_python3} ${CMAKE_CURRENT_LIST_DIR}/templates/sam_agrees.py ${CMAKE_BINARY_DIR})
  set_tests_properties(templates_refused templates_sam PROPERTIES TIMEOUT 120 SKIP_RETURN_CODE 77)
endif()

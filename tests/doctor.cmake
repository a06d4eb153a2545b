# SPDX-License-Identifier: Apache-2.0
# Tests of `apigw doctor` and of the readers of ELF files and zips that it has.
if(BUILD_LOCAL)
  foreach(name bytes elf zip doctor)
    unit(${name} local)
  endforeach()
  foreach(name zip doctor) # their zips are made with it
    target_link_libraries(test_${name} PRIVATE PkgConfig::ZLIB)
  endforeach()
  target_link_libraries(test_doctor PRIVATE cjson_dependency)

  add_test(NAME e2e_doctor
    COMMAND ${SYSTEM_PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/e2e/doctor.py ${CMAKE_BINARY_DIR})
  set_tests_properties(e2e_doctor PROPERTIES TIMEOUT 600)
endif()

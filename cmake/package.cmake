# SPDX-License-Identifier: Apache-2.0
# Target lambda_package, in the folder package/: bootstrap without symbols, its symbols, and the zip for Lambda.

# ship(TARGET AS FOLDER COMMANDS...): the target AS in FOLDER makes TARGET without symbols, and its symbols; then COMMANDS.
# The tables for unwinding are emptied: a tenth of the zip, for C++ exceptions and pthread_cancel, of which there are none
# here; crash reports follow frame pointers.
function(ship target as folder)
  target_link_options(${target} PRIVATE -Wl,--no-eh-frame-hdr)
  add_custom_target(${as}
    COMMAND ${CMAKE_COMMAND} -E rm -rf ${folder}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${folder}
    COMMAND ${CMAKE_OBJCOPY} --only-keep-debug $<TARGET_FILE:${target}> ${folder}/${target}.debug
    COMMAND ${CMAKE_STRIP} -o ${folder}/${target} $<TARGET_FILE:${target}>
    COMMAND sh ${CMAKE_SOURCE_DIR}/cmake/blank-section.sh ${CMAKE_OBJCOPY} ${folder}/${target} .eh_frame
    COMMAND ${CMAKE_COMMAND} -E chdir ${folder} ${CMAKE_OBJCOPY} --add-gnu-debuglink=${target}.debug ${target}
    ${ARGN}
    DEPENDS ${target}
    VERBATIM)
endfunction()
set(package ${CMAKE_BINARY_DIR}/package)
ship(bootstrap lambda_package ${package}
  COMMAND sh ${CMAKE_SOURCE_DIR}/cmake/zip-bootstrap.sh ${package}/bootstrap ${package}/bootstrap.zip)

# A function that crashes on demand, made in the same way; tests/package asks for it.
if(NOT BUILD_TESTING) # which defines it too
  add_executable(crash_program EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/tests/unit/crash_program.c)
  target_link_libraries(crash_program PRIVATE runtime)
  # What make bench-runtime measures.
  add_executable(runtime_echo EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/tests/bench/runtime_echo.c)
  target_link_libraries(runtime_echo PRIVATE runtime)
endif()
ship(crash_program crash_package ${CMAKE_BINARY_DIR}/crash)

# The shell that packages asks for these.
file(WRITE ${CMAKE_BINARY_DIR}/version.txt "${PROJECT_VERSION}\n")

# SPDX-License-Identifier: Apache-2.0
# Crash reports (runtime/crash.h): test_crash kills crash_program in every way and reads what it left.
add_executable(crash_program unit/crash_program.c)
target_link_libraries(crash_program PRIVATE runtime Threads::Threads)
target_link_options(crash_program PRIVATE -Wl,--build-id=sha1)
scripted_unit(crash runtime)
target_link_libraries(test_crash PRIVATE cjson_dependency)
target_compile_definitions(test_crash PRIVATE CRASH_PROGRAM="$<TARGET_FILE:crash_program>")
add_dependencies(test_crash crash_program)

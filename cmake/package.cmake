# SPDX-License-Identifier: Apache-2.0
# Target lambda_package, in the folder package/: bootstrap without symbols, its symbols, and the zip for Lambda.
set(package ${CMAKE_BINARY_DIR}/package)
add_custom_target(lambda_package
  COMMAND ${CMAKE_COMMAND} -E rm -rf ${package}
  COMMAND ${CMAKE_COMMAND} -E make_directory ${package}
  COMMAND ${CMAKE_OBJCOPY} --only-keep-debug $<TARGET_FILE:bootstrap> ${package}/bootstrap.debug
  COMMAND ${CMAKE_STRIP} -o ${package}/bootstrap $<TARGET_FILE:bootstrap>
  COMMAND ${CMAKE_COMMAND} -E chdir ${package} ${CMAKE_OBJCOPY} --add-gnu-debuglink=bootstrap.debug bootstrap
  COMMAND sh ${CMAKE_SOURCE_DIR}/cmake/zip-bootstrap.sh ${package}/bootstrap ${package}/bootstrap.zip
  DEPENDS bootstrap
  VERBATIM)
# The shell that packages asks for these.
file(WRITE ${CMAKE_BINARY_DIR}/version.txt "${PROJECT_VERSION}\n")

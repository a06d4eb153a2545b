# SPDX-License-Identifier: Apache-2.0
# aws_lambda_package_target(TARGET [NO_LIBC]): the target aws-lambda-package-TARGET writes PROGRAM.zip, ready for Lambda
# (runtime provided.al2023), into the current binary folder. The zip holds the program itself, named bootstrap, without
# debug information, and nothing else: no libraries, no shell script, the same bytes for the same program. So the program
# may need only what Lambda has. A static one always does; of a dynamic one every shared library and the symbol versions of
# the C and C++ libraries are looked at, and if Lambda lacks one there is no zip, but one sentence that says what to do.
# NO_LIBC changes nothing: libc is never packaged.
set(_aws_lambda_package_script "${CMAKE_CURRENT_LIST_DIR}/package-program.sh")
function(aws_lambda_package_target target)
  cmake_parse_arguments(PARSE_ARGV 1 package NO_LIBC "" "")
  if(package_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "aws_lambda_package_target: ${package_UNPARSED_ARGUMENTS} is none of its options: there is only NO_LIBC")
  endif()
  add_custom_target(aws-lambda-package-${target}
    COMMAND sh ${_aws_lambda_package_script} $<TARGET_FILE:${target}> ${CMAKE_CURRENT_BINARY_DIR}/$<TARGET_FILE_NAME:${target}>.zip
            ${CMAKE_READELF} ${CMAKE_STRIP}
    DEPENDS ${target}
    VERBATIM)
endfunction()

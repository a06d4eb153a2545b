# SPDX-License-Identifier: Apache-2.0
# With LAMBDA_STATIC: an `apigw` that starts at once. The distribution's libcurl and libmicrohttpd have some thirty libraries
# to load, which takes three times as long as a call; so what makes calls is one static file, and the whole apigw, the
# development build's, lies in libexec for the other commands.
include(${CMAKE_CURRENT_LIST_DIR}/call_sources.cmake)
set(front_sources ${CALL_SOURCES} sign.c front.c)
list(TRANSFORM front_sources PREPEND local/)
add_executable(apigw ${front_sources})
target_include_directories(apigw PRIVATE local)
target_link_libraries(apigw PRIVATE handlers cjson_dependency)
set(whole_folder ${CMAKE_INSTALL_LIBEXECDIR}/lambda-iam-c)
file(RELATIVE_PATH to_whole /${CMAKE_INSTALL_BINDIR} /${whole_folder}/apigw)
target_compile_definitions(apigw PRIVATE WHOLE_APIGW="${to_whole}")
if(NOT CMAKE_CROSSCOMPILING) # an installation for another machine is libraries alone
  install(TARGETS apigw)
  install(PROGRAMS ${CMAKE_SOURCE_DIR}/build/apigw DESTINATION ${whole_folder})
  install_manual()
endif()

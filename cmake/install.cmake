# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` puts under a prefix, which may be moved afterwards:
#   lib/                      the rooms as static libraries; liblambda_runtime.a and libsigv4.a are what one asks for
#   include/lambda-iam-c/     their public headers; include/aws/ the C++ ones
#   lib/cmake/, lib/pkgconfig/  packages lambda-iam-c and aws-lambda-runtime; lambda-runtime.pc and sigv4.pc
#   bin/apigw, share/man/     with BUILD_LOCAL; with LAMBDA_STATIC a static one, before libexec/lambda-iam-c/apigw
# The libraries are static, so whoever links them needs their dependencies too: the packages say which. With LAMBDA_STATIC
# the dependencies are installed with them, and programs become static ones that need nothing of Lambda's machine.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(headers_folder ${CMAKE_INSTALL_INCLUDEDIR}/lambda-iam-c)
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/lambda-iam-c)
set(cpp_package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/aws-lambda-runtime)
set(pkgconfig_folder ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# install_room(ROOM LIBRARY headers...): lib<LIBRARY>.a, and the headers of the room that are for others.
function(install_room room library)
  install(FILES $<TARGET_FILE:${room}> DESTINATION ${CMAKE_INSTALL_LIBDIR} RENAME lib${library}.a)
  install(FILES ${ARGN} DESTINATION ${headers_folder})
endfunction()

# What a program links behind the rooms, in its order: the archives that are installed with them, then pkg-config's modules.
set(archives "")
macro(install_archive name file)
  install(FILES ${file} DESTINATION ${CMAKE_INSTALL_LIBDIR} RENAME liblambda_iam_c_${name}.a)
  list(APPEND archives ${name})
endmacro()
get_target_property(distribution_has_cjson cjson_dependency ALIASED_TARGET)
if(NOT distribution_has_cjson)
  install_archive(cjson $<TARGET_FILE:cjson_dependency>)
endif()
if(LAMBDA_STATIC)
  install_archive(curl ${curl_file})
  install_archive(ssl ${ssl_file})
  install_archive(crypto ${crypto_file})
  foreach(name zlib zstd)
    if(${name}_file)
      install_archive(${name} ${${name}_file})
    endif()
  endforeach()
  set(link_options -static -Wl,--gc-sections -Wl,--wrap=OPENSSL_init_ssl) # http/late_tls.c
else()
  set(curl_module "libcurl >= 7.76")
  set(ssl_module "libssl >= 3.0")
  set(crypto_module "libcrypto >= 3.0")
endif()
if(distribution_has_cjson)
  set(cjson_module "libcjson >= 1.7.15")
endif()

function(install_manual)
  install(FILES local/man/apigw.1 local/man/apigw-call.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
endfunction()

# --- CMake -----------------------------------------------------------------------------------------------------------
macro(install_package name folder version compatibility)
  configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/${name}-config.cmake.in ${CMAKE_BINARY_DIR}/install/${name}-config.cmake
    INSTALL_DESTINATION ${folder} PATH_VARS CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_INCLUDEDIR)
  write_basic_package_version_file(${CMAKE_BINARY_DIR}/install/${name}-config-version.cmake
    VERSION ${version} COMPATIBILITY ${compatibility})
  install(FILES ${CMAKE_BINARY_DIR}/install/${name}-config.cmake ${CMAKE_BINARY_DIR}/install/${name}-config-version.cmake
          DESTINATION ${folder})
endmacro()
install_package(lambda-iam-c ${package_folder} ${PROJECT_VERSION} SameMinorVersion)

# The C++ package has the version of aws-lambda-cpp whose interface it has.
file(STRINGS runtime/cpp/include/aws/lambda-runtime/version.h cpp_version REGEX "return \"[0-9.]+\";")
string(REGEX MATCH "[0-9.]+" cpp_version "${cpp_version}")
install_package(aws-lambda-runtime ${cpp_package_folder} ${cpp_version} AnyNewerVersion)
install(DIRECTORY runtime/cpp/include/aws DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN *.h)
install(FILES cmake/aws-lambda-package.cmake cmake/package-program.sh cmake/zip-bootstrap.sh DESTINATION ${cpp_package_folder})

# What Lambda has is known to `apigw doctor`; a second list would grow old.
set(list local/doctor_check_libraries.c)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${list})
file(STRINGS ${list} lambda_libraries REGEX "STR_INIT")
list(TRANSFORM lambda_libraries REPLACE ".*\"(.*)\".*" "\\1")
list(JOIN lambda_libraries "\n" lambda_libraries)
file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/install/lambda-libraries.txt CONTENT "${lambda_libraries}\n")
install(FILES ${CMAKE_BINARY_DIR}/install/lambda-libraries.txt DESTINATION ${cpp_package_folder})

# --- pkg-config ------------------------------------------------------------------------------------------------------
# Everything is in Libs and Requires, not in their private forms: to static libraries everything belongs, always.
function(install_pc name description libraries archives requires)
  set(libs "")
  foreach(library IN LISTS libraries)
    string(APPEND libs " -l${library}")
  endforeach()
  foreach(archive IN LISTS archives)
    string(APPEND libs " -llambda_iam_c_${archive}")
  endforeach()
  string(REPLACE ";" " " options ";${link_options}")
  list(FILTER requires EXCLUDE REGEX "^$")
  list(JOIN requires ", " requires)
  file(RELATIVE_PATH to_prefix /${pkgconfig_folder} /)
  string(REGEX REPLACE "/$" "" to_prefix ${to_prefix})
  configure_file(cmake/module.pc.in ${CMAKE_BINARY_DIR}/install/${name}.pc @ONLY)
  install(FILES ${CMAKE_BINARY_DIR}/install/${name}.pc DESTINATION ${pkgconfig_folder})
endfunction()
set(sigv4_archives ${archives})
list(FILTER sigv4_archives EXCLUDE REGEX "^(curl|ssl)$") # sigv4_explain.h reads JSON
install_pc(lambda-runtime "AWS Lambda custom runtime" "lambda_runtime;lambda_iam_c_http;lambda_iam_c_base" "${archives}"
           "${cjson_module};${curl_module};${ssl_module};${crypto_module}")
install_pc(sigv4 "AWS Signature Version 4" "sigv4;lambda_iam_c_base" "${sigv4_archives}"
           "${cjson_module};${crypto_module}")

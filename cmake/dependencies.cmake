# SPDX-License-Identifier: Apache-2.0
# Every dependency comes from the distribution; cJSON alone, which Amazon Linux 2023 does not package, is otherwise
# downloaded from its pinned release. A static build (cmake/static.cmake) brings its own.
include(cmake/pinned.cmake)
find_package(PkgConfig)

function(from_distribution name)
  if(NOT PkgConfig_FOUND)
    give_up("pkg-config was not found")
  endif()
  pkg_check_modules(${name} REQUIRED IMPORTED_TARGET GLOBAL ${ARGN})
endfunction()

if(LAMBDA_STATIC)
  include(cmake/static.cmake)
else()
  from_distribution(CURL libcurl>=7.76)
  from_distribution(CRYPTO libcrypto>=3.0)
  from_distribution(SSL libssl>=3.0)
endif()

if(PkgConfig_FOUND AND NOT LAMBDA_STATIC)
  pkg_check_modules(CJSON IMPORTED_TARGET libcjson>=1.7.15)
endif()
if(CJSON_FOUND AND NOT DEFINED FETCHCONTENT_SOURCE_DIR_CJSON)
  add_library(cjson_dependency ALIAS PkgConfig::CJSON)
else()
  # Two files: its own build is not needed.
  pinned(cjson 1.7.19 https://github.com/DaveGamble/cJSON/archive/refs/tags/v1.7.19.tar.gz
         7fa616e3046edfa7a28a32d5f9eacfd23f92900fe1f8ccd988c1662f30454562)
  configure_file(${cjson_SOURCE_DIR}/cJSON.h ${CMAKE_BINARY_DIR}/cjson/include/cjson/cJSON.h COPYONLY)
  add_library(cjson_dependency STATIC ${cjson_SOURCE_DIR}/cJSON.c)
  target_include_directories(cjson_dependency SYSTEM PUBLIC ${CMAKE_BINARY_DIR}/cjson/include)
  target_compile_options(cjson_dependency PRIVATE -w -ffile-prefix-map=${cjson_SOURCE_DIR}=cjson)
endif()

if(BUILD_LOCAL)
  from_distribution(MICROHTTPD libmicrohttpd>=0.9.71)
  from_distribution(YAML yaml-0.1)
  from_distribution(ZLIB zlib) # apigw doctor unpacks deflated zips
endif()
if(BUILD_TESTING)
  from_distribution(CMOCKA cmocka)
endif()

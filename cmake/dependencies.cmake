# SPDX-License-Identifier: Apache-2.0
# Every dependency comes from the distribution; cJSON alone, which Amazon Linux 2023 does not package, is otherwise
# downloaded from its pinned release. Offline: -DFETCHCONTENT_SOURCE_DIR_CJSON=<folder of that release>.
find_package(PkgConfig REQUIRED)
pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl>=7.76)
pkg_check_modules(CRYPTO REQUIRED IMPORTED_TARGET libcrypto>=3.0)

pkg_check_modules(CJSON IMPORTED_TARGET libcjson>=1.7.15)
if(CJSON_FOUND AND NOT DEFINED FETCHCONTENT_SOURCE_DIR_CJSON)
  add_library(cjson_dependency ALIAS PkgConfig::CJSON)
else()
  include(FetchContent)
  FetchContent_Declare(cjson
    URL https://github.com/DaveGamble/cJSON/archive/refs/tags/v1.7.19.tar.gz
    URL_HASH SHA256=7fa616e3046edfa7a28a32d5f9eacfd23f92900fe1f8ccd988c1662f30454562
    SOURCE_SUBDIR none) # two files: its own build is not needed
  FetchContent_MakeAvailable(cjson)
  file(COPY ${cjson_SOURCE_DIR}/cJSON.h DESTINATION ${CMAKE_BINARY_DIR}/cjson/include/cjson)
  add_library(cjson_dependency STATIC ${cjson_SOURCE_DIR}/cJSON.c)
  target_include_directories(cjson_dependency SYSTEM PUBLIC ${CMAKE_BINARY_DIR}/cjson/include)
  target_compile_options(cjson_dependency PRIVATE -w)
endif()

if(BUILD_LOCAL)
  pkg_check_modules(MICROHTTPD REQUIRED IMPORTED_TARGET libmicrohttpd>=0.9.71)
  pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)
endif()
if(BUILD_TESTING)
  pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
endif()

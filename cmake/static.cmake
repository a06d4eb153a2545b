# SPDX-License-Identifier: Apache-2.0
# LAMBDA_STATIC: a bootstrap that needs nothing of the machine it starts on. libcurl comes from its pinned release, HTTP
# and HTTPS alone; OpenSSL is the compiler's libssl.a, or its pinned release cut down, when there is none or when
# LAMBDA_OPENSSL_SOURCE asks for it. Sets the flags of everything that goes into the file.
include(CheckCCompilerFlag)
include(CheckCSourceCompiles)
include(ExternalProject)

option(LAMBDA_PIE "Position-independent: addresses differ at every start, for 0.2 ms more" ON)
option(LAMBDA_OPENSSL_SOURCE "Build a small OpenSSL from its pinned release even if there is a libssl.a" OFF)

# library(OUT FILE): the file as the compiler would find it, or nothing.
function(library out file)
  execute_process(COMMAND ${CMAKE_C_COMPILER} -print-file-name=${file} OUTPUT_VARIABLE path OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT IS_ABSOLUTE "${path}")
    set(path "")
  endif()
  set(${out} "${path}" PARENT_SCOPE)
endfunction()

library(static_libc libc.a)
if(NOT static_libc)
  give_up("${CMAKE_C_COMPILER} has no static C library (libc.a)")
endif()

# --- Flags -----------------------------------------------------------------------------------------------------------
set(flags -O2 -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables -fstack-protector-strong
          -fstack-clash-protection ${frame_flags})
if(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  list(APPEND flags -mbranch-protection=standard)
else()
  list(APPEND flags -fcf-protection=full)
endif()
if((CMAKE_C_COMPILER_ID STREQUAL GNU AND CMAKE_C_COMPILER_VERSION VERSION_LESS 12))
  list(APPEND flags -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
else()
  list(APPEND flags -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
endif()
set(link_flags -Wl,--gc-sections -Wl,-z,relro,-z,now -Wl,-z,noexecstack -Wl,--build-id=sha1)
if(LAMBDA_PIE)
  list(APPEND flags -fPIE)
  list(APPEND link_flags -static-pie)
else()
  list(APPEND flags -fno-pie)
  set(pie_off -no-pie)
  list(APPEND link_flags -static -no-pie)
endif()

# Half a megabyte of relocations fewer, where the linker can write them and the C library's start-up code apply them.
set(CMAKE_REQUIRED_LINK_OPTIONS -Wl,-z,pack-relative-relocs)
check_c_source_compiles("#include <features.h>
#if !__GLIBC_PREREQ(2, 36)
#error
#endif
int main(void) { return 0; }" HAVE_RELR)
unset(CMAKE_REQUIRED_LINK_OPTIONS)
if(HAVE_RELR)
  list(APPEND link_flags -Wl,-z,pack-relative-relocs)
endif()

# The same bytes from any folder. The last map that fits wins.
set(maps -ffile-prefix-map=${CMAKE_SOURCE_DIR}=. -ffile-prefix-map=${CMAKE_BINARY_DIR}=build)
set(CMAKE_C_ARCHIVE_CREATE "<CMAKE_AR> qcD <TARGET> <OBJECTS>")
set(CMAKE_C_ARCHIVE_FINISH "<CMAKE_RANLIB> -D <TARGET>")

# --- OpenSSL ---------------------------------------------------------------------------------------------------------
library(ssl_file libssl.a)
library(crypto_file libcrypto.a)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY) # the headers alone are asked about
check_c_source_compiles("#include <openssl/ssl.h>
#if OPENSSL_VERSION_MAJOR < 3
#error
#endif
int main(void) { return 0; }" HAVE_OPENSSL_HEADERS)
unset(CMAKE_TRY_COMPILE_TARGET_TYPE)

if(ssl_file AND crypto_file AND HAVE_OPENSSL_HEADERS AND NOT LAMBDA_OPENSSL_SOURCE)
  message(STATUS "OpenSSL: ${ssl_file}")
  set(openssl_include ${CMAKE_BINARY_DIR}/no-openssl) # the compiler's own
else()
  find_program(PERL perl)
  if(NOT PERL)
    give_up("there is no libssl.a for ${CMAKE_C_COMPILER}, and no perl, which building OpenSSL needs")
  endif()
  pinned(openssl 3.5.7 https://github.com/openssl/openssl/releases/download/openssl-3.5.7/openssl-3.5.7.tar.gz
         a8c0d28a529ca480f9f36cf5792e2cd21984552a3c8e4aa11a24aa31aeac98e8)
  include(cmake/openssl.cmake)
  list(APPEND maps -ffile-prefix-map=${openssl_SOURCE_DIR}=openssl)
  set(openssl_build openssl_build)
endif()
file(MAKE_DIRECTORY ${openssl_include})
# A libcrypto.a that can compress certificates needs these.
library(zlib_file libz.a)
library(zstd_file libzstd.a)

# archive(NAME FILE BUILT_BY NEEDS...): named as pkg-config's targets, so that the rooms need not know the difference.
function(archive name file built_by)
  add_library(${name} STATIC IMPORTED GLOBAL)
  set_target_properties(${name} PROPERTIES IMPORTED_LOCATION ${file} INTERFACE_LINK_LIBRARIES "${ARGN}")
  if(built_by)
    add_dependencies(${name} ${built_by})
  endif()
endfunction()
archive(PkgConfig::CRYPTO ${crypto_file} "${openssl_build}" ${zlib_file} ${zstd_file} -pthread)
archive(PkgConfig::SSL ${ssl_file} "${openssl_build}" PkgConfig::CRYPTO)
target_include_directories(PkgConfig::CRYPTO INTERFACE ${openssl_include})

# --- libcurl ---------------------------------------------------------------------------------------------------------
pinned(curl 8.21.0 https://curl.se/download/curl-8.21.0.tar.gz
       d9b327997999045a24cda50f3983e69e51c516bd8be6ef9842fc7f99135e33bb)
list(APPEND maps -ffile-prefix-map=${curl_SOURCE_DIR}=curl)
string(REPLACE ";" " " flags_text "${flags};${maps}")
include(cmake/curl.cmake)
set(CMAKE_C_FLAGS "${CMAKE_C_FLAGS} ${flags_text}")

archive(PkgConfig::CURL ${curl_file} curl_build PkgConfig::SSL)
target_include_directories(PkgConfig::CURL INTERFACE ${curl_SOURCE_DIR}/include)
target_compile_definitions(PkgConfig::CURL INTERFACE CURL_STATICLIB)

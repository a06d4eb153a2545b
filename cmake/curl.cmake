# SPDX-License-Identifier: Apache-2.0
# libcurl for HTTP and HTTPS, as a static library: curl_file and the target curl_build.
set(curl_folder ${CMAKE_BINARY_DIR}/curl)
set(curl_file ${curl_folder}/lib/libcurl.a)

set(curl_options
  HTTP_ONLY=ON ENABLE_THREADED_RESOLVER=ON ENABLE_IPV6=ON CURL_USE_OPENSSL=ON CURL_DISABLE_OPENSSL_AUTO_LOAD_CONFIG=ON
  CURL_CA_BUNDLE=none CURL_CA_PATH=none CURL_CA_FALLBACK=OFF
  BUILD_SHARED_LIBS=OFF BUILD_STATIC_LIBS=ON BUILD_CURL_EXE=OFF BUILD_TESTING=OFF BUILD_EXAMPLES=OFF
  BUILD_LIBCURL_DOCS=OFF BUILD_MISC_DOCS=OFF ENABLE_CURL_MANUAL=OFF CURL_DISABLE_INSTALL=ON PICKY_COMPILER=OFF
  CURL_USE_PKGCONFIG=OFF CURL_USE_CMAKECONFIG=OFF)
foreach(name ALTSVC SRP COOKIES BASIC_AUTH BEARER_AUTH DIGEST_AUTH KERBEROS_AUTH NEGOTIATE_AUTH HTTP_AUTH AWS DOH
        GETOPTIONS HEADERS_API HSTS MIME FORM_API NETRC PROGRESS_METER PROXY SHA512_256 SHUFFLE_DNS WEBSOCKETS BINDLOCAL)
  list(APPEND curl_options CURL_DISABLE_${name}=ON)
endforeach()
foreach(name CURL_ZLIB CURL_BROTLI CURL_ZSTD USE_NGHTTP2 USE_LIBIDN2 CURL_USE_LIBPSL CURL_USE_LIBSSH2 ENABLE_UNIX_SOCKETS
        ENABLE_ARES CURL_USE_GSSAPI)
  list(APPEND curl_options ${name}=OFF)
endforeach()
# All of it as one source at -O3: every invocation passes its header formatting, which copies byte by byte through calls
# that only this inlines. A fifth of libcurl's instructions, for 90 KB; not where size was asked for.
if(LAMBDA_OPENSSL_SOURCE)
  string(REPLACE "-O2 " "-Os " curl_flags_text "${flags_text}")
else()
  list(APPEND curl_options CMAKE_UNITY_BUILD=ON)
  string(REPLACE "-O2 " "-O3 " curl_flags_text "${flags_text}")
endif()
list(TRANSFORM curl_options PREPEND -D)

# Its checks link against OpenSSL, so it is configured when that is built.
list(GET openssl_include 0 first_include)
string(REPLACE ";" " -isystem " openssl_flags_text "${openssl_include}")
ExternalProject_Add(curl_build
  SOURCE_DIR ${curl_SOURCE_DIR}
  BINARY_DIR ${curl_folder}
  DEPENDS ${openssl_build}
  CMAKE_ARGS ${curl_options} -DCMAKE_TOOLCHAIN_FILE=${CMAKE_TOOLCHAIN_FILE} -DCMAKE_C_COMPILER=${CMAKE_C_COMPILER}
    -DCMAKE_BUILD_TYPE=None -DCMAKE_EXE_LINKER_FLAGS=${pie_off}
    "-DCMAKE_C_FLAGS=${curl_flags_text} -g -isystem ${openssl_flags_text}"
    -DOPENSSL_INCLUDE_DIR=${first_include} -DOPENSSL_SSL_LIBRARY=${ssl_file} -DOPENSSL_CRYPTO_LIBRARY=${crypto_file}
    -DOPENSSL_USE_STATIC_LIBS=ON
  BUILD_COMMAND $(MAKE) libcurl_static
  INSTALL_COMMAND ""
  BUILD_BYPRODUCTS ${curl_file})

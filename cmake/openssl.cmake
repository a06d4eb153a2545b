# SPDX-License-Identifier: Apache-2.0
# The pinned OpenSSL with what TLS 1.2 and 1.3 to a public server need, and no more. Gives ssl_file, crypto_file,
# openssl_include and the target openssl_build.
set(openssl_folder ${CMAKE_BINARY_DIR}/openssl)
set(ssl_file ${openssl_folder}/libssl.a)
set(crypto_file ${openssl_folder}/libcrypto.a)
set(openssl_include ${openssl_folder}/include ${openssl_SOURCE_DIR}/include)

set(left_out
  apps argon2 aria async autoerrinit autoload-config bf blake2 camellia cast cmp cms comp ct des dgram dh docs dsa dso
  dtls ec2m engine err filenames gost http idea legacy md4 mdc2 ml-dsa ml-kem module multiblock nextprotoneg ocb ocsp
  psk quic rc2 rc4 rfc3779 rmd160 scrypt seed shared siphash siv slh-dsa sm2 sm3 sm4 srp srtp ssl3 tests
  thread-pool tls-deprecated-ec tls1 tls1_1 ts ui-console uplink whirlpool)
list(TRANSFORM left_out PREPEND no-)

if(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  set(openssl_target linux-aarch64)
else()
  set(openssl_target linux-x86_64)
endif()
# Ciphers and bignums are assembler: the rest may be small. Its sources are compiled by relative paths, and its flags go into the library as text: no folder
# may be among them.
list(TRANSFORM flags REPLACE "^-O2$" -Os OUTPUT_VARIABLE openssl_flags)
ExternalProject_Add(openssl_build
  SOURCE_DIR ${openssl_SOURCE_DIR}
  BINARY_DIR ${openssl_folder}
  CONFIGURE_COMMAND ${CMAKE_COMMAND} -E env CC=${CMAKE_C_COMPILER} AR=${CMAKE_AR} RANLIB=${CMAKE_RANLIB}
    ${PERL} ${openssl_SOURCE_DIR}/Configure ${openssl_target} ${left_out} --prefix=/nonexistent --openssldir=/etc/pki/tls
    --libdir=lib ${openssl_flags}
  BUILD_COMMAND ${CMAKE_COMMAND} -E env SOURCE_DATE_EPOCH=0 $(MAKE) build_generated
  COMMAND ${CMAKE_COMMAND} -E env SOURCE_DATE_EPOCH=0 $(MAKE) libcrypto.a libssl.a
  INSTALL_COMMAND ""
  BUILD_BYPRODUCTS ${ssl_file} ${crypto_file})

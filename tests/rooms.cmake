# SPDX-License-Identifier: Apache-2.0
# Tests of base/, http/, runtime/ and handlers/. Those that need a peer script one: unit/scripted_server.c.
find_package(Threads REQUIRED)

foreach(name str err arena buf percent base64 url http_msg)
  unit(${name} base)
endforeach()
foreach(name json log)
  unit(${name} base)
  target_link_libraries(test_${name} PRIVATE cjson_dependency)
endforeach()

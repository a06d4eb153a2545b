# SPDX-License-Identifier: Apache-2.0
# Tests of the local gateway: its judge, its servers and the processes it starts.
if(BUILD_LOCAL)
  foreach(name random process keyring lambda_env route judge judge_kinds judge_signature mismatch connections
               http_server http_server_stop http_server_stream exchange_stream function function_many invocation
               environment program watch runtime_server runtime_server_stream session facts stream_pipe sts gateway gateway_reply
               gateway_v2)
    unit(${name} local)
  endforeach()

  # Plays the functions: what it does is said by _HANDLER and by the event.
  add_executable(fake_bootstrap ${CMAKE_CURRENT_LIST_DIR}/unit/fake_bootstrap.c)
  target_link_libraries(fake_bootstrap PRIVATE base cjson_dependency)
  foreach(name process function function_many environment runtime_server gateway gateway_reply gateway_v2)
    target_compile_definitions(test_${name} PRIVATE FAKE_BOOTSTRAP="$<TARGET_FILE:fake_bootstrap>")
    add_dependencies(test_${name} fake_bootstrap)
  endforeach()
  # Its pipe() takes long, so that starts of several threads meet in it.
  target_link_options(test_process PRIVATE -Wl,--wrap=pipe)
  # Sends a request in the middle of the start.
  target_link_options(test_gateway PRIVATE -Wl,--wrap=lambda_env_make)
  target_compile_definitions(test_gateway PRIVATE BOOTSTRAP="$<TARGET_FILE:bootstrap>")
  target_compile_definitions(test_program PRIVATE BOOTSTRAP="$<TARGET_FILE:bootstrap>")
  add_dependencies(test_gateway bootstrap)
  add_dependencies(test_program bootstrap)
  target_link_libraries(test_gateway PRIVATE cjson_dependency)
  target_link_libraries(test_gateway_v2 PRIVATE cjson_dependency)
  target_link_libraries(test_sts PRIVATE cjson_dependency)
endif()

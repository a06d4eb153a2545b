# SPDX-License-Identifier: Apache-2.0
# Tests of what surrounds the invocations: signals, snapshots, runs without Lambda, the metadata endpoint.
foreach(name lifecycle lifecycle_sigterm metadata)
  scripted_unit(${name} runtime)
endforeach()
unit(lifecycle_once runtime)
# One has a pause that does not end, the other a clock that can be moved.
target_link_options(test_lifecycle_sigterm PRIVATE -Wl,--wrap=nanosleep)
target_link_options(test_metadata PRIVATE -Wl,--wrap=clock_gettime)

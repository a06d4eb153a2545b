# SPDX-License-Identifier: Apache-2.0
# pinned(NAME VERSION URL SHA256): the sources of one release in <name>_SOURCE_DIR, downloaded once and checked.
# Offline: -DFETCHCONTENT_SOURCE_DIR_<NAME>=<the unpacked release>.
include(FetchContent)
if(POLICY CMP0135) # unpacked files are as old as their unpacking
  cmake_policy(SET CMP0135 NEW)
endif()

set(PINNED_DOWNLOADS ${CMAKE_BINARY_DIR}/downloads CACHE PATH "Folder of downloaded releases, checked at each use")

# Says one sentence; whoever runs CMake for a user finds it in why.txt, without CMake's frame around it.
function(give_up sentence)
  file(WRITE ${CMAKE_BINARY_DIR}/why.txt "${sentence}\n")
  message(FATAL_ERROR "${sentence}")
endfunction()

function(pinned name version url sha256)
  string(TOUPPER ${name} upper)
  set(local FETCHCONTENT_SOURCE_DIR_${upper})
  set(archive ${PINNED_DOWNLOADS}/${name}-${version}.tar.gz)
  if(${local})
    file(TO_CMAKE_PATH "${${local}}" folder)
    if(NOT IS_DIRECTORY "${folder}")
      give_up("${local} names ${folder}, which is no folder")
    endif()
  elseif(NOT EXISTS ${archive})
    # Downloaded by hand, for FetchContent takes thirty lines to say what one can.
    file(DOWNLOAD ${url} ${archive}.part STATUS status TIMEOUT 600 INACTIVITY_TIMEOUT 30)
    list(POP_FRONT status code)
    if(code)
      file(REMOVE ${archive}.part)
      give_up("${name} ${version} could not be downloaded from ${url} (${status}); offline, give its unpacked release as ${local}")
    endif()
    file(SHA256 ${archive}.part got)
    if(NOT got STREQUAL sha256)
      file(REMOVE ${archive}.part)
      give_up("${url} has SHA-256 ${got} instead of the pinned ${sha256}; it was not used")
    endif()
    file(RENAME ${archive}.part ${archive})
  endif()
  FetchContent_Declare(${name} URL ${archive} URL_HASH SHA256=${sha256} SOURCE_SUBDIR none)
  FetchContent_MakeAvailable(${name})
  set(${name}_SOURCE_DIR ${${name}_SOURCE_DIR} PARENT_SCOPE)
endfunction()

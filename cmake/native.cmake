# libnative.a: the Lance core and the vendored C libraries (agent/native/). Compiling it takes tens of
# minutes, so it lives in a cache folder outside the build tree, keyed by Cargo.lock; configuring
# makes sure that it is there, and a build recompiles only what a change in agent/native/ asks for.
set(NATIVE_BUILD "${CMAKE_SOURCE_DIR}/agent/native/build.sh")
set(NATIVE_DIR "${CMAKE_BINARY_DIR}/native")

message(STATUS "native library: building it where the cache has none (the first time: tens of minutes)")
execute_process(COMMAND "${NATIVE_BUILD}" "${NATIVE_DIR}" RESULT_VARIABLE native_failed
                OUTPUT_VARIABLE native_said)
if(native_failed)
    message(FATAL_ERROR "agent/native could not be built; the reason is above")
endif()
set(NATIVE_LIBRARY "${NATIVE_DIR}/libnative.a")
file(STRINGS "${NATIVE_DIR}/native-includes.txt" NATIVE_INCLUDES)

file(GLOB_RECURSE native_sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/agent/native/*/src/*.rs"
     "${CMAKE_SOURCE_DIR}/agent/native/*/build.rs" "${CMAKE_SOURCE_DIR}/agent/native/*/Cargo.toml")
add_custom_command(
    OUTPUT "${CMAKE_BINARY_DIR}/native.stamp"
    COMMAND "${NATIVE_BUILD}" "${NATIVE_DIR}" > "${CMAKE_BINARY_DIR}/native.stamp"
    DEPENDS ${native_sources} "${CMAKE_SOURCE_DIR}/agent/native/Cargo.toml"
            "${CMAKE_SOURCE_DIR}/agent/native/.cargo/config.toml"
    COMMENT "native library" USES_TERMINAL VERBATIM)
add_custom_target(native_build DEPENDS "${CMAKE_BINARY_DIR}/native.stamp")
# Another Cargo.lock is another folder.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
             "${CMAKE_SOURCE_DIR}/agent/native/Cargo.lock")

find_library(EVENT_LIBRARY NAMES libevent.a REQUIRED)
find_path(EVENT_INCLUDE event2/http.h REQUIRED)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

add_library(native INTERFACE)
add_dependencies(native native_build)
target_include_directories(native SYSTEM INTERFACE ${NATIVE_INCLUDES} "${EVENT_INCLUDE}")
target_include_directories(native INTERFACE "${CMAKE_SOURCE_DIR}/agent/native")
target_link_libraries(native INTERFACE "${NATIVE_LIBRARY}" "${EVENT_LIBRARY}" Threads::Threads m dl)
set_property(TARGET native PROPERTY INTERFACE_LINK_DEPENDS "${CMAKE_BINARY_DIR}/native.stamp")

# How every C file of the project is compiled.
set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g1")
if(LANCE_BENCH_SANITIZE)
    set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O1 -g1") # half the compile time
endif()

add_library(project_flags INTERFACE)
target_compile_definitions(project_flags INTERFACE
    _GNU_SOURCE LANCE_BENCH_VERSION="${PROJECT_VERSION}")
target_include_directories(project_flags INTERFACE
    "${CMAKE_SOURCE_DIR}/agent" "${CMAKE_BINARY_DIR}/generated")
target_compile_options(project_flags INTERFACE
    -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wundef
    -Wwrite-strings -Wformat=2 -Wformat-security -Wno-format-nonliteral
    -Wno-missing-field-initializers
    -fstack-protector-strong -ffunction-sections -fdata-sections
    "SHELL:-include ${CMAKE_SOURCE_DIR}/agent/base/banned.h")
if(LANCE_BENCH_SANITIZE)
    add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined
                        -fno-omit-frame-pointer)
    add_link_options(-fsanitize=address,undefined)
endif()

# The agent is static, and GNU ld warns at every link that getaddrinfo in a static file needs the
# same glibc at run time for its name-service plug-ins. Those that matter (files, dns) are built into
# glibc since 2.34, so the warning is noise; mold does not print it, and links in a second.
find_program(MOLD mold)
if(MOLD)
    add_link_options(-fuse-ld=mold)
endif()

# Libraries that the agent preloads into foreign processes (agent/preload/). Each is a shared object
# that links against nothing, and is embedded in the agent as bytes.
function(add_preloaded name)
    add_library(preload_${name} MODULE "${CMAKE_SOURCE_DIR}/agent/preload/${name}.c")
    set_target_properties(preload_${name} PROPERTIES PREFIX "liblance_bench_" OUTPUT_NAME ${name}
        C_VISIBILITY_PRESET hidden LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/generated")
    target_compile_definitions(preload_${name} PRIVATE _GNU_SOURCE)
    # Without what a sanitizer would have it link against.
    target_compile_options(preload_${name} PRIVATE -Wall -Wextra -Werror -Wshadow
        -Wstrict-prototypes -Wmissing-prototypes -Wundef -Wwrite-strings -Wformat=2 -O2
        -fno-stack-protector -fno-sanitize=all -U_FORTIFY_SOURCE)
    target_link_options(preload_${name} PRIVATE -nostdlib -fno-sanitize=all -Wl,-z,now -Wl,-s)
    set(library "${CMAKE_BINARY_DIR}/generated/liblance_bench_${name}.so")
    file(WRITE "${CMAKE_BINARY_DIR}/generated/preload_${name}.S" "    .section .rodata
    .global preload_${name}
    .global preload_${name}_end
preload_${name}:
    .incbin \"${library}\"
preload_${name}_end:
    .byte 0
    .section .note.GNU-stack,\"\",%progbits
")
    add_library(preload_${name}_bytes STATIC "${CMAKE_BINARY_DIR}/generated/preload_${name}.S")
    set_property(SOURCE "${CMAKE_BINARY_DIR}/generated/preload_${name}.S" PROPERTY
        OBJECT_DEPENDS "${library}")
    add_dependencies(preload_${name}_bytes preload_${name})
endfunction()

add_preloaded(clock)

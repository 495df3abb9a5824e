# What the agent loads into foreign processes (agent/preload/), embedded in it as bytes: shared
# objects that link against nothing, and Python modules.

# A static library that has the file as the symbols NAME and NAME_end.
function(embed_file name path)
    set(assembly "${CMAKE_BINARY_DIR}/generated/${name}.S")
    file(WRITE "${assembly}" "    .section .rodata
    .global ${name}
    .global ${name}_end
${name}:
    .incbin \"${path}\"
${name}_end:
    .byte 0
    .section .note.GNU-stack,\"\",%progbits
")
    add_library(${name}_bytes STATIC "${assembly}")
    set_property(SOURCE "${assembly}" PROPERTY OBJECT_DEPENDS "${path}")
endfunction()

# add_preloaded(NAME SOURCE…): a shared object out of files of agent/preload/.
function(add_preloaded name)
    list(TRANSFORM ARGN PREPEND "${CMAKE_SOURCE_DIR}/agent/preload/")
    add_library(preload_${name} MODULE ${ARGN})
    set_target_properties(preload_${name} PROPERTIES PREFIX "liblance_bench_" OUTPUT_NAME ${name}
        C_VISIBILITY_PRESET hidden LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/generated")
    target_compile_definitions(preload_${name} PRIVATE _GNU_SOURCE)
    # Without what a sanitizer would have it link against.
    target_compile_options(preload_${name} PRIVATE -Wall -Wextra -Werror -Wshadow
        -Wstrict-prototypes -Wmissing-prototypes -Wundef -Wwrite-strings -Wformat=2 -O2
        -fno-stack-protector -fno-sanitize=all -U_FORTIFY_SOURCE)
    target_link_options(preload_${name} PRIVATE -nostdlib -fno-sanitize=all -Wl,-z,now -Wl,-s)
    embed_file(preload_${name} "${CMAKE_BINARY_DIR}/generated/liblance_bench_${name}.so")
    add_dependencies(preload_${name}_bytes preload_${name})
endfunction()

add_preloaded(clock clock.c clock_wait.c)
embed_file(preload_clock_py "${CMAKE_SOURCE_DIR}/agent/preload/lance_bench_clock.py")
# A script that stands in for the linker of a build.
embed_file(build_relink "${CMAKE_SOURCE_DIR}/agent/build/relink.sh")

# The licences of what is linked in beside libnative.a, which carries its own: one text, embedded in
# the agent for `lance-bench licenses`.
set(licence_text "${CMAKE_BINARY_DIR}/generated/system-licenses.txt")
file(WRITE "${licence_text}" "lance-bench is licensed under the Apache License 2.0; see the last part.\n\n")

function(add_licence title)
    foreach(path ${ARGN})
        if(EXISTS "${path}")
            file(READ "${path}" text)
            string(REPEAT "=" 78 rule)
            file(APPEND "${licence_text}" "${rule}\n${title}\n\n${text}\n")
            return()
        endif()
    endforeach()
    message(FATAL_ERROR "the licence of ${title} is none of: ${ARGN}")
endfunction()

execute_process(COMMAND rustc --print sysroot OUTPUT_VARIABLE rust_root OUTPUT_STRIP_TRAILING_WHITESPACE
                ERROR_QUIET)
add_licence("cJSON" "${CJSON_SOURCE}/cjson/LICENSE")
add_licence("libevent" "/usr/share/doc/libevent-dev/copyright" "/usr/share/licenses/libevent/LICENSE")
add_licence("the GNU C Library, linked statically: the object files to link this program again with
another version of it come with each release (lance-bench-<version>-objects)"
    "/usr/share/doc/libc6-dev/copyright" "/usr/share/licenses/glibc/LICENSES")
add_licence("GNU Lesser General Public License 2.1, of the GNU C Library"
    "/usr/share/common-licenses/LGPL-2.1" "/usr/share/licenses/glibc/COPYING.LIB")
add_licence("libgcc, under the GCC Runtime Library Exception"
    "/usr/share/doc/gcc-12-base/copyright"
    "/usr/share/licenses/libgcc/COPYING.RUNTIME")
add_licence("the Rust standard library"
    "${rust_root}/share/doc/rust/COPYRIGHT" "${rust_root}/share/doc/rust/COPYRIGHT-library.html" "${rust_root}/share/doc/rust/LICENSE-APACHE"
    "/usr/share/doc/libstd-rust-web-dev/copyright" "/usr/share/doc/libstd-rust-dev/copyright"
    "/usr/share/doc/rustc-web/copyright" "/usr/share/doc/rustc/copyright" "${CMAKE_SOURCE_DIR}/LICENSE")
add_licence("uPlot, in the HTML report" "${UPLOT_SOURCE}/LICENSE")
add_licence("DejaVu Sans, of which the labels of PNG charts are made" "${CMAKE_SOURCE_DIR}/agent/native/charts/font/LICENSE")
add_licence("lance-bench" "${CMAKE_SOURCE_DIR}/LICENSE")

file(WRITE "${CMAKE_BINARY_DIR}/generated/licenses.S" "    .section .rodata
    .global system_licenses
    .global system_licenses_end
system_licenses:
    .incbin \"${licence_text}\"
system_licenses_end:
    .byte 0
    .section .note.GNU-stack,\"\",%progbits
")
add_library(system_licenses STATIC "${CMAKE_BINARY_DIR}/generated/licenses.S")
set_property(SOURCE "${CMAKE_BINARY_DIR}/generated/licenses.S" PROPERTY OBJECT_DEPENDS "${licence_text}")

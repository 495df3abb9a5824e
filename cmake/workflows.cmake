# workflows/*.yml, embedded in the agent for `lance-bench init`: a table of struct workflow_file
# (agent/command/workflow_files.h) that ends with a row of zeros.
file(GLOB workflow_paths CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/workflows/*.yml")
set(workflow_bytes "    .section .rodata\n")
set(workflow_rows "    .section .data.rel.ro,\"aw\",%progbits\n    .balign 8\n    .global workflow_files\nworkflow_files:\n")
set(workflow_number 0)
foreach(path ${workflow_paths})
    get_filename_component(file "${path}" NAME)
    set(label ".Lworkflow_${workflow_number}")
    string(APPEND workflow_bytes "${label}_name: .asciz \"${file}\"
${label}: .incbin \"${path}\"
${label}_end: .byte 0\n")
    string(APPEND workflow_rows "    .quad ${label}_name, ${label}, ${label}_end\n")
    math(EXPR workflow_number "${workflow_number} + 1")
endforeach()
set(workflow_assembly "${CMAKE_BINARY_DIR}/generated/workflow_files.S")
file(CONFIGURE OUTPUT "${workflow_assembly}" @ONLY CONTENT
"${workflow_bytes}${workflow_rows}    .quad 0, 0, 0
    .section .note.GNU-stack,\"\",%progbits
")
add_library(workflow_files STATIC "${workflow_assembly}")
set_property(SOURCE "${workflow_assembly}" PROPERTY OBJECT_DEPENDS "${workflow_paths}")

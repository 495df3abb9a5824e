# The page of the HTML report (agent/report/assets/), embedded in the agent as three runs of bytes. Its
# charts are drawn by uPlot; scripts/setup puts that where this finds it.
setup_folder(UPLOT_SOURCE UPLOT "uPlot.iife.min.js")

set(report_assets "${CMAKE_SOURCE_DIR}/agent/report/assets")
set(report_style "${UPLOT_SOURCE}/uPlot.min.css" "${report_assets}/page.css")
set(report_script "${UPLOT_SOURCE}/uPlot.iife.min.js")
# In the order of use: a file's names are known to those behind it when they run.
foreach(name base data spark table overview chart panel compare main)
    list(APPEND report_script "${report_assets}/${name}.js")
endforeach()
set(report_body "${report_assets}/page.html")

set(report_bytes "    .section .rodata\n")
foreach(part style script body)
    string(APPEND report_bytes "    .global report_${part}\n    .global report_${part}_end\nreport_${part}:\n")
    foreach(path ${report_${part}})
        string(APPEND report_bytes "    .incbin \"${path}\"\n    .ascii \"\\n\"\n")
    endforeach()
    string(APPEND report_bytes "report_${part}_end:\n    .byte 0\n")
endforeach()
set(report_assembly "${CMAKE_BINARY_DIR}/generated/report_page.S")
file(CONFIGURE OUTPUT "${report_assembly}" @ONLY CONTENT
"${report_bytes}    .section .note.GNU-stack,\"\",%progbits
")
add_library(report_page STATIC "${report_assembly}")
set_property(SOURCE "${report_assembly}" PROPERTY OBJECT_DEPENDS "${report_style};${report_script};${report_body}")

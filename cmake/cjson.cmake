# cJSON, static. Debian ships only the shared library, so its source package is compiled here;
# scripts/setup puts the source where this finds it.
setup_folder(CJSON_SOURCE CJSON "cjson/cJSON.c")
add_library(cjson STATIC "${CJSON_SOURCE}/cjson/cJSON.c")
target_compile_options(cjson PRIVATE -w)
target_include_directories(cjson SYSTEM PUBLIC "${CJSON_SOURCE}")
file(STRINGS "${CJSON_SOURCE}/cjson/cJSON.h" cjson_version REGEX "#define CJSON_VERSION_(MAJOR|MINOR|PATCH)")
string(REGEX REPLACE "[^0-9;]" "" cjson_version "${cjson_version}")
string(REPLACE ";" "." CJSON_VERSION "${cjson_version}")

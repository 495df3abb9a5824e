/*
 * The few things beside the Lance store that only the Rust side of libnative.a can do for the agent;
 * agent/native/store/src/misc.rs implements them.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

void native_free(char *ptr, size_t len); /* what the calls here and in lance_store.h allocated */
const char *native_lance_version(void);
/* Mozilla's certificate bundle as PEM, valid until the process ends. */
void native_ca_bundle(const char **pem, size_t *len);
/* The licences of every crate and C library in libnative.a, valid until the process ends. */
void native_licenses(const char **text, size_t *len);
/* TOML as JSON text; dates become strings. 0, or 1 with the reason in `err`. */
int32_t native_toml_to_json(const char *toml, size_t len, char **json, size_t *json_len, char *err,
                            size_t err_len);

#ifdef __cplusplus
}
#endif

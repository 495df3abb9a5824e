/* The texts that runner/install.h writes. */
#pragma once

#include "base/strlist.h"

#include <stdbool.h>

extern const char install_unit_text[];
extern const char install_poll_unit_text[];
extern const char install_helper_text[];
extern const char install_started_text[];
extern const char install_completed_text[];

/* The lines in a runner's .env. */
extern const char *const install_env_lines[];
extern const size_t install_env_line_count;

/* The file that the service reads, with this repository to poll. A fresh string. */
char *install_poll_env_text(const char *repository);
/* What sudo allows: exactly the helper's two verbs, to these accounts. A fresh string. */
char *install_sudoers_text(const struct strlist *users);
/* Whether an account's name can stand in a sudoers file as it is. */
bool install_user_is_plain(const char *name);

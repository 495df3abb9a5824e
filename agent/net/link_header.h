/* The Link header (RFC 8288), as far as paging needs it. */
#pragma once

/* A fresh string: the target of the link with rel="next" among `value`'s links; NULL: none. */
char *link_header_next(const char *value);

/*
 * What a database may be called. Checked before the core sees it, which takes part of some of these
 * for something else, and ends the program over settings that are no settings.
 */
#pragma once

#include "base/error.h"

/*
 * ERROR_USAGE for a bucket without a name, for s3: without its two slashes, and for what a URI
 * means but an object's name cannot hold: a query, a fragment, a user, an empty segment. For s3://
 * the AWS variables are looked at too: an endpoint that is no URL; keys, token and region with
 * characters that none has, such as a line break that was copied with them. Their values are never
 * said.
 */
int database_uri_check(const char *uri, struct error *err) MUST_CHECK;

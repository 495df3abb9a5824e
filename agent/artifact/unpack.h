/*
 * An artifact of results in hand: unpacked where it is a zip, and held to the layout of manifest.h.
 */
#pragma once

#include "artifact/manifest.h"

/*
 * Checks the artifact at `path`, a zip as GitHub hands it out or the folder itself, and reads its
 * manifest. A zip is unpacked below `scratch`, an empty folder of the caller's own that no other
 * user can enter. *folder is a fresh string: where the parts lie. What is refused is an
 * ERROR_INPUT: an archive that zip.h refuses, a file that has no place in the layout or is no
 * regular file, a part that the manifest does not have or has in another format, and anything
 * beyond the limits of zip.h. ERROR_NOT_FOUND: there is nothing at `path`.
 */
int artifact_open(const char *path, const char *scratch, char **folder, struct manifest *out,
                  struct error *err) MUST_CHECK;

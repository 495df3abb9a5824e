#include "host/place.h"

#include "base/alloc.h"

void host_place_init(const char *sysroot, const char *state, struct host_place *out)
{
    host_io_real(sysroot, &out->io);
    out->state = xstrdup(state && *state ? state : HOST_STATE_DEFAULT);
}

void host_place_release(struct host_place *place)
{
    host_io_release(&place->io);
    free(place->state);
    place->state = NULL;
}

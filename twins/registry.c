#include "twins/registry.h"

#include "twins/incubator/incubator.h"
#include "twins/tclab/tclab.h"

const tl_twin_type *const tl_twins[] = {
    &incubator_twin, /* heated box */
    &tclab_twin,     /* temperature control lab */
};
const uint32_t tl_twin_count = sizeof tl_twins / sizeof tl_twins[0];

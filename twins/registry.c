#include "twins/registry.h"

#define TWIN(name) extern const tl_twin_type name##_twin;
#include "twins/registry.def"
#undef TWIN

const tl_twin_type *const tl_twins[] = {
#define TWIN(name) &name##_twin,
#include "twins/registry.def"
#undef TWIN
};
const uint32_t tl_twin_count = sizeof tl_twins / sizeof tl_twins[0];
